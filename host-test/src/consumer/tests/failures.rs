//! Pulls, settlements and handlers that fail.

use std::time::Duration;

use tokio::time::Instant;

use super::super::{Event, Handed, Outcome, SettlementKind};
use super::service::{Asked, Service};
use super::{options, pass, start};
use crate::contract::{Blame, Error, Fault, Problem};
use crate::error::CallError;

async fn accept(_: Handed) -> Outcome {
    Outcome::Accept
}

fn fault(code: &str) -> Fault {
    Fault {
        code: code.to_owned(),
        message: "words".to_owned(),
        http_status: 400,
        request_id: Some(format!("{:?}", Instant::now())),
        blame: Blame::Caller,
        attempts: 1,
    }
}

fn gone() -> CallError {
    CallError::Connector(Error::Transport("nobody there".to_owned()))
}

#[tokio::test(start_paused = true)]
async fn a_crash_of_a_pull_costs_the_listener_and_a_fresh_one_goes_on() {
    let service = Service::new();
    let crashes = [
        CallError::Trapped("unreachable".to_owned()),
        CallError::TimedOut(Duration::from_secs(300)),
    ];
    service.state().pulls_fail.extend(crashes);
    service.send("message", None);
    let running = start(&service, options(1), accept);
    service.until_empty().await;
    let events = running.events();
    let reconnecting = events.iter().filter(|event| {
        matches!(
            event,
            Event::PullFailed {
                reconnecting: true,
                ..
            }
        )
    });
    assert_eq!(reconnecting.count(), 2, "{events:?}");
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Recovered { .. }))
    );
    assert_eq!(service.count(|asked| *asked == Asked::Listen), 3);
    assert_eq!(running.stop().await.reconnects, 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone_is_asked_a_few_times_a_minute_and_found_again() {
    let service = Service::new();
    service.state().gone = Some(gone);
    let running = start(&service, options(1), accept);
    pass(60).await;
    let first = service.count(|asked| *asked == Asked::Pull);
    assert!(first <= 8, "{first} pulls in the first minute");
    pass(600).await;
    let later = service.count(|asked| *asked == Asked::Pull) - first;
    assert!((20..=40).contains(&later), "{later} pulls in ten minutes");
    service.state().gone = None;
    service.send("message", None);
    service.until_empty().await;
    let events = running.events();
    assert!(
        matches!(
            &events[..],
            [
                Event::PullFailed {
                    reconnecting: false,
                    ..
                },
                Event::Recovered { .. }
            ]
        ),
        "told once: {events:?}"
    );
    let figures = running.stop().await;
    assert_eq!(figures.reconnects, 0, "the listener lives");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_has_to_mend_is_waited_for_at_the_longest_and_told_when_it_changes() {
    let service = Service::new();
    for code in ["AccessDenied", "AccessDenied", "QueueDoesNotExist"] {
        let error = match code {
            "AccessDenied" => Error::Forbidden(fault(code)),
            _ => Error::NotFound(fault(code)),
        };
        service
            .state()
            .pulls_fail
            .push_back(CallError::Connector(error));
    }
    service.send("message", None);
    let begun = Instant::now();
    let running = start(&service, options(1), accept);
    service.until_empty().await;
    assert!(
        begun.elapsed() >= Duration::from_secs(45),
        "{:?}",
        begun.elapsed()
    );
    let failures = running
        .events()
        .into_iter()
        .filter(|event| matches!(event, Event::PullFailed { .. }));
    assert_eq!(failures.count(), 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn settings_that_cannot_work_end_it() {
    let service = Service::new();
    let problem = Problem {
        field: "wait-time-seconds".to_owned(),
        message: "too long".to_owned(),
    };
    let error = CallError::Connector(Error::InvalidSettings(vec![problem]));
    service.state().pulls_fail.push_back(error);
    let running = start(&service, options(1), accept);
    let ended = running.task.await.expect("a task");
    assert!(matches!(
        ended.as_ref().err().and_then(CallError::connector),
        Some(Error::InvalidSettings(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_call_of_settle_that_breaks_down_is_made_again_one_by_one() {
    let service = Service::new();
    for number in 0..10 {
        service.send(format!("message {number}"), None);
    }
    let crashes = (0..5).map(|_| CallError::Trapped("unreachable".to_owned()));
    service.state().settles_fail.extend(crashes);
    let running = start(&service, options(10), accept);
    service.until_empty().await;
    let figures = running.stop().await;
    assert_eq!((figures.accepted, figures.settlements_lost), (10, 0));
    assert_eq!(figures.received, 10);
}

#[tokio::test(start_paused = true)]
async fn a_settlement_that_is_refused_is_told_and_only_that_one_is_lost() {
    let service = Service::new();
    service.state().refuse = Some(Box::new(|asked| match asked {
        Asked::Accept(body) if body == "message 1" => {
            Some(Error::Rejected(fault("ReceiptHandleIsInvalid")))
        }
        _ => None,
    }));
    for number in 0..3 {
        service.send(format!("message {number}"), None);
    }
    let running = start(&service, options(3), accept);
    pass(5).await;
    let events = running.events();
    assert!(
        matches!(
            &events[..],
            [Event::SettlementLost { settlement: SettlementKind::Accept, reason }]
                if reason.contains("ReceiptHandleIsInvalid")
        ),
        "{events:?}"
    );
    let figures = running.control.figures();
    assert_eq!(
        (figures.accepted, figures.settlements_lost, figures.in_hand),
        (2, 1, 0)
    );
    service.state().refuse = None;
    service.until_empty().await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn where_an_acceptance_is_refused_the_rest_of_the_group_waits_for_the_message_to_come_again()
{
    let service = Service::new();
    let mut left = 1;
    service.state().refuse = Some(Box::new(move |asked| match asked {
        Asked::Accept(body) if body == "message 0" && left > 0 => {
            left -= 1;
            Some(Error::Rejected(fault("Refused")))
        }
        _ => None,
    }));
    for number in 0..3 {
        service.send(format!("message {number}"), Some("group"));
    }
    let running = start(&service, options(3), accept);
    service.until_empty().await;
    running.stop().await;
    assert_eq!(service.accepted(), ["message 0", "message 1", "message 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_settlement_is_tried_again_as_long_as_the_lease_lives() {
    for (failures, accepted) in [(6, 1), (1_000, 0)] {
        let service = Service::new();
        let mut left = failures;
        service.state().refuse = Some(Box::new(move |asked| match asked {
            Asked::Accept(_) if left > 0 => {
                left -= 1;
                Some(Error::Throttled(fault("ThrottlingException")))
            }
            _ => None,
        }));
        service.send("message", None);
        let running = start(&service, options(1), accept);
        pass(29).await;
        let figures = running.control.figures();
        assert_eq!(figures.accepted, accepted);
        pass(2).await;
        running.control.stop_now();
        assert_eq!(running.stop().await.settlements_lost, 1 - accepted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_has_its_message_retried() {
    let service = Service::new();
    service.send("message", None);
    let running = start(&service, options(1), |handed: Handed| async move {
        assert!(handed.attempt() > 1, "the first attempt panics");
        Outcome::Accept
    });
    service.until_empty().await;
    assert!(running.events().contains(&Event::HandlerPanicked));
    let figures = running.stop().await;
    assert_eq!(
        (figures.handlers_panicked, figures.retried, figures.accepted),
        (1, 1, 1)
    );
}
