//! Whatever `ReceiveMessage` answers, each of its messages becomes one document or one typed
//! error, and nothing that was received is altered.

use proptest::prelude::*;

use super::*;
use crate::testing::fuzz::{cases, corpus, json as any_json, mistaken};

/// What receiving gives where the service answers so.
fn receive(body: Vec<u8>, verify: bool) -> Result<Vec<Document>, Error> {
    let script = Script::new(move |_| reply(200, body.clone()));
    let settings = [
        ("region", "eu-west-1"),
        ("access-key-id", "AKIAEXAMPLE"),
        ("secret-access-key", "secret"),
        ("verify-checksums", if verify { "true" } else { "false" }),
    ];
    let settings = settings.map(|(name, text)| Property::text(name, text));
    let session = Session::open(script.clone(), settings.to_vec()).unwrap();
    let call = session.execute("receive", Some(URL), vec![], vec![document("", &[])]);
    script.run(call)?.remove(0).output
}

/// What has to hold of any answer: `corrupted` and no other error, and documents that can be
/// deleted.
fn check(body: Vec<u8>) -> Result<(), String> {
    for verify in [true, false] {
        match receive(body.clone(), verify) {
            Ok(documents) => {
                let has_handle = |document: &Document| {
                    let mut properties = document.properties.iter();
                    properties.any(|property| property.name == "receipt-handle")
                };
                if !documents.iter().all(has_handle) {
                    return Err("a document without a receipt handle".to_owned());
                }
            }
            Err(Error::Corrupted(words)) if !words.is_empty() => {}
            Err(error) => return Err(format!("{error:?}")),
        }
    }
    Ok(())
}

/// A message as SQS gives it, or nearly.
fn message() -> impl Strategy<Value = Json> {
    let odd = || any_json(vec!["DataType", "StringValue", "BinaryValue", "SenderId"]);
    let attribute = (
        proptest::sample::select(vec!["String", "Number", "Binary", "Binary.x", "odd"]),
        prop_oneof!["[0-9.e-]{0,6}", "[A-Za-z+/=]{0,8}", any::<String>()],
    );
    let attributes = proptest::collection::btree_map("[a-z.]{1,6}", attribute, 0..3);
    (any::<String>(), attributes, odd(), any::<u8>()).prop_map(|(body, attributes, odd, kind)| {
        let attributes: serde_json::Map<String, Json> = attributes
            .into_iter()
            .map(|(name, (data_type, text))| {
                let member = if data_type.starts_with("Binary") {
                    "BinaryValue"
                } else {
                    "StringValue"
                };
                (name, json!({ "DataType": data_type, member: text }))
            })
            .collect();
        let mut message = json!({
            "MessageId": "m",
            "ReceiptHandle": "h",
            "Body": body,
            "MD5OfBody": checksum::of_body(body.as_bytes()),
            "MessageAttributes": attributes,
            "Attributes": { "ApproximateReceiveCount": "1", "MessageGroupId": "g" },
        });
        // Now and then one member is something else.
        let names = [
            "ReceiptHandle",
            "Body",
            "MD5OfBody",
            "MessageAttributes",
            "Attributes",
            "New",
        ];
        if let Some(name) = names.get(usize::from(kind) / 16) {
            message[*name] = odd;
        }
        message
    })
}

fn answer() -> impl Strategy<Value = Vec<u8>> {
    let messages = proptest::collection::vec(message(), 0..5);
    messages.prop_map(|messages| json!({ "Messages": messages }).to_string().into_bytes())
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_tree_is_documents_or_corrupted(tree in any_json(vec!["Messages", "Body", "ReceiptHandle"])) {
        prop_assert_eq!(check(tree.to_string().into_bytes()), Ok(()));
        prop_assert_eq!(check(json!({ "Messages": tree }).to_string().into_bytes()), Ok(()));
    }

    #[test]
    fn an_answer_with_mistakes_is_documents_or_corrupted(body in mistaken(answer())) {
        prop_assert_eq!(check(body), Ok(()));
    }

    #[test]
    fn bodies_come_as_they_were(bodies in proptest::collection::vec(any::<String>(), 1..10)) {
        let message = |body: &String| json!({
            "ReceiptHandle": "h", "Body": body, "MD5OfBody": checksum::of_body(body.as_bytes()),
        });
        let messages: Vec<Json> = bodies.iter().map(message).collect();
        let answer = json!({ "Messages": messages }).to_string().into_bytes();
        let script = Script::new(move |seen| {
            // All at once, and then none.
            let first = seen.at.is_zero();
            reply(200, if first { answer.clone() } else { b"{}".to_vec() })
        });
        let settings = [
            ("region", "eu-west-1"),
            ("access-key-id", "AKIAEXAMPLE"),
            ("secret-access-key", "secret"),
        ];
        let settings = settings.map(|(name, text)| Property::text(name, text));
        let session = Session::open(script.clone(), settings.to_vec()).unwrap();
        let count = Property::text("maximum-message-count", "10");
        let call = session.execute("receive", Some(URL), vec![count], vec![document("", &[])]);
        let documents = script.run(call).unwrap().remove(0).output;
        let came: Vec<Vec<u8>> = documents.unwrap().into_iter().map(|d| d.payload).collect();
        let sent: Vec<Vec<u8>> = bodies.into_iter().map(String::into_bytes).collect();
        prop_assert_eq!(came, sent);
    }
}

#[test]
fn the_corpus_is_documents_or_corrupted() {
    for (name, bytes) in corpus("answers") {
        assert_eq!(check(bytes), Ok(()), "{name}");
    }
}
