//! Compiled components on disk.

use std::path::{Path, PathBuf};

use connector_host::{ComponentOrigin, Engine, EngineOptions, Plugin};

use crate::support::fixture_path;

/// What a new process would do.
fn start(directory: &Path) -> ComponentOrigin {
    let mut options = EngineOptions::default();
    options.cache_directory = Some(directory.to_owned());
    let engine = Engine::new(options).expect("an engine");
    Plugin::load(&engine, &fixture_path())
        .expect("a plugin")
        .facts()
        .origin
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
    for damaged in [
        &whole[..whole.len() / 2],
        b"",
        b"something else entirely, and longer than a digest",
        &flipped,
    ] {
        std::fs::write(&entry, damaged).expect("written");
        assert_eq!(start(&cache), ComponentOrigin::Compiled);
        assert_eq!(start(&cache), ComponentOrigin::Cached, "and is whole again");
    }
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
