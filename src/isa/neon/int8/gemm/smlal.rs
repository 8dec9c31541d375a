//! Sums of products without `sdot`: two products at a time in sixteen bits, and of those the sums of two.

use core::arch::asm;

use super::sums::{Operands, SumOfProducts, Sums, every_sixteen, load};
use crate::isa::generic::im2col::{Accumulators, CHANNELS, OUTPUTS, PatchRow, TAPS};

/// With `smull` and `smlal`, which every processor has.
pub(super) struct Smlal;

/// Interleaved rows, sixteen at a time, transposed: the sixteen taps of each output lie side by side.
pub(super) fn arrange(rows: &mut [[PatchRow; TAPS]]) {
    for rows in rows {
        // SAFETY: reads and writes as many rows; every processor has the instructions.
        unsafe {
            asm!(
                "ldp q0, q4, [{at}]",
                "ldp q16, q20, [{at}, #32]",
                "ldp q1, q5, [{at}, #64]",
                "ldp q17, q21, [{at}, #96]",
                "ldp q2, q6, [{at}, #128]",
                "ldp q18, q22, [{at}, #160]",
                "ldp q3, q7, [{at}, #192]",
                "ldp q19, q23, [{at}, #224]",
                "st4 {{v0.4s-v3.4s}}, [{at}], #64",
                "st4 {{v4.4s-v7.4s}}, [{at}], #64",
                "st4 {{v16.4s-v19.4s}}, [{at}], #64",
                "st4 {{v20.4s-v23.4s}}, [{at}]",
                at = inout(reg) rows.as_mut_ptr() => _,
                out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                options(nostack, preserves_flags),
            );
        }
    }
}

/// Products of four outputs with a channel, in pairs added to four sums each, or the first ones of all, which begin
/// them. Two products fit into sixteen bits unless all factors are -128.
macro_rules! pairs {
    ($kind:ident first, $sums:tt, $weight:literal) => {
        pairs!(@ $kind "saddlp", $sums, [4 5 6 7], [8 9 10 11], [12 13 14 15], $weight)
    };
    ($kind:ident more, $sums:tt, $weight:literal) => {
        pairs!(@ $kind "sadalp", $sums, [4 5 6 7], [8 9 10 11], [12 13 14 15], $weight)
    };
    (@ i16 $add:literal, [$($sum:literal)*], [$($x:literal)*], [$($low:literal)*], [$($high:literal)*], $weight:literal) => {
        concat!(
            $("smull v", $low, ".8h, v", $x, ".8b, v", $weight, ".8b\n",)*
            $("smlal2 v", $low, ".8h, v", $x, ".16b, v", $weight, ".16b\n",)*
            $($add, " v", $sum, ".4s, v", $low, ".8h\n",)*
        )
    };
    (@ i32 $add:literal, [$($sum:literal)*], [$($x:literal)*], [$($low:literal)*], [$($high:literal)*], $weight:literal) => {
        concat!(
            $("smull v", $low, ".8h, v", $x, ".8b, v", $weight, ".8b\n",)*
            $("smull2 v", $high, ".8h, v", $x, ".16b, v", $weight, ".16b\n",)*
            $($add, " v", $sum, ".4s, v", $low, ".8h\n",)*
            $("sadalp v", $sum, ".4s, v", $high, ".8h\n",)*
        )
    };
}

/// [`pairs`] with a block of four channels.
macro_rules! pairs_of_panel {
    ($kind:ident $which:ident) => {
        concat!(
            "ld1 {{v0.16b-v3.16b}}, [{weight}], #64\n",
            "ld1 {{v4.16b-v7.16b}}, [{x}], {step}\n",
            pairs!($kind $which, [16 17 18 19], 0),
            pairs!($kind $which, [20 21 22 23], 1),
            pairs!($kind $which, [24 25 26 27], 2),
            pairs!($kind $which, [28 29 30 31], 3),
        )
    };
}

/// [`pairs`] with a single channel.
macro_rules! pairs_of_channel {
    ($kind:ident $which:ident) => {
        concat!(
            "ld1 {{v0.16b}}, [{weight}], #16\n",
            "ld1 {{v4.16b-v7.16b}}, [{x}], {step}\n",
            pairs!($kind $which, [16 17 18 19], 0),
        )
    };
}

/// The sums of four outputs with a channel, in one register.
macro_rules! sum_up {
    ($to:literal: $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            "addp v", $a, ".4s, v", $a, ".4s, v", $b, ".4s\n", "addp v", $c, ".4s, v", $c,
            ".4s, v", $d, ".4s\n", "addp v", $to, ".4s, v", $a, ".4s, v", $c, ".4s\n",
        )
    };
}

/// Adds what sums of a block of four channels start from, which is in the totals if it is nowhere else.
macro_rules! start_panel {
    () => {
        concat!(
            sum_up!(16: 16 17 18 19), sum_up!(17: 20 21 22 23),
            sum_up!(18: 24 25 26 27), sum_up!(19: 28 29 30 31),
            "ld1 {{v0.4s-v3.4s}}, [{sums}]\n",
            "cbz {starts}, 24f\n",
            "ld4r {{v0.4s-v3.4s}}, [{starts}]\n",
            "24:\n",
            "add v16.4s, v16.4s, v0.4s\n", "add v17.4s, v17.4s, v1.4s\n",
            "add v18.4s, v18.4s, v2.4s\n", "add v19.4s, v19.4s, v3.4s\n",
            "st1 {{v16.4s-v19.4s}}, [{sums}], #64\n",
        )
    };
}

/// The same for a single channel.
macro_rules! start_channel {
    () => {
        concat!(
            sum_up!(16: 16 17 18 19),
            "ldr q0, [{sums}]\n",
            "cbz {starts}, 24f\n",
            "ld1r {{v0.4s}}, [{starts}]\n",
            "24:\n",
            "add v16.4s, v16.4s, v0.4s\n",
            "str q16, [{sums}], #64\n",
        )
    };
}

/// A function of that name, for four outputs after the other; sums go into the totals.
macro_rules! pairwise {
    ($name:ident: $kind:ident $pairs:ident $start:ident) => {
        /// # Safety
        ///
        /// As [`SumOfProducts::sums`]'s.
        #[inline(always)]
        unsafe fn $name(operands: Operands, accumulators: &mut Accumulators) {
            let Operands { x, sixteens, weight, rest, starts, outputs, .. } = operands;
            // SAFETY: the caller's.
            unsafe {
                asm!(
                    "25:",
                    "mov {x}, {first}",
                    "mov {weight}, {weights}",
                    "mov {sixteens}, {whole}",
                    "mov {rest}, {last}",
                    every_sixteen!(first: $pairs!($kind first); $pairs!($kind more),),
                    $start!(),
                    "add {first}, {first}, #64",
                    "subs {fours}, {fours}, #1",
                    "b.ne 25b",
                    first = inout(reg) x => _,
                    weights = in(reg) weight,
                    whole = in(reg) sixteens,
                    last = in(reg) rest,
                    starts = in(reg) starts,
                    sums = inout(reg) accumulators.0.as_mut_ptr() => _,
                    fours = inout(reg) outputs.clamp(1, OUTPUTS).div_ceil(4) => _,
                    step = in(reg) TAPS * size_of::<PatchRow>(),
                    x = out(reg) _, weight = out(reg) _, sixteens = out(reg) _, rest = out(reg) _,
                    out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                    out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                    out("v8") _, out("v9") _, out("v10") _, out("v11") _,
                    out("v12") _, out("v13") _, out("v14") _, out("v15") _,
                    out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                    out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                    out("v24") _, out("v25") _, out("v26") _, out("v27") _,
                    out("v28") _, out("v29") _, out("v30") _, out("v31") _,
                    options(nostack),
                );
            }
        }
    };
}

pairwise!(panel: i16 pairs_of_panel start_panel);
pairwise!(panel_in_i32: i32 pairs_of_panel start_panel);
pairwise!(channel: i16 pairs_of_channel start_channel);
pairwise!(channel_in_i32: i32 pairs_of_channel start_channel);

impl SumOfProducts<CHANNELS> for Smlal {
    #[inline(always)]
    unsafe fn sums(operands: Operands, accumulators: &mut Accumulators) -> Sums<CHANNELS> {
        // SAFETY: the caller's.
        unsafe {
            match operands.i16_may_overflow {
                false => panel(operands, accumulators),
                true => panel_in_i32(operands, accumulators),
            }
        }
        load(accumulators)
    }
}

impl SumOfProducts<1> for Smlal {
    #[inline(always)]
    unsafe fn sums(operands: Operands, accumulators: &mut Accumulators) -> Sums<1> {
        // SAFETY: the caller's.
        unsafe {
            match operands.i16_may_overflow {
                false => channel(operands, accumulators),
                true => channel_in_i32(operands, accumulators),
            }
        }
        load(accumulators)
    }
}
