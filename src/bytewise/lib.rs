//! What looks at every byte of a body.
//!
//! The plugin is compiled for size, and loops over bytes then take three times as long. They stand
//! in a package of their own because that is what cargo's profiles can tell apart.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Not zero where a byte of the word is below `bound`, which is 0x80 at most.
const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(ONES * bound as u64) & !word & HIGH
}

/// Not zero where a byte of the word is `byte`.
const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * byte as u64), 1)
}

/// Appends a text as a JSON string, quotes included.
pub fn write_json_string(out: &mut Vec<u8>, text: &str) {
    // A quote in ten bytes is much; where there are more, the vector grows.
    out.reserve(text.len() + text.len() / 8 + 2);
    out.push(b'"');
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    for bytes in words {
        let word = u64::from_le_bytes(*bytes);
        if below(word, 0x20) | equal(word, b'"') | equal(word, b'\\') == 0 {
            out.extend_from_slice(bytes);
        } else {
            bytes.iter().for_each(|byte| write_escaped(out, *byte));
        }
    }
    rest.iter().for_each(|byte| write_escaped(out, *byte));
    out.push(b'"');
}

fn write_escaped(out: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x20.. => return out.push(byte),
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        _ => {
            let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
            let code = [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)];
            return out.extend_from_slice(&code);
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// How many bytes there are before the next quotation mark, backslash or control character.
pub fn plain_json(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    let plain = |bytes: &&[u8; 8]| {
        let word = u64::from_le_bytes(**bytes);
        below(word, 0x20) | equal(word, b'"') | equal(word, b'\\') == 0
    };
    let length = 8 * words.iter().take_while(plain).count();
    let rest = bytes.get(length..).unwrap_or_default().iter();
    length
        + rest
            .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20))
            .count()
}

/// Appends a JSON string's bytes and what its escapes of two bytes stand for, and gives how many
/// bytes it has read. It stops at a quotation mark, a control character, and any other escape.
///
/// Where one byte is escaped, more are, JSON within JSON above all: what lies between is too short
/// for steps of eight bytes.
pub fn read_json_text(out: &mut Vec<u8>, bytes: &[u8]) -> usize {
    // Most are bodies, whose length is not known before their end.
    out.reserve(bytes.len().min(1_024));
    let mut at = 0;
    while let Some(rest) = bytes.get(at..) {
        let (length, byte) = match *rest {
            [b'\\', letter, ..] => match letter {
                b'"' | b'\\' | b'/' => (2, letter),
                b'n' => (2, b'\n'),
                b'r' => (2, b'\r'),
                b't' => (2, b'\t'),
                b'b' => (2, 0x08),
                b'f' => (2, 0x0C),
                _ => break,
            },
            [] | [b'"' | b'\\' | 0..0x20, ..] => break,
            [byte, ..] => (1, byte),
        };
        out.push(byte);
        at += length;
    }
    at
}

/// Where the first character is that XML 1.0 does not have: a control character other than tab,
/// line feed and carriage return, or U+FFFE or U+FFFF. (UTF-8 holds no surrogates.)
pub fn find_outside_xml(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut start = 0;
    for chunk in bytes.chunks(8) {
        let word = chunk.first_chunk().map(|word| u64::from_le_bytes(*word));
        // Neither is frequent: few texts have an EF, the first byte of the last two, at all.
        if word.is_none_or(|word| below(word, 0x20) | equal(word, 0xEF) != 0) {
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
    fn every_byte_at_every_place_is_written_as_json_has_it() {
        for character in (0..=0x2ff)
            .chain([0x2028, 0xfffd, 0x1_f600])
            .filter_map(char::from_u32)
        {
            for place in 0..17 {
                let text = format!("{}{character}{}", "x".repeat(place), "y".repeat(16 - place));
                let mut out = b"[".to_vec();
                write_json_string(&mut out, &text);
                let mut expected = b"[".to_vec();
                expected.extend(serde_json::to_vec(&text).unwrap());
                assert_eq!(out, expected, "{text:?}");
            }
        }
    }

    #[test]
    fn what_was_written_is_read_up_to_what_others_have_to_see_to() {
        for place in 0..20 {
            let before = "é".repeat(place);
            for (end, stop) in [
                ("\"", 0x22),
                ("\\u0041", b'\\'),
                ("\\x", b'\\'),
                ("\n", b'\n'),
            ] {
                let text = format!("{before}\"\\/\n\r\t\u{8}\u{c} and more");
                let mut json = Vec::new();
                write_json_string(&mut json, &text);
                json.pop();
                json.extend_from_slice(end.as_bytes());
                let mut out = Vec::new();
                let length = read_json_text(&mut out, &json[1..]);
                assert_eq!(String::from_utf8(out).unwrap(), text);
                assert_eq!(json[1 + length], stop);
                assert_eq!(plain_json(&json[1..]), before.len());
            }
        }
        assert_eq!(read_json_text(&mut Vec::new(), b"\\"), 0);
        assert_eq!(plain_json(b"no end, and no more"), 19);
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
