//! Sums of products of transformed inputs and weights, for four output channels: the innermost loops, in assembly, so
//! that all sums stay in registers and nothing else is between their instructions.

use core::arch::asm;

/// Where to find transformed inputs and weights, and where sums go; steps in bytes.
#[derive(Clone, Copy)]
pub(super) struct Operands {
    /// The first input channel's tiles, at the first position.
    pub(super) x: *const i16,
    /// From one channel's tiles to the next channel's.
    pub(super) next_input: usize,
    /// From one position to the next.
    pub(super) next_inputs: usize,
    /// Four weights for each input channel, position by position.
    pub(super) weight: *const i8,
    /// Input channels; one at least.
    pub(super) inputs: usize,
    /// The first output channel's tiles, at the first position.
    pub(super) to: *mut i32,
    /// From one channel's sums to the next channel's.
    pub(super) next_output: usize,
    /// From one position to the next.
    pub(super) next_sums: usize,
}

/// The products of 24 tiles in v`$x`, v`$y` and v`$z` with the four weights from lane `$a` of v`$weight` on.
macro_rules! twenty_four {
    ($low:literal $high:literal, $x:literal $y:literal $z:literal, $weight:literal, $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            twenty_four!(@ $low $high, 8 9 10 11 12 13, $x $y $z, $weight, $a),
            twenty_four!(@ $low $high, 14 15 16 17 18 19, $x $y $z, $weight, $b),
            twenty_four!(@ $low $high, 20 21 22 23 24 25, $x $y $z, $weight, $c),
            twenty_four!(@ $low $high, 26 27 28 29 30 31, $x $y $z, $weight, $d),
        )
    };
    (@ $low:literal $high:literal, $p:literal $q:literal $r:literal $s:literal $t:literal $u:literal, $x:literal $y:literal $z:literal, $weight:literal, $lane:literal) => {
        concat!(
            $low, " v", $p, ".4s, v", $x, ".4h, v", $weight, ".h[", $lane, "]\n",
            $high, " v", $q, ".4s, v", $x, ".8h, v", $weight, ".h[", $lane, "]\n",
            $low, " v", $r, ".4s, v", $y, ".4h, v", $weight, ".h[", $lane, "]\n",
            $high, " v", $s, ".4s, v", $y, ".8h, v", $weight, ".h[", $lane, "]\n",
            $low, " v", $t, ".4s, v", $z, ".4h, v", $weight, ".h[", $lane, "]\n",
            $high, " v", $u, ".4s, v", $z, ".8h, v", $weight, ".h[", $lane, "]\n",
        )
    };
}

/// The products of sixteen tiles in v`$x` and v`$y` with the four weights from lane `$a` of v`$weight` on.
macro_rules! sixteen {
    ($low:literal $high:literal, $x:literal $y:literal, $weight:literal, $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            sixteen!(@ $low $high, 16 17 18 19, $x $y, $weight, $a),
            sixteen!(@ $low $high, 20 21 22 23, $x $y, $weight, $b),
            sixteen!(@ $low $high, 24 25 26 27, $x $y, $weight, $c),
            sixteen!(@ $low $high, 28 29 30 31, $x $y, $weight, $d),
        )
    };
    (@ $low:literal $high:literal, $p:literal $q:literal $r:literal $s:literal, $x:literal $y:literal, $weight:literal, $lane:literal) => {
        concat!(
            $low, " v", $p, ".4s, v", $x, ".4h, v", $weight, ".h[", $lane, "]\n",
            $high, " v", $q, ".4s, v", $x, ".8h, v", $weight, ".h[", $lane, "]\n",
            $low, " v", $r, ".4s, v", $y, ".4h, v", $weight, ".h[", $lane, "]\n",
            $high, " v", $s, ".4s, v", $y, ".8h, v", $weight, ".h[", $lane, "]\n",
        )
    };
}

/// The products of eight tiles, likewise.
macro_rules! eight {
    ($low:literal $high:literal, $x:literal, $weight:literal, $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            eight!(@ $low $high, 16 17, $x, $weight, $a),
            eight!(@ $low $high, 20 21, $x, $weight, $b),
            eight!(@ $low $high, 24 25, $x, $weight, $c),
            eight!(@ $low $high, 28 29, $x, $weight, $d),
        )
    };
    (@ $low:literal $high:literal, $p:literal $q:literal, $x:literal, $weight:literal, $lane:literal) => {
        concat!(
            $low, " v", $p, ".4s, v", $x, ".4h, v", $weight, ".h[", $lane, "]\n",
            $high, " v", $q, ".4s, v", $x, ".8h, v", $weight, ".h[", $lane, "]\n",
        )
    };
}

/// The products of four input channels; of the first, with other instructions.
macro_rules! four_inputs {
    (twenty_four, $low:literal $high:literal) => {
        concat!(
            "ld1 {{v0.16b, v1.16b}}, [{weight}], #32\n",
            "ld1 {{v2.8h-v4.8h}}, [{x}], {next_input}\n",
            "ld1 {{v5.8h-v7.8h}}, [{x}], {next_input}\n",
            twenty_four!($low $high, 2 3 4, 0, 0 1 2 3),
            "ld1 {{v2.8h-v4.8h}}, [{x}], {next_input}\n",
            twenty_four!("smlal" "smlal2", 5 6 7, 0, 4 5 6 7),
            "ld1 {{v5.8h-v7.8h}}, [{x}], {next_input}\n",
            twenty_four!("smlal" "smlal2", 2 3 4, 1, 0 1 2 3),
            twenty_four!("smlal" "smlal2", 5 6 7, 1, 4 5 6 7),
        )
    };
    (sixteen, $low:literal $high:literal) => {
        concat!(
            "ld1 {{v0.16b, v1.16b}}, [{weight}], #32\n",
            "ld1 {{v2.8h, v3.8h}}, [{x}], {next_input}\n",
            "ld1 {{v4.8h, v5.8h}}, [{x}], {next_input}\n",
            "ld1 {{v6.8h, v7.8h}}, [{x}], {next_input}\n",
            sixteen!($low $high, 2 3, 0, 0 1 2 3),
            "ld1 {{v2.8h, v3.8h}}, [{x}], {next_input}\n",
            sixteen!("smlal" "smlal2", 4 5, 0, 4 5 6 7),
            sixteen!("smlal" "smlal2", 6 7, 1, 0 1 2 3),
            sixteen!("smlal" "smlal2", 2 3, 1, 4 5 6 7),
        )
    };
    (eight, $low:literal $high:literal) => {
        concat!(
            "ld1 {{v0.16b, v1.16b}}, [{weight}], #32\n",
            "ld1 {{v2.8h}}, [{x}], {next_input}\n",
            "ld1 {{v3.8h}}, [{x}], {next_input}\n",
            "ld1 {{v4.8h}}, [{x}], {next_input}\n",
            "ld1 {{v5.8h}}, [{x}], {next_input}\n",
            eight!($low $high, 2, 0, 0 1 2 3),
            eight!("smlal" "smlal2", 3, 0, 4 5 6 7),
            eight!("smlal" "smlal2", 4, 1, 0 1 2 3),
            eight!("smlal" "smlal2", 5, 1, 4 5 6 7),
        )
    };
}

/// The products of one input channel.
macro_rules! one_input {
    (twenty_four) => {
        concat!(
            "ld1 {{v0.8b}}, [{weight}], #8\n",
            "ld1 {{v2.8h-v4.8h}}, [{x}], {next_input}\n",
            twenty_four!("smlal" "smlal2", 2 3 4, 0, 0 1 2 3),
        )
    };
    (sixteen) => {
        concat!(
            "ld1 {{v0.8b}}, [{weight}], #8\n",
            "ld1 {{v2.8h, v3.8h}}, [{x}], {next_input}\n",
            sixteen!("smlal" "smlal2", 2 3, 0, 0 1 2 3),
        )
    };
    (eight) => {
        concat!(
            "ld1 {{v0.8b}}, [{weight}], #8\n",
            "ld1 {{v2.8h}}, [{x}], {next_input}\n",
            eight!("smlal" "smlal2", 2, 0, 0 1 2 3),
        )
    };
}

/// Writes the sums of four channels.
macro_rules! store {
    (twenty_four) => {
        concat!(
            store!(@@ "8" "11" "12" "13"), store!(@@ "14" "17" "18" "19"),
            store!(@@ "20" "23" "24" "25"), store!(@@ "26" "29" "30" "31"),
        )
    };
    (@@ $a:literal $d:literal $e:literal $f:literal) => {
        concat!(
            "st1 {{v", $a, ".4s-v", $d, ".4s}}, [{to}], #64\n",
            "st1 {{v", $e, ".4s, v", $f, ".4s}}, [{to}], {next_output}\n",
        )
    };
    (sixteen) => {
        store!(@ "19" "23" "27" "31")
    };
    (eight) => {
        store!(@ "17" "21" "25" "29")
    };
    (@ $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            "st1 {{v16.4s-v", $a, ".4s}}, [{to}], {next_output}\n",
            "st1 {{v20.4s-v", $b, ".4s}}, [{to}], {next_output}\n",
            "st1 {{v24.4s-v", $c, ".4s}}, [{to}], {next_output}\n",
            "st1 {{v28.4s-v", $d, ".4s}}, [{to}], {next_output}\n",
        )
    };
}

/// A function for as many tiles as it has for a name. It moves on by `$written` bytes within the sums of a channel.
macro_rules! function {
    ($name:ident, $written:literal) => {
        /// Sums up the products of all input channels, for so many neighbouring tiles at each position.
        ///
        /// # Safety
        ///
        /// So many tiles of each input channel, and the weights, may be read at each position, and as many sums of each
        /// output channel may be written.
        #[inline(never)]
        pub(super) unsafe fn $name(operands: Operands) {
            let Operands {
                x,
                next_input,
                next_inputs,
                weight,
                inputs,
                to,
                next_output,
                next_sums,
            } = operands;
            // SAFETY: the caller's; every processor has the instructions.
            unsafe {
                asm!(
                    "2:",
                    "mov {x}, {first}",
                    "cbz {fours}, 4f",
                    four_inputs!($name, "smull" "smull2"),
                    "tbz {others}, #0, 3f",
                    four_inputs!($name, "smlal" "smlal2"),
                    "3:",
                    "lsr {left}, {others}, #1",
                    "cbz {left}, 5f",
                    "9:",
                    four_inputs!($name, "smlal" "smlal2"),
                    four_inputs!($name, "smlal" "smlal2"),
                    "subs {left}, {left}, #1",
                    "b.ne 9b",
                    "5:",
                    "cbz {rest}, 7f",
                    "mov {left}, {rest}",
                    "6:",
                    one_input!($name),
                    "subs {left}, {left}, #1",
                    "b.ne 6b",
                    "7:",
                    store!($name),
                    "add {first}, {first}, {next_inputs}",
                    "add {to}, {to}, {to_next_sums}",
                    "subs {positions}, {positions}, #1",
                    "b.ne 2b",
                    "b 8f",
                    "4:",
                    "movi v8.16b, #0", "movi v9.16b, #0", "movi v10.16b, #0", "movi v11.16b, #0",
                    "movi v12.16b, #0", "movi v13.16b, #0", "movi v14.16b, #0", "movi v15.16b, #0",
                    "movi v16.16b, #0", "movi v17.16b, #0", "movi v18.16b, #0", "movi v19.16b, #0",
                    "movi v20.16b, #0", "movi v21.16b, #0", "movi v22.16b, #0", "movi v23.16b, #0",
                    "movi v24.16b, #0", "movi v25.16b, #0", "movi v26.16b, #0", "movi v27.16b, #0",
                    "movi v28.16b, #0", "movi v29.16b, #0", "movi v30.16b, #0", "movi v31.16b, #0",
                    "b 5b",
                    "8:",
                    positions = inout(reg) 16_usize => _,
                    left = out(reg) _,
                    fours = in(reg) inputs / 4,
                    others = in(reg) (inputs / 4).saturating_sub(1),
                    rest = in(reg) inputs % 4,
                    first = inout(reg) x => _,
                    x = out(reg) _,
                    next_input = in(reg) next_input,
                    next_inputs = in(reg) next_inputs,
                    weight = inout(reg) weight => _,
                    to = inout(reg) to => _,
                    next_output = in(reg) next_output.wrapping_sub($written),
                    to_next_sums = in(reg) next_sums.wrapping_sub(4 * next_output),
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

function!(twenty_four, 64);
function!(sixteen, 0);
function!(eight, 0);
