//! From the sums of a panel to outputs, and where these are stored.

use core::arch::aarch64::*;
use core::arch::asm;
use core::mem::transmute;

use super::sums::{Sums, load, store};
use crate::isa::generic::im2col::{Accumulators, OUTPUTS, PanelParameters};
use crate::isa::generic::requantize::RequantizeParams;
use crate::isa::neon::int8::requantize::{limit, rescale, saturate, shifted};
use crate::quant::{FixedPoint, Rounding};

/// Sums as outputs, which are limited to the range where that is `limited`. May overwrite `kept`.
#[inline(always)]
pub(super) fn epilogue<const C: usize>(
    mut sums: Sums<C>,
    parameters: &PanelParameters,
    (requantize, limited): (RequantizeParams, bool),
    kept: &mut Accumulators,
) -> [int8x16_t; C] {
    if parameters.right_shift_only {
        // SAFETY: every processor has the instructions; four numbers are read.
        let (multipliers, shifts) = unsafe {
            let int32x4x4_t(a, b, c, d) = vld4q_dup_s32(parameters.multipliers.as_ptr());
            let int32x4x4_t(e, f, g, h) = vld4q_dup_s32(parameters.shifts.as_ptr());
            ([a, b, c, d], [e, f, g, h])
        };
        for sums in &mut sums {
            for ((sum, multiplier), shift) in sums.iter_mut().zip(multipliers).zip(shifts) {
                *sum = shifted(*sum, multiplier, shift);
            }
        }
    } else {
        store(&sums, kept);
        rescale_kept(kept, parameters, requantize.rounding);
        sums = load(kept);
    }
    let [a, b, c, d] = sums;
    // SAFETY: every processor has the instruction.
    let mut outputs = [unsafe { vdupq_n_s8(0) }; C];
    for ((((outputs, a), b), c), d) in outputs.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *outputs = saturate([a, b, c, d], requantize);
    }
    if limited {
        outputs = outputs.map(|outputs| limit(outputs, requantize.range));
    }
    outputs
}

/// Sums times the factors of their channels.
#[inline(never)]
fn rescale_kept(kept: &mut Accumulators, parameters: &PanelParameters, rounding: Rounding) {
    let [a, b, c, d] = &mut kept.0;
    let factors = parameters.multipliers.iter().zip(&parameters.shifts);
    for ((((a, b), c), d), (&multiplier, &shift)) in a.iter_mut().zip(b).zip(c).zip(d).zip(factors)
    {
        // SAFETY: a register is four numbers.
        unsafe {
            let sums = transmute::<[[i32; 4]; 4], [int32x4_t; 4]>([*a, *b, *c, *d]);
            let scaled = rescale(sums, FixedPoint { multiplier, shift }, rounding);
            [*a, *b, *c, *d] = transmute::<[int32x4_t; 4], [[i32; 4]; 4]>(scaled);
        }
    }
}

/// Stores 16 bytes, the last one first, each so many elements behind the one before.
///
/// # Safety
///
/// They may be written.
#[inline(always)]
pub(super) unsafe fn scatter(at: *mut i8, x: int8x16_t, to_next: &[isize; OUTPUTS]) {
    macro_rules! bytes {
        ($($two:literal $first:literal $second:literal)*) => {
            // SAFETY: the caller's.
            unsafe {
                asm!(
                    $(
                        concat!("ldp {a}, {b}, [{steps}, #", $two, "]"),
                        concat!("st1 {{{x:v}.b}}[", $first, "], [{at}], {a}"),
                        concat!("st1 {{{x:v}.b}}[", $second, "], [{at}], {b}"),
                    )*
                    a = out(reg) _,
                    b = out(reg) _,
                    steps = in(reg) to_next.as_ptr(),
                    x = in(vreg) x,
                    at = inout(reg) at => _,
                    options(nostack, preserves_flags),
                );
            }
        };
    }
    bytes!(0 15 14  16 13 12  32 11 10  48 9 8  64 7 6  80 5 4  96 3 2  112 1 0);
}
