//! Compiled components on disk.

use std::path::{Path, PathBuf};

use connector_host::{ComponentOrigin, Engine, EngineOptions, Plugin};

use crate::support::fixture_path;

/// What a new process would do.
fn load(directory: &Path) -> Plugin {
    let mut options = EngineOptions::default();
    options.cache_directory = Some(directory.to_owned());
    let engine = Engine::new(options).expect("an engine");
    Plugin::load(&engine, &fixture_path()).expect("a plugin")
}

fn start(directory: &Path) -> ComponentOrigin {
    load(directory).facts().origin
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

#[test]
fn the_second_start_takes_the_component_from_the_cache() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = directory.path().join("made/for/it");
    assert_eq!(start(&cache), ComponentOrigin::Compiled);
    assert_eq!(
        entries(&cache).len(),
        1,
        "one entry, and nothing half-written"
    );
    assert_eq!(start(&cache), ComponentOrigin::Cached);
}

#[test]
fn an_entry_that_was_damaged_is_compiled_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = directory.path().join("cache");
    start(&cache);
    let entry = entries(&cache).remove(0);
    let whole = std::fs::read(&entry).expect("an entry");
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let longer = [whole.as_slice(), b"x"].concat();
    for damaged in [
        &whole[..whole.len() / 2],
        &whole[..whole.len() - 1],
        &longer,
        b"",
        b"something else entirely, and longer than a digest",
        &flipped,
    ] {
        // As a whole: files of the cache cannot be written to.
        std::fs::remove_file(&entry).expect("removed");
        std::fs::write(&entry, damaged).expect("written");
        assert_eq!(start(&cache), ComponentOrigin::Compiled);
        assert_eq!(start(&cache), ComponentOrigin::Cached, "and is whole again");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_entry_can_be_replaced_under_a_plugin_that_runs_but_not_be_written_to() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let cache = directory.path().join("cache");
    start(&cache);
    let plugin = load(&cache);
    assert_eq!(plugin.facts().origin, ComponentOrigin::Cached);
    let entry = entries(&cache).remove(0);
    let mode = std::fs::metadata(&entry).expect("metadata").permissions();
    assert_eq!(mode.mode() & 0o777, 0o400);
    let other = directory.path().join("other");
    std::fs::write(&other, "something else").expect("written");
    std::fs::rename(&other, &entry).expect("replaced");
    let descriptor = plugin.describe().await.expect("a description");
    assert_eq!(descriptor.id, "misbehaving");
}

#[cfg(unix)]
#[test]
fn the_directory_is_the_owners_and_one_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let cache = directory.path().join("cache");
    start(&cache);
    let mode = std::fs::metadata(&cache)
        .expect("metadata")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o777)).expect("permissions");
    assert_eq!(start(&cache), ComponentOrigin::Compiled);
}

#[test]
fn a_cache_that_cannot_be_made_is_no_error() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    assert_eq!(
        start(&file.path().join("below/a/file")),
        ComponentOrigin::Compiled
    );
}
