//! The caller's tensors, which a network reads and writes as it does those in its arena
//! ([`Place`](crate::views::arena::Place)): methods of the same names.

use crate::error::{Buffer, Error};
use crate::tensor::Tensor;
use crate::views::arena::{Rest, same_shape, same_shape_mut};

/// An input.
pub struct Given<'a, T, const C: usize, const H: usize, const W: usize>(pub &'a Tensor<T, C, H, W>);

impl<'a, T, const C: usize, const H: usize, const W: usize> Given<'a, T, C, H, W> {
    /// The tensor, which is in no arena.
    #[inline(always)]
    pub fn read<R, const D: usize, const I: usize, const X: usize>(
        &self,
        _: &R,
    ) -> &'a Tensor<T, D, I, X> {
        same_shape(self.0)
    }
}

/// An output.
pub struct Wanted<'a, T, const C: usize, const H: usize, const W: usize>(
    pub &'a mut Tensor<T, C, H, W>,
);

impl<Y, const C: usize, const H: usize, const W: usize> Wanted<'_, Y, C, H, W> {
    /// The tensor, to write into, and the whole arena.
    #[inline(always)]
    pub fn take_from<'a, T, const N: usize, const D: usize, const I: usize, const X: usize>(
        &'a mut self,
        arena: &'a mut [T; N],
    ) -> (&'a mut Tensor<Y, D, I, X>, Rest<'a, T, N, 0, 0, 0, 0, 0, 0>) {
        (same_shape_mut(self.0), Rest::all(arena))
    }

    /// The tensor, after it was written.
    #[inline(always)]
    pub fn read<R, const D: usize, const I: usize, const X: usize>(
        &self,
        _: &R,
    ) -> &Tensor<Y, D, I, X> {
        same_shape(self.0)
    }
}

/// The first elements of memory that is the caller's.
///
/// # Errors
///
/// [`Error::Length`] if there are fewer.
pub const fn arena<T, const N: usize>(elements: &mut [T]) -> Result<&mut [T; N], Error> {
    let actual = elements.len();
    match elements.first_chunk_mut() {
        Some(arena) => Ok(arena),
        None => Err(Error::Length { buffer: Buffer::Memory, expected: N, actual }),
    }
}
