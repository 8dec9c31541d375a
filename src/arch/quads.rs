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

/// How many packed weights four taps are looked up in.
pub(crate) const LOOKUP: usize = 64;

/// Where the weights of four taps are in those of a block of [`CHANNELS`].
#[derive(Clone, Copy)]
pub(crate) struct Lookup {
    pub(crate) first: usize,
    /// Counted from there, channel by channel.
    pub(crate) index: [u8; 16],
}

impl Lookup {
    /// Of up to four taps; finds nothing if they are too far apart.
    pub(crate) fn new(taps: &[usize]) -> Self {
        let least = taps.iter().fold(usize::MAX, |least, &tap| tap.min(least));
        let mut lookup = Self { first: least.saturating_mul(CHANNELS), index: [0; 16] };
        for (number, index) in lookup.index.iter_mut().enumerate() {
            let (channel, tap) = (number / 4, taps.get(number % 4).unwrap_or(&least));
            let at = (tap - least) * CHANNELS + channel;
            if at >= LOOKUP {
                lookup.first = usize::MAX;
            }
            *index = at as u8;
        }
        lookup
    }
}

/// Packed weights of a block, and which of its taps count.
#[derive(Clone, Copy)]
pub(crate) struct Weights<'a> {
    pub(crate) weight: &'a [i8],
    pub(crate) taps: &'a [usize],
    /// Whether the taps are number 0, 1 and so on.
    pub(crate) dense: bool,
    /// For each four taps, if they are not dense.
    pub(crate) lookup: &'a [Lookup],
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
