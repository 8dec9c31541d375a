//! Plain arithmetic, on every target: what all other instruction sets are measured by. Four lanes at a
//! time suit the registers of a Cortex-M with an FPU, and compilers that vectorize.

use core::array::from_fn;
use core::ops::Range;

use crate::isa::traits::{F32Lanes, Isa, Lanes, Operation, Register};

/// No instruction set in particular.
#[derive(Clone, Copy)]
pub(crate) struct Scalar;

/// `N` lanes of f32.
#[derive(Clone, Copy)]
pub(crate) struct Floats<const N: usize>;

impl<const N: usize> Lanes for Floats<N> {
    type Element = f32;
    type Total = f32;
    type Vector = [f32; N];
    type Scalars = [f32; N];

    const SCALARS: usize = 1;
    const LANES: usize = N;
    const REGISTERS: usize = if N == 1 { 16 } else { 8 };

    #[inline(always)]
    fn zero(self) -> [f32; N] {
        [0.0; N]
    }

    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> [f32; N] {
        // SAFETY: the caller's; an array of f32 is aligned as f32.
        unsafe { *at.cast() }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> [f32; N] {
        [x; N]
    }

    #[inline(always)]
    fn multiply_add(self, mut sum: [f32; N], weight: [f32; N], x: [f32; N]) -> [f32; N] {
        for ((sum, weight), x) in sum.iter_mut().zip(weight).zip(x) {
            *sum += weight * x;
        }
        sum
    }

    #[inline(always)]
    unsafe fn load_scalars<const M: usize>(self, at: *const f32) -> [[f32; N]; M] {
        // SAFETY: the caller's.
        from_fn(|index| self.splat(unsafe { *at.wrapping_add(index) }))
    }

    #[inline(always)]
    fn multiply_add_scalar<const INDEX: usize>(
        self,
        sum: [f32; N],
        weight: [f32; N],
        x: [f32; N],
    ) -> [f32; N] {
        self.multiply_add(sum, weight, x)
    }

    #[inline(always)]
    fn add(self, mut a: [f32; N], b: [f32; N]) -> [f32; N] {
        for (a, b) in a.iter_mut().zip(b) {
            *a += b;
        }
        a
    }

    #[inline(always)]
    unsafe fn add_to(self, at: *mut f32, sums: [f32; N]) {
        // SAFETY: the caller's.
        let totals: &mut [f32; N] = unsafe { &mut *at.cast() };
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total += sum;
        }
    }
}

impl<const N: usize> F32Lanes for Floats<N> {
    #[inline(always)]
    unsafe fn store(self, at: *mut f32, x: [f32; N]) {
        // SAFETY: the caller's.
        unsafe { *at.cast() = x };
    }

    #[inline(always)]
    fn subtract(self, mut a: [f32; N], b: [f32; N]) -> [f32; N] {
        for (a, b) in a.iter_mut().zip(b) {
            *a -= b;
        }
        a
    }

    #[inline(always)]
    fn interleave(self, a: [f32; N], b: [f32; N]) -> [[f32; N]; 2] {
        let both = |index: usize| [a, b][index % 2][index / 2];
        [from_fn(both), from_fn(|lane| both(N + lane))]
    }
}

impl<const N: usize> Register for Floats<N> {
    type Mask = [bool; N];

    #[inline(always)]
    fn mask(self, lanes: u32) -> [bool; N] {
        from_fn(|lane| lanes >> lane & 1 == 1)
    }

    #[inline(always)]
    unsafe fn load_masked(self, at: *const f32, mask: [bool; N]) -> [f32; N] {
        from_fn(|lane| match mask[lane] {
            // SAFETY: the caller's.
            true => unsafe { *at.wrapping_add(lane) },
            false => 0.0,
        })
    }

    #[inline(always)]
    fn and_mask(self, x: [f32; N], mask: [bool; N]) -> [f32; N] {
        from_fn(|lane| if mask[lane] { x[lane] } else { 0.0 })
    }

    #[inline(always)]
    unsafe fn store_first(self, at: *mut f32, x: [f32; N], count: usize) {
        for (lane, x) in x.into_iter().enumerate().take(count) {
            // SAFETY: the caller's.
            unsafe { *at.add(lane) = x };
        }
    }

    #[inline(always)]
    fn halves(self, low: [f32; N], high: [f32; N]) -> [[f32; N]; 2] {
        let all = |index: usize| if index < N { low[index] } else { high[index - N] };
        [from_fn(|lane| all(2 * lane)), from_fn(|lane| all(2 * lane + 1))]
    }

    #[inline(always)]
    fn in_order(self, x: [f32; N]) -> [f32; N] {
        x
    }
}

/// `N` lanes of i8 with sums in i32. Partial sums may wrap; packing has checked the complete ones.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<const N: usize>;

impl<const N: usize> Lanes for Bytes<N> {
    type Element = i8;
    type Total = i32;
    type Vector = [i32; N];
    type Scalars = [i32; N];

    const SCALARS: usize = 1;
    const LANES: usize = N;
    // Thirteen general registers on Arm, of which some hold addresses.
    const REGISTERS: usize = if N == 1 { 5 } else { 4 };

    #[inline(always)]
    fn zero(self) -> [i32; N] {
        [0; N]
    }

    #[inline(always)]
    unsafe fn load(self, at: *const i8) -> [i32; N] {
        // SAFETY: the caller's.
        let bytes: [i8; N] = unsafe { *at.cast() };
        bytes.map(i32::from)
    }

    #[inline(always)]
    fn splat(self, x: i8) -> [i32; N] {
        [i32::from(x); N]
    }

    #[inline(always)]
    fn multiply_add(self, mut sum: [i32; N], weight: [i32; N], x: [i32; N]) -> [i32; N] {
        for ((sum, weight), x) in sum.iter_mut().zip(weight).zip(x) {
            *sum = sum.wrapping_add(weight.wrapping_mul(x));
        }
        sum
    }

    #[inline(always)]
    unsafe fn load_scalars<const M: usize>(self, at: *const i8) -> [[i32; N]; M] {
        // SAFETY: the caller's.
        from_fn(|index| self.splat(unsafe { *at.wrapping_add(index) }))
    }

    #[inline(always)]
    fn multiply_add_scalar<const INDEX: usize>(
        self,
        sum: [i32; N],
        weight: [i32; N],
        x: [i32; N],
    ) -> [i32; N] {
        self.multiply_add(sum, weight, x)
    }

    #[inline(always)]
    fn add(self, mut a: [i32; N], b: [i32; N]) -> [i32; N] {
        for (a, b) in a.iter_mut().zip(b) {
            *a = a.wrapping_add(b);
        }
        a
    }

    #[inline(always)]
    unsafe fn add_to(self, at: *mut i32, sums: [i32; N]) {
        // SAFETY: the caller's.
        let totals: &mut [i32; N] = unsafe { &mut *at.cast() };
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = total.wrapping_add(sum);
        }
    }
}

impl Isa for Scalar {
    type X16 = Floats<4>;
    type Row = Floats<4>;
    type X8 = Floats<4>;
    type X4 = Floats<4>;
    type X1 = Floats<1>;
    type Widest = Floats<4>;
    type Short = Floats<4>;

    #[inline(always)]
    fn x16(self) -> Floats<4> {
        Floats
    }

    #[inline(always)]
    fn row(self) -> Floats<4> {
        Floats
    }

    #[inline(always)]
    fn x8(self) -> Floats<4> {
        Floats
    }

    #[inline(always)]
    fn x4(self) -> Floats<4> {
        Floats
    }

    #[inline(always)]
    fn x1(self) -> Floats<1> {
        Floats
    }

    #[inline(always)]
    fn widest(self) -> Floats<4> {
        Floats
    }

    #[inline(always)]
    fn short(self) -> Floats<4> {
        Floats
    }

    const HAS_VECTORS: bool = false;

    #[inline(always)]
    fn run<O: Operation>(self, operation: O) {
        operation.run_outlined(self);
    }

    #[inline(always)]
    fn transpose<const B: usize>(
        self,
        totals: &[[f32; B]],
        y: &mut [f32],
        plane: usize,
        step: usize,
    ) {
        transpose_lanes(totals, 0..B, y, plane, step);
    }
}

/// Writes lanes of totals to as many planes, the first lane of the block to the first plane.
#[inline(always)]
pub(crate) fn transpose_lanes<const B: usize>(
    totals: &[[f32; B]],
    lanes: Range<usize>,
    y: &mut [f32],
    plane: usize,
    step: usize,
) {
    for lane in lanes {
        let Some(row) = y.get_mut(lane * plane..) else { return };
        for (y, total) in row.iter_mut().step_by(step.max(1)).zip(totals) {
            if let Some(&total) = total.get(lane) {
                *y = total;
            }
        }
    }
}

/// Reads planes to as many lanes of pixels, the first plane to the first lane of the block.
#[inline(always)]
pub(crate) fn interleave_lanes<const B: usize>(
    x: &[f32],
    plane: usize,
    lanes: Range<usize>,
    pixels: &mut [[f32; B]],
) {
    for lane in lanes {
        let Some(row) = x.get(lane * plane..) else { return };
        for (pixel, &x) in pixels.iter_mut().zip(row) {
            if let Some(place) = pixel.get_mut(lane) {
                *place = x;
            }
        }
    }
}
