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

/// Copies the bytes of `to` from `from`; nothing, if they are not as many.
pub(crate) const fn copy<T: Plain>(from: &[u8], to: &mut [T]) {
    if from.len() == size_of_val(to) {
        // SAFETY: both have that many bytes, and what is written through `to` is not what is read. By the contract of
        // `Plain` numbers are left. Not `copy_from_slice`, for which small code links a panic.
        unsafe { to.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(from.as_ptr(), from.len()) }
    }
}
