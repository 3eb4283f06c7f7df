//! Bytes as lower-case hexadecimal digits.

/// Two digits a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| {
        DIGITS
            .get(usize::from(half))
            .copied()
            .map_or('0', char::from)
    };
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
