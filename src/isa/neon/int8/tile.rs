//! A tile of i8 outputs: sixteen neighbours in a block of output channels.

use core::arch::aarch64::*;
use core::mem::transmute;

use crate::isa::neon::zeros::Zeros;

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

/// What belongs to a block of output channels. Where anything is read or written relies on none of it.
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
/// [`Dots::multiply`](crate::isa::neon::int8::Dots::multiply) checks that all are there.
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

/// Rows and columns of taps, and where each finds its input, counted from the first one's.
#[derive(Clone, Copy)]
pub(crate) struct Taps {
    counts: [usize; 2],
    /// From one tap's input to that of the next below, and of the next to the right.
    to_next: [isize; 2],
    /// From one output's input to the next's.
    step: usize,
    /// What vectors of inputs at all taps reach: the first element, and behind the last.
    reach: [isize; 2],
}

impl Taps {
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
/// Where vectors read relies on its fields, which only the methods here change. Of these, none lets `reach` fall behind
/// what taps and pieces say, and none wraps.
#[repr(align(16))]
pub(crate) struct Window {
    /// Rows and columns of taps, as in [`Taps`]; none of either before the first [`start`](Self::start).
    pub(super) taps: [usize; 2],
    pub(super) to_next: [isize; 2],
    pub(super) step: usize,
    taps_reach: [isize; 2],
    /// What each piece counts from, as if it held the first output too; the first `pieces` count.
    from: [isize; OUTPUTS],
    pieces: usize,
    /// What vectors reach in all pieces, counted from the beginning of a plane: the first element, and behind the last.
    pub(super) reach: [isize; 2],
    /// For each piece, row and column, which outputs meet an input; not there where there is one piece, and no column is
    /// `masked`.
    masks: [Mask; MASKS],
    /// A bit for each column of taps, which is 0 where all outputs meet inputs in one piece.
    pub(super) masked: u32,
    /// The first output of a tile with the same masks, whose inputs lie so far behind; 0 if there is none.
    next: usize,
    to_next_tile: isize,
}

impl Window {
    /// Begins with `taps`, and without a piece.
    pub(crate) fn start(&mut self, taps: &Taps) {
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
        // `Taps` has no more of them than masks.
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

    /// What each piece counts from.
    pub(super) fn from(&self) -> &[isize] {
        self.from.get(..self.pieces).unwrap_or_default()
    }

    /// For each piece, row and column of taps, which outputs meet an input.
    pub(crate) fn masks_mut(&mut self) -> &mut [Mask; MASKS] {
        &mut self.masks
    }

    /// The masks, in as many registers; as many as taps for each piece.
    pub(super) fn masks(&self) -> *const uint8x16_t {
        self.masks.as_ptr().cast()
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

/// Where the outputs of a tile are in the plane of a channel.
pub(crate) struct Places {
    /// The first one's place, of sixteen neighbours; or the last one's.
    pub(super) at: usize,
    /// Behind the one furthest away.
    pub(super) end: usize,
    /// From each to the one before, where they are no neighbours.
    pub(super) to_next: Option<[isize; OUTPUTS]>,
}

impl Places {
    /// Of sixteen neighbours, from place `first` on.
    pub(crate) fn side_by_side(first: usize) -> Option<Self> {
        Some(Self { at: first, end: first.checked_add(OUTPUTS)?, to_next: None })
    }

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
        Some(Self { at: last, end: end.checked_add(1)?, to_next: Some(to_next) })
    }
}

#[cfg(test)]
mod tests {
    use core::mem::MaybeUninit;

    use super::*;
    use crate::isa::neon::int8::Dots;
    use crate::isa::neon::int8::gather::Sources;
    use crate::isa::neon::zeros::zero;

    const FAR: isize = isize::MAX / 8;

    #[test]
    fn distances_that_do_not_fit_are_refused() {
        assert!(Taps::new([4, 1], [FAR * 2, 1], 1).is_some());
        assert!(Taps::new([4, 1], [FAR * 3, 1], 1).is_none());
        assert!(Taps::new([4, 1], [-FAR * 3, 1], 1).is_none());
        assert!(Taps::new([2, 2], [isize::MAX - 17, 1], 1).is_some());
        assert!(Taps::new([2, 2], [isize::MAX - 16, 1], 1).is_none());
        // A single row may have a next one anywhere.
        assert!(Taps::new([1, 3], [isize::MIN, 1], 2).is_some());
        for (counts, step) in [([0, 1], 1), ([7, 7], 1), ([usize::MAX, 2], 1), ([1, 1], 3)] {
            assert!(Taps::new(counts, [1, 1], step).is_none());
        }
        assert!(Places::side_by_side(usize::MAX - 15).is_none());
        assert!(Places::apart(&[0, usize::MAX]).is_none());
    }

    #[test]
    fn pieces_that_do_not_fit_are_refused() {
        let mut window = MaybeUninit::uninit();
        let window: &mut Window = zero(&mut window);
        window.start(&Taps::new([3, 3], [10, 1], 1).unwrap());
        assert!(window.push(isize::MAX - 37).is_none());
        assert!(window.push(isize::MAX - 38).is_some());
        window.repeat(16, 1);
        assert!(!window.go_on(32) && window.is_next(16));
        // So many have masks.
        assert!((1..5).all(|from| window.push(from).is_some()));
        assert!(window.push(5).is_none() && window.pieces() == 5);
    }

    #[test]
    fn nothing_is_gathered_from_outside() {
        let (x, mut rows) = ([1; 100], [Row([0; OUTPUTS]); 16]);
        let mut window = MaybeUninit::uninit();
        let window: &mut Window = zero(&mut window);
        let mut gathers = |window: &Window, first, plane, in_fours, single| {
            let sources = Sources { first, plane, in_fours, single };
            Dots::new().gather(window, &x, sources, 0, &mut rows)
        };
        assert!(!gathers(window, 0, 20, 4, 0));
        window.start(&Taps::new([1, 1], [1, 1], 1).unwrap());
        assert!(!gathers(window, 0, 20, 4, 0));
        window.push(0).unwrap();
        assert!(gathers(window, 0, 20, 4, 0));
        // What is not far outside is seen in a copy.
        assert!(gathers(window, 30, 20, 4, 0));
        // More channels than rows, or no fours; planes far outside, some of which wrap to the beginning.
        for (in_fours, single) in [(20, 0), (4, usize::MAX), (usize::MAX - 3, 4), (3, 0)] {
            assert!(!gathers(window, 0, 20, in_fours, single));
        }
        assert!(!gathers(window, 0, 1 << 62, 4, 0) && !gathers(window, usize::MAX - 1, 1, 4, 0));
        window.start(&Taps::new([2, 1], [1 << 61, 1], 1).unwrap());
        window.push(0).unwrap();
        assert!(!gathers(window, 0, 20, 4, 0));
    }
}
