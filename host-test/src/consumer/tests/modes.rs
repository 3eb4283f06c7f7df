//! Commit modes and malformed deliveries.

use super::super::{Event, Handed, Malformed, Outcome};
use super::service::{Asked, Service};
use super::{Gate, options, pass, start};
use crate::contract::{CommitMode, Error, Problem};

fn settled(service: &Service) -> usize {
    service.count(|asked| {
        matches!(
            asked,
            Asked::Accept(_) | Asked::Retry(..) | Asked::Extend(..)
        )
    })
}

#[tokio::test(start_paused = true)]
async fn what_a_process_settles_is_neither_settled_nor_renewed_by_the_loop() {
    let service = Service::new();
    service.state().commit = CommitMode::ProcessManaged;
    for group in [None, Some("group")] {
        for number in 0..3 {
            service.send(format!("message {number}"), group);
        }
    }
    let running = start(&service, options(1), |handed: Handed| async move {
        assert!(
            handed.token().ends_with("secret-token"),
            "it can settle by itself"
        );
        pass(20).await;
        Outcome::Retry(None)
    });
    pass(100).await;
    let figures = running.stop().await;
    assert!(figures.received >= 6 && figures.retried > 0, "{figures}");
    assert_eq!(settled(&service), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_on_receipt_is_handled_to_the_last_though_a_stop_comes() {
    let service = Service::new();
    service.state().commit = CommitMode::OnReceive;
    for group in [None, Some("group")] {
        for number in 0..3 {
            service.send(format!("message {number}"), group);
        }
    }
    let gate = Gate::new();
    let held = gate.clone();
    let running = start(&service, options(1), move |_: Handed| {
        let held = held.clone();
        async move {
            held.pass().await;
            pass(1).await;
            Outcome::Accept
        }
    });
    service
        .until("all out", |state| {
            state.messages.iter().all(|message| message.is_removed)
        })
        .await;
    running.control.stop();
    gate.open();
    let figures = running.stop().await;
    assert_eq!((figures.received, figures.accepted), (6, 6));
    assert_eq!(settled(&service), 0);
}

#[tokio::test(start_paused = true)]
async fn messages_that_a_stop_loses_are_told() {
    let service = Service::new();
    service.state().commit = CommitMode::OnReceive;
    for number in 0..3 {
        service.send(format!("message {number}"), None);
    }
    let running = start(&service, options(1), |_: Handed| std::future::pending());
    service
        .until("all out", |state| {
            state.messages.iter().all(|message| message.is_removed)
        })
        .await;
    running.control.stop();
    pass(40).await;
    let lost = Event::Abandoned {
        handlers: 1,
        lost: 2,
    };
    assert!(running.events().contains(&lost), "{:?}", running.events());
    assert_eq!(running.stop().await.handlers_abandoned, 1);
}

fn malformed() -> Service {
    let service = Service::new();
    service.send("no json", None);
    service.state().messages[0].problem = Some(Error::InvalidDocument(vec![Problem {
        field: "payload".to_owned(),
        message: "it is no JSON".to_owned(),
    }]));
    service
}

#[tokio::test(start_paused = true)]
async fn a_malformed_message_is_handed_over_with_its_problem() {
    let service = malformed();
    let running = start(&service, options(1), |handed: Handed| async move {
        let is_told = matches!(handed.problem(), Some(Error::InvalidDocument(_)));
        assert!(is_told && handed.document().payload == b"no json");
        Outcome::Accept
    });
    service.until_empty().await;
    let events = running.events();
    assert!(
        matches!(&events[..], [Event::Malformed { .. }]),
        "{events:?}"
    );
    assert_eq!(running.stop().await.malformed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_message_is_retried_as_suggested_or_removed_without_a_handler() {
    for policy in [Malformed::Retry, Malformed::Accept] {
        let service = malformed();
        let mut options = options(1);
        options.malformed = policy;
        let running = start(&service, options, |_: Handed| async {
            panic!("nothing is for a handler")
        });
        pass(71).await;
        let figures = running.stop().await;
        assert_eq!(figures.handlers_panicked, 0);
        match policy {
            Malformed::Retry => {
                // One in seven seconds, as suggested, and no faster.
                assert!((9..=11).contains(&figures.retried), "{figures}");
            }
            _ => assert_eq!(service.accepted(), ["no json"]),
        }
    }
}
