//! What looks at every byte of a body.
//!
//! The plugin is compiled for size, and loops over bytes then take three times as long. They stand
//! in a package of their own because that is what cargo's profiles can tell apart.

mod json;
mod sixteen;

pub use json::{plain_json, read_json_text, write_json_string};
use sixteen::Sixteen;

/// Bytes as lower-case hexadecimal digits, two a byte.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(half + if half < 10 { b'0' } else { b'a' - 10 });
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// Where the first character is that XML 1.0 does not have: a control character other than tab,
/// line feed and carriage return, or U+FFFE or U+FFFF. (UTF-8 holds no surrogates.)
pub fn find_outside_xml(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut start = 0;
    for chunk in bytes.chunks(16) {
        // Neither is frequent: few texts have an EF, the first byte of the last two, at all.
        let suspect = |block: &[u8; 16]| {
            let sixteen = Sixteen::new(block);
            sixteen.below(0x20).or(sixteen.equal(0xEF)).bits() != 0
        };
        if chunk.first_chunk().is_none_or(suspect) {
            let unfit = |at: &usize| match bytes.get(*at..) {
                Some([b'\t' | b'\n' | b'\r', ..]) => false,
                Some([0xEF, 0xBF, 0xBE | 0xBF, ..]) => true,
                Some([byte, ..]) => *byte < 0x20,
                _ => false,
            };
            if let Some(at) = (start..start + chunk.len()).find(unfit) {
                return Some(at);
            }
        }
        start += chunk.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_two_digits() {
        for byte in 0..=255 {
            assert_eq!(hexadecimal(&[byte, 0]), format!("{byte:02x}00"));
        }
    }

    #[test]
    fn the_first_unfit_character_is_found_at_every_place() {
        for place in 0..20 {
            let before = "é".repeat(place);
            for unfit in ["\0", "\u{1f}", "\u{b}", "\u{fffe}", "\u{ffff}"] {
                let text = format!("{before}{unfit}, and more\0");
                assert_eq!(find_outside_xml(&text), Some(before.len()), "{text:?}");
            }
            for fit in [
                "\t",
                "\n",
                "\r",
                "\u{7f}",
                "\u{fffd}",
                "\u{f000}",
                "\u{10ffff}",
            ] {
                assert_eq!(
                    find_outside_xml(&format!("{before}{fit} more")),
                    None,
                    "{fit:?}"
                );
            }
        }
    }
}
