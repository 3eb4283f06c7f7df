//! Taking a payload out of its envelope.
//!
//! Other services put what they send into JSON of their own. Here the payload comes out of it as
//! it was, and the envelope's fields become properties, so that a process sees what was sent and
//! not how it came. Sources: Amazon SNS Developer Guide, "Parsing Amazon SNS message formats";
//! EventBridge User Guide, "Events"; Amazon S3 User Guide, "Event message structure".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::catalogue::messages::{ATTRIBUTE, ATTRIBUTE_TYPE};
use crate::catalogue::system_attributes::kebab_case;
use crate::client::json::Node;
use crate::contract::{Document, Property, Value};

/// An envelope that the setting `unwrap` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    Sns,
    EventBridge,
    S3Event,
}

impl Envelope {
    /// By the choice's name; none for `none`.
    pub(super) fn of(choice: &str) -> Option<Self> {
        match choice {
            "sns" => Some(Self::Sns),
            "eventbridge" => Some(Self::EventBridge),
            "s3-event" => Some(Self::S3Event),
            _ => None,
        }
    }

    /// Unwraps a document; one without this envelope stays as it is.
    ///
    /// # Errors
    /// Says what is missing.
    pub(super) fn unwrap(self, document: &mut Document) -> Result<(), &'static str> {
        let envelope = Node::parse(&document.payload).ok_or("the payload is not JSON")?;
        let Node::Object(members) = envelope else {
            return Err("the payload is no JSON object");
        };
        let contents = match self {
            Self::Sns => sns(members),
            Self::EventBridge => event(members),
            Self::S3Event => s3(members),
        }?;
        document.payload = contents.payload;
        document.content_type = contents.content_type;
        for property in contents.properties {
            // What the message itself carries stands.
            if !document.properties.iter().any(|p| p.name == property.name) {
                document.properties.push(property);
            }
        }
        Ok(())
    }
}

struct Contents {
    payload: Vec<u8>,
    content_type: Option<String>,
    properties: Vec<Property>,
}

type Members<'a> = Vec<(std::borrow::Cow<'a, str>, Node<'a>)>;

/// A member as a property: `TopicArn` of SNS is `sns-topic-arn`.
fn member(prefix: &str, name: &str, node: Node<'_>) -> Option<Property> {
    Some(Property {
        name: format!("{prefix}{}", kebab_case(name)),
        value: node.into_value()?,
    })
}

fn json(node: &Node<'_>) -> Vec<u8> {
    node.to_json().into_bytes()
}

fn sns(members: Members<'_>) -> Result<Contents, &'static str> {
    let (mut payload, mut typed, mut properties) = (None, false, Vec::new());
    for (name, node) in members {
        match (name.as_ref(), node) {
            ("Message", Node::Text(text)) => payload = Some(text.into_owned().into_bytes()),
            ("MessageAttributes", Node::Object(attributes)) => {
                properties.extend(attributes.into_iter().flat_map(sns_attribute));
            }
            // Whoever has these can end the subscription, and nobody needs them here.
            ("UnsubscribeURL" | "Signature" | "SigningCertURL" | "Token", _) => {}
            (name, node) => {
                typed |= name == "Type";
                properties.extend(member("sns-", name, node));
            }
        }
    }
    let payload = payload.ok_or("the envelope of an SNS notification has a `Message`, a text")?;
    if !typed {
        return Err("the envelope of an SNS notification has a `Type`");
    }
    Ok(Contents {
        payload,
        content_type: None,
        properties,
    })
}

/// An attribute of a notification, and its data type, as those of a message.
fn sns_attribute((name, node): (std::borrow::Cow<'_, str>, Node<'_>)) -> Vec<Property> {
    let (Some(data_type), Some(text)) = (node.owned_text("Type"), node.owned_text("Value")) else {
        return Vec::new();
    };
    let value = if data_type.starts_with("Binary") {
        STANDARD
            .decode(&text)
            .map_or(Value::Text(text), Value::Bytes)
    } else {
        let text = crate::client::checksum::AttributeValue::Text(text.into());
        crate::operations::attributes::received(&data_type, text)
    };
    vec![
        Property {
            name: format!("{ATTRIBUTE}{name}"),
            value,
        },
        Property::text(format!("{ATTRIBUTE_TYPE}{name}"), data_type),
    ]
}

fn event(members: Members<'_>) -> Result<Contents, &'static str> {
    let (mut payload, mut typed, mut properties) = (None, false, Vec::new());
    for (name, node) in members {
        if name == "detail" {
            payload = Some(json(&node));
        } else {
            typed |= name == "detail-type";
            properties.extend(member("event-", &name, node));
        }
    }
    let payload = payload.ok_or("the envelope of an EventBridge event has a `detail`")?;
    if !typed {
        return Err("the envelope of an EventBridge event has a `detail-type`");
    }
    Ok(Contents {
        payload,
        content_type: Some("application/json".to_owned()),
        properties,
    })
}

fn s3(members: Members<'_>) -> Result<Contents, &'static str> {
    let (mut records, mut test) = (None, None);
    for (name, node) in members {
        match (name.as_ref(), node) {
            ("Records", node @ Node::List(_)) => records = Some(node),
            // What S3 sends once when notifications are set up; it has no records.
            ("Event", Node::Text(event)) if event == "s3:TestEvent" => test = Some(event),
            _ => {}
        }
    }
    let test = test.map(|event| Property::text("s3-event-name", event));
    let records = match (records, &test) {
        (Some(records), _) => records,
        (None, Some(_)) => Node::List(Vec::new()),
        (None, None) => return Err("the envelope of an S3 event has a list `Records`"),
    };
    let payload = json(&records);
    let Node::List(mut records) = records else {
        return Err("the envelope of an S3 event has a list `Records`");
    };
    let mut properties = Vec::new();
    properties.extend(test);
    let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
    properties.push(Property::integer("s3-records", count));
    if !records.is_empty() {
        properties.extend(s3_record(&records.swap_remove(0)));
    }
    Ok(Contents {
        payload,
        content_type: Some("application/json".to_owned()),
        properties,
    })
}

fn s3_record(record: &Node<'_>) -> Vec<Property> {
    let s3 = record.get("s3");
    let bucket = s3.and_then(|s3| s3.get("bucket"));
    let object = s3.and_then(|s3| s3.get("object"));
    let found = [
        ("s3-event-name", Some(record), "eventName"),
        ("s3-event-time", Some(record), "eventTime"),
        ("s3-region", Some(record), "awsRegion"),
        ("s3-bucket", bucket, "name"),
        ("s3-key", object, "key"),
        ("s3-size", object, "size"),
        ("s3-e-tag", object, "eTag"),
        ("s3-version-id", object, "versionId"),
        ("s3-sequencer", object, "sequencer"),
    ];
    let property = |(name, parent, member): (&str, Option<&Node<'_>>, &str)| {
        let value = parent?.get(member)?.clone().into_value()?;
        let value = match value {
            // Keys come as in the query of a URL.
            Value::Text(key) if name == "s3-key" => Value::Text(decoded(&key)),
            value => value,
        };
        Some(Property {
            name: name.to_owned(),
            value,
        })
    };
    found.into_iter().filter_map(property).collect()
}

/// A key without its URL encoding; one that is no such encoding stays as it is.
fn decoded(key: &str) -> String {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return key.to_owned();
                };
                match u8::try_from(high * 16 + low) {
                    Ok(byte) => byte,
                    Err(_) => return key.to_owned(),
                }
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap_or_else(|_| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwrapped(envelope: Envelope, payload: &str) -> Result<Document, &'static str> {
        let mut document = Document {
            payload: payload.into(),
            content_type: None,
            properties: vec![Property::text("attribute.own", "kept")],
        };
        envelope.unwrap(&mut document).map(|()| document)
    }

    fn value<'d>(document: &'d Document, name: &str) -> Option<&'d Value> {
        let mut properties = document.properties.iter();
        properties.find(|p| p.name == name).map(|p| &p.value)
    }

    fn text<'d>(document: &'d Document, name: &str) -> Option<&'d str> {
        match value(document, name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn a_notification_gives_its_message_and_its_fields() {
        let document = unwrapped(
            Envelope::Sns,
            r#"{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:x","Subject":"s",
                "Message":"{\"a\":\n1}","Timestamp":"2026-11-21T00:00:00Z","Signature":"sig",
                "SigningCertURL":"https://x","UnsubscribeURL":"https://y","MessageAttributes":{
                "own":{"Type":"String","Value":"other"},
                "n":{"Type":"Number","Value":"7"},"b":{"Type":"Binary","Value":"AQI="}}}"#,
        )
        .unwrap();
        assert_eq!(document.payload, b"{\"a\":\n1}");
        assert_eq!(text(&document, "sns-topic-arn"), Some("arn:aws:sns:x"));
        assert_eq!(text(&document, "sns-subject"), Some("s"));
        assert_eq!(text(&document, "attribute.own"), Some("kept"));
        assert!(matches!(
            value(&document, "attribute.n"),
            Some(Value::Integer(7))
        ));
        assert!(matches!(value(&document, "attribute.b"), Some(Value::Bytes(b)) if *b == [1, 2]));
        for name in [
            "sns-unsubscribe-url",
            "sns-signature",
            "sns-signing-cert-url",
        ] {
            assert!(value(&document, name).is_none(), "{name}");
        }
    }

    #[test]
    fn an_event_gives_its_detail_and_its_fields() {
        let document = unwrapped(
            Envelope::EventBridge,
            r#"{"version":"0","id":"i","detail-type":"Order","source":"shop","resources":["a"],
                "detail":{"n":1}}"#,
        )
        .unwrap();
        assert_eq!(document.payload, br#"{"n":1}"#);
        assert_eq!(document.content_type.as_deref(), Some("application/json"));
        assert_eq!(text(&document, "event-detail-type"), Some("Order"));
        assert!(matches!(
            value(&document, "event-resources"),
            Some(Value::TextList(_))
        ));
    }

    #[test]
    fn a_notification_of_s3_gives_its_records_and_the_decoded_key_of_the_first() {
        let document = unwrapped(
            Envelope::S3Event,
            r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},
                "object":{"key":"a+b%C3%A9%2F1","size":12,"eTag":"e"}}},{"eventName":"x"}]}"#,
        )
        .unwrap();
        assert!(document.payload.starts_with(b"[{\"eventName\""));
        assert_eq!(text(&document, "s3-key"), Some("a bé/1"));
        assert_eq!(text(&document, "s3-bucket"), Some("b"));
        assert!(matches!(
            value(&document, "s3-size"),
            Some(Value::Integer(12))
        ));
        assert!(matches!(
            value(&document, "s3-records"),
            Some(Value::Integer(2))
        ));
        let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#;
        let document = unwrapped(Envelope::S3Event, test).unwrap();
        assert_eq!(document.payload, b"[]");
        assert_eq!(text(&document, "s3-event-name"), Some("s3:TestEvent"));
    }

    #[test]
    fn what_has_no_such_envelope_stays_and_says_what_is_missing() {
        for (envelope, payload) in [
            (Envelope::Sns, "plain"),
            (Envelope::Sns, "[]"),
            (Envelope::Sns, r#"{"Type":"Notification","Message":1}"#),
            (Envelope::Sns, r#"{"Message":"x"}"#),
            (Envelope::EventBridge, r#"{"detail":{}}"#),
            (Envelope::S3Event, r#"{"Records":{}}"#),
            (Envelope::S3Event, r#"{"Event":"other"}"#),
        ] {
            assert!(unwrapped(envelope, payload).is_err(), "{payload}");
        }
    }

    #[test]
    fn a_key_that_is_no_url_encoding_stays_as_it_is() {
        for key in ["100%", "%zz", "%ff"] {
            assert_eq!(decoded(key), key);
        }
    }
}
