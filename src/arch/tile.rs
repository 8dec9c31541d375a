//! A tile of i8 outputs: sixteen neighbours in a block of output channels.

use crate::quant::{FixedPoint, Rounding};

/// Outputs that are computed together.
pub(crate) const OUTPUTS: usize = 16;

/// Channels of a block.
pub(crate) const CHANNELS: usize = 4;

/// How many taps are multiplied before their sums are added to the totals, and some more that may be left over.
pub(crate) const CAPACITY: usize = 192 + 16;

/// The most windows' rows times columns, or places in the plane, that a tile is gathered from by vectors.
pub(crate) const MASKS: usize = 48;

/// What a tap meets, output by output.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Row(pub(crate) [i8; OUTPUTS]);

/// What the taps of a tile meet: tap by tap, or as products take it.
pub(crate) struct Inputs(pub(crate) [Row; CAPACITY]);

/// Sums of a block, channel by channel.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Totals(pub(crate) [[i32; OUTPUTS]; CHANNELS]);

/// Sixteen weights of each channel of a block.
#[repr(align(16))]
pub(crate) struct Padded(pub(crate) [i8; 16 * CHANNELS]);

/// Some of sixteen outputs: bytes of all bits or none.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Mask(pub(crate) [u8; OUTPUTS]);

impl Mask {
    pub(crate) const NONE: Self = Self([0; OUTPUTS]);
    pub(crate) const ALL: Self = Self([u8::MAX; OUTPUTS]);

    /// Those from number `first` to before number `end`.
    #[inline(always)]
    pub(crate) fn between(first: usize, end: usize) -> Self {
        let (first, end) = (first.min(OUTPUTS) as u8, end.min(OUTPUTS) as u8);
        let mut mask = Self::NONE;
        for (lane, byte) in (0_u8..).zip(&mut mask.0) {
            *byte = if first <= lane && lane < end { u8::MAX } else { 0 };
        }
        mask
    }

    /// With those of `other`.
    #[inline(always)]
    pub(crate) fn join(&mut self, other: Self) {
        for (byte, other) in self.0.iter_mut().zip(other.0) {
            *byte |= other;
        }
    }
}

/// Where the outputs of a tile find their inputs in the plane of a channel: in one piece of it or in several, each
/// of some of the outputs.
pub(crate) struct Window {
    /// Rows and columns of taps.
    pub(crate) taps: [usize; 2],
    /// From one tap's input to that of the next below, and of the next to the right.
    pub(crate) to_next: [isize; 2],
    /// From one output's input to the next's: 1 or 2.
    pub(crate) step: usize,
    /// What each piece counts from, as if it held the first output too; the first `pieces` count.
    pub(crate) from: [isize; OUTPUTS],
    pub(crate) pieces: usize,
    /// For each piece, row and column, which outputs meet an input.
    pub(crate) masks: [Mask; MASKS],
    /// Whether these leave any out.
    pub(crate) masked: bool,
}

/// The way from a channel's sums to outputs.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) factor: FixedPoint,
    pub(crate) rounding: Rounding,
    pub(crate) zero_point: i32,
    pub(crate) range: [i8; 2],
}
