//! `size`: what the bytes of the plugin are spent on.

use std::{collections::BTreeMap, fs, ops::Range, process::ExitCode};

use anyhow::{Context, Result};
use wasmparser::{KnownCustom, Name, NameSectionReader, Parser, Payload};

use super::build;
use crate::{component, toolchain::Toolchain, workspace::Workspace};

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    super::no_arguments("size", arguments)?;
    let workspace = Workspace::find()?;
    let toolchain = Toolchain::find(&workspace)?;
    // The same code as in the plugin, but with the names of functions kept. A folder of its own
    // keeps cargo from rebuilding the plugin afterwards.
    let module = build::compile(
        &workspace,
        &toolchain,
        "sqs-connector",
        &workspace.target.join("size"),
        &[("CARGO_PROFILE_PLUGIN_STRIP", "debuginfo")],
    )?;
    let module = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let parts = parts(&module)?;

    println!("{:>9} {:>6}  part of the module", "bytes", "share");
    let total: usize = parts.iter().map(|part| part.bytes).sum();
    for Part {
        name,
        bytes,
        functions,
    } in &parts
    {
        let share = 100.0 * *bytes as f64 / total.max(1) as f64;
        let count = if *functions > 0 {
            format!(", {functions} functions")
        } else {
            String::new()
        };
        println!("{bytes:>9} {share:>5.1}%  {name}{count}");
    }
    println!("{total:>9}         the module");
    let around = around(&component::encode(&module)?)?;
    println!("{around:>9}         the component around it");
    println!("{:>9}         the plugin", total + around);
    Ok(ExitCode::SUCCESS)
}

/// Some of a module's bytes.
struct Part {
    name: String,
    bytes: usize,
    /// None where it is no code.
    functions: usize,
}

/// The module's bytes by crate, and those that are no code by section; the biggest first. Names
/// and other custom sections are left out: the plugin has none.
fn parts(module: &[u8]) -> Result<Vec<Part>> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    let mut names = BTreeMap::new();
    let mut sums: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::CodeSectionEntry(body) => bodies.push(length(&body.range())),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(reader) = section.as_known() {
                    names = function_names(reader)?;
                }
            }
            Payload::ImportSection(reader) => {
                for import in reader.clone().into_imports() {
                    imported += usize::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
                }
                sums.insert("(imports)".to_owned(), (length(&reader.range()), 0));
            }
            Payload::DataSection(reader) => {
                sums.insert(
                    "(data: texts, tables)".to_owned(),
                    (length(&reader.range()), 0),
                );
            }
            other => {
                if let Some((_, range)) = other.as_section() {
                    // The code section comes body by body.
                    if !matches!(other, Payload::CodeSectionStart { .. }) {
                        sums.entry("(other sections)".to_owned()).or_default().0 += length(&range);
                    }
                }
            }
        }
    }
    for (index, bytes) in bodies.into_iter().enumerate() {
        let name = names.get(&(imported + index)).map_or("", String::as_str);
        let sum = sums.entry(owner(name)).or_default();
        sum.0 += bytes;
        sum.1 += 1;
    }
    let part = |(name, (bytes, functions))| Part {
        name,
        bytes,
        functions,
    };
    let mut parts: Vec<Part> = sums.into_iter().map(part).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.bytes));
    Ok(parts)
}

fn length(range: &Range<u64>) -> usize {
    usize::try_from(range.end - range.start).unwrap_or(usize::MAX)
}

fn function_names(
    reader: NameSectionReader<'_>,
) -> Result<BTreeMap<usize, String>, wasmparser::BinaryReaderError> {
    let mut names = BTreeMap::new();
    for subsection in reader {
        let Name::Function(map) = subsection? else {
            continue;
        };
        for naming in map {
            let naming = naming?;
            names.insert(naming.index as usize, naming.name.to_owned());
        }
    }
    Ok(names)
}

/// The crate that a function's code comes from: the first one that its name speaks of. That of a
/// generic function's type argument is not looked at, so `Vec<Mine>::push` counts as `alloc`.
fn owner(symbol: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(symbol));
    // In old symbols a path within `<...>` is parted by dots.
    let name = name.replace("..", "::");
    if name.contains('#') {
        return "(exports, with what was inlined into them)".to_owned();
    }
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let first = name.match_indices("::").find_map(|(end, _)| {
        let start = name[..end]
            .rfind(|letter| !word(letter))
            .map_or(0, |at| at + 1);
        Some(&name[start..end]).filter(|owner| !owner.is_empty())
    });
    let unknown = if symbol.is_empty() {
        "(without a name)"
    } else {
        "(not Rust)"
    };
    first.unwrap_or(unknown).to_owned()
}

/// What a component has beside the plugin's own module: types, and small modules that join it to
/// its imports.
fn around(component: &[u8]) -> Result<usize> {
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ModuleSection {
            unchecked_range, ..
        } = payload?
        {
            return Ok(component.len().saturating_sub(length(&unchecked_range)));
        }
    }
    Ok(component.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_crate_of_a_function() {
        let legacy = "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE";
        assert_eq!(owner(legacy), "core");
        let method = "_ZN53_$LT$sqs_connector..Thing$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE";
        assert_eq!(owner(method), "sqs_connector");
        let slice = "_ZN39_$LT$$u5b$T$u5d$$u20$as$u20$core..Trait$GT$3run17h0123456789abcdefE";
        assert_eq!(owner(slice), "core");
        let export = "integration:connector/connector@0.1.0#[method]connection.execute";
        assert!(owner(export).starts_with("(exports"));
        assert_eq!(owner("memcpy"), "(not Rust)");
        assert_eq!(owner(""), "(without a name)");
    }

    #[test]
    fn sums_a_module_without_code() {
        let parts = parts(b"\0asm\x01\0\0\0").expect("a module");
        assert!(parts.is_empty());
    }
}
