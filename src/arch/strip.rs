//! A window of few taps that slides over a plane as over one long row, where outputs lie as their inputs
//! do: the innermost loop of depthwise convolution over narrow planes.

use crate::arch::isa::Register;

/// The widest plane.
pub(crate) const MOST_COLUMNS: usize = 32;

/// `N` rows of `K` taps.
#[derive(Clone, Copy)]
pub(crate) struct Strip<L: Register, const N: usize, const K: usize> {
    lanes: L,
    weight: [[L::Vector; K]; N],
    /// The sum before the first product.
    start: L::Vector,
    /// From one row of taps to the next, in elements of the plane.
    row: usize,
}

/// Which outputs a tap of each column has an input for, for vectors of outputs from any column on.
pub(crate) struct Columns<L: Register, const K: usize> {
    inside: [[L::Mask; K]; MOST_COLUMNS],
    width: usize,
    /// How many columns further the next vector begins.
    step: usize,
}

impl<L: Register, const K: usize> Columns<L, K> {
    /// Of planes of `width` columns, at most [`MOST_COLUMNS`]; the first tap
    /// meets the input `before` columns to the left of the output.
    #[inline(always)]
    pub(crate) fn new(lanes: L, width: usize, before: usize) -> Self {
        let width = width.clamp(1, MOST_COLUMNS);
        let mut inside = [[lanes.mask(0); K]; MOST_COLUMNS];
        for (first, taps) in inside.iter_mut().enumerate().take(width) {
            for (k, mask) in taps.iter_mut().enumerate() {
                let (mut bits, mut column) = (0, first);
                for lane in 0..L::LANES {
                    let input = (column + k).checked_sub(before);
                    bits |= u32::from(input.is_some_and(|input| input < width)) << lane;
                    column = if column + 1 < width { column + 1 } else { 0 };
                }
                *mask = lanes.mask(bits);
            }
        }
        Self { inside, width, step: L::LANES % width }
    }

    /// The column where the vector after the one from `column` on begins.
    #[inline(always)]
    fn after(&self, column: usize) -> usize {
        let next = column + self.step;
        if next < self.width { next } else { next - self.width }
    }
}

impl<L: Register, const N: usize, const K: usize> Strip<L, N, K> {
    /// Rows of taps lie `row` elements apart in the plane.
    #[inline(always)]
    pub(crate) fn new(lanes: L, weight: &[[f32; K]; N], start: f32, row: usize) -> Self {
        Self { lanes, weight: lanes.splat_each(weight), start: lanes.splat(start), row }
    }

    /// Writes `y`, which begins with a row; the first output's first tap is element `first` of `x`, which
    /// may lie before it.
    #[inline(always)]
    pub(crate) fn run(&self, columns: &Columns<L, K>, x: &[f32], first: isize, y: &mut [f32]) {
        let lanes = self.lanes;
        let from = x.as_ptr().wrapping_offset(first);
        // Where all that a vector meets lies in the slice.
        let reach = N.saturating_sub(1) * self.row + (K - 1) + L::LANES;
        let safe_from = first.min(0).unsigned_abs();
        let safe_end = (x.len() + safe_from).checked_sub(reach + first.max(0).unsigned_abs());
        let safe = safe_from..safe_end.map_or(0, |last| last + 1);
        let whole_end = safe.end.min((y.len() + 1).saturating_sub(L::LANES));
        let (mut next, mut phase) = (0, 0);
        while next < y.len() {
            while (safe.start..whole_end).contains(&next)
                && let Some(inside) = columns.inside.get(phase)
            {
                let from = from.wrapping_add(next);
                // SAFETY: what all taps meet lies in the slice, and `y` has room for a vector.
                unsafe {
                    let sum = self.sum(inside, |tap| lanes.load(from.wrapping_add(tap)));
                    lanes.store(y.as_mut_ptr().add(next), sum);
                }
                next += L::LANES;
                phase = columns.after(phase);
            }
            // The last vector ends with the strip.
            let at = next.min(y.len().saturating_sub(L::LANES));
            phase = if at == next { phase } else { at % columns.width };
            let (Some(inside), Some(y)) = (columns.inside.get(phase), y.get_mut(at..)) else {
                return;
            };
            let from = from.wrapping_add(at);
            let sum = match safe.contains(&at) {
                // SAFETY: what all taps meet lies in the slice.
                true => self.sum(inside, |tap| unsafe { lanes.load(from.wrapping_add(tap)) }),
                false => self.sum(inside, |tap| {
                    let mask = lanes.mask_within(first.wrapping_add_unsigned(at + tap), x.len());
                    // SAFETY: the mask leaves elements of the slice.
                    unsafe { lanes.load_masked(from.wrapping_add(tap), mask) }
                }),
            };
            // SAFETY: there is room for as many.
            unsafe { lanes.store_first(y.as_mut_ptr(), sum, y.len().min(L::LANES)) };
            next = at + L::LANES;
            phase = columns.after(phase);
        }
    }

    /// A vector of outputs. What a column of taps meets beyond its row counts for nothing, and is taken
    /// out of that column's sum.
    #[inline(always)]
    fn sum(&self, inside: &[L::Mask; K], load: impl Fn(usize) -> L::Vector) -> L::Vector {
        let mut columns = [self.lanes.zero(); K];
        for (n, weight) in self.weight.iter().enumerate() {
            for (k, (column, &weight)) in columns.iter_mut().zip(weight).enumerate() {
                let x = load(n * self.row + k);
                *column = self.lanes.multiply_add(*column, weight, x);
            }
        }
        let mut sum = self.start;
        for (column, &mask) in columns.into_iter().zip(inside) {
            sum = self.lanes.add(sum, self.lanes.keep(column, mask));
        }
        sum
    }
}
