//! A window of few taps that slides over the rows of a plane, for neighbouring outputs at a time: the
//! innermost loops of depthwise convolution.

use crate::arch::isa::Register;

/// `N` rows of `K` taps, over outputs `STEP`, 1 or 2, apart. Taps lie `TAP` elements apart, or where that is 0
/// as many as is said at run time.
#[derive(Clone, Copy)]
pub(crate) struct Window<
    L: Register,
    const N: usize,
    const K: usize,
    const STEP: usize,
    const TAP: usize,
> {
    lanes: L,
    weight: [[L::Vector; K]; N],
    /// The sum before the first product.
    start: L::Vector,
    /// From one row of taps to the next, in elements of the plane.
    row: usize,
    /// From one tap to the next where `TAP` is 0.
    tap: usize,
}

/// A vector of outputs of which some look over the left or the right edge, or are not there at all.
#[derive(Clone, Copy)]
pub(crate) struct Edge<L: Register, const K: usize> {
    /// The input of the first output's first tap, counted from the row's first element.
    first: isize,
    /// Elements of a row.
    width: usize,
    /// Which elements lie in the row, for each vector that [`Window::taps`] loads.
    inside: [[L::Mask; 2]; K],
    /// How many outputs there are.
    count: usize,
}

/// What may be read of a row.
enum Reach<'a, L: Register, const K: usize> {
    /// Everything asked for is in the row.
    Inside,
    /// What lies beyond the row may be read, but does not count.
    Kept(&'a Edge<L, K>),
    /// What lies beyond the row may not be read.
    Masked(&'a Edge<L, K>),
}

/// Where the vectors for tap `index` begin, counted from the first tap. With a step of 2, two neighbouring
/// taps share a pair of vectors, of which each takes every second element.
#[inline(always)]
fn vectors_of<L: Register>(index: usize, tap: usize, step: usize) -> [usize; 2] {
    match step {
        1 => [index * tap; 2],
        _ => [2 * index, 2 * index + L::LANES],
    }
}

/// Elements that the vectors for `taps` taps reach over.
#[inline(always)]
fn reach_of<L: Register>(taps: usize, tap: usize, step: usize) -> usize {
    match step {
        1 => (taps - 1) * tap + L::LANES,
        _ => 2 * (taps.div_ceil(2) - 1) + 2 * L::LANES,
    }
}

impl<L: Register, const K: usize> Edge<L, K> {
    /// `count` outputs, or as many as there are lanes, whose first tap meets element `first` of a row of
    /// `width`; taps lie `tap` elements apart, outputs `step`, 1 or 2.
    #[inline(always)]
    pub(crate) fn new(
        lanes: L,
        first: isize,
        width: usize,
        tap: usize,
        step: usize,
        count: usize,
    ) -> Self {
        let mut inside = [[lanes.mask(0); 2]; K];
        for (index, pair) in inside.iter_mut().enumerate() {
            for (mask, vector) in pair.iter_mut().zip(vectors_of::<L>(index, tap, step)) {
                *mask = lanes.mask_within(first.wrapping_add_unsigned(vector), width);
            }
        }
        Self { first, width, inside, count: count.min(L::LANES) }
    }
}

impl<L: Register, const N: usize, const K: usize, const STEP: usize, const TAP: usize>
    Window<L, N, K, STEP, TAP>
{
    /// Rows of taps lie `row` elements apart in the plane, taps `tap`; with a `STEP` of 2, `tap` is 1.
    #[inline(always)]
    pub(crate) fn new(
        lanes: L,
        weight: &[[f32; K]; N],
        start: f32,
        row: usize,
        tap: usize,
    ) -> Self {
        Self { lanes, weight: lanes.splat_each(weight), start: lanes.splat(start), row, tap }
    }

    #[inline(always)]
    const fn tap(&self) -> usize {
        match TAP {
            0 => self.tap,
            _ => TAP,
        }
    }

    /// The rows of inputs that `R` rows of outputs meet.
    const fn rows<const R: usize>() -> usize {
        match N {
            0 => 0,
            _ => (R - 1) * STEP + N,
        }
    }

    /// Writes `count` outputs, at least a vector, to the beginning of `y` and as many to each of the `R - 1`
    /// rows below, which lie `y_row` elements apart, their windows `STEP` rows of the input. The first
    /// output's first tap meets element `first` of `x`. Returns whether it did: not where a slice is too short, be
    /// it by the one element that vectors may read past the last input.
    #[inline(always)]
    pub(crate) fn inside<const R: usize>(
        &self,
        x: &[f32],
        first: usize,
        y: &mut [f32],
        y_row: usize,
        count: usize,
    ) -> bool {
        let Some(last) = count.checked_sub(L::LANES) else { return false };
        let rows = Self::rows::<R>().saturating_sub(1) * self.row;
        let reach = rows + STEP * last + reach_of::<L>(K, self.tap(), STEP);
        if first.saturating_add(reach) > x.len() || y.len() < (R - 1) * y_row + count {
            return false;
        }
        let mut next = 0;
        while next < count {
            // The last vector ends with the outputs.
            let output = next.min(last);
            let at = x.as_ptr().wrapping_add(first + STEP * output);
            // SAFETY: what all taps of all outputs meet lies in the slice.
            let sums = unsafe { self.sums::<R>(at, &Reach::Inside) };
            for (r, sum) in sums.into_iter().enumerate() {
                // SAFETY: `y` holds `count` outputs in each of `R` rows.
                unsafe { self.lanes.store(y.as_mut_ptr().add(output + r * y_row), sum) };
            }
            next += L::LANES;
        }
        true
    }

    /// [`inside`](Self::inside) for the outputs of `edge`; the first row of windows begins at element `row`
    /// of `x`. Writes nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn edge<const R: usize>(
        &self,
        edge: &Edge<L, K>,
        x: &[f32],
        row: usize,
        y: &mut [f32],
        y_row: usize,
    ) {
        let rows = Self::rows::<R>().saturating_sub(1) * self.row;
        if x.len() < row.saturating_add(rows + edge.width) || y.len() < (R - 1) * y_row + edge.count
        {
            return;
        }
        let end = |first: usize| first.saturating_add(rows + reach_of::<L>(K, self.tap(), STEP));
        let reach = match row.checked_add_signed(edge.first) {
            Some(first) if end(first) <= x.len() => Reach::Kept(edge),
            _ => Reach::Masked(edge),
        };
        let at = x.as_ptr().wrapping_add(row).wrapping_offset(edge.first);
        // SAFETY: either all vectors lie in the slice, or the masks leave elements of rows of `edge.width`,
        // which do.
        let sums = unsafe { self.sums::<R>(at, &reach) };
        for (r, sum) in sums.into_iter().enumerate() {
            // SAFETY: `y` holds `edge.count` outputs in each of `R` rows.
            unsafe { self.lanes.store_first(y.as_mut_ptr().add(r * y_row), sum, edge.count) };
        }
    }

    /// The outputs whose first tap is at `at`, in `R` rows.
    ///
    /// # Safety
    ///
    /// What `reach` lets [`taps`](Self::taps) read may be read in all rows.
    #[inline(always)]
    unsafe fn sums<const R: usize>(
        &self,
        at: *const f32,
        reach: &Reach<'_, L, K>,
    ) -> [L::Vector; R] {
        let mut sums = [self.start; R];
        for row in 0..Self::rows::<R>() {
            // SAFETY: the caller's.
            let taps = unsafe { self.taps(at.wrapping_add(row * self.row), reach) };
            for (r, sum) in sums.iter_mut().enumerate() {
                let weight = row.checked_sub(r * STEP).and_then(|row| self.weight.get(row));
                for (&weight, tap) in weight.into_iter().flatten().zip(taps) {
                    *sum = self.lanes.multiply_add(*sum, weight, tap);
                }
            }
        }
        if STEP != 1 {
            for sum in &mut sums {
                *sum = self.lanes.in_order(*sum);
            }
        }
        sums
    }

    /// What a row of taps meets, for outputs in the order of [`Register::halves`] where `STEP` is 2.
    ///
    /// # Safety
    ///
    /// What `reach` says may be read.
    #[inline(always)]
    unsafe fn taps(&self, at: *const f32, reach: &Reach<'_, L, K>) -> [L::Vector; K] {
        let lanes = self.lanes;
        let load = |index: usize, half: usize| {
            let at = at.wrapping_add(vectors_of::<L>(index, self.tap(), STEP)[half]);
            // SAFETY: the caller's.
            unsafe {
                match reach {
                    Reach::Inside => lanes.load(at),
                    Reach::Kept(edge) => lanes.keep(lanes.load(at), edge.inside[index][half]),
                    Reach::Masked(edge) => lanes.load_masked(at, edge.inside[index][half]),
                }
            }
        };
        let mut taps = [lanes.zero(); K];
        match STEP {
            1 => {
                for (index, tap) in taps.iter_mut().enumerate() {
                    *tap = load(index, 0);
                }
            }
            _ => {
                for (index, pair) in taps.chunks_mut(2).enumerate() {
                    let halves = lanes.halves(load(index, 0), load(index, 1));
                    for (tap, half) in pair.iter_mut().zip(halves) {
                        *tap = half;
                    }
                }
            }
        }
        taps
    }
}
