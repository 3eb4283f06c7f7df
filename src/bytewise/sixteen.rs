//! Sixteen bytes looked at together: one vector in the plugin, an array elsewhere.
//!
//! What is built of these few operations is the same code natively, where it is tested.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vector {
    use core::arch::wasm32::{
        i8x16_bitmask, i8x16_eq, i8x16_swizzle, u8x16_lt, u8x16_splat, u64x2_extract_lane,
        u64x2_splat, v128, v128_and, v128_load, v128_or,
    };

    #[derive(Clone, Copy)]
    pub(crate) struct Sixteen(v128);

    impl Sixteen {
        pub(crate) fn new(bytes: &[u8; 16]) -> Self {
            // SAFETY: there are sixteen bytes, and the load wants no alignment.
            Self(unsafe { v128_load(bytes.as_ptr().cast()) })
        }

        /// Eight bytes, twice.
        pub(crate) fn twice(bytes: [u8; 8]) -> Self {
            Self(u64x2_splat(u64::from_le_bytes(bytes)))
        }

        /// All bits of those bytes that are this one.
        pub(crate) fn equal(self, byte: u8) -> Self {
            Self(i8x16_eq(self.0, u8x16_splat(byte)))
        }

        /// All bits of those bytes that are below the bound.
        pub(crate) fn below(self, bound: u8) -> Self {
            Self(u8x16_lt(self.0, u8x16_splat(bound)))
        }

        pub(crate) fn or(self, other: Self) -> Self {
            Self(v128_or(self.0, other.0))
        }

        pub(crate) fn and(self, byte: u8) -> Self {
            Self(v128_and(self.0, u8x16_splat(byte)))
        }

        /// At each place the byte of the place that stands there in `places`, or zero where there
        /// is no such place.
        pub(crate) fn at(self, places: Self) -> Self {
            Self(i8x16_swizzle(self.0, places.0))
        }

        /// The highest bit of each byte, that of the first one lowest.
        pub(crate) fn bits(self) -> u32 {
            i8x16_bitmask(self.0).into()
        }

        pub(crate) fn first_eight(self) -> [u8; 8] {
            u64x2_extract_lane::<0>(self.0).to_le_bytes()
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod vector {
    use std::array::from_fn;

    #[derive(Clone, Copy)]
    pub(crate) struct Sixteen([u8; 16]);

    impl Sixteen {
        pub(crate) fn new(bytes: &[u8; 16]) -> Self {
            Self(*bytes)
        }

        pub(crate) fn twice(bytes: [u8; 8]) -> Self {
            Self(from_fn(|place| bytes[place % 8]))
        }

        pub(crate) fn equal(self, byte: u8) -> Self {
            Self(self.0.map(|own| if own == byte { 0xff } else { 0 }))
        }

        pub(crate) fn below(self, bound: u8) -> Self {
            Self(self.0.map(|own| if own < bound { 0xff } else { 0 }))
        }

        pub(crate) fn or(self, other: Self) -> Self {
            Self(from_fn(|place| self.0[place] | other.0[place]))
        }

        pub(crate) fn and(self, byte: u8) -> Self {
            Self(self.0.map(|own| own & byte))
        }

        pub(crate) fn at(self, places: Self) -> Self {
            let byte = |place: u8| self.0.get(usize::from(place)).copied();
            Self(places.0.map(|place| byte(place).unwrap_or(0)))
        }

        pub(crate) fn bits(self) -> u32 {
            let bits = self.0.iter().rev();
            bits.fold(0, |bits, byte| bits << 1 | u32::from(byte >> 7))
        }

        pub(crate) fn first_eight(self) -> [u8; 8] {
            from_fn(|place| self.0[place])
        }
    }
}

pub(crate) use vector::Sixteen;
