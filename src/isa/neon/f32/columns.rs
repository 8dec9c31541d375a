//! Products of some rows of weights with registers of inputs, for several columns of them at a time.
//!
//! Assembly, as there is no register to spare: the compiler copies inputs to load the next ones early.

use core::arch::aarch64::float32x4_t;
use core::arch::asm;

/// Registers of inputs, and `x` moved on by `$step`; or one whose other half comes from `other`, which moves on as well.
macro_rules! inputs {
    ([$rows:ident of $($v:literal)*], $step:literal) => { inputs!([$($v)*], $step) };
    ([$v:literal of two], $step:literal) => {
        concat!("ld1 {{v", $v, ".d}}[0], [{x}], {", $step, "}\n",
            "ld1 {{v", $v, ".d}}[1], [{other}], {", $step, "}\n")
    };
    ([$first:literal $($v:literal)*], $step:literal) => {
        concat!("ld1 {{v", $first, ".4s", $(", v", $v, ".4s",)* "}}, [{x}], {", $step, "}\n")
    };
}

/// The products of a column whose inputs are in some registers; `weight` is moved on by `$step`. Of three registers
/// or two there are eight rows of weights, of three also four or one, of one sixteen.
macro_rules! column {
    ([one of $a:literal $b:literal $c:literal], $step:literal) => {
        concat!(
            "ld1r {{v30.4s}}, [{weight}], {", $step, "}\n",
            column!(@ [$a $b $c] [s0 s1 s2] 30 0),
        )
    };
    ([four of $a:literal $b:literal $c:literal], $step:literal) => {
        concat!(
            "ld1 {{v30.4s}}, [{weight}], {", $step, "}\n",
            column!(@ [$a $b $c] [s0 s1 s2] 30 0), column!(@ [$a $b $c] [s3 s4 s5] 30 1),
            column!(@ [$a $b $c] [s6 s7 s8] 30 2), column!(@ [$a $b $c] [s9 s10 s11] 30 3),
        )
    };
    ([$a:literal $b:literal $c:literal], $step:literal) => {
        concat!(
            "ld1 {{v30.4s, v31.4s}}, [{weight}], {", $step, "}\n",
            column!(@ [$a $b $c] [s0 s1 s2] 30 0), column!(@ [$a $b $c] [s3 s4 s5] 30 1),
            column!(@ [$a $b $c] [s6 s7 s8] 30 2), column!(@ [$a $b $c] [s9 s10 s11] 30 3),
            column!(@ [$a $b $c] [s12 s13 s14] 31 0), column!(@ [$a $b $c] [s15 s16 s17] 31 1),
            column!(@ [$a $b $c] [s18 s19 s20] 31 2), column!(@ [$a $b $c] [s21 s22 s23] 31 3),
        )
    };
    ([$a:literal $b:literal], $step:literal) => {
        concat!(
            "ld1 {{v30.4s, v31.4s}}, [{weight}], {", $step, "}\n",
            column!(@ [$a $b] [s0 s1] 30 0), column!(@ [$a $b] [s2 s3] 30 1),
            column!(@ [$a $b] [s4 s5] 30 2), column!(@ [$a $b] [s6 s7] 30 3),
            column!(@ [$a $b] [s8 s9] 31 0), column!(@ [$a $b] [s10 s11] 31 1),
            column!(@ [$a $b] [s12 s13] 31 2), column!(@ [$a $b] [s14 s15] 31 3),
        )
    };
    ([$a:literal of two], $step:literal) => { column!([$a], $step) };
    ([$a:literal], $step:literal) => {
        concat!(
            "ld1 {{v28.4s-v31.4s}}, [{weight}], {", $step, "}\n",
            column!(@ [$a] [s0] 28 0), column!(@ [$a] [s1] 28 1), column!(@ [$a] [s2] 28 2),
            column!(@ [$a] [s3] 28 3), column!(@ [$a] [s4] 29 0), column!(@ [$a] [s5] 29 1),
            column!(@ [$a] [s6] 29 2), column!(@ [$a] [s7] 29 3), column!(@ [$a] [s8] 30 0),
            column!(@ [$a] [s9] 30 1), column!(@ [$a] [s10] 30 2), column!(@ [$a] [s11] 30 3),
            column!(@ [$a] [s12] 31 0), column!(@ [$a] [s13] 31 1), column!(@ [$a] [s14] 31 2),
            column!(@ [$a] [s15] 31 3),
        )
    };
    (@ [$($x:literal)*] [$($sum:ident)*] $weight:literal $lane:literal) => {
        concat!($(
            "fmla {", stringify!($sum), ":v}.4s, v", $x, ".4s, v", $weight, ".s[", $lane, "]\n",
        )*)
    };
}

/// Assembly that reads elements at `$x` and `$weight`, moves these on, and adds to 3, 12, 16 or 24 `$sums`.
macro_rules! add {
    (24, $sums:ident, $x:ident, $weight:ident, [$($line:expr),*], $($operand:tt)*) => {
        add!(16, $sums, $x, $weight, [$($line),*],
            s16 = inout(vreg) $sums[16], s17 = inout(vreg) $sums[17], s18 = inout(vreg) $sums[18],
            s19 = inout(vreg) $sums[19], s20 = inout(vreg) $sums[20], s21 = inout(vreg) $sums[21],
            s22 = inout(vreg) $sums[22], s23 = inout(vreg) $sums[23], $($operand)*)
    };
    (16, $sums:ident, $x:ident, $weight:ident, [$($line:expr),*], $($operand:tt)*) => {
        add!(12, $sums, $x, $weight, [$($line),*],
            s12 = inout(vreg) $sums[12], s13 = inout(vreg) $sums[13], s14 = inout(vreg) $sums[14],
            s15 = inout(vreg) $sums[15], $($operand)*)
    };
    (12, $sums:ident, $x:ident, $weight:ident, [$($line:expr),*], $($operand:tt)*) => {
        add!(3, $sums, $x, $weight, [$($line),*],
            s3 = inout(vreg) $sums[3], s4 = inout(vreg) $sums[4], s5 = inout(vreg) $sums[5],
            s6 = inout(vreg) $sums[6], s7 = inout(vreg) $sums[7], s8 = inout(vreg) $sums[8],
            s9 = inout(vreg) $sums[9], s10 = inout(vreg) $sums[10], s11 = inout(vreg) $sums[11],
            $($operand)*)
    };
    (3, $sums:ident, $x:ident, $weight:ident, [$($line:expr),*], $($operand:tt)*) => {
        asm!(
            $($line,)*
            x = inout(reg) *$x, weight = inout(reg) *$weight,
            s0 = inout(vreg) $sums[0], s1 = inout(vreg) $sums[1], s2 = inout(vreg) $sums[2],
            out("v24") _, out("v25") _, out("v26") _, out("v27") _, out("v28") _, out("v29") _,
            out("v30") _, out("v31") _,
            $($operand)*
        )
    };
}

/// How to go through up to three columns, time and again and in rows of them; distances are in bytes.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(super) struct Steps {
    /// From the inputs of the first column to the second's, and on to the third's; from the last's to the first's.
    pub(super) x: [usize; 3],
    /// From the weights of one column to the next's, and from the last's to the first's.
    pub(super) weight: [usize; 2],
    /// From the end of a row to the next, inputs and weights.
    pub(super) row: [usize; 2],
    /// How many rows there are, and how often a row has the columns; neither is zero.
    pub(super) rows: usize,
    pub(super) count: usize,
}

/// Adds the products of many times `T` columns to `N` sums for each of `R` rows of weights: three for eight, four or one,
/// two for eight, or one for sixteen. The latter may be half of what is at `x` and half of what is at `other`, if that is
/// somewhere. Adds nothing for other numbers.
///
/// # Safety
///
/// `4 * N` inputs and `R` weights of each column may be read.
#[inline(always)]
pub(super) unsafe fn add_columns<const T: usize, const N: usize, const R: usize>(
    [mut x, other]: [*const f32; 2],
    mut weight: *const f32,
    steps: &Steps,
    sums: &mut [[float32x4_t; N]; R],
) {
    let (x, weight, sums) = (&mut x, &mut weight, sums.as_flattened_mut());
    macro_rules! repeat {
        ($s:tt, [$($line:expr),*], [$($row:expr)?], $($operand:tt)*) => {
            // SAFETY: the caller's; reads nothing else, and every processor has the instructions.
            unsafe {
                add!($s, sums, x, weight, [
                    // From memory, as the compiler has no registers to keep them in.
                    "ldp {first_x}, {second_x}, [{steps}]",
                    "ldp {last_x}, {next_weight}, [{steps}, #16]",
                    "ldp {last_weight}, {row_x}, [{steps}, #32]",
                    "ldp {row_weight}, {rows}, [{steps}, #48]", "ldr {count}, [{steps}, #64]",
                    "3:", $($line,)*
                    "add {x}, {x}, {row_x}", $($row,)? "add {weight}, {weight}, {row_weight}",
                    "subs {rows}, {rows}, #1", "b.ne 3b"
                ], steps = in(reg) steps, first_x = out(reg) _, second_x = out(reg) _,
                    last_x = out(reg) _, next_weight = out(reg) _, last_weight = out(reg) _,
                    row_x = out(reg) _, row_weight = out(reg) _, rows = out(reg) _,
                    count = out(reg) _, left = out(reg) _, $($operand)*
                    options(pure, readonly, nostack));
            }
        };
    }
    // Two turns at a time; an odd number of them begins in the middle.
    macro_rules! in_twos {
        ($s:tt, [$($line:expr),*], $($rest:tt)*) => {
            repeat!(
                $s,
                [
                    "add {left}, {count}, #1", "tbnz {count}, #0, 4f", "mov {left}, {count}",
                    "2:", $($line,)* "4:", $($line,)* "subs {left}, {left}, #2", "b.gt 2b"
                ],
                $($rest)*
            )
        };
    }
    macro_rules! columns {
        ($s:tt, $a:tt, $b:tt, $($rest:tt)*) => {
            if const { T == 1 } {
                // Four turns at a time, and then one by one.
                repeat!(
                    $s,
                    [
                        "lsr {left}, {count}, #2", "cbz {left}, 4f",
                        "2:", inputs!($a, "last_x"),
                        inputs!($b, "last_x"), column!($a, "last_weight"),
                        inputs!($a, "last_x"), column!($b, "last_weight"),
                        inputs!($b, "last_x"), column!($a, "last_weight"),
                        column!($b, "last_weight"), "subs {left}, {left}, #1", "b.ne 2b",
                        "4:", "ands {left}, {count}, #3", "b.eq 6f",
                        "5:", inputs!($a, "last_x"), column!($a, "last_weight"),
                        "subs {left}, {left}, #1", "b.ne 5b", "6:"
                    ],
                    $($rest)*
                );
            } else if const { T == 2 } {
                in_twos!(
                    $s,
                    [
                        inputs!($a, "first_x"), inputs!($b, "last_x"),
                        column!($a, "next_weight"), column!($b, "last_weight")
                    ],
                    $($rest)*
                );
            } else {
                in_twos!(
                    $s,
                    [
                        inputs!($a, "first_x"), inputs!($b, "second_x"),
                        column!($a, "next_weight"), inputs!($a, "last_x"),
                        column!($b, "next_weight"), column!($a, "last_weight")
                    ],
                    $($rest)*
                );
            }
        };
    }
    if const { N == 3 && R == 8 } {
        columns!(24, [24 25 26], [27 28 29], [],);
    } else if const { N == 3 && R == 4 } {
        columns!(12, [four of 24 25 26], [four of 27 28 29], [],);
    } else if const { N == 3 && R == 1 } {
        columns!(3, [one of 24 25 26], [one of 27 28 29], [],);
    } else if const { N == 2 && R == 8 } {
        columns!(16, [24 25], [27 28], [],);
    } else if const { N == 1 && R == 16 } {
        if other.is_null() {
            columns!(16, [24], [27], [],);
        } else {
            columns!(
                16, [24 of two], [27 of two], ["add {other}, {other}, {row_x}"],
                other = inout(reg) other => _,
            );
        }
    }
}
