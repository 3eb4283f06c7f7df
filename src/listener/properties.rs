//! Whatever a form, a message or a token holds: a listener or problems, a payload or a reason, a
//! settlement or a refusal.

use proptest::prelude::*;
use serde_json::json;

use super::envelope::Envelope;
use super::token::Token;
use super::*;
use crate::contract::{Document, Value};
use crate::testing::Script;
use crate::testing::fuzz::{cases, json as any_json, mistaken, properties};
use crate::testing::reply;

const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/q";

fn session() -> Rc<Session<Script>> {
    let settings = [
        ("region", "eu-west-1"),
        ("access-key-id", "AKIDEXAMPLE"),
        ("secret-access-key", "not-a-real-secret"),
    ];
    let settings = settings.map(|(name, text)| Property::text(name, text));
    let script = Script::new(|_| reply(200, "{}"));
    Rc::new(Session::open(script, settings.to_vec()).expect("good settings"))
}

fn names() -> Vec<&'static str> {
    let listen = Operation::find("listen").expect("an operation");
    listen
        .all_settings()
        .iter()
        .map(|field| field.name)
        .collect()
}

/// Payloads in envelopes, and what looks like them.
fn enveloped() -> impl Strategy<Value = Vec<u8>> {
    let content = || {
        any_json(vec![
            "Type", "Value", "detail", "s3", "object", "key", "bucket",
        ])
    };
    let sns = (any::<String>(), content()).prop_map(|(text, attributes)| {
        json!({ "Type": "Notification", "Message": text, "MessageAttributes": attributes })
    });
    let event = content().prop_map(|detail| json!({ "detail-type": "x", "detail": detail }));
    let s3 = (content(), "(%[0-9a-fg]{1,2}|[a+é]){0,6}").prop_map(|(record, key)| {
        json!({ "Records": [{ "s3": { "object": { "key": key, "x": record } } }, record] })
    });
    let names = vec![
        "Message",
        "Type",
        "detail",
        "detail-type",
        "Records",
        "Event",
    ];
    let envelope = prop_oneof![sns, event, s3, any_json(names)];
    mistaken(envelope.prop_map(|tree| tree.to_string().into_bytes()))
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_settings_are_a_listener_or_problems_with_their_fields(
        settings in properties(names()),
        object in prop_oneof![Just(QUEUE.to_owned()), "[ -~]{0,20}", any::<String>()],
    ) {
        let given: Vec<String> = settings.iter().map(|property| property.name.clone()).collect();
        match Listener::open(session(), &object, settings) {
            Ok(listener) => {
                prop_assert!((1..=1_000).contains(&listener.plan.maximum_messages));
                prop_assert!(listener.plan.receives_in_flight >= 1);
            }
            Err(Error::InvalidSettings(problems)) => {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    prop_assert!(!problem.message.is_empty());
                    prop_assert!(problem.field == "object" || given.contains(&problem.field), "{problem:?}");
                }
            }
            Err(error) => prop_assert!(false, "{error:?}"),
        }
    }

    /// What cannot be unwrapped stays as it came, to the byte; what can keeps its own properties.
    #[test]
    fn any_payload_is_unwrapped_or_stays_as_it_came(
        payload in enveloped(),
        choice in proptest::sample::select(vec!["sns", "eventbridge", "s3-event"]),
    ) {
        let mut document = Document {
            payload: payload.clone(),
            content_type: None,
            properties: vec![Property::text("attribute.own", "kept")],
        };
        let envelope = Envelope::of(choice).expect("an envelope");
        match envelope.unwrap(&mut document) {
            Err(said) => {
                prop_assert!(!said.is_empty());
                prop_assert_eq!(document.payload, payload);
                prop_assert_eq!(document.properties.len(), 1);
            }
            Ok(()) => {
                let own = document.properties.iter().filter(|p| p.name == "attribute.own");
                let own: Vec<_> = own.map(|p| p.value.clone()).collect();
                prop_assert!(matches!(&own[..], [Value::Text(text)] if text == "kept"));
            }
        }
    }

    #[test]
    fn any_handle_comes_back_out_of_its_token(
        handle in any::<String>().prop_filter("SQS has no empty one", |handle| !handle.is_empty()),
        milliseconds in any::<u64>(),
    ) {
        let received = Duration::from_millis(milliseconds);
        let token = Token::Leased { received, handle: &handle };
        let written = token.write();
        prop_assert_eq!(Token::read(&written), Some(token));
    }

    /// A token that was altered on the way is refused or names another message; it is read the
    /// same way again.
    #[test]
    fn any_text_is_a_token_or_none(
        bytes in mistaken("1\\.[0-9a-f]{0,17}\\.[ -~]{0,12}".prop_map(String::into_bytes)),
        text in any::<String>(),
    ) {
        for text in [&*String::from_utf8_lossy(&bytes), &*text] {
            if let Some(token) = Token::read(text) {
                let written = token.write();
                prop_assert_eq!(Token::read(&written), Some(token), "{}", text);
            }
        }
    }
}
