//! `src/exports/types.rs` says by hand in which order fields and cases lie in memory. The compiler
//! sees to their names and types; that their order is the contract's is seen to here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use wit_parser::{Resolve, TypeDefKind};

/// Names of fields or cases in their order, by the name of their type; all in kebab-case.
type Orders = BTreeMap<String, Vec<String>>;

/// `LeaseEnds` and `lease_ends` as `lease-ends`.
fn kebab_case(name: &str) -> String {
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(if letter == '_' {
            '-'
        } else {
            letter.to_ascii_lowercase()
        });
    }
    kebab
}

/// What `wit/` says.
fn of_the_contract(root: &Path) -> Orders {
    let mut resolve = Resolve::default();
    resolve.push_dir(root.join("wit")).expect("a contract");
    let ours = resolve.types.iter().filter_map(|(_, definition)| {
        let wit_parser::TypeOwner::Interface(interface) = definition.owner else {
            return None;
        };
        let package = resolve.interfaces[interface].package?;
        (resolve.packages[package].name.namespace == "integration").then_some(definition)
    });
    let orders = ours.filter_map(|definition| {
        let names: Vec<String> = match &definition.kind {
            TypeDefKind::Record(record) => record.fields.iter().map(|f| f.name.clone()).collect(),
            TypeDefKind::Variant(variant) => variant.cases.iter().map(|c| c.name.clone()).collect(),
            TypeDefKind::Enum(cases) => cases.cases.iter().map(|c| c.name.clone()).collect(),
            _ => return None,
        };
        Some((definition.name.clone()?, names))
    });
    orders.collect()
}

/// What the plugin says, and the numbers that it gives to cases.
fn of_the_plugin(root: &Path) -> (Orders, Vec<(String, usize, usize)>) {
    let source = fs::read_to_string(root.join("src/exports/types.rs")).expect("a source");
    let (mut orders, mut numbers) = (Orders::new(), Vec::new());
    let mut current: Option<(String, Vec<String>)> = None;
    for line in source.lines() {
        let begun = ["record!(", "variant!("]
            .into_iter()
            .find_map(|macro_name| {
                let rest = line.strip_prefix(macro_name)?;
                rest.strip_suffix(" {")
            });
        match (begun, &mut current) {
            (Some(name), _) => current = Some((kebab_case(name), Vec::new())),
            (None, Some((_, names))) if line.starts_with("    ") => {
                let entry = line.trim();
                let end = entry.find([':', '(', ' ']).expect("a name");
                let name = kebab_case(&entry[..end]);
                if let Some((_, number)) = entry.rsplit_once(" = ") {
                    let number = number.trim_end_matches(',').parse().expect("a number");
                    numbers.push((name.clone(), names.len(), number));
                }
                names.push(name);
            }
            (None, _) => orders.extend(current.take()),
        }
    }
    (orders, numbers)
}

#[test]
fn fields_and_cases_lie_in_memory_in_the_contracts_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let contract = of_the_contract(&root);
    let (mut plugin, numbers) = of_the_plugin(&root);
    for (case, place, number) in numbers {
        assert_eq!(place, number, "the number of `{case}`");
    }
    // It only ever crosses the border as a number by itself, which `exports` writes.
    let modes = ["at-least-once", "process-managed", "on-receive"];
    plugin.insert("commit-mode".to_owned(), modes.map(str::to_owned).to_vec());
    assert_eq!(plugin, contract);
}
