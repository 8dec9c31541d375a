//! Sums of products without `sdot`: two products at a time in sixteen bits, and of those the sums of two.

use core::arch::asm;

use crate::isa::neon::int8::products::{Factors, Products, Sums, every_sixteen, load};
use crate::isa::neon::int8::tile::{CHANNELS, OUTPUTS, Row, Totals};

/// How products are summed up on every processor.
pub(super) struct Pairs;

/// Products of four outputs with a channel, in pairs added to four sums each, or the first ones of all, which begin
/// them. Two products fit into sixteen bits unless all factors are -128.
macro_rules! pairs {
    ($kind:ident first, $sums:tt, $weight:literal) => {
        pairs!(@ $kind "saddlp", $sums, [4 5 6 7], [8 9 10 11], [12 13 14 15], $weight)
    };
    ($kind:ident more, $sums:tt, $weight:literal) => {
        pairs!(@ $kind "sadalp", $sums, [4 5 6 7], [8 9 10 11], [12 13 14 15], $weight)
    };
    (@ usual $add:literal, [$($sum:literal)*], [$($x:literal)*], [$($low:literal)*], [$($high:literal)*], $weight:literal) => {
        concat!(
            $("smull v", $low, ".8h, v", $x, ".8b, v", $weight, ".8b\n",)*
            $("smlal2 v", $low, ".8h, v", $x, ".16b, v", $weight, ".16b\n",)*
            $($add, " v", $sum, ".4s, v", $low, ".8h\n",)*
        )
    };
    (@ smallest $add:literal, [$($sum:literal)*], [$($x:literal)*], [$($low:literal)*], [$($high:literal)*], $weight:literal) => {
        concat!(
            $("smull v", $low, ".8h, v", $x, ".8b, v", $weight, ".8b\n",)*
            $("smull2 v", $high, ".8h, v", $x, ".16b, v", $weight, ".16b\n",)*
            $($add, " v", $sum, ".4s, v", $low, ".8h\n",)*
            $("sadalp v", $sum, ".4s, v", $high, ".8h\n",)*
        )
    };
}

/// [`pairs`] with a block of four channels.
macro_rules! pairs_of_block {
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
macro_rules! start_block {
    () => {
        concat!(
            sum_up!(16: 16 17 18 19), sum_up!(17: 20 21 22 23),
            sum_up!(18: 24 25 26 27), sum_up!(19: 28 29 30 31),
            "ld1 {{v0.4s-v3.4s}}, [{totals}]\n",
            "cbz {starts}, 24f\n",
            "ld4r {{v0.4s-v3.4s}}, [{starts}]\n",
            "24:\n",
            "add v16.4s, v16.4s, v0.4s\n", "add v17.4s, v17.4s, v1.4s\n",
            "add v18.4s, v18.4s, v2.4s\n", "add v19.4s, v19.4s, v3.4s\n",
            "st1 {{v16.4s-v19.4s}}, [{totals}], #64\n",
        )
    };
}

/// The same for a single channel.
macro_rules! start_channel {
    () => {
        concat!(
            sum_up!(16: 16 17 18 19),
            "ldr q0, [{totals}]\n",
            "cbz {starts}, 24f\n",
            "ld1r {{v0.4s}}, [{starts}]\n",
            "24:\n",
            "add v16.4s, v16.4s, v0.4s\n",
            "str q16, [{totals}], #64\n",
        )
    };
}

/// A function of that name, for four outputs after the other; sums go into the totals.
macro_rules! pairwise {
    ($name:ident: $kind:ident $pairs:ident $start:ident) => {
        /// # Safety
        ///
        /// As [`Products::sums`]'s.
        #[inline(always)]
        unsafe fn $name(factors: Factors, totals: &mut Totals) {
            let Factors { x, sixteens, weight, rest, starts, outputs, .. } = factors;
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
                    totals = inout(reg) totals.0.as_mut_ptr() => _,
                    fours = inout(reg) outputs.clamp(1, OUTPUTS).div_ceil(4) => _,
                    step = in(reg) 16 * size_of::<Row>(),
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

pairwise!(block: usual pairs_of_block start_block);
pairwise!(block_with_smallest: smallest pairs_of_block start_block);
pairwise!(channel: usual pairs_of_channel start_channel);
pairwise!(channel_with_smallest: smallest pairs_of_channel start_channel);

impl Products<CHANNELS> for Pairs {
    #[inline(always)]
    unsafe fn sums(factors: Factors, totals: &mut Totals) -> Sums<CHANNELS> {
        // SAFETY: the caller's.
        unsafe {
            match factors.smallest {
                false => block(factors, totals),
                true => block_with_smallest(factors, totals),
            }
        }
        load(totals)
    }
}

impl Products<1> for Pairs {
    #[inline(always)]
    unsafe fn sums(factors: Factors, totals: &mut Totals) -> Sums<1> {
        // SAFETY: the caller's.
        unsafe {
            match factors.smallest {
                false => channel(factors, totals),
                true => channel_with_smallest(factors, totals),
            }
        }
        load(totals)
    }
}
