//! Products of eight rows of weights with three registers of inputs, four columns of them at a time.

use core::arch::aarch64::float32x4_t;
use core::arch::asm;

/// Three registers of inputs into v`$a` to v`$c`, and `$x` moved on.
macro_rules! inputs {
    ($a:literal, $c:literal) => {
        concat!("ld1 {{v", $a, ".4s-v", $c, ".4s}}, [{x}], {x_step}\n")
    };
}

/// The products of a column whose inputs are in v`$a` to v`$c`.
macro_rules! column {
    ($a:literal $b:literal $c:literal) => {
        concat!(
            "ld1 {{v30.4s, v31.4s}}, [{weight}], {weight_step}\n",
            column!(@ $a $b $c 30 0 s0 s1 s2), column!(@ $a $b $c 30 1 s3 s4 s5),
            column!(@ $a $b $c 30 2 s6 s7 s8), column!(@ $a $b $c 30 3 s9 s10 s11),
            column!(@ $a $b $c 31 0 s12 s13 s14), column!(@ $a $b $c 31 1 s15 s16 s17),
            column!(@ $a $b $c 31 2 s18 s19 s20), column!(@ $a $b $c 31 3 s21 s22 s23),
        )
    };
    (@ $a:literal $b:literal $c:literal $weight:literal $lane:literal $p:ident $q:ident $r:ident) => {
        concat!(
            "fmla {", stringify!($p), ":v}.4s, v", $a, ".4s, v", $weight, ".s[", $lane, "]\n",
            "fmla {", stringify!($q), ":v}.4s, v", $b, ".4s, v", $weight, ".s[", $lane, "]\n",
            "fmla {", stringify!($r), ":v}.4s, v", $c, ".4s, v", $weight, ".s[", $lane, "]\n",
        )
    };
}

/// Adds the products of four columns to `sums`, three registers for each of eight rows of weights. `x` and `weight` move
/// on by their steps, in bytes, with every column. Does nothing with other sums.
///
/// Assembly, as there is no register to spare: the compiler copies inputs to load the next ones early.
///
/// # Safety
///
/// Twelve inputs and eight weights of each column may be read.
#[inline(always)]
pub(super) unsafe fn add_four_columns(
    x: &mut *const f32,
    x_step: usize,
    weight: &mut *const f32,
    weight_step: usize,
    sums: &mut [float32x4_t],
) {
    let [
        s0,
        s1,
        s2,
        s3,
        s4,
        s5,
        s6,
        s7,
        s8,
        s9,
        s10,
        s11,
        s12,
        s13,
        s14,
        s15,
        s16,
        s17,
        s18,
        s19,
        s20,
        s21,
        s22,
        s23,
    ] = sums
    else {
        return;
    };
    // SAFETY: the caller's; reads nothing else, and every processor has the instructions.
    unsafe {
        asm!(
            inputs!(24, 26),
            inputs!(27, 29), column!(24 25 26),
            inputs!(24, 26), column!(27 28 29),
            inputs!(27, 29), column!(24 25 26),
            column!(27 28 29),
            x = inout(reg) *x, x_step = in(reg) x_step,
            weight = inout(reg) *weight, weight_step = in(reg) weight_step,
            s0 = inout(vreg) *s0, s1 = inout(vreg) *s1, s2 = inout(vreg) *s2, s3 = inout(vreg) *s3,
            s4 = inout(vreg) *s4, s5 = inout(vreg) *s5, s6 = inout(vreg) *s6, s7 = inout(vreg) *s7,
            s8 = inout(vreg) *s8, s9 = inout(vreg) *s9, s10 = inout(vreg) *s10, s11 = inout(vreg) *s11,
            s12 = inout(vreg) *s12, s13 = inout(vreg) *s13, s14 = inout(vreg) *s14, s15 = inout(vreg) *s15,
            s16 = inout(vreg) *s16, s17 = inout(vreg) *s17, s18 = inout(vreg) *s18, s19 = inout(vreg) *s19,
            s20 = inout(vreg) *s20, s21 = inout(vreg) *s21, s22 = inout(vreg) *s22, s23 = inout(vreg) *s23,
            out("v24") _, out("v25") _, out("v26") _, out("v27") _, out("v28") _, out("v29") _,
            out("v30") _, out("v31") _,
            options(pure, readonly, nostack, preserves_flags)
        );
    }
}
