//! What vectors of neighbouring inputs a [`Window`](crate::isa::generic::window::Window) loads, and which of their elements lie in
//! the row.

use crate::geometry::MAX_ELEMENTS;
use crate::isa::traits::Register;

/// The longest distance between rows, taps or outputs, which are those of validated geometry: the sum of sixteen fits into
/// `usize`, and no window adds up more.
pub(super) const FURTHEST: usize = MAX_ELEMENTS;

const _: () = assert!(MAX_ELEMENTS <= usize::MAX / 16);

/// A vector of outputs of which some look over the left or the right edge, or are not there at all: for windows of outputs `STEP`
/// apart, with taps `TAP` apart, or as many as is said at run time where that is 0.
#[derive(Clone, Copy)]
pub(crate) struct Edge<L: Register, const K: usize, const STEP: usize, const TAP: usize> {
    /// The input of the first output's first tap, counted from the row's first element.
    pub(super) first: isize,
    /// Elements of a row.
    pub(super) width: usize,
    /// From one tap to the next: the masks are for windows with these alone.
    tap: usize,
    /// Which elements lie in the row, for each vector that a window loads.
    pub(super) inside: [[L::Mask; 2]; K],
    /// Whether only the first of these vectors looks beyond the row.
    pub(super) first_alone: bool,
    /// How many outputs there are.
    pub(super) count: usize,
}

/// What may be read of a row.
pub(super) enum Reach<'a, L: Register, const K: usize, const STEP: usize, const TAP: usize> {
    /// Everything asked for is in the row.
    Inside,
    /// Of the first vector of each row these lanes may be read, and everything of the others.
    FirstMasked(L::Mask),
    /// What lies beyond the row may be read, but does not count.
    Kept(&'a Edge<L, K, STEP, TAP>),
    /// What lies beyond the row may not be read.
    Masked(&'a Edge<L, K, STEP, TAP>),
}

/// Where the vectors for tap `index` begin, counted from the first tap. With a step of 2, two neighbouring
/// taps share a pair of vectors, of which each takes every second element.
#[inline(always)]
pub(super) fn vectors_of<L: Register>(index: usize, tap: usize, step: usize) -> [usize; 2] {
    match step {
        1 => [index.wrapping_mul(tap); 2],
        _ => [2 * index, 2 * index + L::LANES],
    }
}

/// Whether each lane of a sum takes every second tap, of the outputs that every second lane is for.
pub(super) const fn in_pairs<L: Register>(step: usize) -> bool {
    step == 2 && L::HALVES_OF_SUMS
}

/// How many elements before the first tap's input vectors begin. With the usual padding, of half the kernel,
/// pairs are then pairs counted from the beginning of a row, too, so that few vectors cross a cache line.
pub(super) const fn shift<L: Register, const K: usize>(step: usize) -> usize {
    if in_pairs::<L>(step) { K / 2 % 2 } else { 0 }
}

/// Elements that the vectors for `taps` taps reach over; as many as there can be if those are more.
#[inline(always)]
pub(super) fn reach_of<L: Register>(taps: usize, tap: usize, step: usize) -> usize {
    match step {
        1 => (taps - 1).saturating_mul(tap).saturating_add(L::LANES),
        _ => 2 * (taps.div_ceil(2) - 1) + 2 * L::LANES,
    }
}

impl<L: Register, const K: usize, const STEP: usize, const TAP: usize> Edge<L, K, STEP, TAP> {
    /// `count` outputs, or as many as there are lanes, whose first tap meets element `first` of a row of
    /// `width`; taps lie `tap` elements apart where `TAP` is 0.
    ///
    /// A mask and the address that it is for are computed alike, modulo the address space, so that lanes in a mask are
    /// in the row whatever the numbers are.
    #[inline(always)]
    pub(crate) fn new(lanes: L, first: isize, width: usize, tap: usize, count: usize) -> Self {
        let (tap, step) = (if TAP == 0 { tap } else { TAP }, STEP);
        let width = width.min(FURTHEST);
        let first = first.saturating_sub_unsigned(shift::<L, K>(step));
        let mut inside = [[lanes.mask(0); 2]; K];
        for (index, pair) in inside.iter_mut().enumerate() {
            for (mask, vector) in pair.iter_mut().zip(vectors_of::<L>(index, tap, step)) {
                *mask = lanes.mask_within(first.wrapping_add_unsigned(vector), width);
            }
        }
        // Of all vectors but the first, the one furthest to the left.
        let second = first.saturating_add_unsigned(step.max(tap));
        let end = first.saturating_add_unsigned(reach_of::<L>(K, tap, step));
        let first_alone = second >= 0 && end <= width as isize;
        Self { first, width, tap, inside, first_alone, count: count.min(L::LANES) }
    }

    /// Whether the masks are for windows with taps `tap` elements apart.
    #[inline(always)]
    pub(super) const fn is_for(&self, tap: usize) -> bool {
        TAP != 0 || self.tap == tap
    }
}
