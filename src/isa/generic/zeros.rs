//! Zeros on the stack.

use core::mem::MaybeUninit;

/// A type of which all bytes may be zero.
///
/// # Safety
///
/// It is.
pub(crate) unsafe trait Zeros {}

/// Fills `place` with zeros.
pub(crate) fn zeroed<T: Zeros>(place: &mut MaybeUninit<T>) -> &mut T {
    // SAFETY: all bytes are written, and may be zero.
    unsafe {
        place.as_mut_ptr().write_bytes(0, 1);
        place.assume_init_mut()
    }
}
