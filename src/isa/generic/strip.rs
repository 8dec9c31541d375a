//! A window of few taps that slides over a plane as over one long row, where outputs lie as their inputs
//! do: the innermost loop of depthwise convolution over narrow planes.

use core::mem::MaybeUninit;

use crate::geometry::missing;
use crate::isa::traits::Register;

/// The widest plane.
const MOST_COLUMNS: usize = 32;

/// Elements of a copy of what outputs near the first or the last row meet.
const COPY: usize = 256;

/// Neighbouring outputs.
#[derive(Clone, Copy)]
struct Piece {
    first: usize,
    count: usize,
    /// The first one's.
    column: usize,
}

/// `K` rows of `K` taps over planes of few columns, as many in the input as in the output; the middle tap of a
/// row meets the output's own column.
pub(crate) struct Strip<L: Register, const K: usize> {
    lanes: L,
    /// Which outputs a tap of each column has an input for, for vectors of outputs from any column on.
    inside: [[L::Mask; K]; MOST_COLUMNS],
    width: usize,
    /// How many columns further the next vector begins.
    step: usize,
    /// From one row of taps to the next, in elements of the plane.
    row: usize,
    /// How many elements before an output its first tap's is.
    before: usize,
    /// From the first tap's element to the last one's.
    reach: usize,
    /// Whole vectors of outputs whose inputs all lie in the plane; and those before and behind, whose inputs are
    /// copied.
    middle: Piece,
    top: Piece,
    bottom: Piece,
}

impl<L: Register, const K: usize> Strip<L, K> {
    /// For planes of `width` columns with `input` elements that become `output`, where rows of taps lie `row` elements
    /// apart, the first `rows_before` rows before the output's. `None` for planes that are too wide.
    #[inline(always)]
    pub(crate) fn new(
        lanes: L,
        (width, input, output): (usize, usize, usize),
        row: usize,
        rows_before: usize,
    ) -> Option<Self> {
        if !(1..=MOST_COLUMNS).contains(&width) || row > COPY {
            return None;
        }
        let before = rows_before.checked_mul(width)?.checked_add(K / 2)?;
        // No sum of these wraps.
        if before.max(input).max(output) > isize::MAX as usize / 8 {
            return None;
        }
        let reach = (K - 1) * row + K - 1;
        let first = before.next_multiple_of(L::LANES);
        // The last vector inside begins before.
        let end = (input + before + 1).saturating_sub(reach + L::LANES).min(output);
        let middle = end.saturating_sub(first).next_multiple_of(L::LANES);
        let middle = middle.min(output.saturating_sub(first) / L::LANES * L::LANES);
        let top = if middle > 0 { first } else { output };
        let piece = |first, count| Piece { first, count, column: first % width };
        let [top, middle, bottom] =
            [piece(0, top), piece(top, middle), piece(top + middle, output - top - middle)];
        let room = COPY.checked_sub(reach + 2 * L::LANES)?;
        if top.count.max(bottom.count) > room {
            return None;
        }

        let mut inside = [[lanes.mask(0); K]; MOST_COLUMNS];
        for k in 0..K {
            // A bit for each column, row after row.
            let all = (1_u64 << width) - 1;
            let mut columns = (all << (K / 2) >> k) & all;
            let mut count = width;
            while count < u64::BITS as usize {
                columns |= columns << count;
                count *= 2;
            }
            for (first, masks) in inside.iter_mut().enumerate().take(width) {
                masks[k] = lanes.mask((columns >> first) as u32);
            }
        }
        let step = L::LANES % width;
        Some(Self { lanes, inside, width, step, row, before, reach, middle, top, bottom })
    }

    /// The column where the vector after the one from `column` on begins.
    #[inline(always)]
    fn after(&self, column: usize) -> usize {
        let next = column + self.step;
        if next < self.width { next } else { next - self.width }
    }

    /// Writes the plane `y`, sums that begin with `start`, from the plane `x`; nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn run(&self, weight: &[[f32; K]; K], start: f32, x: &[f32], y: &mut [f32]) {
        let Self { lanes, top, middle, bottom, .. } = *self;
        let taps = (lanes.splat_each(weight), lanes.splat(start));
        let end = middle.first + middle.count + self.reach;
        let reads_beyond = middle.count > 0 && x.len() < end - self.before;
        if reads_beyond || y.len() < bottom.first + bottom.count {
            return missing();
        }
        let mut copies = [const { [const { MaybeUninit::uninit() }; COPY] }; 2];
        let [copy_of_top, copy_of_bottom] = &mut copies;
        let inside = x.as_ptr().wrapping_add(middle.first).wrapping_sub(self.before);
        let from_top = self.copy(x, top, copy_of_top);
        let from_bottom = self.copy(x, bottom, copy_of_bottom);
        // Copies last: they are then written by the time that they are read.
        for (from, piece) in [(inside, middle), (from_top, top), (from_bottom, bottom)] {
            // SAFETY: `y` is long enough, checked above, and what all taps of whole vectors of outputs meet lies in `x`
            // (`reads_beyond`) or was copied, for which there is room (`new`).
            unsafe { self.outputs(&taps, from, piece, y.as_mut_ptr()) };
        }
    }

    /// Copies what the taps of whole vectors of outputs meet, with zeros for what is not in the plane `x`.
    #[inline(always)]
    fn copy(&self, x: &[f32], piece: Piece, to: &mut [MaybeUninit<f32>; COPY]) -> *const f32 {
        let lanes = self.lanes;
        let mut first = (piece.first as isize).wrapping_sub_unsigned(self.before);
        let vectors = match piece.count {
            0 => 0,
            count => (count.next_multiple_of(L::LANES) + self.reach).div_ceil(L::LANES),
        };
        for to in to.chunks_exact_mut(L::LANES).take(vectors) {
            let from = x.as_ptr().wrapping_offset(first);
            let inside = first >= 0 && first.unsigned_abs() + L::LANES <= x.len();
            // SAFETY: the vector lies in the plane, or the mask leaves elements that do; `to` is a vector.
            unsafe {
                let x = match inside {
                    true => lanes.load(from),
                    false => lanes.load_masked(from, lanes.mask_within(first, x.len())),
                };
                lanes.store(to.as_mut_ptr().cast(), x);
            }
            first = first.wrapping_add_unsigned(L::LANES);
        }
        to.as_ptr().cast()
    }

    /// Writes `piece` of `y`.
    ///
    /// # Safety
    ///
    /// The piece of `y` may be written, and what the taps of as many whole vectors as hold it meet may be read,
    /// `from` being the first one's.
    #[inline(always)]
    unsafe fn outputs(
        &self,
        taps: &([[L::Vector; K]; K], L::Vector),
        mut from: *const f32,
        piece: Piece,
        y: *mut f32,
    ) {
        let mut to = y.wrapping_add(piece.first);
        let (mut left, mut column) = (piece.count, piece.column);
        while left >= L::LANES {
            // SAFETY: the caller's.
            unsafe { self.lanes.store(to, self.sum(taps, from, column)) };
            (from, to) = (from.wrapping_add(L::LANES), to.wrapping_add(L::LANES));
            (left, column) = (left - L::LANES, self.after(column));
        }
        if left > 0 {
            // SAFETY: the caller's.
            unsafe { self.lanes.store_first(to, self.sum(taps, from, column), left) };
        }
    }

    /// A vector of outputs, of which the first is in `column`. What a column of taps meets beyond its row counts for
    /// nothing, and is taken out of that column's sum.
    ///
    /// # Safety
    ///
    /// What the taps meet may be read, `from` being the first one's.
    #[inline(always)]
    unsafe fn sum(
        &self,
        (weight, start): &([[L::Vector; K]; K], L::Vector),
        from: *const f32,
        column: usize,
    ) -> L::Vector {
        let lanes = self.lanes;
        let Some(inside) = self.inside.get(column) else { return lanes.zero() };
        let mut columns = [lanes.zero(); K];
        columns[K / 2] = *start;
        for (n, weight) in weight.iter().enumerate() {
            for (k, (sum, &weight)) in columns.iter_mut().zip(weight).enumerate() {
                // SAFETY: the caller's.
                let x = unsafe { lanes.load(from.wrapping_add(n * self.row + k)) };
                *sum = lanes.multiply_add(*sum, weight, x);
            }
        }
        let mut sum = columns[K / 2];
        for (k, (&column, &mask)) in columns.iter().zip(inside).enumerate() {
            if k != K / 2 {
                sum = lanes.add(sum, lanes.and_mask(column, mask));
            }
        }
        sum
    }
}
