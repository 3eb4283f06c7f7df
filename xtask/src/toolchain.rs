//! A compiler for `wasm32-unknown-unknown`, wherever it can be had.
//!
//! The ordinary way is rustup's target. Where rustup is absent or cannot fetch it, Debian's
//! `rustc-web` with the library's source builds the standard library itself.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use crate::workspace::{Workspace, ask, run};

/// The target that plugins are compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// How the target is compiled for.
pub(crate) enum Toolchain {
    /// The compiler in use has the target.
    Ready,
    /// Another compiler, which has to build the standard library from its source.
    FromSource { rustc: PathBuf, linker: PathBuf },
}

impl Toolchain {
    /// Finds the target, or installs what is missing.
    pub(crate) fn find(workspace: &Workspace) -> Result<Self> {
        if has_target(workspace) {
            return Ok(Self::Ready);
        }
        let mut rustup = Command::new("rustup");
        rustup
            .args(["target", "add", TARGET])
            .current_dir(&workspace.root);
        eprintln!("xtask: the target {TARGET} is missing, trying `rustup target add`");
        if run(&mut rustup).is_ok() && has_target(workspace) {
            return Ok(Self::Ready);
        }
        if let Some(toolchain) = debian(workspace) {
            return Ok(toolchain);
        }
        eprintln!("xtask: rustup cannot get it, trying Debian's rustc-web and rust-web-src");
        let mut packages = vec!["rustc-web", "rust-web-src"];
        if linker(workspace).is_none() {
            packages.push("lld");
        }
        apt_install(&packages)?;
        match debian(workspace) {
            Some(toolchain) => Ok(toolchain),
            None => bail!(
                "there is no compiler for {TARGET}: `rustup target add {TARGET}` would be the way; \
                 Debian's packages rustc-web and rust-web-src have to be of version {} at least, \
                 and lld has to be there",
                env!("CARGO_PKG_RUST_VERSION")
            ),
        }
    }

    /// Adds to a cargo command what this toolchain needs.
    pub(crate) fn configure(&self, cargo: &mut Command) {
        cargo.args(["--target", TARGET]);
        if let Self::FromSource { rustc, linker } = self {
            cargo
                .arg("-Zbuild-std=std,panic_abort")
                .env("RUSTC", rustc)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
    }

    /// Whether tools of the compiler in use, such as clippy, know the target.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }
}

/// Whether the compiler in use has a standard library for the target.
fn has_target(workspace: &Workspace) -> bool {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(&workspace.root);
    ask(&mut rustc).is_some_and(|folder| {
        fs::read_dir(folder).is_ok_and(|entries| {
            entries
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
        })
    })
}

/// Debian's compiler, if it is there, new enough and with the library's source.
fn debian(workspace: &Workspace) -> Option<Toolchain> {
    let rustc = Path::new("/usr/bin/rustc");
    let version = ask(Command::new(rustc).arg("-vV"))?;
    let release = version
        .lines()
        .find_map(|line| line.strip_prefix("release: "))?;
    if minor(release)? < minor(env!("CARGO_PKG_RUST_VERSION"))? {
        return None;
    }
    let sysroot = ask(Command::new(rustc).args(["--print", "sysroot"]))?;
    let source = Path::new(&sysroot).join("lib/rustlib/src/rust/library/std");
    source.exists().then_some(())?;
    Some(Toolchain::FromSource {
        rustc: rustc.into(),
        linker: linker(workspace)?,
    })
}

/// A linker for wasm: that of the compiler in use, or LLVM's own.
fn linker(workspace: &Workspace) -> Option<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc.arg("-vV").current_dir(&workspace.root);
    let own = ask(&mut rustc).and_then(|version| {
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))?;
        let mut rustc = Command::new("rustc");
        rustc
            .args(["--print", "sysroot"])
            .current_dir(&workspace.root);
        let rustlib = Path::new(&ask(&mut rustc)?).join("lib/rustlib");
        Some(rustlib.join(host).join("bin/rust-lld"))
    });
    let llvm = PathBuf::from("/usr/bin/wasm-ld");
    own.into_iter().chain([llvm]).find(|path| path.exists())
}

/// The 95 of 1.95.0.
fn minor(version: &str) -> Option<u32> {
    version.split('.').nth(1)?.parse().ok()
}

/// Installs Debian packages where that is possible without asking anybody.
pub(crate) fn apt_install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if ask(Command::new("apt-get").arg("--version")).is_none() {
        bail!("please install {list}, or what your system calls them");
    }
    if !rustix::process::geteuid().is_root() {
        bail!("please install the missing packages: `sudo apt-get install {list}`");
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .args(["-q", "-y"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        // Standard output is for results.
        command
            .stdout(std::io::stderr())
            .stdin(std::process::Stdio::null());
        run(&mut command)
    };
    let install = [&["install", "--no-install-recommends"], packages].concat();
    // Package lists may be missing, or so old that what they name is too old or gone. If they
    // cannot be fetched, what is there may still do.
    apt(&["update"])
        .or_else(|error| {
            eprintln!("xtask: {error:#}");
            Ok(())
        })
        .and_then(|()| apt(&install))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_minor_version() {
        assert_eq!(minor("1.95.0"), Some(95));
        assert_eq!(minor("1.97.0-beta.2"), Some(97));
        assert_eq!(minor("1.95"), Some(95));
        assert_eq!(minor("unknown"), None);
    }
}
