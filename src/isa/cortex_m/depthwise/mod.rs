//! Depthwise convolution of a band of rows of one channel, in which padding has been filled in.

mod kernels;

use core::ptr::{null, null_mut};

use self::kernels::{
    Any, Arguments, SPECIAL, Square, Taps, double_1, double_2, double_any, single_1, single_2,
    single_any,
};
use crate::isa::cortex_m::OUTPUTS;
use crate::isa::generic::requantize::RequantizeParams;
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

/// What belongs to a channel.
#[derive(Clone, Copy)]
pub(crate) struct Channel<'a> {
    /// A weight for each tap.
    pub(crate) weight: &'a [i8],
    /// What sums start from.
    pub(crate) start: i32,
    /// With which requantization is [fast](crate::isa::cortex_m::rescale::is_fast).
    pub(crate) factor: FixedPoint,
}

/// The stride of 3x3 neighbouring taps, 1 or 2; else 0.
fn square_stride(window: &Window) -> usize {
    match (window.kernel, window.dilation, window.stride) {
        ([3, 3], [1, 1], [_, stride @ 1..=2]) => stride,
        _ => 0,
    }
}

/// What bands of the same size have in common.
#[derive(Clone, Copy)]
pub(crate) struct Depthwise {
    arguments: Arguments,
    requantize: RequantizeParams,
    /// How many outputs lie side by side.
    columns: usize,
    /// The stride of 3x3 neighbouring taps, 1 or 2; else 0.
    square: usize,
    /// How many inputs, weights and outputs there must be.
    inputs: usize,
    weights: usize,
    outputs: usize,
}

impl Depthwise {
    /// Of bands in rows of `pitch` elements that come to so many rows and columns of outputs, four columns at least, which
    /// begin `to_next` elements apart. `None` where that does not fit into numbers, or there is no output or tap.
    #[inline(never)]
    pub(crate) fn new(
        window: &Window,
        pitch: usize,
        [rows, columns]: [usize; 2],
        to_next: usize,
        requantize: RequantizeParams,
    ) -> Option<Self> {
        let &Window { kernel, stride, dilation } = window;
        let others = columns.checked_sub(1).filter(|&others| others >= OUTPUTS - 1)?;
        let below = rows.checked_sub(1)?;
        let taps = [kernel[0].checked_sub(1)?, kernel[1].checked_sub(1)?];
        let down = below.checked_mul(stride[0])?.checked_add(taps[0].checked_mul(dilation[0])?)?;
        let across =
            others.checked_mul(stride[1])?.checked_add(taps[1].checked_mul(dilation[1])?)?;
        let square = square_stride(window);
        let taps = match square {
            0 => Taps {
                any: Any {
                    weight: null(),
                    columns: kernel[1],
                    rows: kernel[0],
                    to_next_row: dilation[0]
                        .wrapping_mul(pitch)
                        .wrapping_sub(kernel[1].wrapping_mul(dilation[1])),
                    to_next: dilation[1],
                    stride: stride[1],
                },
            },
            _ => Taps { square: Square { outer: [0; 3], middle: [0; 2], pitch } },
        };
        let [least, most] =
            requantize.range.map(|limit| u32::from_ne_bytes([limit.cast_unsigned(); 4]));
        let arguments = Arguments {
            x: null(),
            y: null_mut(),
            y_end: null_mut(),
            x_step: stride[0].wrapping_mul(pitch),
            y_step: to_next,
            rows,
            multiplier: 0,
            shift: 0,
            half: 0,
            start: 0,
            taps,
            least,
            most,
        };
        Some(Self {
            arguments,
            requantize,
            columns,
            square,
            // With a stride of 2 one more is loaded than is needed.
            inputs: down.checked_mul(pitch)?.checked_add(across)?.checked_add(2)?,
            weights: kernel[0].checked_mul(kernel[1])?,
            outputs: below.checked_mul(to_next)?.checked_add(columns)?,
        })
    }

    /// Writes the outputs of a channel; `rounding` is that of the layer. Returns whether everything is there; if not, does
    /// nothing.
    #[inline(always)]
    pub(crate) fn run(
        &mut self,
        rounding: Rounding,
        x: &[i8],
        channel: &Channel<'_>,
        y: &mut [i8],
    ) -> bool {
        let right = match rounding {
            Rounding::FixedDouble => -channel.factor.shift,
            Rounding::FixedSingle => -1 - channel.factor.shift,
            Rounding::OnnxFloat => return false,
        };
        if !self.prepare(right, x, channel, y) {
            return false;
        }
        let arguments = &raw const self.arguments;
        // SAFETY: everything is there, as `prepare` has seen, and the taps are those of the function.
        unsafe {
            match (rounding, self.square) {
                (Rounding::FixedDouble, 1) => double_1(arguments),
                (Rounding::FixedDouble, 2) => double_2(arguments),
                (Rounding::FixedDouble, _) => double_any(arguments),
                (_, 1) => single_1(arguments),
                (_, 2) => single_2(arguments),
                (_, _) => single_any(arguments),
            }
        }
        true
    }

    /// Fills in what differs from band to band, if everything is there, and rounding is by a right shift that the assembly
    /// is made for.
    #[inline(never)]
    fn prepare(&mut self, right: i32, x: &[i8], channel: &Channel<'_>, y: &mut [i8]) -> bool {
        let Ok(shift @ 0..=31) = usize::try_from(right) else { return false };
        let weight = channel.weight;
        if self.inputs > x.len() || self.weights > weight.len() || self.outputs > y.len() {
            return false;
        }
        let RequantizeParams { zero_point, range, .. } = self.requantize;
        let arguments = &mut self.arguments;
        if self.square == 0 {
            arguments.taps.any.weight = weight.as_ptr();
        } else if let Some(&[a, b, c, d, e, f, g, h, i]) = weight.first_chunk() {
            let pair = |low: i8, high: i8| i32::from(low) & 0xffff | i32::from(high) << 16;
            arguments.taps.square.outer = [pair(a, c), pair(d, f), pair(g, i)];
            arguments.taps.square.middle = [pair(b, e), pair(h, 0)];
        }
        let special = shift == 0 || range != [i8::MIN, i8::MAX];
        (arguments.x, arguments.y) = (x.as_ptr(), y.as_mut_ptr());
        arguments.y_end = arguments.y.wrapping_add(self.columns);
        arguments.multiplier = channel.factor.multiplier;
        arguments.shift = shift | if special { SPECIAL } else { 0 };
        arguments.half = zero_point.wrapping_mul(2).wrapping_add(1).wrapping_shl(shift as u32) >> 1;
        arguments.start = channel.start;
        true
    }
}
