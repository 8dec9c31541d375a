//! Sums of products of sixteen taps: the innermost loops of i8, in assembly, so that all sums stay in registers and
//! nothing else is between their instructions.

use core::arch::aarch64::*;
use core::arch::asm;

use crate::isa::neon::int8::tile::{CHANNELS, OUTPUTS, Row, Totals};

/// What sums are made of.
#[derive(Clone, Copy)]
pub(super) struct Factors {
    /// Sixteen rows for each sixteen taps, arranged; of those of `rest` too.
    pub(super) x: *const Row,
    pub(super) sixteens: usize,
    /// Sixteen weights of each channel for each of `sixteens`.
    pub(super) weight: *const i8,
    /// And those of one more sixteen, or null.
    pub(super) rest: *const i8,
    /// What the channels' sums start from; null if they start from the totals.
    pub(super) starts: *const i32,
    /// How many outputs count.
    pub(super) outputs: usize,
    /// Whether sums of two products may need more than sixteen bits.
    pub(super) smallest: bool,
}

/// Sums of a block of `C` channels, of four outputs at a time.
pub(super) type Sums<const C: usize> = [[int32x4_t; C]; OUTPUTS / 4];

/// How products are summed up.
pub(super) trait Products<const C: usize> {
    /// The sums of a block. What they start from may be in `totals`, which is theirs to write.
    ///
    /// # Safety
    ///
    /// The processor has the instructions, and all that [`Factors`] tells of may be read.
    unsafe fn sums(factors: Factors, totals: &mut Totals) -> Sums<C>;
}

/// With `sdot`.
pub(super) struct Dot;

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

/// Instructions for every sixteen taps: first those that have weights, then the one that is left over. There may be
/// others for the first of all, of which there is one at least.
macro_rules! every_sixteen {
    (first: $first:expr; $($line:expr,)*) => {
        concat!(
            "cbnz {sixteens}, 20f\n",
            "mov {weight}, {rest}\n",
            "mov {rest}, xzr\n",
            "mov {sixteens}, #1\n",
            "20:\n",
            $first,
            "subs {sixteens}, {sixteens}, #1\n",
            every_sixteen!(@ "b.eq 22f\n", $($line,)*),
        )
    };
    (@ $start:literal, $($line:expr,)*) => {
        concat!(
            $start,
            "21:\n",
            $($line, "\n",)*
            "subs {sixteens}, {sixteens}, #1\n",
            "b.ne 21b\n",
            "22:\n",
            "cbz {rest}, 23f\n",
            "mov {weight}, {rest}\n",
            "mov {rest}, xzr\n",
            "mov {sixteens}, #1\n",
            "b 21b\n",
            "23:\n",
        )
    };
    (twice: $($line:expr,)*) => {
        concat!(
            "cbz {sixteens}, 23f\n",
            "tbnz {sixteens}, #0, 22f\n",
            "21:\n",
            $($line, "\n",)*
            "22:\n",
            $($line, "\n",)*
            "subs {sixteens}, {sixteens}, #2\n",
            "b.gt 21b\n",
            "23:\n",
            "cbz {rest}, 24f\n",
            "mov {weight}, {rest}\n",
            "mov {rest}, xzr\n",
            "mov {sixteens}, #1\n",
            "b 22b\n",
            "24:\n",
        )
    };
    ($($line:expr,)*) => {
        every_sixteen!(@ "cbz {sixteens}, 22f\n", $($line,)*)
    };
}

pub(super) use every_sixteen;

impl Products<CHANNELS> for Dot {
    #[inline(always)]
    unsafe fn sums(factors: Factors, totals: &mut Totals) -> Sums<CHANNELS> {
        let Factors { x, sixteens, weight, rest, starts, outputs, .. } = factors;
        let mut sums = [[zero(); CHANNELS]; OUTPUTS / 4];
        if outputs <= 4 {
            let [[a, b, c, d], ..] = &mut sums;
            // SAFETY: the caller's.
            unsafe {
                asm!(
                    ".arch_extension dotprod",
                    "ld1 {{v16.4s-v19.4s}}, [{totals}]",
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
                    totals = in(reg) totals,
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
                "ld1 {{v16.4s-v19.4s}}, [{totals}], #64",
                "ld1 {{v20.4s-v23.4s}}, [{totals}], #64",
                "ld1 {{v24.4s-v27.4s}}, [{totals}], #64",
                "ld1 {{v28.4s-v31.4s}}, [{totals}]",
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
                totals = inout(reg) totals => _,
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

impl Products<1> for Dot {
    #[inline(always)]
    unsafe fn sums(factors: Factors, totals: &mut Totals) -> Sums<1> {
        let Factors { x, sixteens, weight, rest, starts, .. } = factors;
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
                "ldr q16, [{totals}]", "ldr q17, [{totals}, #64]",
                "ldr q18, [{totals}, #128]", "ldr q19, [{totals}, #192]",
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
                totals = in(reg) totals,
                out("v0") _, out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                lateout("v16") *a, lateout("v17") *b, lateout("v18") *c, lateout("v19") *d,
                options(readonly, nostack),
            );
        }
        sums
    }
}

#[inline(always)]
pub(super) fn zero() -> int32x4_t {
    // SAFETY: every processor has the instruction.
    unsafe { vdupq_n_s32(0) }
}

/// The sums of a block's first `C` channels.
#[inline(always)]
pub(super) fn load<const C: usize>(totals: &Totals) -> Sums<C> {
    let mut sums = [[zero(); C]; OUTPUTS / 4];
    for (sums, totals) in sums.iter_mut().zip(&totals.0) {
        for (sum, totals) in sums.iter_mut().zip(totals) {
            // SAFETY: a register is four numbers, and totals are aligned like registers.
            *sum = unsafe { *(&raw const *totals).cast() };
        }
    }
    sums
}

/// Keeps sums for later.
#[inline(always)]
pub(super) fn store<const C: usize>(sums: &Sums<C>, totals: &mut Totals) {
    for (sums, totals) in sums.iter().zip(&mut totals.0) {
        for (sum, totals) in sums.iter().zip(totals) {
            // SAFETY: as in `load`.
            unsafe { *(&raw mut *totals).cast() = *sum };
        }
    }
}
