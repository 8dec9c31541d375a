//! A window of taps that slides over a row of outputs, four at a time, in a band of rows that hold padding as well: the
//! innermost loop of depthwise convolution in portable code.

use crate::geometry::missing;
use crate::kernel::arithmetic::Arithmetic;

/// Outputs of a tile.
const OUTPUTS: usize = 4;

/// Totals of a tile.
pub(crate) type Tile<A> = [<A as Arithmetic>::Total; OUTPUTS];

/// Where the taps of a row of outputs find their inputs.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// Rows and columns of taps.
    pub(crate) kernel: [usize; 2],
    /// From one output's inputs to the next's.
    pub(crate) stride: usize,
    /// From one tap's input to the next's, down and across, in elements.
    pub(crate) to_next: [usize; 2],
}

impl Window {
    /// What the last of so many rows and columns of outputs, of rows that begin `pitch` apart, reaches: behind its last
    /// element. `None` if that does not fit into a number, or there is no output or tap.
    fn reach(&self, pitch: usize, outputs: [usize; 2]) -> Option<usize> {
        let Self { kernel, stride, to_next } = *self;
        let last = |counts: [usize; 2], steps: [usize; 2]| {
            let [below, beside] = [counts[0].checked_sub(1)?, counts[1].checked_sub(1)?];
            below.checked_mul(steps[0])?.checked_add(beside.checked_mul(steps[1])?)
        };
        last(outputs, [pitch, stride])?.checked_add(last(kernel, to_next)?)?.checked_add(1)
    }

    /// Computes the totals of rows and columns of outputs, tiles of four in a row, the last of which ends with it; of
    /// less than four columns one tile. Rows of windows begin `pitch` apart in `x`, the first one with it. Gives each
    /// tile with the row and the column of its first output, and how many of its outputs count. Gives nothing where a slice
    /// is too short.
    #[inline(always)]
    pub(crate) fn slide<A: Arithmetic>(
        &self,
        (x, pitch): (&[A::Element], usize),
        (weight, start): (&[A::Element], A::Total),
        [rows, columns]: [usize; 2],
        give: impl FnMut(usize, usize, usize, Tile<A>),
    ) {
        let reach = self.reach(pitch, [rows, columns.max(OUTPUTS)]);
        let taps = self.kernel[0].checked_mul(self.kernel[1]);
        if reach.is_none_or(|reach| reach > x.len()) || taps.is_none_or(|taps| taps > weight.len())
        {
            return missing();
        }
        let (x, weight) = ((x.as_ptr(), pitch), (weight.as_ptr(), start));
        // SAFETY: all weights, and what the last output's taps meet, are there.
        unsafe {
            match (self.kernel, self.stride, self.to_next[1]) {
                ([3, 3], 1, 1) => self.tiles::<A, 3, 1>(x, weight, [rows, columns], give),
                ([3, 3], 2, 1) => self.tiles::<A, 3, 2>(x, weight, [rows, columns], give),
                _ => self.tiles::<A, 0, 0>(x, weight, [rows, columns], give),
            }
        }
    }

    /// The tiles by `K` rows and columns of taps, which are neighbours in a row, and outputs `STEP` apart; `K` of 0 is for any.
    ///
    /// # Safety
    ///
    /// There are all weights, and what the taps of all tiles meet.
    #[inline(always)]
    unsafe fn tiles<A: Arithmetic, const K: usize, const STEP: usize>(
        &self,
        (x, pitch): (*const A::Element, usize),
        weight: (*const A::Element, A::Total),
        [rows, columns]: [usize; 2],
        mut give: impl FnMut(usize, usize, usize, Tile<A>),
    ) {
        let stride = if K > 0 { STEP } else { self.stride };
        let (last, count) = (columns.saturating_sub(OUTPUTS), columns.min(OUTPUTS));
        for row in 0..rows {
            let mut next = 0;
            while next < columns {
                let first = next.min(last);
                let x = x.wrapping_add(row * pitch + first * stride);
                // SAFETY: the caller's; the last tile ends with the row.
                let tile = unsafe {
                    match K {
                        0 => self.any::<A>(x, weight),
                        _ => self.tile::<A, K, STEP>(x, weight),
                    }
                };
                give(row, first, count, tile);
                next += OUTPUTS;
            }
        }
    }

    /// [`tile`](Self::tile) of any window. Not inlined, as the compiler would move all addresses out of all loops.
    ///
    /// # Safety
    ///
    /// As of `tile`.
    #[inline(never)]
    unsafe fn any<A: Arithmetic>(
        &self,
        x: *const A::Element,
        weight: (*const A::Element, A::Total),
    ) -> Tile<A> {
        // SAFETY: the caller's.
        unsafe { self.tile::<A, 0, 0>(x, weight) }
    }

    /// The totals of four outputs, the first of whose taps meets `x`.
    ///
    /// # Safety
    ///
    /// There are all weights, and what the taps meet.
    #[inline(always)]
    unsafe fn tile<A: Arithmetic, const K: usize, const STEP: usize>(
        &self,
        mut x: *const A::Element,
        (mut weight, start): (*const A::Element, A::Total),
    ) -> Tile<A> {
        let mut sums = [start; OUTPUTS];
        let ([rows, columns], stride, across) = match K {
            0 => (self.kernel, self.stride, self.to_next[1]),
            _ => ([K; 2], STEP, 1),
        };
        for _ in 0..rows {
            for column in 0..columns {
                let x = x.wrapping_add(column * across);
                // SAFETY: the caller's.
                let weight = unsafe { *weight.wrapping_add(column) };
                for (lane, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: the caller's.
                    let x = unsafe { *x.wrapping_add(lane * stride) };
                    *sum = A::add_product(*sum, weight, x);
                }
            }
            x = x.wrapping_add(self.to_next[0]);
            weight = weight.wrapping_add(columns);
        }
        sums
    }
}
