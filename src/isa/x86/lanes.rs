//! f32 side by side in a register of AVX-512, of AVX, in half of one, and one alone.

use core::arch::x86_64::*;
use core::array;

use crate::isa::traits::{F32Lanes, Lanes, Register};

/// Implements [`Lanes`] and [`F32Lanes`] for vectors of f32, whose instructions take the names given.
macro_rules! float_lanes {
    ($(#[$doc:meta])* $name:ident($vector:ty), $lanes:literal, $registers:literal,
     $zero:ident $load:ident $splat:ident $multiply_add:ident $add:ident $subtract:ident
     $interleave:ident $store:ident $halves:ident $in_order:ident;
     $mask:ty = $to_mask:ident, $load_masked:ident $store_first:ident $and_mask:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name(pub(super) ());

        impl Lanes for $name {
            type Element = f32;
            type Total = f32;
            type Vector = $vector;
            type Scalars = $vector;

            const SCALARS: usize = 1;
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
            unsafe fn load_scalars<const N: usize>(self, at: *const f32) -> [$vector; N] {
                // SAFETY: the caller's.
                array::from_fn(|index| self.splat(unsafe { *at.wrapping_add(index) }))
            }

            #[inline(always)]
            fn multiply_add_scalar<const INDEX: usize>(
                self,
                sum: $vector,
                weight: $vector,
                x: $vector,
            ) -> $vector {
                self.multiply_add(sum, weight, x)
            }

            #[inline(always)]
            fn add(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: `self` proves that the instruction is there.
                unsafe { $add(a, b) }
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
            fn subtract(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: `self` proves that the instruction is there.
                unsafe { $subtract(a, b) }
            }

            #[inline(always)]
            fn interleave(self, a: $vector, b: $vector) -> [$vector; 2] {
                // SAFETY: `self` proves that the instructions are there.
                unsafe { $interleave(a, b) }
            }
        }

        impl Register for $name {
            type Mask = $mask;

            const HALVES_OF_SUMS: bool = true;

            #[inline(always)]
            fn mask(self, lanes: u32) -> $mask {
                // SAFETY: `self` proves that the instructions are there.
                unsafe { $to_mask(lanes) }
            }

            #[inline(always)]
            unsafe fn load_masked(self, at: *const f32, mask: $mask) -> $vector {
                // SAFETY: the caller's, and `self` proves that the instruction is there.
                unsafe { $load_masked(at, mask) }
            }

            #[inline(always)]
            fn and_mask(self, x: $vector, mask: $mask) -> $vector {
                // SAFETY: `self` proves that the instruction is there.
                unsafe { $and_mask(mask, x) }
            }

            #[inline(always)]
            unsafe fn store_first(self, at: *mut f32, x: $vector, count: usize) {
                // SAFETY: the caller's, and `self` proves that the instructions are there.
                unsafe { $store_first(at, x, count) };
            }

            #[inline(always)]
            fn halves(self, low: $vector, high: $vector) -> [$vector; 2] {
                // SAFETY: `self` proves that the instructions are there.
                unsafe { $halves(low, high) }
            }

            #[inline(always)]
            fn in_order(self, x: $vector) -> $vector {
                // SAFETY: `self` proves that the instruction is there.
                unsafe { $in_order(x) }
            }
        }
    };
}

float_lanes! {
    /// A register of AVX-512.
    F32x16(__m512), 16, 32,
    _mm512_setzero_ps _mm512_loadu_ps _mm512_set1_ps _mm512_fmadd_ps _mm512_add_ps _mm512_sub_ps
    zip_16 _mm512_storeu_ps halves_16 same_16; __mmask16 = mask_16, load_masked_16 store_first_16 _mm512_maskz_mov_ps
}

float_lanes! {
    /// A register of AVX.
    F32x8(__m256), 8, 16,
    _mm256_setzero_ps _mm256_loadu_ps _mm256_set1_ps _mm256_fmadd_ps _mm256_add_ps _mm256_sub_ps
    zip_8 _mm256_storeu_ps halves_8 in_order_8; __m256i = mask_8, _mm256_maskload_ps store_first_8 keep_8
}

float_lanes! {
    /// Half a register of AVX.
    F32x4(__m128), 4, 16,
    _mm_setzero_ps _mm_loadu_ps _mm_set1_ps _mm_fmadd_ps _mm_add_ps _mm_sub_ps
    zip_4 _mm_storeu_ps halves_4 same_4; __m128i = mask_4, _mm_maskload_ps store_first_4 keep_4
}

float_lanes! {
    /// The lowest lane of a register.
    F32x1(__m128), 1, 16,
    _mm_setzero_ps _mm_load_ss _mm_set_ss _mm_fmadd_ss _mm_add_ss _mm_sub_ss
    zip_1 _mm_store_ss halves_1 same_4; __m128i = mask_1, _mm_maskload_ps store_first_4 keep_4
}

#[target_feature(enable = "avx512f")]
#[inline]
fn zip_16(a: __m512, b: __m512) -> [__m512; 2] {
    let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    let high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    [_mm512_permutex2var_ps(a, low, b), _mm512_permutex2var_ps(a, high, b)]
}

#[target_feature(enable = "avx")]
#[inline]
fn zip_8(a: __m256, b: __m256) -> [__m256; 2] {
    let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    [_mm256_permute2f128_ps::<0x20>(low, high), _mm256_permute2f128_ps::<0x31>(low, high)]
}

#[target_feature(enable = "sse")]
#[inline]
fn zip_4(a: __m128, b: __m128) -> [__m128; 2] {
    [_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b)]
}

#[target_feature(enable = "sse")]
#[inline]
fn zip_1(a: __m128, b: __m128) -> [__m128; 2] {
    [a, b]
}

#[target_feature(enable = "avx512f")]
#[inline]
fn halves_16(low: __m512, high: __m512) -> [__m512; 2] {
    let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    [_mm512_permutex2var_ps(low, even, high), _mm512_permutex2var_ps(low, odd, high)]
}

#[target_feature(enable = "avx512f")]
#[inline]
fn same_16(x: __m512) -> __m512 {
    x
}

#[target_feature(enable = "avx2")]
#[inline]
fn halves_8(low: __m256, high: __m256) -> [__m256; 2] {
    // Numbers 0 2 8 10 | 4 6 12 14, and those after them.
    [_mm256_shuffle_ps::<0b10_00_10_00>(low, high), _mm256_shuffle_ps::<0b11_01_11_01>(low, high)]
}

#[target_feature(enable = "avx2")]
#[inline]
fn in_order_8(x: __m256) -> __m256 {
    _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(_mm256_castps_pd(x)))
}

#[target_feature(enable = "sse")]
#[inline]
fn halves_4(low: __m128, high: __m128) -> [__m128; 2] {
    [_mm_shuffle_ps::<0b10_00_10_00>(low, high), _mm_shuffle_ps::<0b11_01_11_01>(low, high)]
}

#[target_feature(enable = "sse")]
#[inline]
fn halves_1(low: __m128, high: __m128) -> [__m128; 2] {
    [low, high]
}

#[target_feature(enable = "sse")]
#[inline]
fn same_4(x: __m128) -> __m128 {
    x
}

#[target_feature(enable = "avx512f")]
#[inline]
fn mask_16(lanes: u32) -> __mmask16 {
    lanes as u16
}

#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn load_masked_16(at: *const f32, mask: __mmask16) -> __m512 {
    // SAFETY: the caller's.
    unsafe { _mm512_maskz_loadu_ps(mask, at) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn mask_8(lanes: u32) -> __m256i {
    let lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(lanes as i32), lane), lane)
}

#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn store_first_16(at: *mut f32, x: __m512, count: usize) {
    // SAFETY: the caller's.
    unsafe { _mm512_mask_storeu_ps(at, mask_16((1 << count) - 1), x) };
}

// Stores that overlap: those of AVX with a mask are slow on many processors.

#[target_feature(enable = "avx2")]
#[inline]
unsafe fn store_first_8(at: *mut f32, x: __m256, count: usize) {
    let low = _mm256_castps256_ps128(x);
    match count {
        // SAFETY: the caller's.
        8.. => unsafe { _mm256_storeu_ps(at, x) },
        4.. => {
            let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let last = _mm256_add_epi32(lane, _mm256_set1_epi32(count as i32 - 4));
            let last = _mm256_castps256_ps128(_mm256_permutevar8x32_ps(x, last));
            // SAFETY: the caller's; both stores end at `count` at the latest.
            unsafe {
                _mm_storeu_ps(at, low);
                _mm_storeu_ps(at.add(count - 4), last);
            }
        }
        // SAFETY: the caller's.
        _ => unsafe { store_first_4(at, low, count) },
    }
}

#[target_feature(enable = "sse2")]
#[inline]
unsafe fn store_first_4(at: *mut f32, x: __m128, count: usize) {
    // SAFETY: the caller's, for each store.
    unsafe {
        match count {
            4.. => _mm_storeu_ps(at, x),
            3 => {
                _mm_storel_pd(at.cast(), _mm_castps_pd(x));
                _mm_store_ss(at.add(2), _mm_movehl_ps(x, x));
            }
            2 => _mm_storel_pd(at.cast(), _mm_castps_pd(x)),
            1 => _mm_store_ss(at, x),
            0 => {}
        }
    }
}

#[target_feature(enable = "avx")]
#[inline]
fn keep_8(mask: __m256i, x: __m256) -> __m256 {
    _mm256_and_ps(_mm256_castsi256_ps(mask), x)
}

#[target_feature(enable = "sse2")]
#[inline]
fn keep_4(mask: __m128i, x: __m128) -> __m128 {
    _mm_and_ps(_mm_castsi128_ps(mask), x)
}

#[target_feature(enable = "avx2")]
#[inline]
fn mask_4(lanes: u32) -> __m128i {
    _mm256_castsi256_si128(mask_8(lanes))
}

#[target_feature(enable = "avx2")]
#[inline]
fn mask_1(lanes: u32) -> __m128i {
    mask_4(lanes & 1)
}
