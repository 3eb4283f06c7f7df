//! JSON strings: their escapes written, and read.
//!
//! Bodies are JSON themselves more often than not, so quotation marks are frequent in them: what
//! has quotation marks and backslashes is escaped and read four bytes at a time, by a table.

use crate::sixteen::Sixteen;

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

/// Where there is a backslash to be written, in [`ESCAPING`]: no place of a byte, and with the
/// bits of the backslash, which the places 0 to 3 have none of.
const BACKSLASH: u8 = 0x80 | b'\\';

/// For four bytes, by which of them have to be escaped: what to write, as places of those bytes.
const ESCAPING: [[u8; 8]; 16] = {
    let mut table = [[0; 8]; 16];
    let mut escaped = 0;
    while escaped < 16 {
        let (mut at, mut place) = (0, 0);
        while place < 4 {
            if escaped >> place & 1 == 1 {
                table[escaped][at] = BACKSLASH;
                at += 1;
            }
            table[escaped][at] = place as u8;
            at += 1;
            place += 1;
        }
        escaped += 1;
    }
    table
};

/// For four bytes, by which of them are to be left out: the places of the others.
const LEAVING: [[u8; 8]; 16] = {
    let mut table = [[0; 8]; 16];
    let mut left = 0;
    while left < 16 {
        let (mut at, mut place) = (0, 0);
        while place < 4 {
            if left >> place & 1 == 0 {
                table[left][at] = place as u8;
                at += 1;
            }
            place += 1;
        }
        left += 1;
    }
    table
};

/// A row of a table. There is one for each four bits.
fn row(table: &[[u8; 8]; 16], bits: usize) -> [u8; 8] {
    table.get(bits).copied().unwrap_or_default()
}

/// Appends the first ones of some bytes. To append all and to cut is no call to copy so many.
fn push<const N: usize>(out: &mut Vec<u8>, bytes: [u8; N], count: usize) {
    let length = out.len() + count;
    out.extend_from_slice(&bytes);
    out.truncate(length);
}

/// The four bytes and their part of `bits`, for each four of sixteen.
fn fours(bytes: &[u8; 16], bits: u32) -> impl Iterator<Item = (Sixteen, usize)> {
    let (fours, _) = bytes.as_chunks::<4>();
    fours.iter().enumerate().map(move |(number, four)| {
        let [a, b, c, d] = *four;
        let part = (bits >> (4 * number)) & 15;
        (Sixteen::twice([a, b, c, d, 0, 0, 0, 0]), part as usize)
    })
}

/// Appends a text as a JSON string, quotes included.
pub fn write_json_string(out: &mut Vec<u8>, text: &str) {
    // A quote in ten bytes is much; where there are more, the vector grows.
    out.reserve(text.len() + text.len() / 8 + 10);
    out.push(b'"');
    let (blocks, rest) = text.as_bytes().as_chunks::<16>();
    for bytes in blocks {
        write_sixteen(out, bytes);
    }
    let (words, rest) = rest.as_chunks::<8>();
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

fn write_sixteen(out: &mut Vec<u8>, bytes: &[u8; 16]) {
    let sixteen = Sixteen::new(bytes);
    let control = sixteen.below(0x20);
    let marks = sixteen.equal(b'"').or(sixteen.equal(b'\\'));
    if control.or(marks).bits() == 0 {
        out.extend_from_slice(bytes);
    } else if control.bits() == 0 {
        for (four, escaped) in fours(bytes, marks.bits()) {
            let places = Sixteen::twice(row(&ESCAPING, escaped));
            let written = four.at(places).or(places.and(BACKSLASH & 0x7f));
            push(
                out,
                written.first_eight(),
                4 + escaped.count_ones() as usize,
            );
        }
    } else {
        bytes.iter().for_each(|byte| write_escaped(out, *byte));
    }
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
    let mut length = 0;
    for block in bytes.as_chunks::<16>().0 {
        let sixteen = Sixteen::new(block);
        let marks = sixteen.equal(b'"').or(sixteen.equal(b'\\'));
        let bits = marks.or(sixteen.below(0x20)).bits();
        if bits != 0 {
            return length + bits.trailing_zeros() as usize;
        }
        length += 16;
    }
    let rest = bytes.get(length..).unwrap_or_default().iter();
    length
        + rest
            .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20))
            .count()
}

/// Appends a JSON string's bytes and what its escapes of two bytes stand for, and gives how many
/// bytes it has read. It stops at a quotation mark, a control character, and any other escape.
pub fn read_json_text(out: &mut Vec<u8>, bytes: &[u8]) -> usize {
    // Most are bodies, whose length is not known before their end.
    out.reserve(bytes.len().min(1_024));
    let mut at = 0;
    while let Some(rest) = bytes.get(at..) {
        let read = rest
            .first_chunk()
            .map_or(0, |block| read_sixteen(out, block));
        if read > 0 {
            at += read;
            continue;
        }
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

/// Reads plain bytes, and with them quotation marks that are escaped, as far as there is nothing
/// else; how many bytes it has read.
fn read_sixteen(out: &mut Vec<u8>, bytes: &[u8; 16]) -> usize {
    let sixteen = Sixteen::new(bytes);
    let backslashes = sixteen.equal(b'\\').bits();
    let quotes = sixteen.equal(b'"').bits();
    let control = sixteen.below(0x20).bits();
    // What the last byte escapes, if it is a backslash, comes with the next ones.
    if backslashes << 1 & 0xffff == quotes && control == 0 {
        if backslashes == 0 {
            out.extend_from_slice(bytes);
            return 16;
        }
        for (four, left) in fours(bytes, backslashes) {
            let [a, b, c, d, ..] = four.at(Sixteen::twice(row(&LEAVING, left))).first_eight();
            push(out, [a, b, c, d], 4 - left.count_ones() as usize);
        }
        return 16 - (backslashes >> 15) as usize;
    }
    let plain = (backslashes | quotes | control).trailing_zeros() as usize;
    push(out, *bytes, plain);
    plain
}

#[cfg(test)]
mod tests;
