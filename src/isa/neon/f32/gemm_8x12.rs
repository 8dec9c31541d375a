//! Sums of products of eight rows of weights with three registers of neighbouring inputs: the innermost loop of
//! pointwise convolution, and of Winograd's over tiles.
//!
//! Assembly from what sums start from to where they go, as they leave eight registers for everything else.

use core::arch::asm;

use crate::isa::traits::Columns;

/// Elements of a row's vector.
pub(super) const VECTOR: usize = 12;

/// Registers of inputs; `x` moves on to the next column.
macro_rules! inputs {
    ([$a:literal $b:literal $c:literal]) => {
        concat!("ld1 {{v", $a, ".4s, v", $b, ".4s, v", $c, ".4s}}, [{x}], {x_step}\n")
    };
}

/// The products of inputs in three registers; `weight` moves on to the next column.
macro_rules! column {
    ($how:literal $x:tt) => {
        concat!(
            "ld1 {{v30.4s, v31.4s}}, [{weight}], {weight_step}\n",
            column!(@ $how $x [0 1 2] 30 0), column!(@ $how $x [3 4 5] 30 1),
            column!(@ $how $x [6 7 8] 30 2), column!(@ $how $x [9 10 11] 30 3),
            column!(@ $how $x [12 13 14] 31 0), column!(@ $how $x [15 16 17] 31 1),
            column!(@ $how $x [18 19 20] 31 2), column!(@ $how $x [21 22 23] 31 3),
        )
    };
    (@ $how:literal [$($x:literal)*] [$($sum:literal)*] $weight:literal $lane:literal) => {
        concat!($($how, " v", $sum, ".4s, v", $x, ".4s, v", $weight, ".s[", $lane, "]\n",)*)
    };
}

/// Two columns; the first one's inputs have been loaded, and those of a third are, if there is one.
macro_rules! two_columns {
    ($($third:tt)?) => {
        concat!(
            inputs!([27 28 29]), column!("fmla" [24 25 26]),
            $(inputs!($third),)? column!("fmla" [27 28 29]),
        )
    };
}

/// Starts from a bias in lane `$lane` of a register.
macro_rules! bias {
    ($bias:literal $lane:literal: $($sum:literal)*) => {
        concat!($("dup v", $sum, ".4s, v", $bias, ".s[", $lane, "]\n",)*)
    };
}

/// Adds what is at `x`, which moves on to the next row.
macro_rules! add_row {
    ($a:literal $b:literal $c:literal) => {
        concat!("ld1 {{v24.4s-v26.4s}}, [{x}], {y_step}\n", add_row!(@ $a 24  $b 25  $c 26))
    };
    (@ $($sum:literal $x:literal)*) => {
        concat!($("fadd v", $sum, ".4s, v", $sum, ".4s, v", $x, ".4s\n",)*)
    };
}

/// Writes the sums of one or more columns, for one or more vectors and eights of rows.
///
/// # Safety
///
/// They may be read, and there is room for the vectors in each row.
#[inline(never)]
pub(in crate::isa::neon) unsafe fn write(columns: &Columns) {
    let Columns { count, x, x_step, weight, weight_step, y, y_step, bias, add, eights, vectors } =
        *columns;
    // Of a single column it may be anything.
    let [x_step, weight_step, y_step] =
        [x_step, weight_step, y_step].map(|step| step.wrapping_mul(size_of::<f32>()));
    // SAFETY: the caller's; reads and writes nothing else, and every processor has the instructions.
    unsafe {
        asm!(
            "10:", "mov {y}, {first_y}", "mov {weights}, {first_weight}", "mov {bias}, {first_bias}",
            "mov {rows}, {eights}",
            "11:", "mov {x}, {first_x}", "mov {weight}, {weights}", "mov {left}, {count}",
            "cbz {bias}, 2f",
            "ld1 {{v30.4s, v31.4s}}, [{bias}], #32",
            bias!(30 0: 0 1 2), bias!(30 1: 3 4 5), bias!(30 2: 6 7 8), bias!(30 3: 9 10 11),
            bias!(31 0: 12 13 14), bias!(31 1: 15 16 17), bias!(31 2: 18 19 20), bias!(31 3: 21 22 23),
            "b 3f",
            "2:", inputs!([24 25 26]), column!("fmul" [24 25 26]),
            "3:", "tbz {left}, #0, 4f", inputs!([24 25 26]), column!("fmla" [24 25 26]),
            "4:", "tbz {left}, #1, 5f", inputs!([24 25 26]), two_columns!(),
            "5:", "tbz {left}, #2, 6f", inputs!([24 25 26]), two_columns!([24 25 26]), two_columns!(),
            "6:", "lsr {left}, {left}, #3", "cbz {left}, 8f",
            "7:", inputs!([24 25 26]), two_columns!([24 25 26]), two_columns!([24 25 26]),
            two_columns!([24 25 26]), two_columns!(), "subs {left}, {left}, #1", "b.ne 7b",
            "8:", "cbz {add}, 9f", "mov {x}, {y}",
            add_row!(0 1 2), add_row!(3 4 5), add_row!(6 7 8), add_row!(9 10 11),
            add_row!(12 13 14), add_row!(15 16 17), add_row!(18 19 20), add_row!(21 22 23),
            "9:",
            "st1 {{v0.4s-v2.4s}}, [{y}], {y_step}", "st1 {{v3.4s-v5.4s}}, [{y}], {y_step}",
            "st1 {{v6.4s-v8.4s}}, [{y}], {y_step}", "st1 {{v9.4s-v11.4s}}, [{y}], {y_step}",
            "st1 {{v12.4s-v14.4s}}, [{y}], {y_step}", "st1 {{v15.4s-v17.4s}}, [{y}], {y_step}",
            "st1 {{v18.4s-v20.4s}}, [{y}], {y_step}", "st1 {{v21.4s-v23.4s}}, [{y}], {y_step}",
            "add {weights}, {weights}, #32", "subs {rows}, {rows}, #1", "b.ne 11b",
            "add {first_x}, {first_x}, #48", "add {first_y}, {first_y}, #48",
            "subs {vectors}, {vectors}, #1", "b.ne 10b",
            first_x = inout(reg) x => _,
            first_weight = in(reg) weight,
            first_y = inout(reg) y => _,
            first_bias = in(reg) bias,
            vectors = inout(reg) vectors => _,
            eights = in(reg) eights,
            // Without a bias, the first column's products are what sums start from.
            count = in(reg) count - usize::from(bias.is_null()),
            x = out(reg) _, weights = out(reg) _, weight = out(reg) _, y = out(reg) _, bias = out(reg) _,
            left = out(reg) _, rows = out(reg) _,
            x_step = in(reg) x_step,
            weight_step = in(reg) weight_step,
            y_step = in(reg) y_step,
            add = in(reg) usize::from(add),
            out("v0") _, out("v1") _, out("v2") _, out("v3") _, out("v4") _, out("v5") _, out("v6") _,
            out("v7") _, out("v8") _, out("v9") _, out("v10") _, out("v11") _, out("v12") _,
            out("v13") _, out("v14") _, out("v15") _, out("v16") _, out("v17") _, out("v18") _,
            out("v19") _, out("v20") _, out("v21") _, out("v22") _, out("v23") _, out("v24") _,
            out("v25") _, out("v26") _, out("v27") _, out("v28") _, out("v29") _, out("v30") _,
            out("v31") _,
            options(nostack),
        );
    }
}
