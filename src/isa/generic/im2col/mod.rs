//! Matrix products of patches and weights in i8, over instructions that reduce along the taps.
//!
//! An instruction of [`Lanes`](crate::isa::traits::Lanes) adds one product to each sum. Those that a [`MicroKernel`] is made
//! of add 2 (`smlal` and `sadalp`, `vpmaddwd`), 4 (`sdot`, `vpdpbusd`) or 8 (`smmla`), and read the taps of an output side by side. So
//! inputs are gathered first, tap by tap for 16 outputs ([`PatchRow`]), then interleaved and arranged in place as the
//! instructions read them.

mod scalar;
mod source;

use core::mem::MaybeUninit;

pub(crate) use self::source::{Mask, OutputPlaces, PatchSource, TapGrid};
use crate::isa::generic::requantize::RequantizeParams;
use crate::isa::generic::zeros::{Zeros, zeroed};

/// Outputs that are computed together.
pub(crate) const OUTPUTS: usize = 16;

/// Output channels of a weight panel; what is left over goes in panels of one.
pub(crate) const CHANNELS: usize = 4;

/// Taps that are multiplied at a time.
pub(crate) const TAPS: usize = 16;

/// The most taps whose inputs are gathered before they are multiplied: those of 24 channels in windows of 3x3, and eight that
/// were left over.
pub(crate) const CAPACITY: usize = 224;

/// The inputs of a tap, output by output.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct PatchRow(pub(crate) [i8; OUTPUTS]);

/// Room for the patches of a tile.
pub(crate) struct PatchBuffer(pub(crate) [PatchRow; CAPACITY]);

/// The channels that patches are gathered from.
#[derive(Clone, Copy)]
pub(crate) struct PatchChannels {
    /// Where the first one's plane begins.
    pub(crate) first: usize,
    /// The elements of a plane.
    pub(crate) plane: usize,
    /// How many channels are interleaved by fours, and how many follow them one by one.
    pub(crate) in_fours: usize,
    pub(crate) single: usize,
}

/// The patches of a tile, or a part of their taps.
#[derive(Clone, Copy)]
pub(crate) struct PatchPanel<'a> {
    /// [Arranged](MicroKernel::arrange).
    pub(crate) rows: &'a [[PatchRow; TAPS]],
    /// How many sixteens of taps are complete. One more may follow that is not: its weights are
    /// [`PanelParameters::rest`].
    pub(crate) whole: usize,
    /// Whether these are the first taps.
    pub(crate) first: bool,
    /// How many outputs count.
    pub(crate) outputs: usize,
}

/// The sums of a weight panel: of four outputs at a time, channel by channel.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Accumulators(pub(crate) [[[i32; 4]; CHANNELS]; OUTPUTS / 4]);

/// What belongs to a weight panel beside its weights. No address depends on it.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(crate) struct PanelParameters {
    /// What sums start from.
    pub(crate) starts: [i32; CHANNELS],
    pub(crate) multipliers: [i32; CHANNELS],
    /// From -31 to 30.
    pub(crate) shifts: [i32; CHANNELS],
    /// Each channel's weights of the last taps, where these are fewer than 16, filled up with zeros.
    pub(crate) rest: [[i8; TAPS]; CHANNELS],
    /// Whether rounding is double, and all shifts are to the right.
    pub(crate) right_shift_only: bool,
    /// Whether the sum of two products may exceed i16.
    pub(crate) i16_may_overflow: bool,
}

impl PanelParameters {
    pub(crate) const NONE: Self = Self {
        starts: [0; CHANNELS],
        multipliers: [0; CHANNELS],
        shifts: [0; CHANNELS],
        rest: [[0; TAPS]; CHANNELS],
        right_shift_only: false,
        i16_may_overflow: false,
    };
}

/// Panels of `size` channels each, whose weights lie one behind the other, and so do their planes of outputs.
pub(crate) struct WeightPanels<'a> {
    /// [`CHANNELS`] or one.
    pub(crate) size: usize,
    pub(crate) parameters: &'a [PanelParameters],
    /// Begins with the first panel's weights of the patch panel's taps.
    pub(crate) weight: &'a [i8],
    /// From one panel's weights to the next's.
    pub(crate) to_next: usize,
    /// Those of each panel if they are `spilled`; otherwise the first ones serve all.
    pub(crate) accumulators: &'a mut [Accumulators],
    /// Whether sums are kept, as there were other taps or will be.
    pub(crate) spilled: bool,
}

/// Where outputs go: planes of `plane` elements, the first of which begins with `y`.
pub(crate) struct OutputPlanes<'a> {
    pub(crate) requantize: RequantizeParams,
    pub(crate) places: &'a OutputPlaces,
    pub(crate) y: &'a mut [i8],
    pub(crate) plane: usize,
}

// SAFETY: numbers.
unsafe impl Zeros for PatchBuffer {}
// SAFETY: numbers.
unsafe impl<const N: usize> Zeros for [Accumulators; N] {}
// SAFETY: numbers and truth values.
unsafe impl<const N: usize> Zeros for [PanelParameters; N] {}

/// Instructions that multiply the taps of 16 outputs with the weights of 4 channels or of one, [`TAPS`] at a time.
///
/// Methods are safe whatever they are given: where a slice is too short, they do nothing.
pub(crate) trait MicroKernel: Copy {
    /// Fills `place` with zeros.
    #[inline(always)]
    fn zeroed<T: Zeros>(place: &mut MaybeUninit<T>) -> &mut T {
        zeroed(place)
    }

    /// Gathers the inputs of a tile: of four channels at a time tap by tap and then channel by channel, of the others channel by
    /// channel and then tap by tap; and [interleaves](Self::interleave) them. Returns whether it did.
    fn gather(
        self,
        source: &PatchSource,
        x: &[i8],
        channels: PatchChannels,
        border: i8,
        to: &mut [PatchRow],
    ) -> bool;

    /// Interleaves the first `count` rows, which are gathered tap by tap, four at a time; `rows` has whole fours.
    fn interleave(self, rows: &mut [PatchRow], count: usize);

    /// Brings interleaved rows into the order in which [`multiply`](Self::multiply) reads them where so many outputs count.
    fn arrange(self, outputs: usize, rows: &mut [[PatchRow; TAPS]]);

    /// Adds the products of all taps of a patch panel to the sums of weight panels, or to what these start from; writes
    /// them as outputs, if there are planes for them.
    fn multiply(
        self,
        panel: PatchPanel<'_>,
        weights: WeightPanels<'_>,
        outputs: Option<OutputPlanes<'_>>,
    );

    /// The sum of all weights.
    fn sum_of<'a>(weights: impl Iterator<Item = &'a [i8; TAPS]>) -> i32;

    /// Whether [`multiply`](Self::multiply) sums up products in i16, and sums of products with these weights may not fit.
    fn i16_may_overflow(self, weights: &[[i8; TAPS]]) -> bool;
}

/// Whether there are all weights, accumulators and places in the output. Of numbers that come from outside, sums and
/// products are checked; others are bounded by the lengths of slices.
#[inline(always)]
pub(in crate::isa) fn is_complete(
    panel: &PatchPanel<'_>,
    weights: &WeightPanels<'_>,
    outputs: Option<&OutputPlanes<'_>>,
) -> bool {
    let WeightPanels { size, parameters, weight, to_next, accumulators, spilled } = weights;
    let left_over = panel.rows.len().checked_sub(panel.whole);
    if *size != CHANNELS && *size != 1 || panel.rows.is_empty() || left_over.is_none_or(|n| n > 1) {
        return false;
    }
    let Some(others) = parameters.len().checked_sub(1) else { return false };
    if accumulators.len() <= if *spilled { others } else { 0 } {
        return false;
    }
    let weights = others.checked_mul(*to_next);
    let weights = weights.and_then(|weights| weights.checked_add(TAPS * size * panel.whole));
    let all_written = outputs.is_none_or(|OutputPlanes { places, y, plane, .. }| {
        let before = (others * size + size - 1).checked_mul(*plane);
        before.is_some_and(|before| places.end() <= y.len().saturating_sub(before))
    });
    weights.is_some_and(|weights| weights <= weight.len()) && all_written
}
