//! Numbers as the bytes that they are in memory.

/// Numbers that consist of bytes of whatever value.
///
/// # Safety
///
/// The type has no padding, and any bytes are one of its values.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: a float and integers.
unsafe impl Plain for f32 {}
// SAFETY: as above.
unsafe impl Plain for i32 {}
// SAFETY: as above.
unsafe impl Plain for i8 {}
// SAFETY: as above.
unsafe impl Plain for u8 {}

/// The bytes of `numbers`.
pub(crate) const fn bytes_mut<T: Plain>(numbers: &mut [T]) -> &mut [u8] {
    let len = size_of_val(numbers);
    // SAFETY: the same memory, borrowed as long. By the contract of `Plain` each of its bytes is initialized, and
    // whatever is written leaves numbers.
    unsafe { core::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), len) }
}
