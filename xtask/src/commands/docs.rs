//! `docs`: what the built plugin says of itself, as `docs/reference.md` and the README's tables.
//!
//! The plugin's `describe` is asked through the command `sqs-connector`, whose JSON is all that is
//! read here: nothing of the catalogue is known twice, and nothing heavy is linked.

use std::{
    fs,
    path::Path,
    process::{ExitCode, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

mod markdown;
mod render;

use render::{filled, reference};

use super::build;
use crate::{
    component,
    toolchain::Toolchain,
    workspace::{Workspace, words},
};

/// The page that is written as a whole.
const REFERENCE: &str = "docs/reference.md";
/// The page that has tables between markers.
const README: &str = "README.md";

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let check_only = match arguments {
        [] => false,
        [option] if option == "--check" => true,
        _ => bail!("usage: cargo xtask docs [--check]"),
    };
    let workspace = Workspace::find()?;
    build_plugin(&workspace)?;
    if check_only {
        check(&workspace)?;
        println!("xtask: {REFERENCE} and {README} say what the plugin says");
    } else {
        for Page { name, text } in pages(&workspace)? {
            let path = workspace.root.join(name);
            if read(&path)? == text {
                println!("xtask: {name} is up to date");
            } else {
                component::write(&path, text.as_bytes())?;
                println!("xtask: {name} written");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the plugin from the present sources: one of yesterday would give pages of yesterday.
/// Its size is `build`'s affair.
fn build_plugin(workspace: &Workspace) -> Result<()> {
    let toolchain = Toolchain::find(workspace)?;
    let module = build::compile(
        workspace,
        &toolchain,
        "sqs-connector",
        &workspace.target,
        &[],
    )?;
    let module = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    component::write(&workspace.plugin(), &component::encode(&module)?)
}

/// Fails where a page is not what the built plugin would make of it.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut stale = Vec::new();
    for Page { name, text } in pages(workspace)? {
        if let Some(line) = first_difference(&read(&workspace.root.join(name))?, &text) {
            stale.push(format!("{name} from line {line} on"));
        }
    }
    if !stale.is_empty() {
        bail!(
            "the plugin no longer says what stands in {}: run `cargo xtask docs` and commit what \
             it writes",
            stale.join(" and in ")
        );
    }
    Ok(())
}

/// A page as it should be.
struct Page {
    name: &'static str,
    text: String,
}

/// Every page, made from what the built plugin says.
fn pages(workspace: &Workspace) -> Result<Vec<Page>> {
    let descriptor = describe(workspace)?;
    let readme = read(&workspace.root.join(README))?;
    Ok(vec![
        Page {
            name: REFERENCE,
            text: reference(&descriptor)?,
        },
        Page {
            name: README,
            text: filled(&readme, &descriptor).with_context(|| README.to_owned())?,
        },
    ])
}

/// The text of a file; nothing where there is none.
fn read(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Number of the first line that is not the same in both.
fn first_difference(is: &str, should_be: &str) -> Option<usize> {
    if is == should_be {
        return None;
    }
    let same = is
        .split('\n')
        .zip(should_be.split('\n'))
        .take_while(|(is, should_be)| is == should_be);
    Some(same.count() + 1)
}

/// What the built plugin says of itself.
fn describe(workspace: &Workspace) -> Result<Value> {
    let mut command = workspace.cargo();
    command
        .args(["run", "--quiet", "--package", "connector-host"])
        .args(["--bin", "sqs-connector", "--", "--plugin"])
        .arg(workspace.plugin())
        .arg("describe")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = command.output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("{} ended with {}", words(&command), output.status);
    }
    serde_json::from_slice(&output.stdout).context("`describe` did not answer with JSON")
}
