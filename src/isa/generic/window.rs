//! A window of few taps that slides over the rows of a plane, for neighbouring outputs at a time: the
//! innermost loops of depthwise convolution.

use crate::geometry::missing;
use crate::isa::generic::edge::{Edge, FURTHEST, Reach, in_pairs, reach_of, shift, vectors_of};
use crate::isa::traits::Register;

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
    /// Each in every lane; or, for sums in pairs, those of two neighbouring taps in turn.
    weight: [[L::Vector; K]; N],
    /// The sum before the first product.
    start: L::Vector,
    /// From one row of taps to the next, and from one row of outputs to the next, in elements of their planes.
    row: usize,
    y_row: usize,
    /// From one tap to the next where `TAP` is 0.
    tap: usize,
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
        [row, y_row]: [usize; 2],
        tap: usize,
    ) -> Option<Self> {
        if row.max(y_row).max(tap) > FURTHEST {
            missing();
            return None;
        }
        let mut this = Self {
            lanes,
            weight: lanes.splat_each(weight),
            start: lanes.splat(start),
            row,
            y_row,
            tap,
        };
        if Self::IN_PAIRS {
            for weight in &mut this.weight {
                let of_tap = *weight;
                weight[Self::ALONE] = of_tap[if Self::SHIFT > 0 { 0 } else { K - 1 }];
                for pair in 0..K / 2 {
                    let first = 2 * pair + Self::SHIFT;
                    [weight[pair + Self::SHIFT], _] =
                        lanes.interleave(of_tap[first], of_tap[first + 1]);
                }
            }
            [this.start, _] = lanes.interleave(this.start, lanes.zero());
        }
        Some(this)
    }

    /// See [`in_pairs`] and [`shift`].
    const IN_PAIRS: bool = in_pairs::<L>(STEP);
    const SHIFT: usize = shift::<L, K>(STEP);

    /// Which pair of taps is one tap.
    const ALONE: usize = if Self::SHIFT > 0 { 0 } else { K / 2 };

    #[inline(always)]
    const fn tap(&self) -> usize {
        match TAP {
            0 => self.tap,
            _ => TAP,
        }
    }

    /// The rows of inputs that `R` rows of outputs meet.
    const fn rows<const R: usize>() -> usize {
        (R - 1) * STEP + N
    }

    /// Whether `x` has what `R` rows of outputs meet: `reach` elements, eight times [`FURTHEST`] at most, from `first` on,
    /// and so in each row of inputs.
    #[inline(always)]
    fn reads<const R: usize>(&self, x: &[f32], first: usize, reach: usize) -> bool {
        let rows = (Self::rows::<R>() - 1) * self.row;
        first.saturating_add(rows + reach) <= x.len()
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
        count: usize,
    ) -> bool {
        let (Some(last), Some(first)) =
            (count.checked_sub(L::LANES), first.checked_sub(Self::SHIFT))
        else {
            return false;
        };
        let reach = STEP * last + reach_of::<L>(K, self.tap(), STEP);
        if count > self.y_row
            || !self.reads::<R>(x, first, reach)
            || y.len() < (R - 1) * self.y_row + count
        {
            return false;
        }
        let mut next = 0;
        while next < count {
            // The last vector ends with the outputs.
            let output = next.min(last);
            let at = x.as_ptr().wrapping_add(first + STEP * output);
            // SAFETY: what all taps of all outputs meet lies in the slice (`reads`).
            let sums = unsafe { self.sums::<R>(at, &Reach::Inside) };
            for (r, sum) in sums.into_iter().enumerate() {
                // SAFETY: `y` holds `count` outputs in each of `R` rows.
                unsafe { self.lanes.store(y.as_mut_ptr().add(output + r * self.y_row), sum) };
            }
            next += L::LANES;
        }
        true
    }

    /// The first `count` outputs of rows, of which the first vector is `edge`, in pairs of lanes; the first row of
    /// windows begins at element `row` of `x`. Returns whether it did: not where windows look over another edge than
    /// the left one, or further than one vector, or a slice is too short.
    #[inline(always)]
    pub(crate) fn first_outputs<const R: usize>(
        &self,
        edge: &Edge<L, K, STEP, TAP>,
        x: &[f32],
        row: usize,
        y: &mut [f32],
        count: usize,
    ) -> bool {
        let lanes = self.lanes;
        let Some(last) = count.checked_sub(L::LANES) else { return false };
        if !Self::IN_PAIRS
            || !edge.first_alone
            || count > self.y_row
            || y.len() < (R - 1) * self.y_row + count
            || !self.reads::<R>(x, row, edge.width)
            || !edge.is_for(self.tap())
        {
            return false;
        }
        let end = edge.first.saturating_add_unsigned(STEP * last + reach_of::<L>(K, 1, STEP));
        // The row is in `x`, and so its width no negative number.
        if end > edge.width as isize {
            return false;
        }
        let from = x.as_ptr().wrapping_add(row).wrapping_offset(edge.first);
        let (mut next, mut mask) = (0, edge.inside[0][0]);
        while next + L::LANES / 2 < count {
            let output = next.min(last);
            let reach = Reach::FirstMasked(mask);
            // SAFETY: of all vectors, only the first looks over the left edge (`first_alone`), and that one is masked;
            // none looks over the right one (`end`), and rows of `edge.width` are in `x` (`reads`).
            let sums = unsafe { self.sums::<R>(from.wrapping_add(STEP * output), &reach) };
            for (r, sum) in sums.into_iter().enumerate() {
                // SAFETY: `y` holds `count` outputs in each of `R` rows.
                unsafe { lanes.store(y.as_mut_ptr().add(output + r * self.y_row), sum) };
            }
            mask = lanes.mask(u32::MAX);
            next += L::LANES;
        }
        if next < count {
            let output = count - L::LANES / 2;
            let at = from.wrapping_add(STEP * output);
            // SAFETY: as above; these are the last outputs, and half a vector of them.
            let sums = unsafe { self.half::<R, 0>(at, &Reach::Inside) };
            for (r, sum) in sums.into_iter().enumerate() {
                let [even, odd] = lanes.halves(sum, sum);
                let sum = lanes.in_order(lanes.add(even, odd));
                // SAFETY: as above.
                unsafe {
                    let y = y.as_mut_ptr().add(output + r * self.y_row);
                    lanes.store_first(y, sum, L::LANES / 2);
                }
            }
        }
        true
    }

    /// [`inside`](Self::inside) for the outputs of `edge`; the first row of windows begins at element `row`
    /// of `x`. Writes nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn edge<const R: usize>(
        &self,
        edge: &Edge<L, K, STEP, TAP>,
        x: &[f32],
        row: usize,
        y: &mut [f32],
    ) {
        if !edge.is_for(self.tap())
            || !self.reads::<R>(x, row, edge.width)
            || y.len() < (R - 1) * self.y_row + edge.count
        {
            return missing();
        }
        let reach = reach_of::<L>(K, self.tap(), STEP);
        let reach = match row.checked_add_signed(edge.first) {
            Some(first) if self.reads::<R>(x, first, reach) => Reach::Kept(edge),
            _ => Reach::Masked(edge),
        };
        let at = x.as_ptr().wrapping_add(row).wrapping_offset(edge.first);
        // SAFETY: either all vectors lie in the slice (`reads`), or the masks, which are for this window (`is_for`),
        // leave elements of rows of `edge.width`, which do.
        let sums = unsafe { self.sums::<R>(at, &reach) };
        for (r, sum) in sums.into_iter().enumerate() {
            // SAFETY: `y` holds `edge.count` outputs in each of `R` rows, at most a vector (`Edge::new`).
            unsafe { self.lanes.store_first(y.as_mut_ptr().add(r * self.y_row), sum, edge.count) };
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
        reach: &Reach<'_, L, K, STEP, TAP>,
    ) -> [L::Vector; R] {
        if Self::IN_PAIRS {
            // SAFETY: the caller's.
            return unsafe { self.sums_of_pairs::<R>(at, reach) };
        }
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
    unsafe fn taps(&self, at: *const f32, reach: &Reach<'_, L, K, STEP, TAP>) -> [L::Vector; K] {
        let lanes = self.lanes;
        // SAFETY: the caller's.
        let load = |index: usize, half: usize| unsafe { self.load(at, reach, index, half) };
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

    /// [`sums`](Self::sums), where each input is multiplied as it lies, pairs of taps by pairs of lanes, and
    /// lanes of an output come together in the end. Of a tap alone the other half of the lanes is left out.
    ///
    /// # Safety
    ///
    /// As for `sums`.
    #[inline(always)]
    unsafe fn sums_of_pairs<const R: usize>(
        &self,
        at: *const f32,
        reach: &Reach<'_, L, K, STEP, TAP>,
    ) -> [L::Vector; R] {
        // SAFETY: the caller's.
        let (mut low, high) =
            unsafe { (self.half::<R, 0>(at, reach), self.half::<R, 1>(at, reach)) };
        for (sum, high) in low.iter_mut().zip(high) {
            let [even, odd] = self.lanes.halves(*sum, high);
            *sum = self.lanes.in_order(self.lanes.add(even, odd));
        }
        low
    }

    /// The first or the last half of the outputs, each in a pair of lanes to be added up.
    ///
    /// # Safety
    ///
    /// As for [`sums`](Self::sums).
    #[inline(always)]
    unsafe fn half<const R: usize, const HALF: usize>(
        &self,
        at: *const f32,
        reach: &Reach<'_, L, K, STEP, TAP>,
    ) -> [L::Vector; R] {
        let lanes = self.lanes;
        let (mut sums, mut alone) = ([self.start; R], [lanes.zero(); R]);
        for row in 0..Self::rows::<R>() {
            let at = at.wrapping_add(row * self.row);
            for index in 0..K.div_ceil(2) {
                // SAFETY: the caller's.
                let pair = unsafe { self.load(at, reach, index, HALF) };
                let sums = if index == Self::ALONE { &mut alone } else { &mut sums };
                for (r, sum) in sums.iter_mut().enumerate() {
                    let row = row.checked_sub(r * STEP);
                    if let Some(weight) = row.and_then(|row| self.weight.get(row)) {
                        *sum = lanes.multiply_add(*sum, weight[index], pair);
                    }
                }
            }
        }
        let taken = lanes.mask(0x5555_5555 << Self::SHIFT);
        for (sum, alone) in sums.iter_mut().zip(alone) {
            *sum = lanes.add(*sum, lanes.and_mask(alone, taken));
        }
        sums
    }

    /// Vector `half` of those for tap `index`, see [`vectors_of`].
    ///
    /// # Safety
    ///
    /// What `reach` says may be read.
    #[inline(always)]
    unsafe fn load(
        &self,
        at: *const f32,
        reach: &Reach<'_, L, K, STEP, TAP>,
        index: usize,
        half: usize,
    ) -> L::Vector {
        let lanes = self.lanes;
        let at = at.wrapping_add(vectors_of::<L>(index, self.tap(), STEP)[half]);
        // SAFETY: the caller's.
        unsafe {
            match reach {
                Reach::Inside => lanes.load(at),
                Reach::FirstMasked(mask) => match (index, half) {
                    (0, 0) => lanes.load_masked(at, *mask),
                    _ => lanes.load(at),
                },
                Reach::Kept(edge) => lanes.and_mask(lanes.load(at), edge.inside[index][half]),
                Reach::Masked(edge) => lanes.load_masked(at, edge.inside[index][half]),
            }
        }
    }
}
