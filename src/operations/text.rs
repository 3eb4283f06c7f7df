//! Which text SQS takes.

/// What is wrong with a body or an attribute's value, if anything.
///
/// The characters are those that the API Reference of `SendMessage` allows: `#x9 | #xA | #xD |
/// #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF`, which are those of XML 1.0.
pub(super) fn problem(text: &str) -> Option<String> {
    let at = bytewise::find_outside_xml(text)?;
    let character = text.get(at..)?.chars().next()?;
    Some(format!(
        "has the character U+{:04X} at byte {at}, which SQS does not take",
        u32::from(character)
    ))
}

/// Whether it can be a group, deduplication or attempt ID: ASCII letters, digits, punctuation.
pub(super) fn is_identifier(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What is wrong with an ID of that sort.
pub(super) const IDENTIFIER_PROBLEM: &str =
    "must be ASCII letters, digits and punctuation, without spaces";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_characters_of_the_api_reference_pass() {
        for good in [
            "a\t\n\r",
            "\u{7f}\u{d7ff}\u{e000}\u{fffd}",
            "\u{10000}\u{10ffff}",
        ] {
            assert_eq!(problem(good), None, "{good:?}");
        }
        for (bad, at) in [
            ("ab\0", "U+0000 at byte 2"),
            ("\u{1f}", "U+001F at byte 0"),
            ("é\u{fffe}", "U+FFFE at byte 2"),
            ("\u{ffff}", "U+FFFF at byte 0"),
        ] {
            let message = problem(bad).unwrap();
            assert!(message.contains(at), "{message}");
        }
    }
}
