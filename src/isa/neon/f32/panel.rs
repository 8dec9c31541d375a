//! From sums in registers to outputs.

use core::arch::aarch64::*;
use core::arch::asm;

use crate::isa::neon::lanes::Floats;
use crate::isa::traits::{F32Lanes, Lanes};

/// Where the outputs of some channels are.
#[derive(Clone, Copy)]
pub(super) struct Outputs {
    pub(super) at: *mut f32,
    /// From one channel to the next, and from one output to the next.
    pub(super) plane: usize,
    pub(super) step: usize,
    /// How many outputs of a channel there are; up to two of a row, and as many of another one so far behind.
    pub(super) count: usize,
    pub(super) other: Option<usize>,
}

/// Writes the sums of `R` channels, or adds them to what is there: the first ones, or the first of the first two lanes
/// and of the last two, if there is another row.
///
/// # Safety
///
/// There is room for them, and they may be read if `adds`.
#[inline(always)]
pub(super) unsafe fn write<const N: usize, const R: usize>(
    sums: [[float32x4_t; N]; R],
    Outputs { at, plane, step, count, other }: Outputs,
    adds: bool,
) {
    let lanes = Floats::<N>(());
    macro_rules! each {
        ($y:ident, $sum:ident => $write:expr) => {
            for (r, $sum) in sums.into_iter().enumerate() {
                let $y = at.wrapping_add(r * plane);
                // SAFETY: the caller's.
                unsafe { $write };
            }
        };
    }
    if let Some(other) = other {
        let places = |y: *mut f32| {
            let other = y.wrapping_add(other);
            [y, y.wrapping_add(step), other, other.wrapping_add(step)]
        };
        match (count, adds) {
            (2, false) => each!(y, sum => write_lanes(places(y), sum[0], 0b1111, false)),
            (2, true) => each!(y, sum => write_lanes(places(y), sum[0], 0b1111, true)),
            _ => each!(y, sum => write_lanes(places(y), sum[0], 0b0101, adds)),
        }
    } else if count < 4 * N {
        each!(y, sum => {
            for (n, sum) in sum.into_iter().enumerate() {
                let places = [0, 1, 2, 3].map(|lane| y.wrapping_add((4 * n + lane) * step));
                let lanes = (1_usize << count.saturating_sub(4 * n).min(4)) - 1;
                write_lanes(places, sum, lanes, adds);
            }
        });
    } else {
        match (step, adds) {
            (1, false) => each!(y, sum => lanes.store(y, sum)),
            (1, true) => each!(y, sum => lanes.add_to(y, sum)),
            (_, false) => each!(y, sum => write_apart(y, step, sum, false)),
            (_, true) => each!(y, sum => write_apart(y, step, sum, true)),
        }
    }
}

/// Writes outputs `step` apart, or adds to them.
///
/// # Safety
///
/// They may be written, and read if `adds`.
#[inline(always)]
unsafe fn write_apart<const N: usize>(
    at: *mut f32,
    step: usize,
    sums: [float32x4_t; N],
    adds: bool,
) {
    let (mut from, mut to) = (at, at);
    let step = step.wrapping_mul(size_of::<f32>());
    for mut sum in sums {
        // SAFETY: the caller's; writes nothing else.
        unsafe {
            if adds {
                asm!(
                    "ld1 {{v0.s}}[0], [{at}], {step}", "ld1 {{v0.s}}[1], [{at}], {step}",
                    "ld1 {{v0.s}}[2], [{at}], {step}", "ld1 {{v0.s}}[3], [{at}], {step}",
                    "fadd {sum:v}.4s, {sum:v}.4s, v0.4s",
                    at = inout(reg) from, step = in(reg) step, sum = inout(vreg) sum,
                    out("v0") _, options(readonly, nostack, preserves_flags));
            }
            asm!(
                "st1 {{{sum:v}.s}}[0], [{at}], {step}", "st1 {{{sum:v}.s}}[1], [{at}], {step}",
                "st1 {{{sum:v}.s}}[2], [{at}], {step}", "st1 {{{sum:v}.s}}[3], [{at}], {step}",
                at = inout(reg) to, step = in(reg) step, sum = in(vreg) sum,
                options(nostack, preserves_flags));
        }
    }
}

/// Writes the lanes whose bits are set, or adds them to what is there.
///
/// # Safety
///
/// Their places may be written, and read if `adds`.
#[inline(always)]
unsafe fn write_lanes(places: [*mut f32; 4], sum: float32x4_t, lanes: usize, adds: bool) {
    macro_rules! each {
        ($($lane:literal)*) => {$(
            if lanes >> $lane & 1 != 0 {
                // SAFETY: the caller's, and every processor has the instruction.
                unsafe {
                    let at = places[$lane];
                    if adds {
                        *at += vgetq_lane_f32::<$lane>(sum);
                    } else {
                        vst1q_lane_f32::<$lane>(at, sum);
                    }
                }
            }
        )*};
    }
    each!(0 1 2 3);
}
