//! Figures, printed on request: `cargo test -p connector-host --release -- --ignored --nocapture`.

use std::time::Instant;

use connector_host::{Engine, EngineOptions, Plugin};

use crate::support::{assert_works, connect, fixture_path, options, plugin};

#[test]
#[ignore = "it measures and proves nothing"]
fn loading_from_the_cache() {
    let directory = tempfile::tempdir().expect("a directory");
    for kind in ["compiled", "cached", "cached"] {
        let mut options = EngineOptions::default();
        options.cache_directory = Some(directory.path().join("cache"));
        let start = Instant::now();
        let engine = Engine::new(options).expect("an engine");
        let made = start.elapsed();
        Plugin::load(&engine, &fixture_path()).expect("a plugin");
        println!(
            "{kind}: engine {made:?}, plugin {:?}",
            start.elapsed() - made
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures and proves nothing"]
async fn calls_and_instances() {
    const ROUNDS: u32 = 10_000;
    let connection = connect("", options(&[])).await;
    let start = Instant::now();
    for _ in 0..ROUNDS {
        assert_works(&connection).await;
    }
    println!("a call of a warm instance: {:?}", start.elapsed() / ROUNDS);
    let start = Instant::now();
    for _ in 0..1_000 {
        plugin().describe().await.expect("a description");
    }
    println!(
        "a fresh instance and one call of it: {:?}",
        start.elapsed() / 1_000
    );
}
