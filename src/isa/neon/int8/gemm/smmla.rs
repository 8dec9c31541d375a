//! With `smmla`, which multiplies two channels' eight weights with what they meet of two outputs: half the
//! instructions of [`Sdot`](super::sdot::Sdot).
//!
//! Sums of four outputs and two channels lie in two registers, each of which holds two outputs of both channels; they
//! become registers of four outputs, and these become such, by the same two instructions.

use core::arch::asm;

use super::sums::{Operands, SumOfProducts, Sums, every_sixteen, zero};
use crate::isa::generic::im2col::{Accumulators, CHANNELS, OUTPUTS, PatchRow, TAPS};

/// With `smmla`.
pub(super) struct Smmla;

/// Rows in fours, sixteen at a time, paired: two outputs have eight taps each.
pub(super) fn arrange(rows: &mut [[PatchRow; TAPS]]) {
    for rows in rows.as_flattened_mut().as_chunks_mut::<8>().0 {
        // SAFETY: reads and writes as many rows; every processor has the instructions.
        unsafe {
            asm!(
                "ldp q0, q2, [{at}]",
                "ldp q4, q6, [{at}, #32]",
                "ldp q1, q3, [{at}, #64]",
                "ldp q5, q7, [{at}, #96]",
                "st2 {{v0.4s, v1.4s}}, [{at}], #32",
                "st2 {{v2.4s, v3.4s}}, [{at}], #32",
                "st2 {{v4.4s, v5.4s}}, [{at}], #32",
                "st2 {{v6.4s, v7.4s}}, [{at}]",
                at = inout(reg) rows.as_mut_ptr() => _,
                out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                options(nostack),
            );
        }
    }
}

/// Registers `$to` and `$next` become the halves of both `$one` and `$other`.
macro_rules! interleave_halves {
    ($to:literal $next:literal: $one:literal $other:literal) => {
        concat!(
            "zip1 v", $to, ".2d, v", $one, ".2d, v", $other, ".2d\n", "zip2 v", $next, ".2d, v",
            $one, ".2d, v", $other, ".2d\n",
        )
    };
}

/// The sums of four outputs from [`Accumulators`], or what they start from, in registers 0 to 3.
macro_rules! four_outputs {
    ($a:literal $b:literal $c:literal $d:literal) => {
        concat!(interleave_halves!($a $b: 0 1), interleave_halves!($c $d: 2 3))
    };
}

/// `smmla` of each register of inputs by one of weights.
macro_rules! multiply {
    ($weight:literal: $($sum:literal $x:literal)*) => {
        concat!($("smmla v", $sum, ".4s, v", $weight, ".16b, v", $x, ".16b\n",)*)
    };
}

impl SumOfProducts<CHANNELS> for Smmla {
    #[inline(always)]
    unsafe fn sums(operands: Operands, accumulators: &mut Accumulators) -> Sums<CHANNELS> {
        let Operands { x, sixteens, weight, rest, starts, .. } = operands;
        let mut sums = [[zero(); CHANNELS]; OUTPUTS / 4];
        let [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]] = &mut sums;
        // SAFETY: the caller's.
        unsafe {
            asm!(
                ".arch_extension i8mm",
                "cbz {starts}, 20f",
                "ld4r {{v0.4s-v3.4s}}, [{starts}]",
                four_outputs!(16 17 18 19), four_outputs!(20 21 22 23),
                four_outputs!(24 25 26 27), four_outputs!(28 29 30 31),
                "b 25f",
                "20:",
                "ld1 {{v0.4s-v3.4s}}, [{sums}], #64", four_outputs!(16 17 18 19),
                "ld1 {{v0.4s-v3.4s}}, [{sums}], #64", four_outputs!(20 21 22 23),
                "ld1 {{v0.4s-v3.4s}}, [{sums}], #64", four_outputs!(24 25 26 27),
                "ld1 {{v0.4s-v3.4s}}, [{sums}]", four_outputs!(28 29 30 31),
                "25:",
                every_sixteen!(
                    "ld1 {{v0.16b-v3.16b}}, [{weight}], #64",
                    "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
                    "ld1 {{v8.16b-v11.16b}}, [{x}], #64",
                    interleave_halves!(12 13: 0 1), interleave_halves!(14 15: 2 3),
                    multiply!(12: 16 4  17 5  20 6  21 7),
                    multiply!(14: 18 4  19 5  22 6  23 7),
                    "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
                    multiply!(12: 24 8  25 9  28 10  29 11),
                    multiply!(14: 26 8  27 9  30 10  31 11),
                    "ld1 {{v8.16b-v11.16b}}, [{x}], #64",
                    multiply!(13: 16 4  17 5  20 6  21 7),
                    multiply!(15: 18 4  19 5  22 6  23 7),
                    multiply!(13: 24 8  25 9  28 10  29 11),
                    multiply!(15: 26 8  27 9  30 10  31 11),
                ),
                interleave_halves!(0 1: 16 17), interleave_halves!(2 3: 18 19), interleave_halves!(4 5: 20 21), interleave_halves!(6 7: 22 23),
                interleave_halves!(8 9: 24 25), interleave_halves!(10 11: 26 27), interleave_halves!(12 13: 28 29), interleave_halves!(14 15: 30 31),
                x = inout(reg) x => _,
                sixteens = inout(reg) sixteens => _,
                weight = inout(reg) weight => _,
                rest = inout(reg) rest => _,
                starts = in(reg) starts,
                sums = inout(reg) accumulators => _,
                lateout("v0") *a, lateout("v1") *b, lateout("v2") *c, lateout("v3") *d,
                lateout("v4") *e, lateout("v5") *f, lateout("v6") *g, lateout("v7") *h,
                lateout("v8") *i, lateout("v9") *j, lateout("v10") *k, lateout("v11") *l,
                lateout("v12") *m, lateout("v13") *n, lateout("v14") *o, lateout("v15") *p,
                out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                out("v24") _, out("v25") _, out("v26") _, out("v27") _,
                out("v28") _, out("v29") _, out("v30") _, out("v31") _,
                options(readonly, nostack),
            );
        }
        sums
    }
}

impl SumOfProducts<1> for Smmla {
    #[inline(always)]
    unsafe fn sums(operands: Operands, accumulators: &mut Accumulators) -> Sums<1> {
        let Operands { x, sixteens, weight, rest, starts, .. } = operands;
        let mut sums = [[zero()]; OUTPUTS / 4];
        let [[a], [b], [c], [d]] = &mut sums;
        // SAFETY: the caller's.
        unsafe {
            asm!(
                ".arch_extension i8mm",
                "cbz {starts}, 20f",
                "ld1r {{v0.4s}}, [{starts}]",
                "mov v1.16b, v0.16b", "mov v2.16b, v0.16b", "mov v3.16b, v0.16b",
                "b 25f",
                "20:",
                "ldr q0, [{sums}]", "ldr q1, [{sums}, #64]",
                "ldr q2, [{sums}, #128]", "ldr q3, [{sums}, #192]",
                "25:",
                // The channel twice, as there are no two.
                interleave_halves!(16 17: 0 0), interleave_halves!(18 19: 1 1), interleave_halves!(20 21: 2 2), interleave_halves!(22 23: 3 3),
                every_sixteen!(
                    "ld1 {{v0.16b}}, [{weight}], #16",
                    "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
                    "ld1 {{v24.16b-v27.16b}}, [{x}], #64",
                    interleave_halves!(2 3: 0 0),
                    multiply!(2: 16 4  17 5  18 6  19 7),
                    "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
                    multiply!(2: 20 24  21 25  22 26  23 27),
                    "ld1 {{v24.16b-v27.16b}}, [{x}], #64",
                    multiply!(3: 16 4  17 5  18 6  19 7),
                    multiply!(3: 20 24  21 25  22 26  23 27),
                ),
                interleave_halves!(0 4: 16 17), interleave_halves!(1 5: 18 19), interleave_halves!(2 6: 20 21), interleave_halves!(3 7: 22 23),
                x = inout(reg) x => _,
                sixteens = inout(reg) sixteens => _,
                weight = inout(reg) weight => _,
                rest = inout(reg) rest => _,
                starts = in(reg) starts,
                sums = in(reg) accumulators,
                lateout("v0") *a, lateout("v1") *b, lateout("v2") *c, lateout("v3") *d,
                out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                out("v24") _, out("v25") _, out("v26") _, out("v27") _,
                options(readonly, nostack),
            );
        }
        sums
    }
}
