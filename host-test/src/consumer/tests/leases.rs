//! Leases: renewed in time, and what happens where they are lost.

use std::time::Duration;

use super::super::{Event, Handed, Outcome};
use super::service::{Asked, Service};
use super::{Gate, options, pass, start};
use crate::contract::Error;

fn refusing_renewals() -> Service {
    let service = Service::new();
    service.state().refuse = Some(Box::new(|asked| match asked {
        Asked::Extend(..) => Some(Error::Other("the lease can last no longer".to_owned())),
        _ => None,
    }));
    service
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_outlives_the_lease_many_times_gets_its_message_once() {
    let service = Service::new();
    service.state().lease = Duration::from_secs(10);
    for number in 0..5 {
        service.send(format!("message {number}"), None);
    }
    for number in 0..3 {
        service.send(format!("grouped {number}"), Some("group"));
    }
    // Those that wait for their turn outlive it as well.
    let running = start(&service, options(1), |_: Handed| async {
        pass(65).await;
        Outcome::Accept
    });
    service.until_empty().await;
    let figures = running.stop().await;
    assert_eq!((figures.received, figures.accepted), (8, 8));
    assert!(
        service
            .state()
            .messages
            .iter()
            .all(|message| message.attempts == 1)
    );
    // At half of the lease, and to its whole length.
    let renewals = service.count(|asked| matches!(asked, Asked::Extend(_, 10)));
    assert_eq!(renewals as u64, figures.renewed);
    assert!((300..=500).contains(&renewals), "{renewals}");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_renewed_is_told_and_what_waits_is_never_started() {
    let service = refusing_renewals();
    for number in 0..3 {
        service.send(format!("message {number}"), None);
    }
    let gate = Gate::new();
    let held = gate.clone();
    let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
    let running = start(&service, options(1), move |handed: Handed| {
        let held = held.clone();
        let started = started.clone();
        async move {
            started.send(handed.clone()).expect("a test that looks");
            held.pass().await;
            Outcome::Accept
        }
    });
    let first = starts.recv().await.expect("a delivery");
    pass(14).await;
    assert!(!first.has_lost_lease());
    pass(3).await;
    assert!(first.has_lost_lease(), "the handler can see it");
    let lost: Vec<bool> = running
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::LeaseLost { started, .. } => Some(started),
            _ => None,
        })
        .collect();
    assert_eq!(lost.iter().filter(|started| **started).count(), 1);
    assert_eq!(lost.len(), 3);
    assert_eq!(running.control.figures().in_hand, 1, "only the one at work");
    assert!(starts.try_recv().is_err(), "no other was started");
    gate.open();
    service.until_empty().await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn where_one_of_a_group_loses_its_lease_the_rest_goes_back_unhandled() {
    let service = refusing_renewals();
    // Only the first cannot be renewed.
    service.state().refuse = Some(Box::new(|asked| match asked {
        Asked::Extend(body, _) if body == "message 0" => Some(Error::Other("no".to_owned())),
        _ => None,
    }));
    for number in 0..3 {
        service.send(format!("message {number}"), Some("group"));
    }
    let running = start(&service, options(1), |handed: Handed| async move {
        if handed.attempt() == 1 {
            pass(40).await;
        }
        Outcome::Accept
    });
    pass(25).await;
    let figures = running.control.figures();
    assert_eq!((figures.in_hand, figures.given_back), (1, 2), "{figures}");
    let retries: Vec<_> = service
        .asked()
        .into_iter()
        .filter(|asked| matches!(asked, Asked::Retry(..)))
        .collect();
    let back = |number: u32| Asked::Retry(format!("message {number}"), 1);
    assert_eq!(retries, [back(2), back(1)]);
    service.until_empty().await;
    running.stop().await;
    assert_eq!(service.accepted(), ["message 0", "message 1", "message 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_in_passing_is_made_again_in_time() {
    let service = Service::new();
    let mut left = 3;
    service.state().refuse = Some(Box::new(move |asked| match asked {
        Asked::Extend(..) if left > 0 => {
            left -= 1;
            Some(Error::Timeout("no answer".to_owned()))
        }
        _ => None,
    }));
    service.send("message", None);
    let running = start(&service, options(1), |_: Handed| async {
        pass(100).await;
        Outcome::Accept
    });
    service.until_empty().await;
    let figures = running.stop().await;
    assert_eq!((figures.received, figures.leases_lost), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_accepted_renewal_never_hides_what_is_given_back_after_it() {
    // A handler that fails just when its lease is renewed.
    let service = Service::new();
    service.state().lease = Duration::from_secs(10);
    service.send("message", None);
    let running = start(&service, options(1), |handed: Handed| async move {
        if handed.attempt() == 1 {
            tokio::time::sleep(Duration::from_millis(5_001)).await;
            return Outcome::Retry(Some(0));
        }
        Outcome::Accept
    });
    pass(6).await;
    assert_eq!(service.accepted(), ["message"], "it came again at once");
    running.stop().await;
}
