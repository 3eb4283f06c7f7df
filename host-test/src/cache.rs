//! Compiled components on disk, so that only the first start pays for the compiler.
//!
//! An entry is named by the SHA-256 of the component and by wasmtime's own hash of everything that
//! a compiled artefact depends on (version, settings, the machine's instruction set), so an entry
//! never has to be invalidated. It holds native code that will be run, which is why
//! - the directory is made for its owner only, and one that belongs to someone else or that others
//!   can write to is not used;
//! - an entry ends with a checksum of the rest and of its length, and one that does not match (a
//!   full disk, a copy gone wrong) is compiled anew;
//! - an entry is written beside its place and renamed, so that no process ever sees half of one;
//! - an entry is mapped into memory as a shared library is, not copied: a start takes only what it
//!   uses, and processes share it. Like a library, it may be removed or replaced by another file
//!   at any time, but never be written to in place; so it is read-only, for its owner too.
//!
//! The cache is a convenience: whatever fails here leads to a compilation, never to an error.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use crate::checksum;

const CHECKSUM_LENGTH: u64 = size_of::<u64>() as u64;

/// Where a compiled component came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was compiled now.
    Compiled,
    /// It was compiled at an earlier start.
    Cached,
}

/// The place of one component, compiled for one engine.
pub(crate) struct Entry {
    path: PathBuf,
    /// Length of the component in bytes, before it was compiled.
    pub(crate) size: u64,
}

impl Entry {
    /// The place of this component; none where the directory cannot be used.
    ///
    /// # Errors
    /// Where the component cannot be read.
    pub(crate) fn of(
        engine: &wasmtime::Engine,
        directory: &Path,
        mut component: impl Read,
    ) -> io::Result<Option<Self>> {
        if prepare(directory).is_err() {
            return Ok(None);
        }
        // In pieces, as a component that was compiled before is needed for its name alone.
        let mut piece = vec![0; 64 << 10];
        let (mut hasher, mut size) = (Sha256::new(), 0);
        loop {
            match component.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => {
                    hasher.update(&piece[..length]);
                    size += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Self {
            path: directory.join(name(engine, &hasher.finalize())),
            size,
        }))
    }

    /// What was compiled at an earlier start; none where there is nothing, or nothing whole.
    pub(crate) fn load(&self, engine: &wasmtime::Engine) -> Option<Component> {
        if !is_whole(&self.path).unwrap_or(false) {
            return None;
        }
        // SAFETY: the file must come from `Component::serialize`, and must not change from now on.
        // It lies in a directory that only this user can write to, under the checksum that was
        // computed when it was written; who can change it can run code as this user anyway. Files
        // of the cache are never written to once they have their name: one that was put in its
        // place since it was checked was written whole by another process. wasmtime itself checks
        // version and settings.
        unsafe { Component::deserialize_file(engine, &self.path) }.ok()
    }

    /// Keeps a compiled component for later starts.
    pub(crate) fn keep(&self, component: &Component) {
        if let Ok(artefact) = component.serialize() {
            // Without an entry the next start compiles again, and that is all.
            let _ = write(&self.path, &artefact);
        }
    }
}

fn name(engine: &wasmtime::Engine, digest: &[u8]) -> String {
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{}-{:016x}.cwasm", hexadecimal(digest), hasher.finish())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a file is as it was written.
fn is_whole(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let Some(length) = file.metadata()?.len().checked_sub(CHECKSUM_LENGTH) else {
        return Ok(false);
    };
    let found = checksum::of(&mut file, length)?;
    let mut written = [0; CHECKSUM_LENGTH as usize];
    file.read_exact(&mut written)?;
    Ok(written == found.to_le_bytes())
}

fn write(path: &Path, artefact: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    // Two threads of a process may write the same entry at once.
    temporary.push(format!(
        ".{}.{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let temporary = PathBuf::from(temporary);
    // What a process left that had this number before us and crashed.
    let _ = std::fs::remove_file(&temporary);
    let written = create(&temporary).and_then(|mut file| {
        file.write_all(artefact)?;
        file.write_all(&checksum::of(artefact, artefact.len() as u64)?.to_le_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// A file that can be written to this once.
fn create(path: &Path) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
    options.open(path)
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
