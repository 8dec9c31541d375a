//! i8 numbers as instructions that sum up four products at a time take them.

use crate::quant::{FixedPoint, Rounding};

/// Outputs that are computed together.
pub(crate) const OUTPUTS: usize = 16;

/// Channels of a block.
pub(crate) const CHANNELS: usize = 4;

/// What four taps meet, output by output.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Quad(pub(crate) [[i8; 4]; OUTPUTS]);

/// Sums of a block, channel by channel.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Totals(pub(crate) [[i32; OUTPUTS]; CHANNELS]);

/// Where four taps find their inputs.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) x: &'a [i8],
    /// The first output's input; `None` is zeros.
    pub(crate) places: [Option<usize>; 4],
}

/// Packed weights of a block, and which of its taps count.
#[derive(Clone, Copy)]
pub(crate) struct Weights<'a> {
    pub(crate) weight: &'a [i8],
    pub(crate) taps: &'a [usize],
    /// Whether the taps are number 0, 1 and so on, four by four.
    pub(crate) dense: bool,
    /// Whether a weight may be -128.
    pub(crate) smallest: bool,
}

/// The way from a channel's sums to outputs.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) factor: FixedPoint,
    pub(crate) rounding: Rounding,
    pub(crate) zero_point: i32,
    pub(crate) range: [i8; 2],
}
