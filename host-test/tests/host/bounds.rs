//! Crashes, endless work, endless waiting and endless memory: each ends its call with an error of
//! its own, and the next call works.

use std::time::Duration;

use connector_host::{CallError, Engine, EngineOptions, Plugin, Settings};

use crate::support::{assert_works, call_error, connect, fixture_path, options, run};

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

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_has_the_room_it_was_given_and_a_closed_connection_makes_some() {
    // Beyond what its first pool has room for, so that there are two.
    for bound in [2, 32, 33, 80] {
        let mut room = EngineOptions::default();
        room.maximum_instances = bound;
        let engine = Engine::new(room).expect("an engine");
        let plugin = Plugin::load(&engine, &fixture_path()).expect("a plugin");
        let open = || plugin.connect(Settings::new().with("url", ""), options(&[]));
        let mut connections = Vec::new();
        for _ in 0..bound {
            connections.push(open().await.expect("a connection"));
        }
        assert!(matches!(open().await, Err(CallError::Exhausted)));
        for place in [0, connections.len() - 1] {
            drop(connections.remove(place));
            connections.push(open().await.expect("a connection in its place"));
            assert!(matches!(open().await, Err(CallError::Exhausted)));
        }
        for connection in &connections {
            assert_works(connection).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_computation_times_out_in_the_second_pool_too() {
    let mut options = options(&[]);
    options.limits.call_time = Duration::from_millis(300);
    options.limits.instances = 40;
    let connection = connect("", options).await;
    let endless = (0..40).map(|_| {
        let connection = connection.clone();
        tokio::spawn(async move { call_error(run(&connection, "spin").await) })
    });
    for call in endless.collect::<Vec<_>>() {
        let error = call.await.expect("a call");
        assert!(matches!(error, CallError::TimedOut(_)), "{error}");
    }
    assert_works(&connection).await;
}
