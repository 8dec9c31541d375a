//! Loads and stores of vectors that are aligned as their elements.
//!
//! Where the target has `strict-align`, as on bare metal, plain loads and stores of vectors would be made of
//! those of elements; `ld1` and `st1` are as fast, and free to be used there.

use core::arch::aarch64::*;
use core::arch::asm;

/// Loads `N` registers, 1 to 4.
///
/// # Safety
///
/// `4 * N` elements from `at` on may be read.
#[inline(always)]
pub(super) unsafe fn load<const N: usize>(at: *const f32) -> [float32x4_t; N] {
    // SAFETY: the caller's.
    unsafe {
        let mut vectors = [vdupq_n_f32(0.0); N];
        match vectors.as_mut_slice() {
            [a] => *a = load_one(at),
            [a, b] => float32x4x2_t(*a, *b) = vld1q_f32_x2(at),
            [a, b, c] => float32x4x3_t(*a, *b, *c) = vld1q_f32_x3(at),
            [a, b, c, d] => float32x4x4_t(*a, *b, *c, *d) = vld1q_f32_x4(at),
            _ => {}
        }
        vectors
    }
}

/// Stores `N` registers, 1 to 4.
///
/// # Safety
///
/// `4 * N` elements from `at` on may be written.
#[inline(always)]
pub(super) unsafe fn store<const N: usize>(at: *mut f32, vectors: [float32x4_t; N]) {
    // SAFETY: the caller's.
    unsafe {
        match *vectors.as_slice() {
            [a] => store_one(at, a),
            [a, b] => vst1q_f32_x2(at, float32x4x2_t(a, b)),
            [a, b, c] => vst1q_f32_x3(at, float32x4x3_t(a, b, c)),
            [a, b, c, d] => vst1q_f32_x4(at, float32x4x4_t(a, b, c, d)),
            _ => {}
        }
    }
}

#[inline(always)]
unsafe fn load_one(at: *const f32) -> float32x4_t {
    if cfg!(not(target_os = "none")) {
        // SAFETY: the caller's.
        return unsafe { vld1q_f32(at) };
    }
    let x;
    // SAFETY: the caller's; reads nothing else.
    unsafe {
        asm!("ld1 {{{:v}.4s}}, [{}]", out(vreg) x, in(reg) at,
            options(pure, readonly, nostack, preserves_flags));
    }
    x
}

#[inline(always)]
unsafe fn store_one(at: *mut f32, x: float32x4_t) {
    if cfg!(not(target_os = "none")) {
        // SAFETY: the caller's.
        return unsafe { vst1q_f32(at, x) };
    }
    // SAFETY: the caller's; writes nothing else.
    unsafe {
        asm!("st1 {{{:v}.4s}}, [{}]", in(vreg) x, in(reg) at, options(nostack, preserves_flags));
    }
}

/// Stores the lower two lanes.
///
/// # Safety
///
/// Two elements from `at` on may be written.
#[inline(always)]
pub(super) unsafe fn store_two(at: *mut f32, x: float32x4_t) {
    // SAFETY: the caller's.
    unsafe {
        vst1q_lane_f32::<0>(at, x);
        vst1q_lane_f32::<1>(at.add(1), x);
    }
}
