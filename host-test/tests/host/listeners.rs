//! Many listeners in one process.

use std::time::Duration;

use connector_host::Settings;

use crate::support::{assert_works, connect, options};

const LISTENERS: u64 = 1_100;
/// What so many may take.
const BOUND_BYTES: u64 = 1_500 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_thousand_listeners_wait_side_by_side_in_little_memory() {
    let connection = connect("hang:", options(&[])).await;
    let before = resident_bytes();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..LISTENERS {
        let listener = connection.listen("queue", &Settings::new()).await;
        let mut listener = listener.expect("a listener");
        waiting.spawn(async move { listener.next().await.map(|_| ()) });
    }
    // The first instance was opened; each listener's was opened, listens and waits.
    let all = async {
        while connection.metrics().calls < 1 + 3 * LISTENERS {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let all = tokio::time::timeout(Duration::from_secs(60), all).await;
    assert!(all.is_ok(), "they do not wait side by side");
    assert_eq!(connection.metrics().instances, 1 + LISTENERS);
    let taken = resident_bytes().saturating_sub(before);
    println!("{} KiB a listener", taken / LISTENERS / 1024);
    assert!(taken < BOUND_BYTES, "{} MiB", taken >> 20);
    assert_works(&connection).await;
    waiting.shutdown().await;
    assert_eq!(connection.metrics().instances, 1);
}

/// Memory of this process; nothing where the system does not say.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
