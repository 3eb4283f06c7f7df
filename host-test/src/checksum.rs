//! XXH64, a checksum against accidents: it reads some 10 GB a second and nobody has to be stopped
//! from finding two inputs of the same value.

use std::io::{self, Read};

const PRIMES: [u64; 5] = [
    0x9E37_79B1_85EB_CA87,
    0xC2B2_AE3D_27D4_EB4F,
    0x1656_67B1_9E37_79F9,
    0x85EB_CA77_C2B2_AE63,
    0x27D4_EB2F_1656_67C5,
];
/// Taken in at a time, eight bytes to each of four lanes.
const STRIPE: usize = 32;
/// Read at a time: whole stripes, and little enough to stay in a cache.
const PIECE: usize = 64 << 10;

/// XXH64 with seed 0 of the next `length` bytes.
///
/// # Errors
/// Where they cannot be read, or there are fewer.
pub(crate) fn of(mut source: impl Read, length: u64) -> io::Result<u64> {
    let mut lanes = [
        PRIMES[0].wrapping_add(PRIMES[1]),
        PRIMES[1],
        0,
        PRIMES[0].wrapping_neg(),
    ];
    let mut buffer = vec![0; PIECE.min(usize::try_from(length).unwrap_or(PIECE))];
    let mut rest = length;
    loop {
        let piece = buffer.len().min(usize::try_from(rest).unwrap_or(PIECE));
        let piece = &mut buffer[..piece];
        source.read_exact(piece)?;
        rest -= piece.len() as u64;
        let (stripes, tail) = piece.as_chunks::<STRIPE>();
        for stripe in stripes {
            for (lane, word) in lanes.iter_mut().zip(stripe.as_chunks().0) {
                *lane = round(*lane, u64::from_le_bytes(*word));
            }
        }
        if rest == 0 {
            return Ok(finish(lanes, length, tail));
        }
    }
}

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIMES[1]))
        .rotate_left(31)
        .wrapping_mul(PRIMES[0])
}

fn finish(lanes: [u64; 4], length: u64, tail: &[u8]) -> u64 {
    let mut hash = if length < STRIPE as u64 {
        PRIMES[4]
    } else {
        let turned = lanes.iter().zip([1, 7, 12, 18]);
        let joined = turned.fold(0_u64, |sum, (lane, by)| {
            sum.wrapping_add(lane.rotate_left(by))
        });
        lanes.into_iter().fold(joined, |hash, lane| {
            (hash ^ round(0, lane))
                .wrapping_mul(PRIMES[0])
                .wrapping_add(PRIMES[3])
        })
    };
    hash = hash.wrapping_add(length);
    let (words, tail) = tail.as_chunks();
    for word in words {
        hash = (hash ^ round(0, u64::from_le_bytes(*word)))
            .rotate_left(27)
            .wrapping_mul(PRIMES[0])
            .wrapping_add(PRIMES[3]);
    }
    let (halves, tail) = tail.as_chunks();
    for half in halves {
        hash = (hash ^ u64::from(u32::from_le_bytes(*half)).wrapping_mul(PRIMES[0]))
            .rotate_left(23)
            .wrapping_mul(PRIMES[1])
            .wrapping_add(PRIMES[2]);
    }
    for byte in tail {
        hash = (hash ^ u64::from(*byte).wrapping_mul(PRIMES[4]))
            .rotate_left(11)
            .wrapping_mul(PRIMES[0]);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(PRIMES[1]);
    hash = (hash ^ (hash >> 29)).wrapping_mul(PRIMES[2]);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::{PIECE, of};

    #[test]
    fn it_is_xxh64_as_others_compute_it() {
        for (text, expected) in [
            ("", 0xEF46_DB37_51D8_E999),
            ("a", 0xD24E_C4F1_A98C_6E5B),
            ("abc", 0x44BC_2CF5_AD77_0999),
            (
                "Nobody inspects the spammish repetition",
                0xFBCE_A83C_8A37_8BF1,
            ),
        ] {
            let found = of(text.as_bytes(), text.len() as u64).expect("a checksum");
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn every_byte_and_the_length_count_beyond_one_piece_too() {
        let mut bytes: Vec<u8> = (0..2 * PIECE + 45).map(|index| index as u8).collect();
        let length = bytes.len();
        let whole = of(bytes.as_slice(), length as u64).expect("a checksum");
        for index in [0, 31, 32, PIECE - 1, PIECE, 2 * PIECE, length - 1] {
            bytes[index] ^= 1;
            assert_ne!(of(bytes.as_slice(), length as u64).expect("one"), whole);
            bytes[index] ^= 1;
        }
        assert_ne!(of(bytes.as_slice(), length as u64 - 1).expect("one"), whole);
        of(bytes.as_slice(), length as u64 + 1).expect_err("a byte is missing");
    }
}
