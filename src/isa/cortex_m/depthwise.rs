//! Depthwise convolution of a band of rows of one channel, in which padding has been filled in.

use core::arch::naked_asm;

use crate::isa::cortex_m::rescale::{Scale, limit, rescale_double, rescale_single};
use crate::isa::cortex_m::{OUTPUTS, Row};
use crate::quant::{FixedPoint, Rounding};

/// How windows lie in a band.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// Rows and columns of taps.
    pub(crate) kernel: [usize; 2],
    /// From one output's inputs to the next's, down and across.
    pub(crate) stride: [usize; 2],
    /// From one tap's input to the next's, down and across.
    pub(crate) dilation: [usize; 2],
}

/// Inputs in rows of `pitch` elements.
#[derive(Clone, Copy)]
pub(crate) struct Band<'a> {
    pub(crate) x: &'a [i8],
    pub(crate) pitch: usize,
}

/// What belongs to a channel.
#[derive(Clone, Copy)]
pub(crate) struct Channel<'a> {
    /// A weight for each tap.
    pub(crate) weight: &'a [i8],
    /// What sums start from.
    pub(crate) start: i32,
    /// With which the scale is [fast](Scale::is_fast).
    pub(crate) factor: FixedPoint,
}

/// Outputs in rows of `columns`, at least four, that begin `pitch` elements apart.
pub(crate) struct Outputs<'a> {
    pub(crate) y: &'a mut [i8],
    pub(crate) pitch: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// What the assembly is given; it relies on the order.
#[repr(C)]
struct Arguments {
    x: *const i8,
    y: *mut i8,
    /// Behind a row of outputs.
    y_end: *mut i8,
    x_step: usize,
    y_step: usize,
    rows: usize,
    multiplier: i32,
    /// The right shift, and [`SPECIAL`].
    shift: usize,
    /// A half and the zero point, shifted.
    half: i32,
    start: i32,
    taps: Taps,
    /// The smallest and the largest output, four times each.
    least: u32,
    most: u32,
}

#[derive(Clone, Copy)]
#[repr(C)]
union Taps {
    square: Square,
    any: Any,
}

/// Weights of 3x3 taps.
#[derive(Clone, Copy)]
#[repr(C)]
struct Square {
    /// The first and the last of each row.
    outer: [i32; 3],
    /// The others: of the first two rows, and of the last.
    middle: [i32; 2],
    /// From one row of inputs to the next.
    pitch: usize,
}

/// Any taps.
#[derive(Clone, Copy)]
#[repr(C)]
struct Any {
    weight: *const i8,
    columns: usize,
    rows: usize,
    /// From behind a row of taps to the next, and from one tap to the next.
    to_next_row: usize,
    to_next: usize,
    stride: usize,
}

/// Outputs have a smaller range than i8, or shifts are zero.
const SPECIAL: usize = 256;

/// Writes outputs. Returns whether everything is there; if not, does nothing.
pub(crate) fn outputs(
    window: &Window,
    band: Band<'_>,
    channel: &Channel<'_>,
    scale: Scale,
    outputs: Outputs<'_>,
) -> bool {
    let FixedPoint { multiplier, shift } = channel.factor;
    let (shift, double) = match scale.rounding {
        Rounding::FixedDouble => (-shift, true),
        Rounding::FixedSingle => (-shift - 1, false),
        Rounding::OnnxFloat => return false,
    };
    let Ok(shift @ 0..=31) = usize::try_from(shift) else { return false };
    let Some(mut arguments) = arguments(window, band, channel, outputs) else { return false };
    let [least, most] = scale.range.map(|limit| u32::from_ne_bytes([limit.cast_unsigned(); 4]));
    let special = shift == 0 || scale.range != [i8::MIN, i8::MAX];
    let half = scale.zero_point.wrapping_mul(2).wrapping_add(1).wrapping_shl(shift as u32) >> 1;
    arguments = Arguments {
        multiplier,
        shift: shift | if special { SPECIAL } else { 0 },
        half,
        least,
        most,
        ..arguments
    };
    let arguments = &raw const arguments;
    // SAFETY: everything is there, as `arguments` has seen, which has also chosen the taps.
    unsafe {
        match (square_stride(window), double) {
            (1, true) => double_1(arguments),
            (2, true) => double_2(arguments),
            (_, true) => double_any(arguments),
            (1, false) => single_1(arguments),
            (2, false) => single_2(arguments),
            (_, false) => single_any(arguments),
        }
    }
    true
}

/// The stride of 3x3 neighbouring taps, 1 or 2; else 0.
fn square_stride(window: &Window) -> usize {
    match (window.kernel, window.dilation, window.stride) {
        ([3, 3], [1, 1], [_, stride @ 1..=2]) => stride,
        _ => 0,
    }
}

/// The sums of the first four outputs of a band, by portable code.
#[inline(never)]
pub(crate) fn sums(window: &Window, band: Band<'_>, channel: &Channel<'_>) -> Row {
    let mut sums = [channel.start; OUTPUTS];
    let [rows, columns] = window.kernel;
    let mut weights = channel.weight.iter();
    for row in 0..rows {
        for column in 0..columns {
            let at = row * window.dilation[0] * band.pitch + column * window.dilation[1];
            let Some(&weight) = weights.next() else { return sums };
            let x = band.x.get(at..).unwrap_or_default().iter().step_by(window.stride[1].max(1));
            for (sum, &x) in sums.iter_mut().zip(x) {
                *sum = sum.wrapping_add(i32::from(weight) * i32::from(x));
            }
        }
    }
    sums
}

/// Arguments by which nothing is read or written but what is in the slices; `None` if they are too short, or there is no
/// output or tap.
#[inline(always)]
fn arguments(
    window: &Window,
    Band { x, pitch }: Band<'_>,
    channel: &Channel<'_>,
    Outputs { y, pitch: y_step, rows, columns }: Outputs<'_>,
) -> Option<Arguments> {
    let &Window { kernel, stride, dilation } = window;
    let others = columns.checked_sub(1).filter(|&others| others >= OUTPUTS - 1)?;
    let below = rows.checked_sub(1)?;
    let written = below.checked_mul(y_step)?.checked_add(columns)?;
    let taps = [kernel[0].checked_sub(1)?, kernel[1].checked_sub(1)?];
    let down = below.checked_mul(stride[0])?.checked_add(taps[0].checked_mul(dilation[0])?)?;
    let across = others.checked_mul(stride[1])?.checked_add(taps[1].checked_mul(dilation[1])?)?;
    // With a stride of 2 one more is loaded than is needed.
    let read = down.checked_mul(pitch)?.checked_add(across)?.checked_add(2)?;
    let weights = kernel[0].checked_mul(kernel[1])?;
    if read > x.len() || written > y.len() || weights > channel.weight.len() {
        return None;
    }
    let pair = |low: i8, high: i8| i32::from(low) & 0xffff | i32::from(high) << 16;
    let taps = match (square_stride(window), channel.weight.first_chunk()) {
        (1 | 2, Some(&[a, b, c, d, e, f, g, h, i])) => {
            let outer = [pair(a, c), pair(d, f), pair(g, i)];
            Taps { square: Square { outer, middle: [pair(b, e), pair(h, 0)], pitch } }
        }
        _ => Taps {
            any: Any {
                weight: channel.weight.as_ptr(),
                columns: kernel[1],
                rows: kernel[0],
                to_next_row: dilation[0]
                    .wrapping_mul(pitch)
                    .wrapping_sub(kernel[1].wrapping_mul(dilation[1])),
                to_next: dilation[1],
                stride: stride[1],
            },
        },
    };
    let y = y.as_mut_ptr();
    Some(Arguments {
        x: x.as_ptr(),
        y,
        y_end: y.wrapping_add(columns),
        x_step: stride[0].wrapping_mul(pitch),
        y_step,
        rows,
        multiplier: 0,
        shift: 0,
        half: 0,
        start: channel.start,
        taps,
        least: 0,
        most: 0,
    })
}

/// Copies rows of `width` elements. Returns whether they are all there; if not, does nothing.
pub(crate) fn copy_rows(
    (x, pitch): (&[i8], usize),
    (to, to_pitch): (&mut [i8], usize),
    width: usize,
    rows: usize,
) -> bool {
    let Some(below) = rows.checked_sub(1) else { return true };
    let last = |pitch: usize| below.checked_mul(pitch)?.checked_add(width);
    let there = |pitch, len| last(pitch).is_some_and(|end| end <= len);
    if !there(pitch, x.len()) || !there(to_pitch, to.len()) {
        return false;
    }
    // SAFETY: the last row of both is there, and there is a first.
    unsafe {
        copy(
            x.as_ptr(),
            to.as_mut_ptr(),
            width,
            rows,
            pitch.wrapping_sub(width),
            to_pitch.wrapping_sub(width),
        );
    }
    true
}

/// # Safety
///
/// There are `rows` rows of `width` elements to read and to write, and at least one.
#[unsafe(naked)]
unsafe extern "C" fn copy(
    x: *const i8,
    to: *mut i8,
    width: usize,
    rows: usize,
    to_next_x: usize,
    to_next: usize,
) {
    naked_asm!(
        "push {{r4-r7}}",
        "ldrd r4, r5, [sp, #16]",
        "2:",
        "subs r12, r2, #8",
        "blo 4f",
        "3:",
        "ldr r6, [r0], #4",
        "ldr r7, [r0], #4",
        "subs r12, #8",
        "str r6, [r1], #4",
        "str r7, [r1], #4",
        "bhs 3b",
        "4:",
        "adds r12, #4",
        "bmi 5f",
        "ldr r6, [r0], #4",
        "subs r12, #4",
        "str r6, [r1], #4",
        "5:",
        "adds r12, #4",
        "beq 7f",
        "6:",
        "ldrb r6, [r0], #1",
        "subs r12, #1",
        "strb r6, [r1], #1",
        "bne 6b",
        "7:",
        "add r0, r0, r4",
        "add r1, r1, r5",
        "subs r3, #1",
        "bne 2b",
        "pop {{r4-r7}}",
        "bx lr",
    )
}

/// A row of inputs times three taps: the outer ones in `$outer`, the other in half `$half` of `$middle`.
macro_rules! three_taps {
    (1, $outer:literal, $middle:literal, $half:literal) => {
        concat!(
            "ldr r1, [r0]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad r4, r2, ",
            $outer,
            ", r4\n",
            "smlab",
            $half,
            " r4, r1, ",
            $middle,
            ", r4\n",
            "smlad r5, r1, ",
            $outer,
            ", r5\n",
            "smlat",
            $half,
            " r5, r2, ",
            $middle,
            ", r5\n",
            "ldr r1, [r0, #2]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad r6, r2, ",
            $outer,
            ", r6\n",
            "smlab",
            $half,
            " r6, r1, ",
            $middle,
            ", r6\n",
            "smlad r7, r1, ",
            $outer,
            ", r7\n",
            "smlat",
            $half,
            " r7, r2, ",
            $middle,
            ", r7\n",
        )
    };
    (2, $outer:literal, $middle:literal, $half:literal) => {
        concat!(
            "ldr r1, [r0]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad r4, r2, ",
            $outer,
            ", r4\n",
            "smlab",
            $half,
            " r4, r1, ",
            $middle,
            ", r4\n",
            "smlat",
            $half,
            " r5, r1, ",
            $middle,
            ", r5\n",
            "ldr r1, [r0, #2]\n",
            "sxtb16 r1, r1\n",
            "smlad r5, r1, ",
            $outer,
            ", r5\n",
            "ldr r1, [r0, #4]\n",
            "sxtb16 r2, r1\n",
            "sxtb16 r1, r1, ror #8\n",
            "smlad r6, r2, ",
            $outer,
            ", r6\n",
            "smlab",
            $half,
            " r6, r1, ",
            $middle,
            ", r6\n",
            "smlat",
            $half,
            " r7, r1, ",
            $middle,
            ", r7\n",
            "ldr r1, [r0, #6]\n",
            "sxtb16 r1, r1\n",
            "smlad r7, r1, ",
            $outer,
            ", r7\n",
        )
    };
}

/// Four outputs of 3x3 taps: sums in r4 to r7, and inputs four outputs further on.
macro_rules! square {
    ($stride:tt) => {
        concat!(
            "ldr r4, [sp, #36]\n",
            "ldrd r12, r3, [sp, #56]\n",
            "mov r5, r4\n",
            "mov r6, r4\n",
            "mov r7, r4\n",
            three_taps!($stride, "r8", "r11", "b"),
            "add r0, r0, r3\n",
            three_taps!($stride, "r9", "r11", "t"),
            "add r0, r0, r3\n",
            three_taps!($stride, "r10", "r12", "b"),
            "sub r0, r0, r3, lsl #1\n",
            "add r0, r0, #(4 * ",
            $stride,
            ")\n",
        )
    };
}

/// Four outputs of any taps.
macro_rules! any {
    () => {
        "str r0, [sp, #80]
        str lr, [sp, #84]
        ldr r4, [sp, #36]
        ldrd r1, r3, [sp, #40]
        ldr lr, [sp, #48]
        ldrd r12, r8, [sp, #56]
        mov r5, r4
        mov r6, r4
        mov r7, r4
        lsl r9, r8, #1
        add r10, r9, r8
        24:
        ldr r11, [sp, #44]
        25:
        ldrsb r2, [r1], #1
        ldrsb r3, [r0]
        smlabb r4, r3, r2, r4
        ldrsb r3, [r0, r8]
        smlabb r5, r3, r2, r5
        ldrsb r3, [r0, r9]
        smlabb r6, r3, r2, r6
        ldrsb r3, [r0, r10]
        smlabb r7, r3, r2, r7
        add r0, r0, r12
        subs r11, #1
        bne 25b
        ldr r2, [sp, #52]
        subs lr, #1
        add r0, r0, r2
        bne 24b
        ldrd r0, lr, [sp, #80]
        add r0, r0, r8, lsl #2"
    };
}

macro_rules! depthwise {
    ($name:ident, $rescale:ident, $outputs:expr, $back:literal) => {
        /// # Safety
        ///
        /// `arguments` are from the function of that name, and for such taps.
        #[unsafe(naked)]
        unsafe extern "C" fn $name(arguments: *const Arguments) {
            naked_asm!(
                "push {{r4-r11, lr}}",
                "sub sp, #92",
                "ldm r0!, {{r1-r12}}",
                "stm sp, {{r1-r12}}",
                "add lr, sp, #48",
                "ldm r0, {{r2-r7}}",
                "stm lr, {{r2-r7}}",
                "ldrd r8, r9, [sp, #40]",
                "ldrd r10, r11, [sp, #48]",
                "ldrd r0, lr, [sp]",
                "2:",
                $outputs,
                "ldrd r2, r3, [sp, #24]",
                "ldr r12, [sp, #32]",
                "cmp r3, #32",
                "bhs 6f",
                $rescale!(shifted "r4"), $rescale!(shifted "r5"),
                $rescale!(shifted "r6"), $rescale!(shifted "r7"),
                "strb r4, [lr]",
                "strb r5, [lr, #1]",
                "strb r6, [lr, #2]",
                "strb r7, [lr, #3]",
                "3:",
                "ldr r1, [sp, #8]",
                "add lr, lr, #4",
                "subs r1, r1, lr",
                "beq 4f",
                "cmp r1, #4",
                "bhs 2b",
                // Back by what is too much.
                "rsb r1, r1, #4",
                "sub lr, lr, r1",
                $back,
                "b 2b",
                "4:",
                "ldr r3, [sp, #20]",
                "ldr r5, [sp, #8]",
                "subs r3, #1",
                "beq 5f",
                "str r3, [sp, #20]",
                "ldrd r0, lr, [sp]",
                "ldrd r1, r2, [sp, #12]",
                "add r0, r0, r1",
                "add lr, lr, r2",
                "add r5, r5, r2",
                "strd r0, lr, [sp]",
                "str r5, [sp, #8]",
                "b 2b",
                "5:",
                "add sp, #92",
                "pop {{r4-r11, pc}}",
                "6:",
                "tst r3, #31",
                "beq 7f",
                $rescale!(shifted "r4"), $rescale!(shifted "r5"),
                $rescale!(shifted "r6"), $rescale!(shifted "r7"),
                "b 8f",
                "7:",
                $rescale!(unshifted "r4"), $rescale!(unshifted "r5"),
                $rescale!(unshifted "r6"), $rescale!(unshifted "r7"),
                "8:",
                "ldrd r2, r3, [sp, #64]",
                limit!(),
                "str r4, [lr]",
                "b 3b",
            )
        }
    };
}

depthwise!(double_1, rescale_double, square!(1), "sub r0, r0, r1");
depthwise!(double_2, rescale_double, square!(2), "sub r0, r0, r1, lsl #1");
depthwise!(double_any, rescale_double, any!(), "mls r0, r1, r8, r0");
depthwise!(single_1, rescale_single, square!(1), "sub r0, r0, r1");
depthwise!(single_2, rescale_single, square!(2), "sub r0, r0, r1, lsl #1");
depthwise!(single_any, rescale_single, any!(), "mls r0, r1, r8, r0");
