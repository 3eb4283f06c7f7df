//! Names that no other test has, data that is the same in every run, and seeds for data that is not.

use std::hash::{BuildHasher, RandomState};

/// A name for a queue or a file: `e2e-` and 16 hexadecimal digits.
#[must_use]
pub fn name() -> String {
    // The standard library seeds each of its hashers anew, from the system's randomness.
    format!(
        "e2e-{:016x}",
        RandomState::new().hash_one(std::process::id())
    )
}

/// A seed that is another one in each run: a test that uses it says it where it fails.
#[must_use]
pub fn seed() -> u64 {
    RandomState::new().hash_one(0)
}

/// A generator of data: xorshift64*, for variety and not for secrecy.
#[derive(Clone)]
pub struct Data(u64);

impl Data {
    /// A generator; equal seeds give equal data.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number of `low..=high`.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        let range = (high - low + 1) as u64;
        low + usize::try_from(self.number() % range).unwrap_or(0)
    }

    /// Text of so many bytes of ASCII, quotes and backslashes among them.
    pub fn ascii(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 8);
        while text.len() < length {
            for byte in self.number().to_le_bytes() {
                text.push(char::from(b' ' + byte % 95));
            }
        }
        text.truncate(length);
        text
    }

    /// Text of about so many bytes (up to three less) in several scripts.
    pub fn unicode(&mut self, length: usize) -> String {
        const CHARACTERS: [char; 12] = [
            'a',
            '"',
            '\\',
            '\n',
            '\t',
            'ß',
            'Ж',
            'あ',
            '漢',
            '\u{fffd}',
            '🦀',
            '\u{10ffff}',
        ];
        let mut text = String::with_capacity(length);
        loop {
            let index = self.between(0, CHARACTERS.len() - 1);
            let character = CHARACTERS.get(index).copied().unwrap_or('x');
            if text.len() + character.len_utf8() > length {
                return text;
            }
            text.push(character);
        }
    }
}
