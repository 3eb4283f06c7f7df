//! The plugin's listener against LocalStack: deliveries and leases, who settles them, and what is
//! said of a settlement that the service refuses.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use connector_host::contract::{CommitMode, Disposition, Error};
use end_to_end::bounded;
use end_to_end::client::{Client, failed, filled};
use end_to_end::document::{Read, With, text};
use end_to_end::error::{fields, kind, words};
use end_to_end::listening::{gather, next};
use end_to_end::queue::Queue;

async fn until(queue: &Queue, what: &str, wanted: [u64; 3]) {
    let waiting = async {
        while queue.messages().await != wanted {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    bounded(what, waiting).await;
}

#[tokio::test]
async fn what_a_listener_gave_is_settled_by_another_connection_when_it_is_gone() {
    let (queue, client) = filled(2).await;
    let settings = [("visibility-timeout-seconds", "600")];
    let mut listener = client.listen(&queue.url, &settings).await;
    assert_eq!(listener.commit(), CommitMode::AtLeastOnce);
    let deliveries = gather(&mut listener, 2).await;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("a clock");
    for delivery in &deliveries {
        assert_eq!((delivery.attempt, &delivery.group), (1, &None));
        assert_eq!(delivery.suggested_retry_seconds, 10);
        let left = Duration::from_millis(delivery.lease_ends_ms).saturating_sub(now);
        let close = Duration::from_secs(500)..=Duration::from_secs(600);
        assert!(close.contains(&left), "{left:?}");
    }
    drop(listener);
    drop(client);

    let other = Client::open(&queue.service, &[]).await;
    let token = |index: usize| deliveries[index].token.as_str();
    let accepted = other
        .settle(&queue.url, token(0), Disposition::Accept)
        .await;
    assert!(accepted.is_ok(), "{}", failed(accepted));
    let retried = other
        .settle(&queue.url, token(1), Disposition::Retry(0))
        .await;
    assert!(retried.is_ok(), "{}", failed(retried));
    assert_eq!(queue.messages().await, [1, 0, 0]);
    let mut again = other.listen(&queue.url, &settings).await;
    let again = gather(&mut again, 1).await;
    assert_eq!(again[0].attempt, 2);
    assert_eq!(again[0].suggested_retry_seconds, 20);
    assert_eq!(again[0].document.payload, deliveries[1].document.payload);
    queue.delete().await;
}

#[tokio::test]
async fn a_settlement_that_cannot_be_made_says_why_and_a_repeated_accept_is_fine() {
    let (queue, client) = filled(2).await;
    let settings = [("visibility-timeout-seconds", "600")];
    let mut listener = client.listen(&queue.url, &settings).await;
    let deliveries = gather(&mut listener, 2).await;
    let [first, second] = [0, 1].map(|index| deliveries[index].token.as_str());
    for _ in 0..2 {
        let accepted = client.settle(&queue.url, first, Disposition::Accept).await;
        assert!(accepted.is_ok(), "{}", failed(accepted));
    }
    let refused = async |token: &str, disposition| {
        let settled = client.settle(&queue.url, token, disposition).await;
        let error = settled.expect_err("a refusal");
        let said = words(&error);
        // Neither the token nor the receipt handle, which is its last part.
        let handle = token.rsplit('.').next().unwrap_or_default();
        assert!(handle.len() < 12 || !said.contains(handle), "{said}");
        error
    };

    let gone = refused(first, Disposition::Extend(60)).await;
    assert!(
        words(&gone).contains("the lease is over: the message was offered again, or removed"),
        "{}",
        words(&gone)
    );
    let (begin, _) = second.rsplit_once('.').expect("a token's handle");
    let unknown = refused(&format!("{begin}.bm90LWEtaGFuZGxl"), Disposition::Accept).await;
    assert!(
        words(&unknown).contains("does not know this delivery"),
        "{}",
        words(&unknown)
    );
    let foreign = refused("not one of ours", Disposition::Accept).await;
    assert_eq!(fields(&foreign), ["token"]);
    let long = refused(second, Disposition::Extend(43_201)).await;
    assert_eq!(fields(&long), ["disposition"]);
    assert!(
        words(&long).contains("twelve hours from its receipt"),
        "{}",
        words(&long)
    );
    let late = refused(second, Disposition::Retry(43_201)).await;
    assert_eq!(fields(&late), ["disposition"]);

    // None of that took the second one's lease.
    assert_eq!(queue.messages().await, [0, 1, 0]);
    let extended = client
        .settle(&queue.url, second, Disposition::Extend(60))
        .await;
    assert!(extended.is_ok(), "{}", failed(extended));
    queue.delete().await;
}

#[tokio::test]
async fn a_group_s_delivery_whose_lease_is_over_is_not_accepted_and_comes_again() {
    let queue = Queue::fifo().await;
    let client = Client::open(&queue.service, &[]).await;
    let document = text("of a group").with("message-group-id", "group");
    let sent = client.send(&queue.url, &[document]).await.remove(0);
    assert!(sent.is_ok(), "{}", failed(sent));
    let settings = [("visibility-timeout-seconds", "1")];
    let mut listener = client.listen(&queue.url, &settings).await;
    let late = gather(&mut listener, 1).await.remove(0);
    assert_eq!(late.group.as_deref(), Some("group"));
    until(&queue, "the end of the lease", [1, 0, 0]).await;
    let accepted = client
        .settle(&queue.url, &late.token, Disposition::Accept)
        .await;
    let error = accepted.expect_err("a lease that is over");
    assert!(
        words(&error).contains("the lease is over"),
        "{}",
        words(&error)
    );
    let again = gather(&mut listener, 1).await.remove(0);
    assert_eq!(again.attempt, 2);
    queue.delete().await;
}

#[tokio::test]
async fn on_receive_removes_messages_before_they_are_handed_over() {
    let (queue, client) = filled(3).await;
    let mut listener = client.listen(&queue.url, &[("commit", "on-receive")]).await;
    assert_eq!(listener.commit(), CommitMode::OnReceive);
    let deliveries = gather(&mut listener, 3).await;
    assert_eq!(queue.messages().await, [0, 0, 0]);
    assert_eq!(deliveries.len(), 3);
    for delivery in &deliveries {
        assert_eq!(delivery.lease_ends_ms, 0);
        let accepted = client
            .settle(&queue.url, &delivery.token, Disposition::Accept)
            .await;
        assert!(accepted.is_ok(), "{}", failed(accepted));
        let retried = client
            .settle(&queue.url, &delivery.token, Disposition::Retry(0))
            .await;
        assert_eq!(fields(&retried.expect_err("too late")), ["disposition"]);
    }
    queue.delete().await;
}

#[tokio::test]
async fn process_managed_settles_nothing_and_the_delete_operation_can() {
    let (queue, client) = filled(1).await;
    let settings = [("commit", "process-managed"), ("wait-time-seconds", "1")];
    let mut listener = client.listen(&queue.url, &settings).await;
    assert_eq!(listener.commit(), CommitMode::ProcessManaged);
    let delivery = gather(&mut listener, 1).await.remove(0);
    // The next pull does nothing to it either.
    assert!(next(&mut listener).await.is_empty());
    assert_eq!(queue.messages().await, [0, 1, 0]);
    let deleted = client.delete(&queue.url, &[delivery.document]).await;
    assert!(deleted[0].is_ok());
    assert_eq!(queue.messages().await, [0, 0, 0]);
    queue.delete().await;
}

#[tokio::test]
async fn a_stop_gives_back_what_was_received_and_not_handed_over() {
    let (queue, client) = filled(25).await;
    let settings = [
        ("visibility-timeout-seconds", "600"),
        ("wait-time-seconds", "2"),
        ("receives-in-flight", "3"),
    ];
    let mut listener = client.listen(&queue.url, &settings).await;
    // One request's messages; those of the other two requests come with the stop.
    let handed = next(&mut listener).await.len() as u64;
    assert!((1..=10).contains(&handed), "{handed}");
    bounded("a stop", listener.stop())
        .await
        .expect("a good stop");
    assert_eq!(queue.messages().await, [25 - handed, handed, 0]);
    assert!(next(&mut listener).await.is_empty());
    assert_eq!(queue.messages().await, [25 - handed, handed, 0]);
    queue.delete().await;
}

#[tokio::test]
async fn a_stop_gives_a_group_back_in_its_order() {
    let queue = Queue::fifo().await;
    let client = Client::open(&queue.service, &[]).await;
    let documents: Vec<_> = (0..30)
        .map(|number| {
            let group = if number < 15 { "a" } else { "b" };
            text(format!("{number:02}")).with("message-group-id", group)
        })
        .collect();
    for sent in client.send(&queue.url, &documents).await {
        assert!(sent.is_ok(), "{}", failed(sent));
    }
    let settings = [
        ("visibility-timeout-seconds", "600"),
        ("wait-time-seconds", "2"),
        ("receives-in-flight", "2"),
    ];
    // Somebody who waits all along must not be given a group from its middle.
    let rival = Client::open(&queue.service, &[]).await;
    let mut listener = client.listen(&queue.url, &settings).await;
    let mut waiting = rival
        .listen(&queue.url, &[("wait-time-seconds", "5")])
        .await;
    let handed = next(&mut listener).await;
    let giving_back = async {
        let stopped = bounded("a stop", listener.stop()).await;
        stopped.expect("a good stop");
        for delivery in handed.iter().rev() {
            let retried = client
                .settle(&queue.url, &delivery.token, Disposition::Retry(1))
                .await;
            assert!(retried.is_ok(), "{}", failed(retried));
        }
    };
    let taking = async {
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for _ in 0..30 {
            for delivery in next(&mut waiting).await {
                let group = delivery.group.clone().expect("a group");
                let body = delivery.document.body().to_owned();
                groups.entry(group).or_default().push(body);
                let accepted = rival
                    .settle(&queue.url, &delivery.token, Disposition::Accept)
                    .await;
                assert!(accepted.is_ok(), "{}", failed(accepted));
            }
            if groups.values().map(Vec::len).sum::<usize>() == 30 {
                break;
            }
        }
        groups
    };
    let ((), groups) = tokio::join!(giving_back, bounded("both groups", taking));
    for (group, range) in [("a", 0..15), ("b", 15..30)] {
        let sent: Vec<_> = range.map(|number| format!("{number:02}")).collect();
        assert_eq!(groups[group], sent);
    }
    queue.delete().await;
}

#[tokio::test]
async fn a_listener_of_no_queue_or_with_wrong_settings_is_refused_with_every_problem() {
    let client = Client::open(&end_to_end::environment::localstack(), &[]).await;
    let settings = [
        ("wait-time-seconds", "21"),
        ("commit", "never"),
        ("filter", "attribute.kind ="),
    ];
    let refused = client.try_listen("dynamic", &settings).await;
    let error = refused.err().expect("a refusal");
    let Some(error @ Error::InvalidSettings(_)) = error.connector() else {
        panic!("{error}");
    };
    let mut named = fields(error);
    named.sort_unstable();
    assert_eq!(named, ["commit", "filter", "object", "wait-time-seconds"]);

    let mut listener = client.listen(&end_to_end::random::name(), &[]).await;
    let missing = bounded("a pull", listener.next())
        .await
        .expect_err("no queue");
    assert_eq!(missing.connector().map(kind), Some("not-found"));
    assert!(listener.is_alive());
}
