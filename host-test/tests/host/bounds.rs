//! Crashes, endless work, endless waiting and endless memory: each ends its call with an error of
//! its own, and the next call works.

use std::time::Duration;

use connector_host::CallError;

use crate::support::{assert_works, call_error, connect, options, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_is_an_error_and_the_next_call_gets_a_fresh_instance() {
    let connection = connect("", options(&[])).await;
    let error = call_error(run(&connection, "trap").await);
    assert!(
        matches!(&error, CallError::Trapped(words) if words.contains("unreachable")),
        "{error}"
    );
    assert_works(&connection).await;
    let metrics = connection.metrics();
    assert_eq!(
        (metrics.traps, metrics.instances_created, metrics.instances),
        (1, 2, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_computation_times_out_and_the_next_call_works() {
    let mut options = options(&[]);
    options.limits.call_time = Duration::from_millis(300);
    let connection = connect("", options).await;
    assert!(matches!(
        call_error(run(&connection, "spin").await),
        CallError::TimedOut(_)
    ));
    assert_works(&connection).await;
    assert_eq!(connection.metrics().timeouts, 1);
}

#[tokio::test]
async fn an_endless_computation_leaves_room_for_others_on_a_single_thread() {
    let mut options = options(&[]);
    options.limits.call_time = Duration::from_millis(500);
    let connection = connect("", options).await;
    let (spun, ()) = tokio::join!(run(&connection, "spin"), assert_works(&connection));
    assert!(matches!(call_error(spun), CallError::TimedOut(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_wait_times_out_and_the_next_call_works() {
    let mut options = options(&[]);
    options.limits.call_time = Duration::from_millis(300);
    let connection = connect("", options).await;
    assert!(matches!(
        call_error(run(&connection, "hang").await),
        CallError::TimedOut(_)
    ));
    assert_works(&connection).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_beyond_the_limit_is_an_error_of_its_own_and_the_next_call_works() {
    let mut options = options(&[]);
    options.limits.memory_bytes = 64 << 20;
    let connection = connect("", options).await;
    let error = call_error(run(&connection, "allocate").await);
    assert!(
        matches!(error, CallError::MemoryExceeded(limit) if limit == 64 << 20),
        "{error}"
    );
    assert_works(&connection).await;
    assert_eq!(connection.metrics().memory_exceeded, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_costs_its_instance_and_nothing_else() {
    let connection = connect("", options(&[])).await;
    {
        let hanging = run(&connection, "hang");
        tokio::select! {
            _ = hanging => panic!("it hangs"),
            () = assert_works(&connection) => {}
        }
    }
    assert_works(&connection).await;
    let metrics = connection.metrics();
    assert_eq!(
        (metrics.instances, metrics.timeouts, metrics.traps),
        (1, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_beyond_the_number_of_instances_wait_for_one() {
    let mut options = options(&[]);
    options.limits.instances = 2;
    let connection = connect("", options).await;
    let calls = (0..50).map(|_| {
        let connection = connection.clone();
        tokio::spawn(async move { assert_works(&connection).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.expect("a call");
    }
    assert!(connection.metrics().instances_created <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_operation_is_the_plugins_own_error_and_keeps_the_instance() {
    let connection = connect("", options(&[])).await;
    assert!(matches!(
        call_error(run(&connection, "what").await),
        CallError::Connector(_)
    ));
    assert_works(&connection).await;
    assert_eq!(connection.metrics().instances_created, 1);
}
