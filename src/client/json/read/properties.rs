//! Whatever bytes come, they are read as `serde_json` reads them, or refused as it refuses them.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::testing::fuzz::{cases, corpus, json, mistaken};

/// Where the two may differ: a number that no `f64` holds is kept here, with all its digits, and
/// so are the last levels of nesting.
fn only_theirs(error: &serde_json::Error) -> bool {
    let words = error.to_string();
    words.contains("number out of range") || words.contains("recursion limit")
}

fn agree(bytes: &[u8]) -> Result<(), String> {
    let ours = Node::parse(bytes);
    match (&ours, serde_json::from_slice::<Json>(bytes)) {
        (None, Err(_)) => return Ok(()),
        (None, Ok(_)) => return Err("refused, and it is JSON".to_owned()),
        (Some(_), Err(error)) if !only_theirs(&error) => return Err(format!("taken: {error}")),
        (Some(_), Err(_)) => {}
        (Some(node), Ok(theirs)) => match serde_json::from_str::<Json>(&node.to_json()) {
            Ok(again) if again == theirs => {}
            _ => return Err("read as something else".to_owned()),
        },
    }
    let written = ours.as_ref().map(Node::to_json).unwrap_or_default();
    if Node::parse(written.as_bytes()) == ours {
        Ok(())
    } else {
        Err("written as something else".to_owned())
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn any_bytes_are_read_as_serde_json_reads_them(bytes in vec(any::<u8>(), 0..60)) {
        prop_assert_eq!(agree(&bytes), Ok(()));
    }

    #[test]
    fn what_looks_like_json_is_read_as_serde_json_reads_it(
        text in "([\\[{,:]|\"[a\\\\u0-9dD/n\\t]{0,8}\"|-?[0-9.eE+-]{1,6}|null|true|false|[\\]} \\t\\r\\n\\f\\x0b\\x00\\x85\\xa0]){0,20}",
    ) {
        prop_assert_eq!(agree(text.as_bytes()), Ok(()), "{:?}", text);
    }

    #[test]
    fn json_with_mistakes_is_read_as_serde_json_reads_it(
        bytes in mistaken(json(vec!["a", "Body", "a\"b"]).prop_map(|tree| tree.to_string().into_bytes())),
    ) {
        prop_assert_eq!(agree(&bytes), Ok(()), "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_tree_comes_back_as_serde_json_reads_it(tree in json(vec!["a", "b"])) {
        let compact = tree.to_string();
        let node = Node::parse(compact.as_bytes()).expect("JSON");
        // Not a tree that was read: what is printed of an `f64` is not always read as the same.
        let theirs: Option<Json> = serde_json::from_str(&compact).ok();
        prop_assert_eq!(serde_json::from_str::<Json>(&node.to_json()).ok(), theirs);
    }
}

#[test]
fn the_corpus_is_read_as_serde_json_reads_it() {
    for (name, bytes) in corpus("json") {
        assert_eq!(agree(&bytes), Ok(()), "{name}");
    }
}
