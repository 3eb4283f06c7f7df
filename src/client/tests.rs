use std::time::Duration;

use super::*;
use crate::connection;
use crate::contract::Property;
use crate::testing::{Reply, Script, Seen, broken, fault, reply};
use crate::transport::Clock;

fn client(
    settings: &[(&str, &str)],
    service: impl FnMut(&Seen) -> Reply + 'static,
) -> (Script, Client<Script>) {
    let mut all = vec![
        Property::text("region", "eu-west-1"),
        Property::text("access-key-id", "AKIAEXAMPLE"),
        Property::text("secret-access-key", "very-secret"),
        Property::text("session-token", "very-secret-token"),
    ];
    all.extend(
        settings
            .iter()
            .map(|(name, value)| Property::text(*name, *value)),
    );
    let (config, credentials) = connection::open(all).unwrap();
    let script = Script::new(service);
    (script.clone(), Client::new(script, config, credentials))
}

/// Answers in turn; the last one for ever.
fn in_turn(replies: Vec<fn() -> Reply>) -> impl FnMut(&Seen) -> Reply {
    let mut turn = 0;
    move |_| {
        let reply = replies[turn.min(replies.len() - 1)]();
        turn += 1;
        reply
    }
}

fn call(script: &Script, client: &Client<Script>) -> Result<Answer, Error> {
    script.run(client.call(Call::new("ListQueues", b"{}")))
}

#[test]
fn what_can_pass_is_tried_again_after_growing_pauses() {
    let service = in_turn(vec![|| fault(503, "ServiceUnavailable"), broken, || {
        reply(200, "{}")
    }]);
    let (script, client) = client(&[], service);
    assert_eq!(call(&script, &client).unwrap().trace.attempts, 3);
    let at: Vec<u128> = script
        .seen()
        .iter()
        .map(|seen| seen.at.as_millis())
        .collect();
    assert_eq!(
        at,
        [0, 59, 168],
        "10 ms an answer, then pauses of 49 and 99 ms"
    );
}

#[test]
fn attempts_end_at_the_setting_and_the_fault_says_how_many_there_were() {
    let (script, client) = client(&[("max-attempts", "2")], |_| fault(400, "RequestThrottled"));
    let Err(Error::Throttled(fault)) = call(&script, &client) else {
        panic!("a throttle is an error of its own");
    };
    assert_eq!(
        (fault.attempts, fault.code.as_str()),
        (2, "RequestThrottled")
    );
    assert_eq!(fault.blame, crate::contract::Blame::Service);
    assert_eq!(script.seen().len(), 2);
}

#[test]
fn what_cannot_pass_is_not_tried_again() {
    for (status, code) in [
        (400, "QueueDoesNotExist"),
        (403, "AccessDeniedException"),
        (400, "SomethingNew"),
        (501, "NotImplemented"),
    ] {
        let (script, client) = client(&[], move |_| fault(status, code));
        assert!(call(&script, &client).is_err());
        assert_eq!(script.seen().len(), 1, "{code}");
    }
}

#[test]
fn a_servers_wish_for_a_pause_is_kept() {
    let service = in_turn(vec![
        || fault(503, "SlowDown").header("x-amz-retry-after", "3000"),
        || reply(200, "{}"),
    ]);
    let (script, client) = client(&[], service);
    call(&script, &client).unwrap();
    assert_eq!(script.seen()[1].at, Duration::from_millis(3_010));
}

#[test]
fn a_long_poll_keeps_its_pause_when_there_are_no_tokens_left() {
    let (script, client) = client(&[("max-attempts", "10")], |_| {
        fault(503, "ServiceUnavailable")
    });
    // 500 tokens pay for 35 retries.
    for _ in 0..4 {
        assert!(call(&script, &client).is_err());
    }
    let attempts = script.seen().len();
    assert_eq!(attempts, 39);
    let before = script.monotonic();
    let poll = Call {
        wait: Duration::from_secs(1),
        ..Call::new("ReceiveMessage", b"{}")
    };
    assert!(script.run(client.call(poll)).is_err());
    assert_eq!(
        script.seen().len(),
        attempts + 1,
        "there is no token for another attempt"
    );
    assert_eq!(script.monotonic() - before, Duration::from_millis(59));
}

#[test]
fn no_answer_in_time_is_a_timeout_and_a_long_poll_has_its_wait_time_more() {
    let never = Duration::from_secs(1_000_000);
    let settings = [("request-timeout-ms", "500"), ("max-attempts", "1")];
    let (script, client) = client(&settings, move |_| reply(200, "{}").after(never));
    let Err(Error::Timeout(words)) = call(&script, &client) else {
        panic!("must be a timeout");
    };
    assert!(words.contains("500 ms"), "{words}");
    assert_eq!(script.monotonic(), Duration::from_millis(500));
    let poll = Call {
        wait: Duration::from_secs(20),
        ..Call::new("ReceiveMessage", b"{}")
    };
    assert!(matches!(
        script.run(client.call(poll)),
        Err(Error::Timeout(_))
    ));
    assert_eq!(script.monotonic(), Duration::from_millis(21_000));
}

#[test]
fn a_wrong_clock_is_corrected_by_the_answers_date_and_stays_corrected() {
    let service = |seen: &Seen| {
        let date = seen
            .headers
            .iter()
            .find(|(name, _)| *name == "x-amz-date")
            .unwrap();
        if date.1.starts_with("20261121T01") {
            return reply(200, "{}");
        }
        fault(403, "SignatureDoesNotMatch").header("Date", "Sat, 21 Nov 2026 01:00:00 GMT")
    };
    let (script, client) = client(&[], service);
    assert_eq!(call(&script, &client).unwrap().trace.attempts, 2);
    assert_eq!(call(&script, &client).unwrap().trace.attempts, 1);
}

#[test]
fn a_wrong_secret_with_a_right_clock_is_tried_once() {
    let (script, client) = client(&[], |_| {
        fault(403, "SignatureDoesNotMatch").header("Date", "Sat, 21 Nov 2026 00:00:01 GMT")
    });
    assert!(matches!(
        call(&script, &client),
        Err(Error::Unauthenticated(_))
    ));
    assert_eq!(script.seen().len(), 1);
}

#[test]
fn a_faults_code_is_found_wherever_a_server_puts_it() {
    let faults: [fn() -> Reply; 4] = [
        || reply(400, "{\"__type\":\"QueueDoesNotExist\",\"Message\":\"m\"}"),
        || reply(400, "{}").header("X-Amzn-Errortype", "QueueDoesNotExist:http://x/"),
        || reply(400, "{\"code\":\"QueueDoesNotExist\"}"),
        || {
            let code = "AWS.SimpleQueueService.NonExistentQueue;Sender";
            reply(400, "<xml/>").header("x-amzn-query-error", code)
        },
    ];
    for make in faults {
        let (script, client) = client(&[], move |_| make());
        assert!(matches!(call(&script, &client), Err(Error::NotFound(_))));
    }
}

#[test]
fn an_answer_that_is_no_fault_of_sqs_keeps_its_status_and_shows_nothing_of_its_body() {
    let settings = [("max-attempts", "1")];
    let (script, client) = client(&settings, |_| reply(502, "<html>secret page</html>"));
    let Err(Error::Unavailable(fault)) = call(&script, &client) else {
        panic!("502 is the server's failure");
    };
    assert_eq!((fault.http_status, fault.code.as_str()), (502, "HTTP 502"));
    assert!(!fault.message.contains("secret"));
}

#[test]
fn redirections_are_not_followed() {
    let (script, client) = client(&[], |_| {
        reply(307, "").header("location", "https://elsewhere.example.com/")
    });
    let Err(Error::Transport(words)) = call(&script, &client) else {
        panic!("must be refused");
    };
    assert!(words.contains("307"), "{words}");
    assert_eq!(script.seen().len(), 1);
}

#[test]
fn renewed_credentials_sign_the_next_request() {
    let (script, client) = client(&[], |_| reply(200, "{}"));
    call(&script, &client).unwrap();
    let renewed = connection::renew(vec![
        Property::text("access-key-id", "ASIANEW"),
        Property::text("secret-access-key", "new"),
    ]);
    client.renew(renewed.unwrap());
    call(&script, &client).unwrap();
    let keys: Vec<bool> = script
        .seen()
        .iter()
        .map(|seen| {
            seen.headers
                .iter()
                .any(|(_, value)| value.contains("ASIANEW"))
        })
        .collect();
    assert_eq!(keys, [false, true]);
}
