//! The caller's tensors, which a network reads and writes as it does those in its arena
//! ([`Place`](crate::arch::arena::Place)): methods of the same names.

use crate::arch::arena::Rest;

/// An input.
pub struct Given<'a, X>(pub &'a X);

impl<'a, X> Given<'a, X> {
    /// The tensor, which is in no arena.
    #[inline(always)]
    pub fn read<R>(&self, _: &R) -> &'a X {
        self.0
    }
}

/// An output.
pub struct Wanted<'a, Y>(pub &'a mut Y);

impl<Y> Wanted<'_, Y> {
    /// The tensor, to write into, and the whole arena.
    #[inline(always)]
    pub fn take<'a, T, const N: usize>(
        &'a mut self,
        arena: &'a mut [T; N],
    ) -> (&'a mut Y, Rest<'a, T, N, 0, 0, 0, 0>) {
        (self.0, Rest::all(arena))
    }

    /// The tensor, after it was written.
    #[inline(always)]
    pub fn read<R>(&self, _: &R) -> &Y {
        self.0
    }
}
