//! Loads and stores of vectors that are aligned as their elements.
//!
//! Targets without an operating system have `strict-align`, as memory is such that other accesses trap until the
//! MMU is on. The compiler makes plain loads of vectors from those of bytes there; `ld1` and `st1` ask for the
//! alignment of elements alone. The intrinsics that have these names are plain loads today.

use core::arch::aarch64::*;
use core::arch::asm;

/// Whether plain loads of vectors have to be aligned as vectors.
const STRICT: bool = cfg!(target_os = "none");

/// `N` registers, 1 to 4, from `$from` on, which `$address` is in assembly.
///
/// Several registers of one instruction have to be neighbours, which asks for their names. Those for two and
/// for three or four do not overlap, as both are used together.
macro_rules! ld1 {
    ($from:expr, $address:literal, $($operand:tt)*) => {{
        // SAFETY: every processor has the instruction.
        let mut vectors = [unsafe { vdupq_n_f32(0.0) }; N];
        match vectors.as_mut_slice() {
            [a] if STRICT => {
                // SAFETY: the caller's; reads nothing else.
                unsafe {
                    asm!(concat!("ld1 {{{:v}.4s}}, ", $address), out(vreg) *a, $($operand)*,
                        options(pure, readonly, nostack, preserves_flags));
                }
            }
            [a, b] if STRICT => ld1!(@ "v30.4s, v31.4s", $address, [a "v30", b "v31"], $($operand)*),
            [a, b, c] if STRICT => {
                ld1!(@ "v27.4s, v28.4s, v29.4s", $address, [a "v27", b "v28", c "v29"], $($operand)*);
            }
            [a, b, c, d] if STRICT => {
                ld1!(@ "v26.4s, v27.4s, v28.4s, v29.4s", $address,
                    [a "v26", b "v27", c "v28", d "v29"], $($operand)*);
            }
            vectors => {
                for (index, vector) in vectors.iter_mut().enumerate() {
                    // SAFETY: the caller's.
                    *vector = unsafe { vld1q_f32($from.add(4 * index)) };
                }
            }
        }
        vectors
    }};
    (@ $registers:literal, $address:literal, [$($vector:ident $register:tt),*], $($operand:tt)*) => {
        // SAFETY: the caller's; reads nothing else.
        unsafe {
            asm!(concat!("ld1 {{", $registers, "}}, ", $address), $($operand)*,
                $(out($register) *$vector,)* options(pure, readonly, nostack, preserves_flags));
        }
    };
}

/// Elements of a [`Part`].
const PART: usize = 64;

/// Some values, aligned as registers.
#[repr(align(16))]
struct Part([f32; PART]);

/// Hands out all values for a loop of which the compiler makes vectors: as they are, or, where it would load and store
/// each element of a vector by itself, some at a time in a copy that is aligned.
#[inline(always)]
pub(super) fn each_part(values: &mut [f32], run: impl Fn(&mut [f32])) {
    match STRICT {
        true => in_parts(values, run),
        false => run(values),
    }
}

/// Hands out copies of [`PART`] values, or of what is left with others behind.
#[inline(always)]
fn in_parts(values: &mut [f32], run: impl Fn(&mut [f32])) {
    let mut part = Part([0.0; PART]);
    for values in values.chunks_mut(PART) {
        copy(values, &mut part.0);
        run(&mut part.0);
        copy(&part.0, values);
    }
}

/// Copies as many elements as both have. Not inlined: it is called often, and small beside what it is for.
#[inline(never)]
fn copy(from: &[f32], to: &mut [f32]) {
    let len = from.len().min(to.len());
    let (from, to) = (from.as_ptr(), to.as_mut_ptr());
    let mut done = 0;
    // SAFETY: both have as many elements.
    unsafe {
        while done + 16 <= len {
            store::<4>(to.add(done), load(from.add(done)));
            done += 16;
        }
        while done < len {
            to.add(done).write(from.add(done).read());
            done += 1;
        }
    }
}

/// Loads `N` registers, 1 to 4.
///
/// # Safety
///
/// `4 * N` elements from `at` on may be read.
#[inline(always)]
pub(super) unsafe fn load<const N: usize>(at: *const f32) -> [float32x4_t; N] {
    // SAFETY: the caller's.
    ld1!(at, "[{}]", in(reg) at)
}

/// [`load`], and moves `at` on by `step` elements.
///
/// # Safety
///
/// `4 * N` elements from `at` on may be read.
#[inline(always)]
pub(super) unsafe fn load_next<const N: usize>(
    at: &mut *const f32,
    step: usize,
) -> [float32x4_t; N] {
    let from = *at;
    let mut next = from;
    let vectors =
        ld1!(from, "[{}], {}", inout(reg) next, in(reg) step.wrapping_mul(size_of::<f32>()));
    *at = if STRICT { next } else { from.wrapping_add(step) };
    vectors
}

/// Stores `N` registers.
///
/// # Safety
///
/// `4 * N` elements from `at` on may be written.
#[inline(always)]
pub(super) unsafe fn store<const N: usize>(mut at: *mut f32, vectors: [float32x4_t; N]) {
    for vector in vectors {
        // SAFETY: the caller's; writes nothing else.
        unsafe {
            if STRICT {
                asm!("st1 {{{:v}.4s}}, [{}], #16", in(vreg) vector, inout(reg) at,
                    options(nostack, preserves_flags));
            } else {
                vst1q_f32(at, vector);
                at = at.add(4);
            }
        }
    }
}

/// Stores the lower two lanes.
///
/// # Safety
///
/// Two elements from `at` on may be written.
#[inline(always)]
pub(super) unsafe fn store_two(at: *mut f32, x: float32x4_t) {
    // SAFETY: the caller's, and every processor has the instruction.
    unsafe {
        vst1q_lane_f32::<0>(at, x);
        vst1q_lane_f32::<1>(at.add(1), x);
    }
}

/// Stores a register, and moves `at` on by `step` elements.
///
/// # Safety
///
/// Four elements from `at` on may be written.
#[inline(always)]
pub(super) unsafe fn store_next(at: &mut *mut f32, step: usize, [vector]: [float32x4_t; 1]) {
    // SAFETY: the caller's; writes nothing else.
    unsafe {
        if STRICT {
            asm!("st1 {{{:v}.4s}}, [{}], {}", in(vreg) vector, inout(reg) *at,
                in(reg) step.wrapping_mul(size_of::<f32>()), options(nostack, preserves_flags));
        } else {
            vst1q_f32(*at, vector);
            *at = at.wrapping_add(step);
        }
    }
}

/// Loads half a register of bytes.
///
/// # Safety
///
/// Eight elements from `at` on may be read.
#[inline(always)]
pub(super) unsafe fn load_half(at: *const i8) -> int8x8_t {
    let x;
    // SAFETY: the caller's; reads nothing else.
    unsafe {
        asm!("ld1 {{{:v}.8b}}, [{}]", out(vreg) x, in(reg) at,
            options(pure, readonly, nostack, preserves_flags));
    }
    x
}

/// Stores half a register of bytes.
///
/// # Safety
///
/// Eight elements from `at` on may be written.
#[inline(always)]
pub(super) unsafe fn store_half(at: *mut i8, x: int8x8_t) {
    // SAFETY: the caller's; writes nothing else.
    unsafe {
        asm!("st1 {{{:v}.8b}}, [{}]", in(vreg) x, in(reg) at, options(nostack, preserves_flags));
    }
}

/// Loads sixteen bytes.
///
/// # Safety
///
/// Sixteen elements from `at` on may be read.
#[inline(always)]
pub(super) unsafe fn load_bytes(at: *const i8) -> int8x16_t {
    let x;
    // SAFETY: the caller's; reads nothing else.
    unsafe {
        asm!("ld1 {{{:v}.16b}}, [{}]", out(vreg) x, in(reg) at,
            options(pure, readonly, nostack, preserves_flags));
    }
    x
}

/// Stores sixteen bytes.
///
/// # Safety
///
/// Sixteen elements from `at` on may be written.
#[inline(always)]
pub(super) unsafe fn store_bytes(at: *mut i8, x: int8x16_t) {
    // SAFETY: the caller's; writes nothing else.
    unsafe {
        asm!("st1 {{{:v}.16b}}, [{}]", in(vreg) x, in(reg) at, options(nostack, preserves_flags));
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn parts_of_any_length() {
        for len in 0..3 * PART + 20 {
            let mut values: Vec<f32> = (0..len).map(|number| number as f32).collect();
            in_parts(&mut values, |values| values.iter_mut().for_each(|value| *value += 0.5));
            let all_added = values.iter().enumerate().all(|(at, &value)| value == at as f32 + 0.5);
            assert!(all_added, "{len} values");
        }
    }
}
