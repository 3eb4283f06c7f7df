//! From a core module to a component, and the check of what it imports.

use std::{fs, path::Path, process};

use anyhow::{Context, Result, anyhow, bail};
use wasmparser::BinaryReader;
use wit_component::ComponentEncoder;
use wit_parser::{
    WorldItem, WorldKey,
    decoding::{DecodedWasm, decode},
};

/// Packages of which a plugin may import anything.
const ALLOWED_PACKAGES: &[&str] = &["wasi:http", "wasi:io", "wasi:clocks", "wasi:random"];

/// Interfaces that may be imported for their types only, so without a function.
const TYPES_ONLY: &[&str] = &["integration:connector/types"];

/// Bytes before the first section: what says that it is a component, and of which version.
const HEADER: usize = 8;

/// One import of a component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// Such as `wasi:io/poll@0.2.12`.
    pub(crate) name: String,
    /// How many functions it gives.
    pub(crate) functions: usize,
}

/// Encodes a core module as a component, validated.
pub(crate) fn encode(module: &[u8]) -> Result<Vec<u8>> {
    let component = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| anyhow!("{error:#}"))
        .context("the module cannot be encoded as a component")?;
    without_names(&component).context("the component has no sections")
}

/// The component without its custom sections, which mean nothing to a host: what a debugger would
/// call its parts takes 8 kB.
fn without_names(component: &[u8]) -> Result<Vec<u8>> {
    const CUSTOM: u8 = 0;
    let mut reader = BinaryReader::new(component, 0);
    let mut kept = reader.read_bytes(HEADER)?.to_vec();
    while !reader.eof() {
        let start = reader.current_position();
        let id = reader.read_u8()?;
        reader.read_reader()?;
        if id != CUSTOM {
            kept.extend_from_slice(&component[start..reader.current_position()]);
        }
    }
    Ok(kept)
}

/// What a component imports.
pub(crate) fn imports(component: &[u8]) -> Result<Vec<Import>> {
    let decoded = decode(component)
        .map_err(|error| anyhow!("{error:#}"))
        .context("the component's imports cannot be read")?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        bail!("this is a WIT package, not a component");
    };
    let imports = resolve.worlds[world].imports.iter().map(|(key, item)| {
        let name = match key {
            WorldKey::Name(name) => name.clone(),
            WorldKey::Interface(id) => resolve
                .id_of(*id)
                .unwrap_or_else(|| "an interface without a name".to_owned()),
        };
        let functions = match item {
            WorldItem::Interface { id, .. } => resolve.interfaces[*id].functions.len(),
            WorldItem::Function(_) => 1,
            WorldItem::Type { .. } => 0,
        };
        Import { name, functions }
    });
    Ok(imports.collect())
}

/// The imports that a plugin must not have, each with the reason.
pub(crate) fn forbidden(imports: &[Import]) -> Vec<String> {
    let mut problems = Vec::new();
    for Import { name, functions } in imports {
        let interface = name
            .split_once('@')
            .map_or(name.as_str(), |(interface, _)| interface);
        let package = interface.split_once('/').map_or("", |(package, _)| package);
        if ALLOWED_PACKAGES.contains(&package) {
            continue;
        }
        if !TYPES_ONLY.contains(&interface) {
            problems.push(format!(
                "{name}: a plugin may import only {}",
                ALLOWED_PACKAGES.join(", ")
            ));
        } else if *functions > 0 {
            problems.push(format!(
                "{name}: it may hold types only, but has {functions} functions"
            ));
        }
    }
    problems
}

/// Writes a file as a whole: nobody ever sees half of it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("the output has no folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let temporary = path.with_extension(format!("{}.part", process::id()));
    fs::write(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(name: &str, functions: usize) -> Import {
        Import {
            name: name.to_owned(),
            functions,
        }
    }

    #[test]
    fn lets_through_what_a_plugin_needs() {
        let imports = [
            import("wasi:http/outgoing-handler@0.2.12", 1),
            import("wasi:io/poll@0.2.12", 4),
            import("wasi:clocks/monotonic-clock@0.2.12", 4),
            import("wasi:random/random@0.2.12", 2),
            import("integration:connector/types@0.1.0", 0),
        ];
        assert_eq!(forbidden(&imports), Vec::<String>::new());
    }

    #[test]
    fn names_every_other_import() {
        let imports = [
            import("wasi:cli/environment@0.2.12", 3),
            import("wasi:httpx/types@0.2.12", 1),
            import("log", 1),
        ];
        let problems = forbidden(&imports);
        assert_eq!(problems.len(), 3);
        assert!(problems[0].starts_with("wasi:cli/environment@0.2.12: "));
        assert!(problems[1].starts_with("wasi:httpx/types@0.2.12: "));
        assert!(problems[2].starts_with("log: "));
    }

    #[test]
    fn types_must_hold_no_function() {
        let problems = forbidden(&[import("integration:connector/types@0.1.0", 2)]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("2 functions"));
    }

    #[test]
    fn leaves_out_custom_sections_only() {
        let header = b"\0asm\x0d\0\x01\0";
        let (types, custom) = ([7, 3, 1, 0x42, 0x00], [0, 3, 2, b'h', b'i']);
        let component = [header.as_slice(), &custom, &types, &custom].concat();
        let kept = without_names(&component).expect("a component");
        assert_eq!(kept, [header.as_slice(), &types].concat());
    }

    #[test]
    fn reads_the_imports_of_a_component() {
        // A component with one empty import and one with a function, by hand: magic, a component
        // type section with two instance types, an import section.
        let types = [
            0x42, 0x00, // an instance type without members
            0x42, 0x02, // one with two: a function type, exported as "f"
            0x01, 0x40, 0x00, 0x01, 0x00, // its type: no parameters, no result
            0x04, 0x00, 0x01, b'f', 0x01, 0x00,
        ];
        let mut section = vec![2];
        section.extend(types);
        let mut imports_section = vec![2];
        for (index, name) in ["a:b/empty", "a:b/full"].iter().enumerate() {
            imports_section.push(0);
            imports_section.push(name.len() as u8);
            imports_section.extend(name.bytes());
            imports_section.extend([0x05, index as u8]);
        }
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        for (id, body) in [(7, section), (10, imports_section)] {
            bytes.push(id);
            bytes.push(body.len() as u8);
            bytes.extend(body);
        }
        let found = imports(&bytes).expect("a component");
        assert_eq!(found, [import("a:b/empty", 0), import("a:b/full", 1)]);
    }
}
