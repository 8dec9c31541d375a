//! A tile of i8 outputs: sixteen neighbours in a block of output channels.

use core::arch::aarch64::*;
use core::mem::transmute;

use crate::arch::neon::zeros::Zeros;

/// Outputs that are computed together.
pub(crate) const OUTPUTS: usize = 16;

/// Channels of a block.
pub(crate) const CHANNELS: usize = 4;

/// How many taps are multiplied before their sums are added to the totals: those of 24 channels in windows of three by
/// three, and eight that were left over.
pub(crate) const CAPACITY: usize = 224;

/// The most windows' rows times columns, or places in the plane, that a tile is gathered from by vectors.
pub(crate) const MASKS: usize = 48;

/// What a tap meets, output by output.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Row(pub(crate) [i8; OUTPUTS]);

/// What the taps of a tile meet: tap by tap, or as products take it.
pub(crate) struct Inputs(pub(crate) [Row; CAPACITY]);

/// Sums of a block: of four outputs at a time, channel by channel.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Totals(pub(crate) [[[i32; 4]; CHANNELS]; OUTPUTS / 4]);

/// What belongs to a block of output channels.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(crate) struct Channels {
    /// What sums start from.
    pub(crate) starts: [i32; CHANNELS],
    pub(crate) multipliers: [i32; CHANNELS],
    /// From -31 to 30.
    pub(crate) shifts: [i32; CHANNELS],
    /// Each channel's weights of the last taps, where these are no sixteen, filled up with zeros.
    pub(crate) rest: [[i8; 16]; CHANNELS],
    /// Whether all factors are right shifts of their multipliers, and rounding is double.
    pub(crate) right: bool,
    /// Whether sums of two products may need more than sixteen bits.
    pub(crate) smallest: bool,
}

// SAFETY: numbers, registers of them and truth values.
unsafe impl Zeros for Inputs {}
// SAFETY: as above.
unsafe impl Zeros for Window {}
// SAFETY: as above.
unsafe impl<const N: usize> Zeros for [Totals; N] {}
// SAFETY: as above.
unsafe impl<const N: usize> Zeros for [Channels; N] {}
// SAFETY: as above.
unsafe impl<const N: usize> Zeros for [Mask; N] {}

impl Channels {
    pub(crate) const NONE: Self = Self {
        starts: [0; CHANNELS],
        multipliers: [0; CHANNELS],
        shifts: [0; CHANNELS],
        rest: [[0; 16]; CHANNELS],
        right: false,
        smallest: false,
    };
}

/// Blocks of `size` channels each whose weights lie one behind the other, and so do their planes of outputs.
pub(crate) struct Blocks<'a> {
    /// [`CHANNELS`] or one.
    pub(crate) size: usize,
    pub(crate) channels: &'a [Channels],
    /// From the first block's weights of the taps at work on.
    pub(crate) weight: &'a [i8],
    /// From one block's weights to the next's.
    pub(crate) to_next: usize,
    /// Of each block, if they are `kept`; otherwise of one after the other, the first of these.
    pub(crate) totals: &'a mut [Totals],
    /// Whether there were other taps, or will be.
    pub(crate) kept: bool,
}

/// Some of sixteen outputs: bytes of all bits or none.
#[derive(Clone, Copy)]
pub(crate) struct Mask(pub(crate) uint8x16_t);

impl Mask {
    /// All outputs or none.
    #[inline(always)]
    pub(crate) fn when(all: bool) -> Self {
        // SAFETY: every processor has the instruction.
        Self(unsafe { vdupq_n_u8(if all { u8::MAX } else { 0 }) })
    }

    /// Those from number `first` to before number `end`.
    #[inline(always)]
    pub(crate) fn between(first: usize, end: usize) -> Self {
        const NUMBERS: [u8; OUTPUTS] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        // SAFETY: every processor has the instructions; a register is sixteen numbers.
        unsafe {
            let lane = transmute::<[u8; OUTPUTS], uint8x16_t>(NUMBERS);
            let first = vcgeq_u8(lane, vdupq_n_u8(first.min(OUTPUTS) as u8));
            let end = vcltq_u8(lane, vdupq_n_u8(end.min(OUTPUTS) as u8));
            Self(vandq_u8(first, end))
        }
    }

    /// Those that are in `other`, too.
    #[inline(always)]
    pub(crate) fn and(self, other: Self) -> Self {
        // SAFETY: every processor has the instruction.
        Self(unsafe { vandq_u8(self.0, other.0) })
    }

    /// And those that are in `other`.
    #[inline(always)]
    pub(crate) fn or(self, other: Self) -> Self {
        // SAFETY: every processor has the instruction.
        Self(unsafe { vorrq_u8(self.0, other.0) })
    }
}

/// Where the outputs of a tile find their inputs in the plane of a channel: in one piece of it or in several, each
/// of some of the outputs.
#[repr(align(16))]
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
    /// What vectors reach, counted from the beginning of a plane: the first element, and behind the last.
    pub(crate) reach: [isize; 2],
    /// For each piece, row and column, which outputs meet an input; not there where there is one piece, and no column is
    /// `masked`.
    pub(crate) masks: [Mask; MASKS],
    /// A bit for each column of taps, which is 0 where all outputs meet inputs in one piece.
    pub(crate) masked: u32,
    /// The first output of a tile with the same masks, whose inputs lie so far behind; 0 if there is none.
    pub(crate) next: usize,
    pub(crate) to_next_tile: isize,
}

/// Where the outputs of a tile are in the plane of a channel.
pub(crate) enum Places {
    /// Sixteen neighbours, from this one on.
    Side(usize),
    /// The last one's place, from each to the one before, and the end of all.
    Apart { last: usize, to_next: [isize; OUTPUTS], end: usize },
}

impl Places {
    /// Of as many outputs, up to sixteen, as there are places.
    pub(crate) fn apart(places: &[usize]) -> Option<Self> {
        let mut to_next = [0; OUTPUTS];
        let (&last, before) = places.split_last()?;
        let skipped = OUTPUTS.checked_sub(places.len())?;
        let (mut at, mut end) = (last, last);
        for (&place, to_next) in before.iter().rev().zip(to_next.iter_mut().skip(skipped)) {
            *to_next = (place as isize).wrapping_sub(at as isize);
            (at, end) = (place, end.max(place));
        }
        Some(Self::Apart { last, to_next, end: end.checked_add(1)? })
    }
}
