//! How the contract's values lie in memory when they cross the border: the Canonical ABI of the
//! component model, once for each type.
//!
//! `wit-bindgen` writes it out anew for each function that takes or gives a type, and the parts of
//! a type for each place where it stands: with an error in the result of every function, that is
//! 50 kB of code. Here a type is told once, in `types`, and its parts by their own types.
//!
//! Everything is `unsafe` for one reason: whoever calls must have the address from the host, or
//! from [`Abi::lower`], and use it once. What the host gives is valid by the ABI's own rules,
//! UTF-8 above all, and is taken over without a copy.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};

/// A type of the contract.
pub(super) trait Abi: Sized {
    /// Bytes that it takes, its parts elsewhere in memory not counted.
    const SIZE: usize;
    /// What its address is a multiple of.
    const ALIGN: usize;

    /// Takes the value that lies there.
    ///
    /// # Safety
    /// A value of this type lies there, and belongs to the caller.
    unsafe fn lift(at: *mut u8) -> Self;

    /// Lays the value down there.
    ///
    /// # Safety
    /// There is room for it.
    unsafe fn lower(self, at: *mut u8);

    /// Takes a list of such values, and gives the memory back that it lies in.
    ///
    /// # Safety
    /// So many of them lie there one behind another, and belong to the caller.
    unsafe fn lift_list(at: *mut u8, length: usize) -> Vec<Self> {
        let values = (0..length)
            .map(|index| unsafe { Self::lift(at.add(index * Self::SIZE)) })
            .collect();
        unsafe { release(at, length * Self::SIZE, Self::ALIGN) };
        values
    }

    /// Lays a list of such values down in memory of its own: where, and how many there are.
    fn lower_list(values: Vec<Self>) -> (*mut u8, usize) {
        let length = values.len();
        let at = reserve(length * Self::SIZE, Self::ALIGN);
        for (index, value) in values.into_iter().enumerate() {
            unsafe { value.lower(at.add(index * Self::SIZE)) };
        }
        (at, length)
    }
}

/// Lays down what a function gives, in memory of its own.
pub(super) fn give<T: Abi>(value: T) -> *mut u8 {
    let at = reserve(T::SIZE, T::ALIGN);
    unsafe { value.lower(at) };
    at
}

/// Gives back the memory of what a function gave, once the host has read it.
///
/// # Safety
/// It was given by [`give`].
pub(super) unsafe fn take_back<T: Abi>(at: *mut u8) {
    drop(unsafe { T::lift(at) });
    unsafe { release(at, T::SIZE, T::ALIGN) };
}

/// Takes a parameter that is text.
///
/// # Safety
/// The host gave it.
pub(super) unsafe fn text(at: *mut u8, length: usize) -> String {
    unsafe { String::from_utf8_unchecked(u8::lift_list(at, length)) }
}

/// The next multiple of the alignment.
pub(super) const fn aligned(offset: usize, align: usize) -> usize {
    offset.next_multiple_of(align)
}

/// The larger one, for constants.
pub(super) const fn larger(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

fn layout(size: usize, align: usize) -> Layout {
    // The parts of a list exist already, so its size is one that memory has.
    unsafe { Layout::from_size_align_unchecked(size, align) }
}

/// Memory that the host reads. Nothing needs none, but has an address.
fn reserve(size: usize, align: usize) -> *mut u8 {
    if size == 0 {
        return std::ptr::without_provenance_mut(align);
    }
    let layout = layout(size, align);
    let at = unsafe { alloc(layout) };
    if at.is_null() {
        handle_alloc_error(layout);
    }
    at
}

unsafe fn release(at: *mut u8, size: usize, align: usize) {
    if size > 0 {
        unsafe { dealloc(at, layout(size, align)) };
    }
}

/// A number, which lies in memory as it is.
macro_rules! number {
    ($($type:ty),*) => {$(
        impl Abi for $type {
            const SIZE: usize = size_of::<$type>();
            const ALIGN: usize = align_of::<$type>();

            unsafe fn lift(at: *mut u8) -> Self {
                unsafe { at.cast::<$type>().read() }
            }

            unsafe fn lower(self, at: *mut u8) {
                unsafe { at.cast::<$type>().write(self) };
            }
        }
    )*};
}
number!(u16, u32, u64, i64);

impl Abi for u8 {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;

    unsafe fn lift(at: *mut u8) -> Self {
        unsafe { at.read() }
    }

    unsafe fn lower(self, at: *mut u8) {
        unsafe { at.write(self) };
    }

    /// Bytes are taken as they lie there: payloads are large.
    unsafe fn lift_list(at: *mut u8, length: usize) -> Vec<Self> {
        unsafe { Vec::from_raw_parts(at, length, length) }
    }

    fn lower_list(bytes: Vec<Self>) -> (*mut u8, usize) {
        let length = bytes.len();
        (Box::into_raw(bytes.into_boxed_slice()).cast(), length)
    }
}

impl Abi for bool {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;

    unsafe fn lift(at: *mut u8) -> Self {
        unsafe { at.read() != 0 }
    }

    unsafe fn lower(self, at: *mut u8) {
        unsafe { at.write(u8::from(self)) };
    }
}

/// What a result holds that says no more than that all went well.
impl Abi for () {
    const SIZE: usize = 0;
    const ALIGN: usize = 1;

    unsafe fn lift(_: *mut u8) -> Self {}

    unsafe fn lower(self, _: *mut u8) {}
}

/// An address and a length.
impl<T: Abi> Abi for Vec<T> {
    const SIZE: usize = 2 * size_of::<usize>();
    const ALIGN: usize = align_of::<usize>();

    unsafe fn lift(at: *mut u8) -> Self {
        unsafe {
            let [address, length] = at.cast::<[usize; 2]>().read();
            T::lift_list(std::ptr::with_exposed_provenance_mut(address), length)
        }
    }

    unsafe fn lower(self, at: *mut u8) {
        let (list, length) = T::lower_list(self);
        unsafe {
            at.cast::<[usize; 2]>()
                .write([list.expose_provenance(), length])
        };
    }
}

impl Abi for String {
    const SIZE: usize = Vec::<u8>::SIZE;
    const ALIGN: usize = Vec::<u8>::ALIGN;

    unsafe fn lift(at: *mut u8) -> Self {
        unsafe { Self::from_utf8_unchecked(Vec::lift(at)) }
    }

    unsafe fn lower(self, at: *mut u8) {
        unsafe { self.into_bytes().lower(at) };
    }
}

/// A number that says which case it is, and behind it what the case holds.
impl<T: Abi> Abi for Option<T> {
    const SIZE: usize = aligned(T::ALIGN + T::SIZE, T::ALIGN);
    const ALIGN: usize = T::ALIGN;

    unsafe fn lift(at: *mut u8) -> Self {
        unsafe { bool::lift(at).then(|| T::lift(at.add(T::ALIGN))) }
    }

    unsafe fn lower(self, at: *mut u8) {
        unsafe {
            self.is_some().lower(at);
            if let Some(value) = self {
                value.lower(at.add(T::ALIGN));
            }
        }
    }
}

/// The same.
impl<T: Abi, E: Abi> Abi for Result<T, E> {
    const SIZE: usize = aligned(Self::ALIGN + larger(T::SIZE, E::SIZE), Self::ALIGN);
    const ALIGN: usize = larger(T::ALIGN, E::ALIGN);

    unsafe fn lift(at: *mut u8) -> Self {
        unsafe {
            let value = at.add(Self::ALIGN);
            if bool::lift(at) {
                Err(E::lift(value))
            } else {
                Ok(T::lift(value))
            }
        }
    }

    unsafe fn lower(self, at: *mut u8) {
        unsafe {
            self.is_err().lower(at);
            let part = at.add(Self::ALIGN);
            match self {
                Ok(value) => value.lower(part),
                Err(error) => error.lower(part),
            }
        }
    }
}

/// A record without names.
impl<A: Abi, B: Abi> Abi for (A, B) {
    const SIZE: usize = aligned(aligned(A::SIZE, B::ALIGN) + B::SIZE, Self::ALIGN);
    const ALIGN: usize = larger(A::ALIGN, B::ALIGN);

    unsafe fn lift(at: *mut u8) -> Self {
        unsafe { (A::lift(at), B::lift(at.add(aligned(A::SIZE, B::ALIGN)))) }
    }

    unsafe fn lower(self, at: *mut u8) {
        unsafe {
            self.0.lower(at);
            self.1.lower(at.add(aligned(A::SIZE, B::ALIGN)));
        }
    }
}

/// A record: its fields in the contract's order.
macro_rules! record {
    ($type:ty { $($field:ident: $of:ty),* $(,)? }) => {
        impl Abi for $type {
            const SIZE: usize = {
                let size = 0;
                $(let size = aligned(size, <$of>::ALIGN) + <$of>::SIZE;)*
                aligned(size, Self::ALIGN)
            };
            const ALIGN: usize = {
                let align = 1;
                $(let align = larger(align, <$of>::ALIGN);)*
                align
            };

            unsafe fn lift(at: *mut u8) -> Self {
                let end = 0;
                $(
                    let offset = aligned(end, <$of>::ALIGN);
                    let $field = unsafe { <$of>::lift(at.add(offset)) };
                    let end = offset + <$of>::SIZE;
                )*
                let _ = end;
                Self { $($field),* }
            }

            unsafe fn lower(self, at: *mut u8) {
                let end = 0;
                $(
                    let offset = aligned(end, <$of>::ALIGN);
                    unsafe { <$of>::lower(self.$field, at.add(offset)) };
                    let end = offset + <$of>::SIZE;
                )*
                let _ = end;
            }
        }
    };
}
pub(super) use record;

/// A variant or an enum: its cases in the contract's order, with what they hold.
macro_rules! variant {
    ($type:ty { $($case:ident $(($value:ident: $of:ty))? = $number:literal),* $(,)? }) => {
        impl Abi for $type {
            const SIZE: usize = {
                let size = 0;
                $($(let size = larger(size, <$of>::SIZE);)?)*
                aligned(Self::ALIGN + size, Self::ALIGN)
            };
            const ALIGN: usize = {
                let align = 1;
                $($(let align = larger(align, <$of>::ALIGN);)?)*
                align
            };

            unsafe fn lift(at: *mut u8) -> Self {
                match unsafe { at.read() } {
                    $($number => Self::$case $((unsafe { <$of>::lift(at.add(Self::ALIGN)) }))?,)*
                    // The host may only give cases that there are.
                    _ => std::arch::wasm32::unreachable(),
                }
            }

            unsafe fn lower(self, at: *mut u8) {
                match self {
                    $(Self::$case $(($value))? => unsafe {
                        at.write($number);
                        $(<$of>::lower($value, at.add(Self::ALIGN));)?
                    },)*
                }
            }
        }
    };
}
pub(super) use variant;
