//! A tile of i8 outputs: sixteen neighbours in a block of output channels.

use core::arch::aarch64::*;
use core::mem::transmute;

use crate::quant::Rounding;

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

impl Totals {
    /// Sets each channel's sums to what they start from.
    #[inline(always)]
    pub(crate) fn fill(&mut self, starts: &[i32; CHANNELS]) {
        for (totals, &start) in self.0.iter_mut().zip(starts) {
            *totals = [start; OUTPUTS];
        }
    }
}

/// Sixteen weights of each channel of a block.
#[repr(align(16))]
pub(crate) struct Padded(pub(crate) [i8; 16 * CHANNELS]);

/// Some of sixteen outputs: bytes of all bits or none.
#[derive(Clone, Copy)]
pub(crate) struct Mask(pub(crate) uint8x16_t);

impl Mask {
    pub(crate) const NONE: Self = Self::each(0);
    pub(crate) const ALL: Self = Self::each(u8::MAX);

    const fn each(byte: u8) -> Self {
        // SAFETY: a register is sixteen numbers.
        Self(unsafe { transmute::<[u8; OUTPUTS], uint8x16_t>([byte; OUTPUTS]) })
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

    /// With those of `other`.
    #[inline(always)]
    pub(crate) fn join(&mut self, other: Self) {
        // SAFETY: every processor has the instruction.
        self.0 = unsafe { vorrq_u8(self.0, other.0) };
    }

    /// Whether output number `lane` is one of them.
    pub(crate) fn has(self, lane: usize) -> bool {
        // SAFETY: a register is sixteen numbers.
        let bytes = unsafe { transmute::<uint8x16_t, [u8; OUTPUTS]>(self.0) };
        bytes.get(lane).is_some_and(|&byte| byte != 0)
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

/// Where the outputs of a tile are in the plane of a channel.
pub(crate) struct Places {
    pub(crate) first: usize,
    /// From each to the next, if they are not neighbours.
    pub(crate) to_next: Option<[usize; OUTPUTS]>,
    pub(crate) last: usize,
}

/// The way from sums to outputs.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) rounding: Rounding,
    pub(crate) zero_point: i32,
    pub(crate) range: [i8; 2],
}
