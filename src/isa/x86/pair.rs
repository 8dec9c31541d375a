//! Two vectors as one twice as wide.

use crate::isa::traits::{F32Lanes, Lanes};

/// Two vectors of `L`.
#[derive(Clone, Copy)]
pub(crate) struct Pair<L>(pub(crate) L);

impl<L: Lanes> Lanes for Pair<L> {
    type Element = L::Element;
    type Total = L::Total;
    type Vector = [L::Vector; 2];
    type Scalars = L::Scalars;

    const SCALARS: usize = L::SCALARS;
    const LANES: usize = 2 * L::LANES;
    const REGISTERS: usize = L::REGISTERS / 2;

    #[inline(always)]
    fn zero(self) -> [L::Vector; 2] {
        [self.0.zero(); 2]
    }

    #[inline(always)]
    unsafe fn load(self, at: *const L::Element) -> [L::Vector; 2] {
        // SAFETY: the caller's, for both halves.
        unsafe { [self.0.load(at), self.0.load(at.add(L::LANES))] }
    }

    #[inline(always)]
    fn splat(self, x: L::Element) -> [L::Vector; 2] {
        [self.0.splat(x); 2]
    }

    #[inline(always)]
    fn multiply_add(
        self,
        sum: [L::Vector; 2],
        weight: [L::Vector; 2],
        x: [L::Vector; 2],
    ) -> [L::Vector; 2] {
        [self.0.multiply_add(sum[0], weight[0], x[0]), self.0.multiply_add(sum[1], weight[1], x[1])]
    }

    #[inline(always)]
    unsafe fn load_scalars<const N: usize>(self, at: *const L::Element) -> [L::Scalars; N] {
        // SAFETY: the caller's.
        unsafe { self.0.load_scalars(at) }
    }

    #[inline(always)]
    fn multiply_add_scalar<const INDEX: usize>(
        self,
        sum: [L::Vector; 2],
        weight: [L::Vector; 2],
        x: L::Scalars,
    ) -> [L::Vector; 2] {
        [
            self.0.multiply_add_scalar::<INDEX>(sum[0], weight[0], x),
            self.0.multiply_add_scalar::<INDEX>(sum[1], weight[1], x),
        ]
    }

    #[inline(always)]
    fn add(self, a: [L::Vector; 2], b: [L::Vector; 2]) -> [L::Vector; 2] {
        [self.0.add(a[0], b[0]), self.0.add(a[1], b[1])]
    }

    #[inline(always)]
    fn prefetch(self, at: *const L::Element) {
        self.0.prefetch(at);
    }

    #[inline(always)]
    unsafe fn add_to(self, at: *mut L::Total, sums: [L::Vector; 2]) {
        // SAFETY: the caller's, for both halves.
        unsafe {
            self.0.add_to(at, sums[0]);
            self.0.add_to(at.add(L::LANES), sums[1]);
        }
    }
}

impl<L: F32Lanes> F32Lanes for Pair<L> {
    #[inline(always)]
    unsafe fn store(self, at: *mut f32, x: [L::Vector; 2]) {
        // SAFETY: the caller's, for both halves.
        unsafe {
            self.0.store(at, x[0]);
            self.0.store(at.add(L::LANES), x[1]);
        }
    }

    #[inline(always)]
    fn subtract(self, a: [L::Vector; 2], b: [L::Vector; 2]) -> [L::Vector; 2] {
        [self.0.subtract(a[0], b[0]), self.0.subtract(a[1], b[1])]
    }

    #[inline(always)]
    fn interleave(self, a: [L::Vector; 2], b: [L::Vector; 2]) -> [[L::Vector; 2]; 2] {
        [self.0.interleave(a[0], b[0]), self.0.interleave(a[1], b[1])]
    }
}
