//! Stops: nothing is lost, and all that can be is given back at once.

use std::time::Duration;

use tokio::time::Instant;

use super::super::{Handed, Outcome};
use super::service::{Asked, Service};
use super::{Gate, options, pass, start};

fn retries(service: &Service) -> Vec<Asked> {
    let asked = service.asked().into_iter();
    asked
        .filter(|asked| matches!(asked, Asked::Retry(..)))
        .collect()
}

/// At once; those of a group together, in a second.
fn back(body: &str) -> Asked {
    Asked::Retry(body.to_owned(), u32::from(body.starts_with("grouped")))
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_handlers_finish_and_gives_back_what_waits() {
    let service = Service::new();
    for number in 0..3 {
        service.send(format!("grouped {number}"), Some("group"));
    }
    for number in 0..2 {
        service.send(format!("message {number}"), None);
    }
    let gate = Gate::new();
    let held = gate.clone();
    let running = start(&service, options(2), move |_: Handed| {
        let held = held.clone();
        async move {
            held.pass().await;
            Outcome::Accept
        }
    });
    pass(1).await;
    running.control.stop();
    pass(1).await;
    assert_eq!(running.control.figures().in_hand, 2, "those at work");
    let given_back = retries(&service);
    // The pull that still waits may take it again, and it is given back again.
    assert!(given_back.contains(&back("message 1")));
    let grouped: Vec<_> = given_back
        .iter()
        .filter(|asked| matches!(asked, Asked::Retry(body, _) if body.starts_with("grouped")))
        .cloned()
        .collect();
    assert_eq!(grouped, [back("grouped 2"), back("grouped 1")]);
    gate.open();
    let figures = running.stop().await;
    assert_eq!((figures.accepted, figures.in_hand), (2, 0));
    assert_eq!(figures.given_back, figures.received - 2);
    assert_eq!(service.count(|asked| *asked == Asked::Stop), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_last_pull_brings_is_given_back_at_once_and_nothing_is_pulled_after_it() {
    let service = Service::new();
    let running = start(&service, options(2), |_: Handed| async {
        panic!("nothing is to be handled")
    });
    pass(1).await;
    running.control.stop();
    pass(1).await;
    for number in 0..3 {
        service.send(format!("grouped {number}"), Some("group"));
    }
    service.send("message", None);
    let figures = running.stop().await;
    assert_eq!((figures.received, figures.given_back), (4, 4));
    let given_back = retries(&service);
    assert!(given_back.contains(&back("message")));
    let place = |body: &str| given_back.iter().position(|asked| *asked == back(body));
    assert!(place("grouped 2") < place("grouped 1") && place("grouped 1") < place("grouped 0"));
    assert_eq!(service.count(|asked| *asked == Asked::Pull), 1);
    assert_eq!(service.count(|asked| *asked == Asked::Stop), 1);
}

#[tokio::test(start_paused = true)]
async fn leases_are_renewed_while_a_stop_waits_for_handlers() {
    let service = Service::new();
    service.state().lease = Duration::from_secs(4);
    service.send("message", None);
    let running = start(&service, options(1), |_: Handed| async {
        pass(25).await;
        Outcome::Accept
    });
    pass(1).await;
    let figures = running.stop().await;
    assert_eq!((figures.accepted, figures.received), (1, 1));
    assert!(figures.renewed >= 10, "{figures:?}");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_does_not_finish_in_time_is_dropped_and_its_message_given_back() {
    let service = Service::new();
    for number in 0..3 {
        service.send(format!("grouped {number}"), Some("group"));
    }
    let begun = Instant::now();
    let mut options = options(2);
    options.stop_within = Duration::from_secs(10);
    let running = start(&service, options, |_: Handed| std::future::pending());
    pass(1).await;
    let figures = running.stop().await;
    assert_eq!((figures.handlers_abandoned, figures.given_back), (1, 3));
    assert_eq!(
        retries(&service),
        [back("grouped 2"), back("grouped 1"), back("grouped 0")]
    );
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_secs(10) && took < Duration::from_secs(15),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_at_once_waits_for_no_handler_and_no_pull() {
    let service = Service::new();
    service.send("message", None);
    let running = start(&service, options(2), |_: Handed| std::future::pending());
    pass(1).await;
    let begun = Instant::now();
    running.control.stop_now();
    let figures = running.stop().await;
    assert_eq!(retries(&service), [back("message")]);
    assert_eq!(figures.in_hand, 0);
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_though_nothing_can_be_settled() {
    let service = Service::new();
    service.send("message", None);
    let crash = || crate::CallError::Trapped("unreachable".to_owned());
    service
        .state()
        .settles_fail
        .extend((0..10_000).map(|_| crash()));
    let running = start(&service, options(2), |_: Handed| async { Outcome::Accept });
    pass(1).await;
    let begun = Instant::now();
    running.stop().await;
    assert!(
        begun.elapsed() < Duration::from_secs(40),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn debug_of_what_a_handler_gets_shows_neither_token_nor_payload() {
    let service = Service::new();
    service.send("a payload that nobody may see", None);
    let running = start(&service, options(1), |handed: Handed| async move {
        let words = format!("{handed:?}");
        assert!(
            !words.contains("secret-token") && !words.contains("payload that"),
            "{words}"
        );
        Outcome::Accept
    });
    service.until_empty().await;
    assert_eq!(running.stop().await.handlers_panicked, 0);
}
