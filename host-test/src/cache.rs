//! Compiled components on disk, so that only the first start pays for the compiler.
//!
//! An entry is named by the SHA-256 of the component and by wasmtime's own hash of everything that
//! a compiled artefact depends on (version, settings, the machine's instruction set), so an entry
//! never has to be invalidated. It holds native code that will be run, which is why
//! - the directory is made for its owner only, and one that belongs to someone else or that others
//!   can write to is not used;
//! - an entry begins with the SHA-256 of the rest, and one that does not match (a full disk, a
//!   copy gone wrong) is compiled anew;
//! - an entry is written beside its place and renamed, so that no process ever sees half of one.
//!
//! The cache is a convenience: whatever fails here leads to a compilation, never to an error.

use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use crate::error::LoadError;

const DIGEST_LENGTH: usize = 32;

/// Where a compiled component came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was compiled now.
    Compiled,
    /// It was compiled at an earlier start.
    Cached,
}

pub(crate) fn load(
    engine: &wasmtime::Engine,
    directory: Option<&Path>,
    binary: &[u8],
) -> Result<(Component, Origin), LoadError> {
    let directory = directory.filter(|directory| prepare(directory).is_ok());
    let entry = directory.map(|directory| directory.join(entry_name(engine, binary)));
    if let Some(component) = entry.as_deref().and_then(|entry| read(engine, entry)) {
        return Ok((component, Origin::Cached));
    }
    let component =
        Component::new(engine, binary).map_err(|error| LoadError::Invalid(format!("{error:#}")))?;
    if let (Some(entry), Ok(artefact)) = (entry, component.serialize()) {
        // Without an entry the next start compiles again, and that is all.
        let _ = write(&entry, &artefact);
    }
    Ok((component, Origin::Compiled))
}

fn entry_name(engine: &wasmtime::Engine, binary: &[u8]) -> PathBuf {
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!(
        "{}-{:016x}.cwasm",
        hexadecimal(&Sha256::digest(binary)),
        hasher.finish()
    )
    .into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(engine: &wasmtime::Engine, entry: &Path) -> Option<Component> {
    let content = std::fs::read(entry).ok()?;
    let (digest, artefact) = content.split_at_checked(DIGEST_LENGTH)?;
    if digest != Sha256::digest(artefact).as_slice() {
        return None;
    }
    // SAFETY: the bytes must come from `Component::serialize`. They lie in a directory that only
    // this user can write to, under the digest that was computed when they were written; who can
    // change them can run code as this user anyway. wasmtime itself checks version and settings.
    unsafe { Component::deserialize(engine, artefact) }.ok()
}

fn write(entry: &Path, artefact: &[u8]) -> io::Result<()> {
    let mut temporary = entry.as_os_str().to_owned();
    // Two threads of a process may write the same entry at once.
    temporary.push(format!(
        ".{}.{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let temporary = PathBuf::from(temporary);
    let written = std::fs::File::create(&temporary).and_then(|mut file| {
        file.write_all(&Sha256::digest(artefact))?;
        file.write_all(artefact)?;
        file.sync_all()?;
        std::fs::rename(&temporary, entry)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Makes the directory, and refuses one that others could put code into.
#[cfg(unix)]
fn prepare(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let metadata = std::fs::metadata(directory)?;
    // A file of our own tells who we are, without a system call of its own kind.
    let ours = std::fs::metadata("/proc/self").map_or(metadata.uid(), |own| own.uid());
    if metadata.uid() != ours || metadata.permissions().mode() & 0o022 != 0 {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    }
    Ok(())
}

#[cfg(not(unix))]
fn prepare(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)
}
