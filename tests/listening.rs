//! The host's listener and its loop, over a plugin in the sandbox and a queue of our own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_host::consumer::{Consumer, ConsumerOptions, Handed, Handler, Outcome};
use connector_host::contract::{CommitMode, Disposition, Settlement};
use connector_host::{CallError, Connection, Settings};
use end_to_end::bounded;
use end_to_end::broker::{Asked, Broker};
use end_to_end::consuming::{self, Running, options};
use end_to_end::random::Data;
use tokio::sync::Semaphore;

fn consume(connection: Connection, concurrency: usize, handler: impl Handler) -> Running {
    consuming::consume(&connection, "queue", &[], options(concurrency), handler)
}

fn body(handed: &Handed) -> String {
    String::from_utf8_lossy(&handed.document().payload).into_owned()
}

async fn accept(_: Handed) -> Outcome {
    Outcome::Accept
}

#[tokio::test]
async fn groups_keep_their_order_though_handlers_fail_and_the_plugin_crashes_at_pulling_and_settling()
 {
    let broker = Broker::start().await;
    for number in 0..12 {
        for group in ["a", "b", "c", "d"] {
            broker.send(format!("{group}{number:02}"), Some(group));
        }
    }
    broker
        .state()
        .next_fails
        .extend(["", "trap", "gone", "trap"]);
    broker.state().settle_fails.extend(["trap", "gone", "trap"]);
    let data = Arc::new(Mutex::new(Data::seeded(7)));
    let connection = broker.connect().await;
    let running = consume(connection.clone(), 4, move |_: Handed| {
        let mut data = data.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = match data.between(0, 5) {
            0 => Outcome::Retry(Some(0)),
            _ => Outcome::Accept,
        };
        async move { outcome }
    });
    broker.until_empty().await;
    let figures = running.stop().await;
    let accepted = broker.accepted();
    for group in ["a", "b", "c", "d"] {
        let of_group: Vec<_> = accepted
            .iter()
            .filter(|body| body.starts_with(group))
            .collect();
        let sent: Vec<_> = (0..12)
            .map(|number| format!("{group}{number:02}"))
            .collect();
        assert_eq!(of_group, sent.iter().collect::<Vec<_>>());
    }
    assert_eq!(
        (figures.accepted, figures.settlements_lost),
        (48, 0),
        "{figures}"
    );
    assert_eq!(figures.reconnects, 2);
    assert_eq!(connection.metrics().traps, 4);
}

#[tokio::test]
async fn a_handler_that_outlives_its_lease_three_times_gets_its_message_once() {
    let broker = Broker::start().await;
    broker.state().lease = Duration::from_secs(2);
    broker.send("slow", Some("group"));
    broker.send("waiting", Some("group"));
    let running = consume(broker.connect().await, 1, |handed: Handed| async move {
        if body(&handed) == "slow" {
            tokio::time::sleep(Duration::from_secs(7)).await;
        }
        Outcome::Accept
    });
    broker.until_empty().await;
    let figures = running.stop().await;
    assert_eq!((figures.received, figures.leases_lost), (2, 0), "{figures}");
    assert!(figures.renewed >= 8, "{figures:?}");
}

#[tokio::test]
async fn a_settlement_that_is_refused_is_told_without_the_token() {
    let broker = Broker::start().await;
    broker.state().refuse = Some(|asked, attempt| match asked {
        Asked::Accept(body) if body == "refused" && attempt == 1 => Some("refused"),
        Asked::Accept(body) if body == "later" => (attempt == 1).then_some("later"),
        _ => None,
    });
    broker.state().lease = Duration::from_secs(3);
    for body in ["refused", "good", "later"] {
        broker.send(body, None);
    }
    let running = consume(broker.connect().await, 3, accept);
    broker.until_empty().await;
    let events = format!("{:?}", running.events());
    let figures = running.stop().await;
    assert!(events.contains("the server refuses it"), "{events}");
    assert!(!events.contains("secret-token"), "{events}");
    assert_eq!(
        (figures.accepted, figures.settlements_lost),
        (3, 2),
        "{figures}"
    );
}

#[tokio::test]
async fn a_stop_gives_back_what_waits_and_lets_the_plugin_give_back_its_own() {
    let broker = Broker::start().await;
    for number in 0..5 {
        broker.send(format!("message {number}"), Some("group"));
    }
    let gate = Arc::new(Semaphore::new(0));
    let begun = Arc::new(Semaphore::new(0));
    let (held, telling) = (Arc::clone(&gate), Arc::clone(&begun));
    let running = consume(broker.connect().await, 2, move |_: Handed| {
        let (held, telling) = (Arc::clone(&held), Arc::clone(&telling));
        async move {
            telling.add_permits(1);
            let _permit = held.acquire().await;
            Outcome::Accept
        }
    });
    let _begun = bounded("a handler", begun.acquire()).await;
    running.control.stop();
    broker
        .until("the rest back", |state| {
            let returned = state
                .asked
                .iter()
                .filter(|asked| matches!(asked, Asked::Retry(_, 1)));
            returned.count() == 4 && state.asked.contains(&Asked::Stop)
        })
        .await;
    gate.add_permits(1);
    let figures = running.stop().await;
    assert_eq!((figures.accepted, figures.given_back), (1, 4), "{figures}");
    let returned: Vec<_> = broker
        .asked()
        .into_iter()
        .filter_map(|asked| match asked {
            Asked::Retry(body, _) => Some(body),
            _ => None,
        })
        .collect();
    assert_eq!(
        returned,
        ["message 4", "message 3", "message 2", "message 1"]
    );
}

#[tokio::test]
async fn a_listener_gets_renewed_credentials_before_its_next_pull() {
    let broker = Broker::start().await;
    let connection = broker.connect().await;
    let mut listener = connection
        .listen("queue", &Settings::new())
        .await
        .expect("a listener");
    assert_eq!(listener.commit(), CommitMode::AtLeastOnce);
    listener.next().await.expect("a pull");
    connection
        .renew(Settings::new().with("token", "second"))
        .await
        .expect("renewed");
    listener.next().await.expect("a pull");
    let next = |token: &str| Asked::Next(token.to_owned());
    assert_eq!(broker.asked(), [next(""), next("second")]);
    listener.stop().await.expect("a stop");
}

#[tokio::test]
async fn a_listener_that_crashed_says_so_and_what_it_gave_can_still_be_settled() {
    let broker = Broker::start().await;
    broker.send("message", None);
    let connection = broker.connect().await;
    let mut listener = connection
        .listen("queue", &Settings::new())
        .await
        .expect("a listener");
    let deliveries = listener.next().await.expect("a delivery");
    broker.state().next_fails.push_back("trap");
    assert!(matches!(listener.next().await, Err(CallError::Trapped(_))));
    assert!(!listener.is_alive());
    assert!(matches!(
        listener.next().await,
        Err(CallError::ListenerLost)
    ));
    let settlement = Settlement {
        token: deliveries[0].token.clone(),
        disposition: Disposition::Accept,
    };
    let settled = connection
        .settle("queue", &[settlement])
        .await
        .expect("settled");
    assert!(settled[0].outcome.is_ok());
    assert_eq!(broker.accepted(), ["message"]);
}

#[tokio::test]
async fn a_listener_at_work_takes_no_instance_from_calls_and_a_dropped_pull_costs_only_it() {
    let broker = Broker::start().await;
    let connection = broker.connect().await;
    broker.state().next_fails.extend(["hang"; 20]);
    let mut listeners = Vec::new();
    for _ in 0..20 {
        let made = connection.listen("queue", &Settings::new()).await;
        listeners.push(made.expect("a listener"));
    }
    let pulls: Vec<_> = listeners
        .into_iter()
        .map(|mut listener| tokio::spawn(async move { listener.next().await.map(|_| ()) }))
        .collect();
    broker.until("pulls", |state| state.asked.len() == 20).await;
    let settled = bounded("a call", connection.settle("queue", &[])).await;
    assert!(settled.expect("a call").is_empty());
    for pull in pulls {
        pull.abort();
        assert!(pull.await.is_err_and(|error| error.is_cancelled()));
    }
    assert_eq!(connection.metrics().instances, 1);
}

#[tokio::test]
async fn settings_that_a_listener_refuses_end_the_loop_before_it_begins() {
    let broker = Broker::start().await;
    let settings = Settings::new().with("commit", "some-day");
    let consumer = Consumer::new(
        broker.connect().await,
        "queue",
        settings,
        ConsumerOptions::default(),
    );
    let ended = bounded("the end", consumer.run(accept)).await;
    let error = ended.expect_err("refused");
    assert!(error.to_string().contains("commit"), "{error}");
    assert_eq!(broker.server.connections(), 0);
}
