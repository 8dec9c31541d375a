//! Sums of products of sixteen rows of weights with one input of each column, the rows side by side in lanes.

use core::arch::asm;

/// How many rows there are.
pub(super) const ROWS: usize = 16;

/// A column's input in register `$x` and its weights in four others; both move on.
macro_rules! load {
    ($x:literal: $first:literal $last:literal) => {
        concat!(
            "ld1 {{v",
            $x,
            ".s}}[0], [{x}], {step}\n",
            "ld1 {{v",
            $first,
            ".4s-v",
            $last,
            ".4s}}, [{weight}], #64\n",
        )
    };
}

/// The products of a column.
macro_rules! column {
    ($how:literal $x:literal: $($sum:literal $weight:literal)*) => {
        concat!($($how, " v", $sum, ".4s, v", $weight, ".4s, v", $x, ".s[0]\n",)*)
    };
}

/// Two columns.
macro_rules! two_columns {
    () => {
        concat!(
            load!(16: 4 7), load!(17: 18 21),
            column!("fmla" 16: 0 4  1 5  2 6  3 7), column!("fmla" 17: 0 18  1 19  2 20  3 21),
        )
    };
}

/// Adds to a register what is at `x`, row by row.
macro_rules! add {
    ($($sum:literal)*) => {
        concat!($(
            "ld1 {{v4.s}}[0], [{x}], {step}\n", "ld1 {{v4.s}}[1], [{x}], {step}\n",
            "ld1 {{v4.s}}[2], [{x}], {step}\n", "ld1 {{v4.s}}[3], [{x}], {step}\n",
            "fadd v", $sum, ".4s, v", $sum, ".4s, v4.4s\n",
        )*)
    };
}

/// Writes a register to `y`, row by row.
macro_rules! store {
    ($($sum:literal)*) => {
        concat!($(
            "st1 {{v", $sum, ".s}}[0], [{y}], {step}\n", "st1 {{v", $sum, ".s}}[1], [{y}], {step}\n",
            "st1 {{v", $sum, ".s}}[2], [{y}], {step}\n", "st1 {{v", $sum, ".s}}[3], [{y}], {step}\n",
        )*)
    };
}

/// Writes the sums of one or more columns, or adds them to what is there; inputs and rows are `step` elements apart.
///
/// # Safety
///
/// Inputs and weights may be read, and rows be written.
#[inline(never)]
pub(super) unsafe fn write(
    columns: usize,
    (x, y): (*const f32, *mut f32),
    step: usize,
    weight: *const f32,
    add: bool,
) {
    // Of a single column and row it may be anything.
    let step = step.wrapping_mul(size_of::<f32>());
    // SAFETY: the caller's; reads and writes nothing else, and every processor has the instructions.
    unsafe {
        asm!(
            load!(16: 4 7), column!("fmul" 16: 0 4  1 5  2 6  3 7), "sub {left}, {left}, #1",
            "tbz {left}, #0, 2f", load!(16: 4 7), column!("fmla" 16: 0 4  1 5  2 6  3 7),
            "2:", "tbz {left}, #1, 3f", two_columns!(),
            "3:", "lsr {left}, {left}, #2", "cbz {left}, 5f",
            "4:", two_columns!(), two_columns!(), "subs {left}, {left}, #1", "b.ne 4b",
            "5:", "cbz {add}, 6f", "mov {x}, {y}", add!(0 1 2 3),
            "6:", store!(0 1 2 3),
            left = inout(reg) columns => _,
            x = inout(reg) x => _,
            weight = inout(reg) weight => _,
            y = inout(reg) y => _,
            step = in(reg) step,
            add = in(reg) usize::from(add),
            out("v0") _, out("v1") _, out("v2") _, out("v3") _, out("v4") _, out("v5") _, out("v6") _,
            out("v7") _, out("v16") _, out("v17") _, out("v18") _, out("v19") _, out("v20") _,
            out("v21") _,
            options(nostack),
        );
    }
}
