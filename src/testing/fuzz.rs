//! What properties are tried with: how many cases, odd values, texts with mistakes in them, and
//! the corpus.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Json;

use crate::contract::{Property, Value};

/// So many cases, or as many as `PROPTEST_CASES` says. What fails is kept in
/// `proptest-regressions`, to be committed with the fix, and is tried first from then on.
pub(crate) fn cases(count: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: wanted.and_then(|text| text.parse().ok()).unwrap_or(count),
        ..ProptestConfig::default()
    }
}

/// The files of a folder of the corpus: their names and what they hold.
pub(crate) fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(folder);
    let files = fs::read_dir(&folder).expect("a folder of the corpus");
    let read = |file: std::io::Result<fs::DirEntry>| {
        let file = file.expect("a file of the corpus");
        let name = file.file_name().to_string_lossy().into_owned();
        (name, fs::read(file.path()).expect("its bytes"))
    };
    let read: Vec<_> = files.map(read).collect();
    assert!(!read.is_empty(), "{} is empty", folder.display());
    read
}

/// Any value of the contract.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::Text),
        "[ -~]{0,12}".prop_map(Value::Text),
        any::<i64>().prop_map(Value::Integer),
        (-10_i64..50_000).prop_map(Value::Integer),
        any::<bool>().prop_map(Value::Boolean),
        vec(any::<String>(), 0..4).prop_map(Value::TextList),
        vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        "[\\[\\]{}\":,a-z0-9. ]{0,20}".prop_map(Value::Json),
    ]
}

/// Properties with these names, some of them their own choices, and with any other name.
pub(crate) fn properties(names: Vec<&'static str>) -> impl Strategy<Value = Vec<Property>> {
    let name = prop_oneof![
        9 => proptest::sample::select(names).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let property = (name, value()).prop_map(|(name, value)| Property { name, value });
    vec(property, 0..8)
}

/// Any JSON, its members named as given or not.
pub(crate) fn json(names: Vec<&'static str>) -> impl Strategy<Value = Json> {
    let name = prop_oneof![
        4 => proptest::sample::select(names).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        (0..12).prop_map(|id: i32| Json::from(id.to_string())),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Json::from),
            vec((name.clone(), inner), 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// What is done to a byte.
#[derive(Clone, Debug)]
enum Mistake {
    Changed(Index, u8),
    Inserted(Index, u8),
    Removed(Index),
    /// All from here on is missing.
    Cut(Index),
    /// What stands here stands here again.
    Doubled(Index, Index),
}

/// The same bytes with a few mistakes in them.
pub(crate) fn mistaken(good: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let byte = || {
        prop_oneof![
            any::<u8>(),
            proptest::sample::select(b"\"\\{}[],:0-.e\x0c\n ".to_vec())
        ]
    };
    let mistake = prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Mistake::Changed(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Mistake::Inserted(at, byte)),
        any::<Index>().prop_map(Mistake::Removed),
        any::<Index>().prop_map(Mistake::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Mistake::Doubled(from, to)),
    ];
    (good, vec(mistake, 0..4)).prop_map(|(mut bytes, mistakes)| {
        for mistake in mistakes {
            if bytes.is_empty() {
                break;
            }
            let at = |index: &Index| index.index(bytes.len());
            match mistake {
                Mistake::Changed(index, byte) => {
                    let at = at(&index);
                    bytes[at] = byte;
                }
                Mistake::Inserted(index, byte) => bytes.insert(at(&index), byte),
                Mistake::Removed(index) => {
                    bytes.remove(at(&index));
                }
                Mistake::Cut(index) => bytes.truncate(at(&index)),
                Mistake::Doubled(from, to) => {
                    let (from, to) = (at(&from).min(at(&to)), at(&from).max(at(&to)));
                    let piece = bytes[from..to].to_vec();
                    bytes.splice(from..from, piece);
                }
            }
        }
        bytes
    })
}
