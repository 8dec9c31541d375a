//! Where the outputs of a tile find their inputs in the plane of a channel, and where they are in the plane of outputs.

use super::OUTPUTS;
use crate::isa::generic::zeros::Zeros;

/// The most rows times columns of taps, in each piece of the plane, that a tile is gathered from by vectors.
const MASKS: usize = 48;

/// Some of 16 outputs: bytes of all bits or none.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Mask(pub(in crate::isa) [u8; OUTPUTS]);

/// The outputs before each number.
static BEFORE: [Mask; OUTPUTS + 1] = {
    let mut masks = [Mask::NONE; OUTPUTS + 1];
    let mut end = 1;
    while end <= OUTPUTS {
        masks[end] = masks[end - 1];
        masks[end].0[end - 1] = u8::MAX;
        end += 1;
    }
    masks
};

// Ranges are looked up: of a loop over bytes that compares their numbers the compiler makes 200 instructions.
impl Mask {
    /// No output.
    pub(crate) const NONE: Self = Self([0; OUTPUTS]);

    /// All outputs or none.
    #[inline(always)]
    pub(crate) fn when(all: bool) -> Self {
        Self([if all { u8::MAX } else { 0 }; OUTPUTS])
    }

    /// Those from number `first` to before number `end`.
    #[inline(always)]
    pub(crate) fn between(first: usize, end: usize) -> Self {
        let [mut first, end] = [first, end]
            .map(|number| BEFORE.get(number.min(OUTPUTS)).copied().unwrap_or(Self::NONE));
        first.0.iter_mut().for_each(|lane| *lane = !*lane);
        end.and(first)
    }

    /// Those that are in `other`, too.
    #[inline(always)]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(lane, other)| *lane &= other);
        self
    }

    /// And those that are in `other`.
    #[inline(always)]
    pub(crate) fn or(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(lane, other)| *lane |= other);
        self
    }
}

/// Rows and columns of taps, and where each finds its input, counted from the first one's.
#[derive(Clone, Copy)]
pub(crate) struct TapGrid {
    counts: [usize; 2],
    /// From one tap's input to that of the next below, and of the next to the right.
    to_next: [isize; 2],
    /// From one output's input to the next's.
    step: usize,
    /// What vectors of inputs at all taps reach: the first element, and behind the last.
    reach: [isize; 2],
}

impl TapGrid {
    /// Whose outputs' inputs are `step` apart. `None` where vectors cannot gather them: unless that is 1 or 2, there are up to
    /// [`MASKS`] taps, at least one, and all distances fit `isize`.
    pub(crate) fn new(counts: [usize; 2], to_next: [isize; 2], step: usize) -> Option<Self> {
        let [rows, columns] = counts;
        if !(1..=2).contains(&step) || !(1..=MASKS).contains(&rows.checked_mul(columns)?) {
            return None;
        }
        let [mut first, mut end] = [0, (OUTPUTS * step) as isize];
        for (count, to_next) in counts.into_iter().zip(to_next) {
            let last = to_next.checked_mul(count as isize - 1)?;
            (first, end) = (first.checked_add(last.min(0))?, end.checked_add(last.max(0))?);
        }
        Some(Self { counts, to_next, step, reach: [first, end] })
    }
}

/// Where the outputs of a tile find their inputs in the plane of a channel: in one piece of it or in several, each
/// of some of the outputs.
///
/// Where vectors read relies on its fields, which only the methods here change. None of them wraps, and after each of them
/// `reach` covers what taps and pieces say.
#[repr(align(16))]
pub(crate) struct PatchSource {
    /// Rows and columns of taps, as in [`TapGrid`]; none of either before the first [`start`](Self::start).
    taps: [usize; 2],
    to_next: [isize; 2],
    step: usize,
    taps_reach: [isize; 2],
    /// What each piece counts from, as if it held the first output too; the first `pieces` count.
    from: [isize; OUTPUTS],
    pieces: usize,
    /// What vectors reach in all pieces, counted from the beginning of a plane: the first element, and behind the last.
    reach: [isize; 2],
    /// For each piece, row and column, which outputs meet an input; not there where there is one piece, and no column is
    /// `masked`.
    masks: [Mask; MASKS],
    /// A bit for each column of taps, which is 0 where all outputs meet inputs in one piece.
    masked: u32,
    /// The first output of a tile with the same masks, whose inputs lie so far behind; 0 if there is none.
    next: usize,
    to_next_tile: isize,
}

impl PatchSource {
    /// Begins with `taps`, and without a piece.
    pub(crate) fn start(&mut self, taps: &TapGrid) {
        (self.taps, self.to_next, self.step) = (taps.counts, taps.to_next, taps.step);
        self.taps_reach = taps.reach;
        (self.pieces, self.masked, self.next) = (0, 0, 0);
    }

    /// One more piece. `None`, and nothing is changed, if there is no room for it or its masks, or vectors would reach
    /// beyond what fits `isize`.
    pub(crate) fn push(&mut self, from: isize) -> Option<()> {
        let [first, end] = self.taps_reach;
        let (first, end) = (from.checked_add(first)?, from.checked_add(end)?);
        let [rows, columns] = self.taps;
        // `TapGrid` has no more of them than masks.
        if (self.pieces + 1) * (rows * columns) > MASKS {
            return None;
        }
        *self.from.get_mut(self.pieces)? = from;
        let [least, most] = self.reach;
        self.reach = match self.pieces {
            0 => [first, end],
            _ => [least.min(first), most.max(end)],
        };
        self.pieces += 1;
        Some(())
    }

    /// How many pieces there are.
    pub(crate) fn pieces(&self) -> usize {
        self.pieces
    }

    /// What each piece counts from, as if it held the first output too.
    #[inline(always)]
    pub(in crate::isa) fn from(&self) -> &[isize] {
        self.from.get(..self.pieces).unwrap_or_default()
    }

    /// For each piece, row and column of taps, which outputs meet an input.
    pub(crate) fn masks_mut(&mut self) -> &mut [Mask; MASKS] {
        &mut self.masks
    }

    /// See [`masks_mut`](Self::masks_mut).
    #[inline(always)]
    pub(in crate::isa) fn masks(&self) -> &[Mask; MASKS] {
        &self.masks
    }

    /// Rows and columns of taps.
    #[inline(always)]
    pub(in crate::isa) fn taps(&self) -> [usize; 2] {
        self.taps
    }

    /// How many taps there are.
    #[inline(always)]
    pub(in crate::isa) fn tap_count(&self) -> usize {
        self.taps[0] * self.taps[1]
    }

    /// From one tap's input to that of the next below, and of the next to the right.
    #[inline(always)]
    pub(in crate::isa) fn to_next(&self) -> [isize; 2] {
        self.to_next
    }

    /// From one output's input to the next's: 1 or 2.
    #[inline(always)]
    pub(in crate::isa) fn step(&self) -> usize {
        self.step
    }

    /// What vectors reach in all pieces, counted from the beginning of a plane: the first element, and behind the last.
    #[inline(always)]
    pub(in crate::isa) fn reach(&self) -> [isize; 2] {
        self.reach
    }

    /// A bit for each column of taps, which is 0 where all outputs meet inputs in one piece: there masks do not count.
    #[inline(always)]
    pub(in crate::isa) fn masked(&self) -> u32 {
        self.masked
    }

    /// Says that not all outputs meet inputs in the columns of taps whose bits are set.
    pub(crate) fn mask_columns(&mut self, bits: u32) {
        self.masked |= bits;
    }

    /// Says that the tile whose first output is number `tile` has the same masks, and inputs so far behind.
    pub(crate) fn repeat(&mut self, tile: usize, distance: isize) {
        (self.next, self.to_next_tile) = (tile, distance);
    }

    /// Forgets what tile was to be the next.
    pub(crate) fn forget(&mut self) {
        self.next = 0;
    }

    /// Whether the tile whose first output is number `tile` was [said](Self::repeat) to be the next.
    pub(crate) fn is_next(&self, tile: usize) -> bool {
        self.next == tile && tile > 0
    }

    /// Goes on to the next tile, and says that another is its next. Returns whether that is possible; if not, nothing is
    /// changed.
    pub(crate) fn go_on(&mut self, next: usize) -> bool {
        let ([first, end], by) = (self.reach, self.to_next_tile);
        let (Some(first), Some(end)) = (first.checked_add(by), end.checked_add(by)) else {
            return false;
        };
        // Pieces lie within what vectors reach.
        self.from.iter_mut().take(self.pieces).for_each(|from| *from = from.wrapping_add(by));
        (self.reach, self.next) = ([first, end], next);
        true
    }
}

// SAFETY: numbers.
unsafe impl Zeros for PatchSource {}

/// Where the outputs of a tile are in the plane of a channel.
pub(crate) struct OutputPlaces {
    /// The first one's place, of sixteen neighbours; or the last one's.
    at: usize,
    /// Behind the one furthest away.
    end: usize,
    /// From each to the one before, where they are no neighbours.
    to_next: Option<[isize; OUTPUTS]>,
}

impl OutputPlaces {
    /// Behind the one furthest away.
    #[inline(always)]
    pub(in crate::isa) fn end(&self) -> usize {
        self.end
    }

    /// The first one's place, of 16 neighbours; or the last one's.
    #[inline(always)]
    pub(in crate::isa) fn at(&self) -> usize {
        self.at
    }

    /// From each to the one before, the last one first, where they are no neighbours. What follows the last one counts as at
    /// its place.
    #[inline(always)]
    pub(in crate::isa) fn to_next(&self) -> Option<&[isize; OUTPUTS]> {
        self.to_next.as_ref()
    }

    /// The number of each output and its place, the last one first; what follows the last one is at its place.
    #[inline(always)]
    pub(in crate::isa) fn each(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut next = self.at();
        if self.to_next().is_none() {
            next = next.wrapping_add(OUTPUTS - 1);
        }
        let steps = self.to_next.unwrap_or([-1; OUTPUTS]);
        (0..OUTPUTS).rev().zip(steps).map(move |(output, step)| {
            let place = next;
            next = next.wrapping_add_signed(step);
            (output, place)
        })
    }

    /// Of sixteen neighbours, from place `first` on.
    pub(crate) fn side_by_side(first: usize) -> Option<Self> {
        Some(Self { at: first, end: first.checked_add(OUTPUTS)?, to_next: None })
    }

    /// Of as many outputs, up to sixteen, as there are places.
    pub(crate) fn scattered(places: &[usize]) -> Option<Self> {
        let mut to_next = [0; OUTPUTS];
        let (&last, before) = places.split_last()?;
        let skipped = OUTPUTS.checked_sub(places.len())?;
        let (mut at, mut end) = (last, last);
        for (&place, to_next) in before.iter().rev().zip(to_next.iter_mut().skip(skipped)) {
            *to_next = (place as isize).wrapping_sub(at as isize);
            (at, end) = (place, end.max(place));
        }
        Some(Self { at: last, end: end.checked_add(1)?, to_next: Some(to_next) })
    }
}

#[cfg(test)]
mod tests {
    use core::mem::MaybeUninit;

    use super::*;
    use crate::isa::generic::zeros::zeroed;

    const FAR: isize = isize::MAX / 8;

    #[test]
    fn masks_of_any_range() {
        for (first, end) in (0..20).flat_map(|first| (0..20).map(move |end| (first, end))) {
            let Mask(lanes) = Mask::between(first, end);
            for (number, lane) in lanes.into_iter().enumerate() {
                assert_eq!(lane != 0, first <= number && number < end, "{first} {end}");
            }
            assert!(lanes.iter().all(|&lane| lane == 0 || lane == u8::MAX));
            assert_eq!(Mask::between(first, end).and(Mask::when(true)).0, lanes);
            assert_eq!(Mask::between(first, end).or(Mask::NONE).0, lanes);
        }
    }

    #[test]
    fn distances_that_do_not_fit_are_refused() {
        assert!(TapGrid::new([4, 1], [FAR * 2, 1], 1).is_some());
        assert!(TapGrid::new([4, 1], [FAR * 3, 1], 1).is_none());
        assert!(TapGrid::new([4, 1], [-FAR * 3, 1], 1).is_none());
        assert!(TapGrid::new([2, 2], [isize::MAX - 17, 1], 1).is_some());
        assert!(TapGrid::new([2, 2], [isize::MAX - 16, 1], 1).is_none());
        // A single row may have a next one anywhere.
        assert!(TapGrid::new([1, 3], [isize::MIN, 1], 2).is_some());
        for (counts, step) in [([0, 1], 1), ([7, 7], 1), ([usize::MAX, 2], 1), ([1, 1], 3)] {
            assert!(TapGrid::new(counts, [1, 1], step).is_none());
        }
        assert!(OutputPlaces::side_by_side(usize::MAX - 15).is_none());
        assert!(OutputPlaces::scattered(&[0, usize::MAX]).is_none());
    }

    #[test]
    fn pieces_that_do_not_fit_are_refused() {
        let mut source = MaybeUninit::uninit();
        let source: &mut PatchSource = zeroed(&mut source);
        source.start(&TapGrid::new([3, 3], [10, 1], 1).unwrap());
        assert!(source.push(isize::MAX - 37).is_none());
        assert!(source.push(isize::MAX - 38).is_some());
        assert_eq!(source.reach(), [isize::MAX - 38, isize::MAX]);
        source.repeat(16, 1);
        assert!(!source.go_on(32) && source.is_next(16));
        // So many have masks.
        assert!((1..5).all(|from| source.push(from).is_some()));
        assert!(source.push(5).is_none() && source.pieces() == 5);
    }
}
