//! Sums of products with `sdot`: of four outputs at once, four products each.

use core::arch::asm;

use super::sums::{Operands, SumOfProducts, Sums, every_sixteen, zero};
use crate::isa::generic::im2col::{Accumulators, CHANNELS, OUTPUTS};

/// With `sdot`.
pub(super) struct Sdot;

/// `sdot` of four registers of inputs by part `$part` of a register of weights.
macro_rules! dot {
    ($sums:tt, $x:tt, $weight:literal, $part:literal) => {
        dot!(@ $sums, $x, $weight, $part)
    };
    (@ [$($sum:literal)*], [$($x:literal)*], $weight:literal, $part:literal) => {
        concat!($("sdot v", $sum, ".4s, v", $x, ".16b, v", $weight, ".4b[", $part, "]\n",)*)
    };
}

/// [`dot`] for four channels.
macro_rules! dot_block {
    ($x:tt, $part:literal) => {
        concat!(
            dot!([16 20 24 28], $x, 0, $part),
            dot!([17 21 25 29], $x, 1, $part),
            dot!([18 22 26 30], $x, 2, $part),
            dot!([19 23 27 31], $x, 3, $part),
        )
    };
}

impl SumOfProducts<CHANNELS> for Sdot {
    #[inline(always)]
    unsafe fn sums(operands: Operands, accumulators: &mut Accumulators) -> Sums<CHANNELS> {
        let Operands { x, sixteens, weight, rest, starts, outputs, .. } = operands;
        let mut sums = [[zero(); CHANNELS]; OUTPUTS / 4];
        if outputs <= 4 {
            let [[a, b, c, d], ..] = &mut sums;
            // SAFETY: the caller's.
            unsafe {
                asm!(
                    ".arch_extension dotprod",
                    "ld1 {{v16.4s-v19.4s}}, [{sums}]",
                    "cbz {starts}, 24f",
                    "ld4r {{v16.4s-v19.4s}}, [{starts}]",
                    "24:",
                    every_sixteen!(
                        "ld1 {{v0.16b-v3.16b}}, [{weight}], #64",
                        "ldr q4, [{x}]",
                        "ldr q5, [{x}, #64]",
                        "ldr q6, [{x}, #128]",
                        "ldr q7, [{x}, #192]",
                        "add {x}, {x}, #256",
                        dot!([16], [4], 0, 0), dot!([17], [4], 1, 0), dot!([18], [4], 2, 0), dot!([19], [4], 3, 0),
                        dot!([16], [5], 0, 1), dot!([17], [5], 1, 1), dot!([18], [5], 2, 1), dot!([19], [5], 3, 1),
                        dot!([16], [6], 0, 2), dot!([17], [6], 1, 2), dot!([18], [6], 2, 2), dot!([19], [6], 3, 2),
                        dot!([16], [7], 0, 3), dot!([17], [7], 1, 3), dot!([18], [7], 2, 3), dot!([19], [7], 3, 3),
                    ),
                    x = inout(reg) x => _,
                    sixteens = inout(reg) sixteens => _,
                    weight = inout(reg) weight => _,
                    rest = inout(reg) rest => _,
                    starts = in(reg) starts,
                    sums = in(reg) accumulators,
                    out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                    out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                    lateout("v16") *a, lateout("v17") *b, lateout("v18") *c, lateout("v19") *d,
                    options(readonly, nostack),
                );
            }
            return sums;
        }
        let [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]] = &mut sums;
        // SAFETY: the caller's.
        unsafe {
            asm!(
                ".arch_extension dotprod",
                "cbz {starts}, 20f",
                "ld4r {{v16.4s-v19.4s}}, [{starts}]",
                "ld4r {{v20.4s-v23.4s}}, [{starts}]",
                "ld4r {{v24.4s-v27.4s}}, [{starts}]",
                "ld4r {{v28.4s-v31.4s}}, [{starts}]",
                "b 25f",
                "20:",
                "ld1 {{v16.4s-v19.4s}}, [{sums}], #64",
                "ld1 {{v20.4s-v23.4s}}, [{sums}], #64",
                "ld1 {{v24.4s-v27.4s}}, [{sums}], #64",
                "ld1 {{v28.4s-v31.4s}}, [{sums}]",
                "25:",
                every_sixteen!(twice:
                    "ld1 {{v0.16b-v3.16b}}, [{weight}], #64",
                    "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
                    "ld1 {{v8.16b-v11.16b}}, [{x}], #64",
                    dot_block!([4 5 6 7], 0),
                    "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
                    dot_block!([8 9 10 11], 1),
                    "ld1 {{v8.16b-v11.16b}}, [{x}], #64",
                    dot_block!([4 5 6 7], 2),
                    dot_block!([8 9 10 11], 3),
                ),
                x = inout(reg) x => _,
                sixteens = inout(reg) sixteens => _,
                weight = inout(reg) weight => _,
                rest = inout(reg) rest => _,
                starts = in(reg) starts,
                sums = inout(reg) accumulators => _,
                out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                out("v8") _, out("v9") _, out("v10") _, out("v11") _,
                lateout("v16") *a, lateout("v17") *b, lateout("v18") *c, lateout("v19") *d,
                lateout("v20") *e, lateout("v21") *f, lateout("v22") *g, lateout("v23") *h,
                lateout("v24") *i, lateout("v25") *j, lateout("v26") *k, lateout("v27") *l,
                lateout("v28") *m, lateout("v29") *n, lateout("v30") *o, lateout("v31") *p,
                options(readonly, nostack),
            );
        }
        sums
    }
}

impl SumOfProducts<1> for Sdot {
    #[inline(always)]
    unsafe fn sums(operands: Operands, accumulators: &mut Accumulators) -> Sums<1> {
        let Operands { x, sixteens, weight, rest, starts, .. } = operands;
        let mut sums = [[zero()]; OUTPUTS / 4];
        let [[a], [b], [c], [d]] = &mut sums;
        // SAFETY: the caller's.
        unsafe {
            asm!(
                ".arch_extension dotprod",
                "cbz {starts}, 24f",
                "ld1r {{v16.4s}}, [{starts}]",
                "mov v17.16b, v16.16b", "mov v18.16b, v16.16b", "mov v19.16b, v16.16b",
                "b 25f",
                "24:",
                "ldr q16, [{sums}]", "ldr q17, [{sums}, #64]",
                "ldr q18, [{sums}, #128]", "ldr q19, [{sums}, #192]",
                "25:",
                every_sixteen!(
                    "ld1 {{v0.16b}}, [{weight}], #16",
                    "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
                    "ld1 {{v20.16b-v23.16b}}, [{x}], #64",
                    dot!([16 17 18 19], [4 5 6 7], 0, 0),
                    "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
                    dot!([16 17 18 19], [20 21 22 23], 0, 1),
                    "ld1 {{v20.16b-v23.16b}}, [{x}], #64",
                    dot!([16 17 18 19], [4 5 6 7], 0, 2),
                    dot!([16 17 18 19], [20 21 22 23], 0, 3),
                ),
                x = inout(reg) x => _,
                sixteens = inout(reg) sixteens => _,
                weight = inout(reg) weight => _,
                rest = inout(reg) rest => _,
                starts = in(reg) starts,
                sums = in(reg) accumulators,
                out("v0") _, out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                lateout("v16") *a, lateout("v17") *b, lateout("v18") *c, lateout("v19") *d,
                options(readonly, nostack),
            );
        }
        sums
    }
}
