//! A window of few taps that slides over a plane, for neighbouring outputs at a time: the innermost loops of
//! depthwise convolution.

use core::array::from_fn;

use crate::arch::isa::Register;

/// `N` rows of `K` taps, `row` and `tap` elements apart in the plane, over outputs `STEP`, 1 or 2, apart.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a, L: Register, const N: usize, const K: usize, const STEP: usize> {
    pub(crate) lanes: L,
    pub(crate) weight: &'a [[f32; K]; N],
    /// The sum before the first product.
    pub(crate) start: f32,
    pub(crate) row: usize,
    pub(crate) tap: usize,
}

/// A vector of outputs of which some look over the left or the right edge, or are not there at all.
#[derive(Clone, Copy)]
pub(crate) struct Edge<L: Register, const K: usize> {
    /// The input of the first output's first tap, counted from the row's first element.
    first: isize,
    /// Elements of a row.
    width: usize,
    /// What each tap may read; with a step of 2, from either half.
    inside: [[L::Mask; 2]; K],
    /// How many outputs there are.
    count: usize,
}

impl<L: Register, const K: usize> Edge<L, K> {
    /// `count` outputs, or as many as there are lanes, whose first tap meets element `first` of a row of
    /// `width`; taps lie `tap` elements apart, outputs `step`, 1 or 2.
    pub(crate) fn new(
        lanes: L,
        first: isize,
        width: usize,
        tap: usize,
        step: usize,
        count: usize,
    ) -> Self {
        let inside = from_fn(|k| {
            let at = first.wrapping_add_unsigned(k * tap);
            // The elements, counted from `at`, that are in the row and that the lanes come to.
            let end = (width as isize - at).clamp(0, (step * (L::LANES - 1) + 1) as isize) as usize;
            let start = (at.saturating_neg().max(0) as usize).min(end);
            let high = L::LANES - 1;
            let low_half = start.min(L::LANES)..end.min(L::LANES);
            let high_half = start.max(high) - high..end.max(high) - high;
            [lanes.mask(low_half), lanes.mask(high_half)]
        });
        Self { first, width, inside, count: count.min(L::LANES) }
    }
}

impl<L: Register, const N: usize, const K: usize, const STEP: usize> Window<'_, L, N, K, STEP> {
    /// Writes `V` vectors of outputs to the beginning of `y`; the first one's first tap meets element `first`
    /// of `x`. Writes nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn inside<const V: usize>(&self, x: &[f32], first: usize, y: &mut [f32]) {
        let Self { lanes, row, tap, .. } = *self;
        let reach = N.saturating_sub(1) * row + (K - 1) * tap + STEP * (V * L::LANES - 1);
        let end = first.saturating_add(reach);
        if x.len() <= end || y.len() < V * L::LANES {
            return;
        }
        let mut sums = [lanes.splat(self.start); V];
        for (n, weight) in self.weight.iter().enumerate() {
            for (k, &weight) in weight.iter().enumerate() {
                let weight = lanes.splat(weight);
                for (v, sum) in sums.iter_mut().enumerate() {
                    let at =
                        x.as_ptr().wrapping_add(first + n * row + k * tap + STEP * v * L::LANES);
                    // SAFETY: at most `end` for the last lane, which lies in the slice.
                    let x = unsafe {
                        match STEP {
                            1 => lanes.load(at),
                            _ => lanes.load_every_second(at),
                        }
                    };
                    *sum = lanes.multiply_add(*sum, weight, x);
                }
            }
        }
        for (v, sum) in sums.into_iter().enumerate() {
            // SAFETY: `y` holds `V` vectors.
            unsafe { lanes.store(y.as_mut_ptr().add(v * L::LANES), sum) };
        }
    }

    /// Writes the outputs of `edge` to the beginning of `y`; the window's first row begins at element `row` of
    /// `x`. Writes nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn edge(&self, edge: &Edge<L, K>, x: &[f32], row: usize, y: &mut [f32]) {
        let Self { lanes, row: to_next, tap, .. } = *self;
        let rows = N.saturating_sub(1) * to_next;
        if x.len() < row.saturating_add(rows + edge.width) || y.len() < edge.count {
            return;
        }
        // Whether what lies next to the row may be read, if only to be thrown away.
        let reach = rows + (K - 1) * tap + STEP * (L::LANES - 1);
        let first = row.checked_add_signed(edge.first);
        let whole = first.is_some_and(|first| first.saturating_add(reach) < x.len());
        let mut sum = lanes.splat(self.start);
        for (n, weight) in self.weight.iter().enumerate() {
            for (k, (&weight, inside)) in weight.iter().zip(&edge.inside).enumerate() {
                let at = x.as_ptr().wrapping_add(row + n * to_next).wrapping_offset(edge.first);
                let at = at.wrapping_add(k * tap);
                let high = at.wrapping_add(L::LANES - 1);
                // SAFETY: `whole` vectors lie in the slice; the masks leave elements of one row of `edge.width`,
                // which does as well.
                let x = unsafe {
                    match (STEP, whole) {
                        (1, true) => lanes.keep(lanes.load(at), inside[0]),
                        (1, false) => lanes.load_masked(at, inside[0]),
                        (_, true) => lanes.every_second(
                            lanes.keep(lanes.load(at), inside[0]),
                            lanes.keep(lanes.load(high), inside[1]),
                        ),
                        (_, false) => lanes.every_second(
                            lanes.load_masked(at, inside[0]),
                            lanes.load_masked(high, inside[1]),
                        ),
                    }
                };
                sum = lanes.multiply_add(sum, lanes.splat(weight), x);
            }
        }
        // SAFETY: `y` holds `edge.count` outputs.
        unsafe { lanes.store_first(y.as_mut_ptr(), sum, edge.count) };
    }
}
