//! Every message to success, and groups in their order.

use std::collections::HashMap;
use std::time::Duration;

use super::super::{Handed, Outcome};
use super::service::{Asked, Service};
use super::{Chance, Gate, options, pass, start};

fn body(handed: &Handed) -> String {
    String::from_utf8_lossy(&handed.document().payload).into_owned()
}

#[tokio::test(start_paused = true)]
async fn every_message_is_handled_to_success_once_though_handlers_fail() {
    let service = Service::new();
    for number in 0..500 {
        service.send(format!("message {number}"), None);
    }
    let chance = Chance::new(1);
    let running = start(&service, options(8), move |_: Handed| {
        let chance = chance.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(chance.below(50))).await;
            match chance.below(5) {
                0 => Outcome::Retry(None),
                1 => Outcome::Retry(Some(1)),
                _ => Outcome::Accept,
            }
        }
    });
    service.until_empty().await;
    let figures = running.stop().await;
    let mut accepted = service.accepted();
    accepted.sort();
    accepted.dedup();
    assert_eq!((accepted.len(), figures.accepted), (500, 500));
    assert_eq!(figures.received, 500 + figures.retried + figures.given_back);
    assert!(figures.retried > 50, "{figures}");
    assert_eq!(
        figures.settlements_lost + figures.leases_lost,
        0,
        "{figures}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_as_the_handler_says_or_as_the_delivery_suggests() {
    let service = Service::new();
    service.send("asked", None);
    service.send("suggested", None);
    let running = start(&service, options(2), |handed: Handed| async move {
        match (handed.attempt(), body(&handed).as_str()) {
            (1, "asked") => Outcome::Retry(Some(3)),
            (1, _) => Outcome::Retry(None),
            _ => Outcome::Accept,
        }
    });
    service.until_empty().await;
    running.stop().await;
    let asked = service.asked();
    assert!(asked.contains(&Asked::Retry("asked".to_owned(), 3)));
    assert!(asked.contains(&Asked::Retry("suggested".to_owned(), 7)));
}

#[tokio::test(start_paused = true)]
async fn the_order_of_acceptance_in_a_group_is_that_of_sending_though_handlers_fail() {
    for (seed, opens_early) in (1..=5).zip([false, true].into_iter().cycle()) {
        let service = Service::new();
        service.state().opens_early = opens_early;
        service.state().lease = Duration::from_secs(4);
        for number in 0..20 {
            for group in 0..15 {
                service.send(
                    format!("{group}:{number:02}"),
                    Some(&format!("group {group}")),
                );
            }
        }
        let chance = Chance::new(seed);
        let running = start(&service, options(8), move |_: Handed| {
            let chance = chance.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(chance.below(3_000))).await;
                match chance.below(8) {
                    0 => Outcome::Retry(Some(0)),
                    1 => Outcome::Retry(Some(2)),
                    2 => panic!("a handler that panics"),
                    _ => Outcome::Accept,
                }
            }
        });
        service.until_empty().await;
        let figures = running.stop().await;
        let mut groups: HashMap<String, Vec<String>> = HashMap::new();
        for body in service.accepted() {
            let (group, number) = body.split_once(':').expect("a group");
            groups
                .entry(group.to_owned())
                .or_default()
                .push(number.to_owned());
        }
        assert_eq!(groups.len(), 15);
        let sent: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
        for (group, accepted) in groups {
            assert_eq!(accepted, sent, "group {group}, seed {seed}");
        }
        assert_eq!(figures.settlements_lost, 0, "{figures}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_a_group_retried_at_once_brings_no_endless_giving_back() {
    // It comes again, with those after it, before the answer that it is back.
    for opens_early in [false, true] {
        let service = Service::new();
        service.state().opens_early = opens_early;
        service.state().largest_pull = 1;
        for number in 0..30 {
            service.send(format!("message {number:02}"), Some("group"));
        }
        let running = start(&service, options(1), |handed: Handed| async move {
            match handed.attempt() {
                1 => Outcome::Retry(Some(0)),
                _ => Outcome::Accept,
            }
        });
        service.until_empty().await;
        let figures = running.stop().await;
        assert_eq!((figures.accepted, figures.retried), (30, 30));
        assert_eq!(figures.given_back, 0, "{figures}");
        assert!(service.accepted().is_sorted());
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_a_group_is_handled_at_a_time_and_groups_side_by_side() {
    let service = Service::new();
    for group in ["a", "b", "c"] {
        for number in 0..3 {
            service.send(format!("{group}{number}"), Some(group));
        }
    }
    let gate = Gate::new();
    let held = gate.clone();
    let running = start(&service, options(8), move |_: Handed| {
        let held = held.clone();
        async move {
            held.pass().await;
            Outcome::Accept
        }
    });
    pass(5).await;
    assert_eq!(running.control.figures().in_flight, 3);
    assert_eq!(running.control.figures().in_hand, 9);
    gate.open();
    service.until_empty().await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_group_goes_back_last_to_first_before_the_one_that_failed() {
    let service = Service::new();
    for number in 0..4 {
        service.send(format!("message {number}"), Some("group"));
    }
    let running = start(&service, options(8), |handed: Handed| async move {
        match (handed.attempt(), body(&handed).as_str()) {
            (1, "message 1") => Outcome::Retry(Some(5)),
            _ => Outcome::Accept,
        }
    });
    service.until_empty().await;
    let figures = running.stop().await;
    let retries: Vec<_> = service
        .asked()
        .into_iter()
        .filter(|asked| matches!(asked, Asked::Retry(..)))
        .collect();
    let retry = |number: u32, seconds| Asked::Retry(format!("message {number}"), seconds);
    assert_eq!(retries, [retry(3, 5), retry(2, 5), retry(1, 5)]);
    assert_eq!((figures.retried, figures.given_back), (1, 2));
    assert_eq!(
        service.accepted(),
        ["message 0", "message 1", "message 2", "message 3"]
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_pulled_while_as_many_are_in_hand_as_may_be() {
    let service = Service::new();
    service.state().largest_pull = 1;
    for number in 0..50 {
        service.send(format!("message {number}"), None);
    }
    let gate = Gate::new();
    let held = gate.clone();
    let mut options = options(2);
    options.deliveries_in_hand = Some(5);
    let running = start(&service, options, move |_: Handed| {
        let held = held.clone();
        async move {
            held.pass().await;
            Outcome::Accept
        }
    });
    pass(300).await;
    assert_eq!(service.count(|asked| *asked == Asked::Pull), 5);
    assert_eq!(running.control.figures().in_hand, 5);
    gate.open();
    service.until_empty().await;
    assert_eq!(running.stop().await.most_in_hand, 5);
}
