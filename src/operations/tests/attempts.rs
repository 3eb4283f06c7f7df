//! What a lost answer means: a message that may be there twice is told, and where the service
//! can know a repeated request, it does.

use std::cell::Cell;

use super::*;
use crate::testing::broken;

/// A service that does something else with its first request.
fn at_first(first: fn(&Seen) -> Reply) -> impl FnMut(&Seen) -> Reply {
    let number = Cell::new(0);
    move |seen| match number.replace(number.get() + 1) {
        0 => first(seen),
        _ => takes_all(seen),
    }
}

fn value(document: &Document, name: &str) -> Option<String> {
    let property = document.properties.iter().find(|p| p.name == name)?;
    Some(match &property.value {
        Value::Integer(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        _ => String::new(),
    })
}

/// Attempts, and whether it may be there twice, of two messages sent together.
fn sent_after(first: fn(&Seen) -> Reply, queue: &str) -> (String, Option<String>) {
    let (script, session) = session(at_first(first));
    let group = [("message-group-id", "g"), ("message-deduplication-id", "d")];
    let group = if queue == FIFO { &group[..] } else { &[] };
    let documents = vec![document("a", group), document("b", group)];
    let mut sent = send(&script, &session, queue, documents);
    let document = sent.remove(0).unwrap().remove(0);
    let bodies: Vec<Json> = script.seen().into_iter().map(|seen| seen.body).collect();
    assert!(
        bodies.windows(2).all(|two| two[0] == two[1]),
        "each attempt is the same"
    );
    let attempts = value(&document, "attempts").unwrap();
    (attempts, value(&document, "may-be-duplicated"))
}

#[test]
fn a_message_whose_first_answer_was_lost_may_be_there_twice_and_says_so() {
    let twice = Some("true".to_owned());
    let failed = |_: &Seen| fault(500, "InternalError");
    assert_eq!(
        sent_after(|_| broken(), URL),
        ("2".to_owned(), twice.clone())
    );
    assert_eq!(sent_after(failed, URL), ("2".to_owned(), twice));
}

#[test]
fn a_message_that_was_refused_or_goes_to_a_fifo_queue_is_not_there_twice() {
    let throttled = |_: &Seen| fault(400, "RequestThrottled");
    assert_eq!(sent_after(takes_all, URL), ("1".to_owned(), None));
    assert_eq!(sent_after(throttled, URL), ("2".to_owned(), None));
    assert_eq!(sent_after(|_| broken(), FIFO), ("2".to_owned(), None));
}

#[test]
fn attempts_of_an_entry_are_those_of_all_requests_that_carried_it() {
    let (script, session) = session(at_first(|_| {
        reply(
            200,
            r#"{"Failed":[{"Id":"0","Code":"RequestThrottled"},{"Id":"1","Code":"InvalidMessageContents","SenderFault":true}]}"#,
        )
    }));
    let documents = vec![document("a", &[]), document("b", &[])];
    let mut sent = send(&script, &session, URL, documents);
    let Err(Error::Rejected(fault)) = sent.remove(1) else {
        panic!("it is not refused");
    };
    assert_eq!(fault.attempts, 1);
    let document = sent.remove(0).unwrap().remove(0);
    assert_eq!(value(&document, "attempts").as_deref(), Some("2"));
}

#[test]
fn a_receive_of_a_fifo_queue_is_repeated_with_the_id_it_had() {
    let number = Cell::new(0);
    let (script, session) = session(move |_| match number.replace(number.get() + 1) {
        0 => broken(),
        _ => reply(200, "{}"),
    });
    for queue in [FIFO, URL] {
        let documents = vec![document("", &[])];
        let outcomes = script.run(session.execute("receive", Some(queue), Vec::new(), documents));
        outcomes.unwrap().remove(0).output.unwrap();
    }
    let ids: Vec<Json> = script
        .seen()
        .iter()
        .map(|seen| seen.body["ReceiveRequestAttemptId"].clone())
        .collect();
    assert_eq!(ids[0].as_str().map(str::len), Some(32));
    assert_eq!(ids[0], ids[1]);
    assert!(ids[2].is_null(), "a standard queue takes none");
}
