//! AVX2 with FMA, and AVX-512.

use core::arch::x86_64::*;
use core::array;

use crate::arch::isa::{F32Lanes, Isa, Lanes, Operation};
use crate::arch::pair::Pair;
use crate::arch::scalar::{interleave_lanes, transpose_lanes};

/// AVX2 and FMA.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

/// AVX-512 F, and AVX2 and FMA for what is narrower.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx2 {
    /// # Safety
    ///
    /// The processor has AVX2 and FMA.
    pub(crate) const unsafe fn new() -> Self {
        Self(())
    }
}

impl Avx512 {
    /// # Safety
    ///
    /// The processor has AVX-512 F, AVX2 and FMA.
    pub(crate) const unsafe fn new() -> Self {
        Self(())
    }
}

/// Implements [`Lanes`] and [`F32Lanes`] for vectors of f32, whose instructions take the names given.
macro_rules! float_lanes {
    ($(#[$doc:meta])* $name:ident($vector:ty), $lanes:literal, $registers:literal,
     $zero:ident $load:ident $splat:ident $multiply_add:ident $add:ident $subtract:ident
     $store:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name(());

        impl Lanes for $name {
            type Element = f32;
            type Total = f32;
            type Vector = $vector;

            const LANES: usize = $lanes;
            const REGISTERS: usize = $registers;

            #[inline(always)]
            fn zero(self) -> $vector {
                // SAFETY: `self` proves that the instruction is there.
                unsafe { $zero() }
            }

            #[inline(always)]
            unsafe fn load(self, at: *const f32) -> $vector {
                // SAFETY: the caller's, and `self` proves that the instruction is there.
                unsafe { $load(at) }
            }

            #[inline(always)]
            fn splat(self, x: f32) -> $vector {
                // SAFETY: `self` proves that the instruction is there.
                unsafe { $splat(x) }
            }

            #[inline(always)]
            fn multiply_add(self, sum: $vector, weight: $vector, x: $vector) -> $vector {
                // SAFETY: `self` proves that the instruction is there.
                unsafe { $multiply_add(weight, x, sum) }
            }

            #[inline(always)]
            fn prefetch(self, at: *const f32) {
                // SAFETY: a hint, which reads nothing.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
            }

            #[inline(always)]
            unsafe fn add_to(self, at: *mut f32, sums: $vector) {
                // SAFETY: the caller's, and `self` proves that the instructions are there.
                unsafe { $store(at, $add($load(at), sums)) };
            }
        }

        impl F32Lanes for $name {
            #[inline(always)]
            unsafe fn store(self, at: *mut f32, x: $vector) {
                // SAFETY: the caller's, and `self` proves that the instruction is there.
                unsafe { $store(at, x) };
            }

            #[inline(always)]
            fn add(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: `self` proves that the instruction is there.
                unsafe { $add(a, b) }
            }

            #[inline(always)]
            fn subtract(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: `self` proves that the instruction is there.
                unsafe { $subtract(a, b) }
            }
        }
    };
}

float_lanes! {
    /// A register of AVX-512.
    F32x16(__m512), 16, 32,
    _mm512_setzero_ps _mm512_loadu_ps _mm512_set1_ps _mm512_fmadd_ps _mm512_add_ps _mm512_sub_ps
    _mm512_storeu_ps
}

float_lanes! {
    /// A register of AVX.
    F32x8(__m256), 8, 16,
    _mm256_setzero_ps _mm256_loadu_ps _mm256_set1_ps _mm256_fmadd_ps _mm256_add_ps _mm256_sub_ps
    _mm256_storeu_ps
}

float_lanes! {
    /// Half a register of AVX.
    F32x4(__m128), 4, 16,
    _mm_setzero_ps _mm_loadu_ps _mm_set1_ps _mm_fmadd_ps _mm_add_ps _mm_sub_ps
    _mm_storeu_ps
}

float_lanes! {
    /// The lowest lane of a register.
    F32x1(__m128), 1, 16,
    _mm_setzero_ps _mm_load_ss _mm_set_ss _mm_fmadd_ss _mm_add_ss _mm_sub_ss
    _mm_store_ss
}

/// Implements [`Isa`]: what is compiled with the features named, and its vectors.
macro_rules! isa {
    ($isa:ident, $feature:literal, $x16_type:ty = $x16:expr, $wide_type:ty = $wide:expr) => {
        impl Isa for $isa {
            type X16 = $x16_type;
            type X8 = F32x8;
            type X4 = F32x4;
            type X1 = F32x1;
            type Wide = $wide_type;

            #[inline(always)]
            fn x16(self) -> $x16_type {
                $x16
            }

            #[inline(always)]
            fn x8(self) -> F32x8 {
                F32x8(())
            }

            #[inline(always)]
            fn x4(self) -> F32x4 {
                F32x4(())
            }

            #[inline(always)]
            fn x1(self) -> F32x1 {
                F32x1(())
            }

            #[inline(always)]
            fn wide(self) -> $wide_type {
                $wide
            }

            #[inline(always)]
            fn run<O: Operation>(self, operation: O) {
                #[target_feature(enable = $feature)]
                fn with_features<O: Operation>(isa: $isa, operation: O) {
                    operation.run(isa);
                }
                // SAFETY: `self` proves that the processor has the features.
                unsafe { with_features(self, operation) }
            }

            #[inline(always)]
            fn transpose<const B: usize>(self, totals: &[[f32; B]], y: &mut [f32], plane: usize) {
                // SAFETY: `self` proves that the processor has AVX.
                unsafe { transpose(totals, y, plane) }
            }

            #[inline(always)]
            fn interleave<const B: usize>(self, x: &[f32], plane: usize, pixels: &mut [[f32; B]]) {
                // SAFETY: `self` proves that the processor has AVX.
                unsafe { interleave(x, plane, pixels) }
            }
        }
    };
}

isa!(Avx2, "avx2,fma", Pair<F32x8> = Pair(F32x8(())), F32x8 = F32x8(()));
isa!(Avx512, "avx512f,avx2,fma", F32x16 = F32x16(()), F32x16 = F32x16(()));

/// Eight pixels of eight channels at a time, the last of them once more where fewer are left; one by one
/// where there are not eight.
#[target_feature(enable = "avx")]
#[inline]
fn transpose<const B: usize>(totals: &[[f32; B]], y: &mut [f32], plane: usize) {
    let mut lanes = 0;
    while lanes + 8 <= B && squares(totals.len(), lanes, plane, y.len()) {
        for first in starts(totals.len()) {
            // SAFETY: eight pixels from `first` on, with eight channels from `lanes` on in as many planes.
            unsafe {
                let from = totals.as_ptr().add(first).cast::<f32>().add(lanes);
                let to = y.as_mut_ptr().add(lanes * plane + first);
                let rows = array::from_fn(|pixel| _mm256_loadu_ps(from.add(pixel * B)));
                for (lane, row) in transpose8(rows).into_iter().enumerate() {
                    _mm256_storeu_ps(to.add(lane * plane), row);
                }
            }
        }
        lanes += 8;
    }
    transpose_lanes(totals, lanes..B, y, plane);
}

/// [`transpose`] the other way round.
#[target_feature(enable = "avx")]
#[inline]
fn interleave<const B: usize>(x: &[f32], plane: usize, pixels: &mut [[f32; B]]) {
    let mut lanes = 0;
    while lanes + 8 <= B && squares(pixels.len(), lanes, plane, x.len()) {
        for first in starts(pixels.len()) {
            // SAFETY: as in `transpose`.
            unsafe {
                let from = x.as_ptr().add(lanes * plane + first);
                let to = pixels.as_mut_ptr().add(first).cast::<f32>().add(lanes);
                let rows = array::from_fn(|lane| _mm256_loadu_ps(from.add(lane * plane)));
                for (pixel, row) in transpose8(rows).into_iter().enumerate() {
                    _mm256_storeu_ps(to.add(pixel * B), row);
                }
            }
        }
        lanes += 8;
    }
    interleave_lanes(x, plane, lanes..B, pixels);
}

/// Whether there are eight pixels, and all of them in the eight planes from `lanes` on of a slice.
#[inline]
fn squares(pixels: usize, lanes: usize, plane: usize, len: usize) -> bool {
    let end = plane.checked_mul(lanes + 7).and_then(|last| last.checked_add(pixels));
    pixels >= 8 && end.is_some_and(|end| end <= len)
}

/// Where eights of `pixels` pixels, of which there are eight, begin.
#[inline]
fn starts(pixels: usize) -> impl Iterator<Item = usize> {
    (0..pixels).step_by(8).map(move |first| first.min(pixels - 8))
}

/// Eight rows of eight as eight columns.
#[target_feature(enable = "avx")]
#[inline]
fn transpose8(rows: [__m256; 8]) -> [__m256; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let pairs = |a, b, c, d| {
        let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0x44>(ab_low, cd_low),
            _mm256_shuffle_ps::<0xEE>(ab_low, cd_low),
            _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
            _mm256_shuffle_ps::<0xEE>(ab_high, cd_high),
        ]
    };
    let (top, bottom) = (pairs(a, b, c, d), pairs(e, f, g, h));
    let low = |i: usize| _mm256_permute2f128_ps::<0x20>(top[i], bottom[i]);
    let high = |i: usize| _mm256_permute2f128_ps::<0x31>(top[i], bottom[i]);
    [low(0), low(1), low(2), low(3), high(0), high(1), high(2), high(3)]
}
