//! Sums of products of sixteen taps: the innermost loops of i8, in assembly, so that all sums stay in registers and
//! nothing else is between their instructions.

use core::arch::asm;

use crate::arch::tile::{Row, Totals};

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
            dot!([16 17 18 19], $x, 0, $part),
            dot!([20 21 22 23], $x, 1, $part),
            dot!([24 25 26 27], $x, 2, $part),
            dot!([28 29 30 31], $x, 3, $part),
        )
    };
}

/// Adds the products of a block of four channels, for sixteen outputs.
///
/// # Safety
///
/// `x` has sixteen rows and `weight` 64 weights for each of `sixteens`, of which there is one at least.
#[target_feature(enable = "dotprod")]
#[inline(never)]
pub(super) unsafe fn dot_block(
    x: *const Row,
    weight: *const i8,
    sixteens: usize,
    totals: &mut Totals,
) {
    // SAFETY: the caller's; the function has the feature.
    unsafe {
        asm!(
            "ld1 {{v16.4s-v19.4s}}, [{totals}], #64",
            "ld1 {{v20.4s-v23.4s}}, [{totals}], #64",
            "ld1 {{v24.4s-v27.4s}}, [{totals}], #64",
            "ld1 {{v28.4s-v31.4s}}, [{totals}]",
            "2:",
            "ld1 {{v0.16b-v3.16b}}, [{weight}], #64",
            "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
            "ld1 {{v8.16b-v11.16b}}, [{x}], #64",
            dot_block!([4 5 6 7], 0),
            "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
            dot_block!([8 9 10 11], 1),
            "ld1 {{v8.16b-v11.16b}}, [{x}], #64",
            dot_block!([4 5 6 7], 2),
            dot_block!([8 9 10 11], 3),
            "subs {sixteens}, {sixteens}, #1",
            "b.ne 2b",
            "st1 {{v28.4s-v31.4s}}, [{totals}]",
            "sub {totals}, {totals}, #64",
            "st1 {{v24.4s-v27.4s}}, [{totals}]",
            "sub {totals}, {totals}, #64",
            "st1 {{v20.4s-v23.4s}}, [{totals}]",
            "sub {totals}, {totals}, #64",
            "st1 {{v16.4s-v19.4s}}, [{totals}]",
            totals = inout(reg) totals => _,
            weight = inout(reg) weight => _,
            x = inout(reg) x => _,
            sixteens = inout(reg) sixteens => _,
            out("v0") _, out("v1") _, out("v2") _, out("v3") _,
            out("v4") _, out("v5") _, out("v6") _, out("v7") _,
            out("v8") _, out("v9") _, out("v10") _, out("v11") _,
            out("v16") _, out("v17") _, out("v18") _, out("v19") _,
            out("v20") _, out("v21") _, out("v22") _, out("v23") _,
            out("v24") _, out("v25") _, out("v26") _, out("v27") _,
            out("v28") _, out("v29") _, out("v30") _, out("v31") _,
            options(nostack),
        );
    }
}

/// Adds the products of a block of four channels, for the first four outputs.
///
/// # Safety
///
/// As [`dot_block`]'s.
#[target_feature(enable = "dotprod")]
#[inline(never)]
pub(super) unsafe fn dot_four(
    x: *const Row,
    weight: *const i8,
    sixteens: usize,
    totals: &mut Totals,
) {
    // SAFETY: the caller's; the function has the feature.
    unsafe {
        asm!(
            "ldr q16, [{totals}]",
            "ldr q17, [{totals}, #64]",
            "ldr q18, [{totals}, #128]",
            "ldr q19, [{totals}, #192]",
            "2:",
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
            "subs {sixteens}, {sixteens}, #1",
            "b.ne 2b",
            "str q16, [{totals}]",
            "str q17, [{totals}, #64]",
            "str q18, [{totals}, #128]",
            "str q19, [{totals}, #192]",
            totals = in(reg) totals,
            weight = inout(reg) weight => _,
            x = inout(reg) x => _,
            sixteens = inout(reg) sixteens => _,
            out("v0") _, out("v1") _, out("v2") _, out("v3") _,
            out("v4") _, out("v5") _, out("v6") _, out("v7") _,
            out("v16") _, out("v17") _, out("v18") _, out("v19") _,
            options(nostack),
        );
    }
}

/// Adds the products of one channel, for sixteen outputs.
///
/// # Safety
///
/// `x` has sixteen rows and `weight` sixteen weights for each of `sixteens`, of which there is one at least.
#[target_feature(enable = "dotprod")]
#[inline(never)]
pub(super) unsafe fn dot_channel(
    x: *const Row,
    weight: *const i8,
    sixteens: usize,
    totals: &mut Totals,
) {
    // SAFETY: the caller's; the function has the feature.
    unsafe {
        asm!(
            "ld1 {{v16.4s-v19.4s}}, [{totals}]",
            "2:",
            "ld1 {{v0.16b}}, [{weight}], #16",
            "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
            "ld1 {{v20.16b-v23.16b}}, [{x}], #64",
            dot!([16 17 18 19], [4 5 6 7], 0, 0),
            "ld1 {{v4.16b-v7.16b}}, [{x}], #64",
            dot!([16 17 18 19], [20 21 22 23], 0, 1),
            "ld1 {{v20.16b-v23.16b}}, [{x}], #64",
            dot!([16 17 18 19], [4 5 6 7], 0, 2),
            dot!([16 17 18 19], [20 21 22 23], 0, 3),
            "subs {sixteens}, {sixteens}, #1",
            "b.ne 2b",
            "st1 {{v16.4s-v19.4s}}, [{totals}]",
            totals = in(reg) totals,
            weight = inout(reg) weight => _,
            x = inout(reg) x => _,
            sixteens = inout(reg) sixteens => _,
            out("v0") _, out("v4") _, out("v5") _, out("v6") _, out("v7") _,
            out("v16") _, out("v17") _, out("v18") _, out("v19") _,
            out("v20") _, out("v21") _, out("v22") _, out("v23") _,
            options(nostack),
        );
    }
}

/// Products of four outputs with a channel, in pairs added to four sums each.
///
/// Two products fit into sixteen bits unless all factors are -128.
macro_rules! pairs {
    (smallest, [$($sum:literal)*], $weight:literal) => {
        pairs!(@ smallest, [$($sum)*], [4 5 6 7], [8 9 10 11], [12 13 14 15], $weight)
    };
    (usual, [$($sum:literal)*], $weight:literal) => {
        pairs!(@ usual, [$($sum)*], [4 5 6 7], [8 9 10 11], [12 13 14 15], $weight)
    };
    (@ usual, [$($sum:literal)*], [$($x:literal)*], [$($low:literal)*], [$($high:literal)*], $weight:literal) => {
        concat!(
            $("smull v", $low, ".8h, v", $x, ".8b, v", $weight, ".8b\n",)*
            $("smlal2 v", $low, ".8h, v", $x, ".16b, v", $weight, ".16b\n",)*
            $("sadalp v", $sum, ".4s, v", $low, ".8h\n",)*
        )
    };
    (@ smallest, [$($sum:literal)*], [$($x:literal)*], [$($low:literal)*], [$($high:literal)*], $weight:literal) => {
        concat!(
            $("smull v", $low, ".8h, v", $x, ".8b, v", $weight, ".8b\n",)*
            $("smull2 v", $high, ".8h, v", $x, ".16b, v", $weight, ".16b\n",)*
            $("sadalp v", $sum, ".4s, v", $low, ".8h\n",)*
            $("sadalp v", $sum, ".4s, v", $high, ".8h\n",)*
        )
    };
}

/// The sums of four outputs with a channel, in one register.
macro_rules! sum_up {
    ($a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            "addp v", $a, ".4s, v", $a, ".4s, v", $b, ".4s\n", "addp v", $c, ".4s, v", $c,
            ".4s, v", $d, ".4s\n", "addp v", $a, ".4s, v", $a, ".4s, v", $c, ".4s\n",
        )
    };
}

/// A function for a block of four channels, and one for a single channel.
macro_rules! pairwise {
    ($kind:ident, $block:ident, $channel:ident) => {
        /// Adds the products of a block of four channels, for the four outputs from `x` and `totals` on.
        ///
        /// # Safety
        ///
        /// `x` has four rows, of which each is the next output, for the first of `sixteens`, of which there is one at
        /// least, and again sixteen rows on for each of the others; `weight` has 64 for each. From `totals` on there
        /// are four sums, and again, three times, sixteen on.
        #[inline(never)]
        pub(super) unsafe fn $block(
            x: *const Row,
            weight: *const i8,
            sixteens: usize,
            totals: *mut i32,
        ) {
            // SAFETY: the caller's; every processor has the instructions.
            unsafe {
                asm!(
                    // The totals, each in the first of its four sums.
                    "ldr s16, [{totals}]", "ldr s17, [{totals}, #4]",
                    "ldr s18, [{totals}, #8]", "ldr s19, [{totals}, #12]",
                    "ldr s20, [{totals}, #64]", "ldr s21, [{totals}, #68]",
                    "ldr s22, [{totals}, #72]", "ldr s23, [{totals}, #76]",
                    "ldr s24, [{totals}, #128]", "ldr s25, [{totals}, #132]",
                    "ldr s26, [{totals}, #136]", "ldr s27, [{totals}, #140]",
                    "ldr s28, [{totals}, #192]", "ldr s29, [{totals}, #196]",
                    "ldr s30, [{totals}, #200]", "ldr s31, [{totals}, #204]",
                    "2:",
                    "ld1 {{v0.16b-v3.16b}}, [{weight}], #64",
                    "ld1 {{v4.16b-v7.16b}}, [{x}], {step}",
                    pairs!($kind, [16 17 18 19], 0),
                    pairs!($kind, [20 21 22 23], 1),
                    pairs!($kind, [24 25 26 27], 2),
                    pairs!($kind, [28 29 30 31], 3),
                    "subs {sixteens}, {sixteens}, #1",
                    "b.ne 2b",
                    sum_up!(16 17 18 19), sum_up!(20 21 22 23), sum_up!(24 25 26 27), sum_up!(28 29 30 31),
                    "str q16, [{totals}]",
                    "str q20, [{totals}, #64]",
                    "str q24, [{totals}, #128]",
                    "str q28, [{totals}, #192]",
                    totals = in(reg) totals,
                    weight = inout(reg) weight => _,
                    x = inout(reg) x => _,
                    sixteens = inout(reg) sixteens => _,
                    step = in(reg) 16 * size_of::<Row>(),
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

        /// Adds the products of one channel, likewise.
        ///
        /// # Safety
        ///
        /// As the other's, with sixteen weights for each of `sixteens`, and four sums.
        #[inline(never)]
        pub(super) unsafe fn $channel(
            x: *const Row,
            weight: *const i8,
            sixteens: usize,
            totals: *mut i32,
        ) {
            // SAFETY: the caller's; every processor has the instructions.
            unsafe {
                asm!(
                    "ldr s16, [{totals}]", "ldr s17, [{totals}, #4]",
                    "ldr s18, [{totals}, #8]", "ldr s19, [{totals}, #12]",
                    "2:",
                    "ld1 {{v0.16b}}, [{weight}], #16",
                    "ld1 {{v4.16b-v7.16b}}, [{x}], {step}",
                    pairs!($kind, [16 17 18 19], 0),
                    "subs {sixteens}, {sixteens}, #1",
                    "b.ne 2b",
                    sum_up!(16 17 18 19),
                    "str q16, [{totals}]",
                    totals = in(reg) totals,
                    weight = inout(reg) weight => _,
                    x = inout(reg) x => _,
                    sixteens = inout(reg) sixteens => _,
                    step = in(reg) 16 * size_of::<Row>(),
                    out("v0") _, out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                    out("v8") _, out("v9") _, out("v10") _, out("v11") _,
                    out("v12") _, out("v13") _, out("v14") _, out("v15") _,
                    out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                    options(nostack),
                );
            }
        }
    };
}

pairwise!(usual, block, channel);
pairwise!(smallest, block_with_smallest, channel_with_smallest);
