//! The soak's ledger: it is content with what may be, and with nothing else. And its proxy: what
//! it does follows from its seed.

use std::time::Duration;

use end_to_end::bounded;
use end_to_end::client::Client;
use end_to_end::document::text;
use end_to_end::ledger::{Ledger, Told};
use end_to_end::proxy::{Fault, Proxy};
use end_to_end::server::Server;
use end_to_end::sqs;

/// A ledger with one message that was sent well, and once.
fn with_one(group: Option<u64>) -> Ledger {
    let ledger = Ledger::new(7);
    ledger.open("a", group.map(|number| ("group".to_owned(), number)));
    ledger.tell("a", Told::Taken("id".to_owned(), false));
    ledger
}

#[test]
fn what_is_sent_and_handled_once_is_no_problem_nor_what_failed_and_came() {
    let ledger = with_one(None);
    let body = ledger.open("b", None);
    ledger.tell("b", Told::Failed("timeout"));
    assert_eq!(ledger.came(body.as_bytes()).as_deref(), Some("b"));
    ledger.handled("b", "other".to_owned());
    ledger.handled("a", "id".to_owned());
    let balance = ledger.balance(0);
    assert_eq!(balance.problems, Vec::<String>::new());
    assert_eq!((balance.sent, balance.failed_and_came), (1, 1));
    assert_eq!(balance.failed.get("timeout"), Some(&1));
}

#[test]
fn a_message_that_is_lost_altered_strange_or_never_told_of_is_a_problem() {
    let problems = |ledger: &Ledger| ledger.balance(0).problems.join(" ");
    let ledger = with_one(None);
    assert!(problems(&ledger).contains("lost"));
    ledger.handled("a", "id".to_owned());
    assert_eq!(problems(&ledger), "");

    let body = ledger.open("b", None);
    assert!(problems(&ledger).contains("nothing was told"));
    ledger.tell("b", Told::Taken("id".to_owned(), false));
    ledger.came(format!("{body}.").as_bytes());
    assert!(problems(&ledger).contains("b came altered"));
    assert_eq!(ledger.came(b"c\n"), None);
    assert!(problems(&ledger).contains("nobody sent"));
    ledger.handled("b", "another".to_owned());
    assert!(problems(&ledger).contains("under the ID"));
}

#[test]
fn a_double_is_a_problem_unless_somebody_was_told() {
    let twice = |told: bool, group, ids: [&str; 2]| {
        let ledger = with_one(group);
        ledger.tell("a", Told::Taken("id".to_owned(), told));
        for id in ids {
            ledger.handled("a", id.to_owned());
        }
        ledger
    };
    let sent = ["id", "other"];
    assert_eq!(twice(false, None, sent).balance(1).problems.len(), 1);
    assert_eq!(twice(true, None, sent).balance(0).problems.len(), 0);
    // Of a FIFO queue nobody is ever told so.
    assert_eq!(twice(false, Some(1), sent).balance(1).problems.len(), 1);
    let again = twice(false, None, ["id", "id"]);
    assert_eq!(again.balance(0).problems.len(), 1);
    assert_eq!(again.balance(1).problems.len(), 0);
}

#[test]
fn a_message_that_is_handled_after_a_later_one_of_its_group_is_out_of_order() {
    let ledger = Ledger::new(7);
    for (key, number) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        ledger.open(key, Some(("group".to_owned(), number)));
        ledger.tell(key, Told::Taken(key.to_owned(), false));
    }
    // Whose send failed may have come at any time.
    ledger.tell("b", Told::Failed("timeout"));
    for key in ["a", "d", "c", "b"] {
        ledger.handled(key, key.to_owned());
    }
    let balance = ledger.balance(0);
    assert_eq!(balance.problems, Vec::<String>::new());
    assert_eq!(balance.out_of_order, 1);
}

#[tokio::test]
async fn ledgers_tell_when_all_is_handled() {
    let ledger = with_one(None);
    let (waiting, handling) = (ledger.at_most(0), async {
        ledger.handled("a", "id".to_owned());
    });
    bounded("the ledger", async { tokio::join!(waiting, handling) }).await;
}

/// What the first requests of one sender suffered.
async fn suffered(seed: u64) -> Vec<(Fault, u64)> {
    let server = Server::start(sqs::obey).await;
    let proxy = Proxy::start(&server.origin, seed, Duration::from_millis(100)).await;
    let mut service = server.service();
    service.endpoint.clone_from(&proxy.origin);
    let settings = [("max-attempts", "1"), ("request-timeout-ms", "1000")];
    let client = Client::open(&service, &settings).await;
    for number in 0..60 {
        // It fails or not; what counts is what the proxy did.
        let _ = client
            .send(sqs::QUEUE_URL, &[text(number.to_string())])
            .await;
    }
    assert_eq!(proxy.requests(), 60);
    let faults = proxy.faults().collect();
    bounded("the end of all faults", proxy.clear()).await;
    for _ in 0..60 {
        client.works().await;
    }
    faults
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults_and_a_clear_proxy_gives_none() {
    let first = suffered(1).await;
    assert!(first.iter().any(|(_, count)| *count > 0));
    assert_eq!(first, suffered(1).await);
    assert_ne!(first, suffered(2).await);
}
