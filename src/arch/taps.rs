//! Sums of products over listed places: the innermost loops of every convolution.

use crate::arch::isa::{Lanes, for_each_scalar};

/// The most taps that are summed up in registers before they are added to the totals: three channels of a
/// 7x7 kernel, or half as many where stacks are small. It bounds the rounding error: a sum of this many products,
/// then a sum of such sums.
pub(crate) const CAPACITY: usize = if cfg!(target_arch = "x86_64") { 147 } else { 72 };

/// How many elements behind the last input registers of inputs reach, at most.
const MOST_BEHIND: usize = 3;

/// Where the taps of an output find their inputs and their weights, for several input channels.
pub(crate) struct Taps {
    /// Offsets from an output's first input.
    x: [usize; CAPACITY],
    /// Offsets from the first weight, in blocks of output channels.
    weight: [usize; CAPACITY],
    /// Taps of a channel; those of all channels fit into the arrays.
    per_channel: usize,
    /// Channels in the arrays.
    channels: usize,
    steps: Steps,
    /// One more than the largest offsets within a channel.
    reach: Steps,
}

/// Elements of the input, and taps of the kernel, from one input channel to the next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) x: usize,
    pub(crate) weight: usize,
}

impl Taps {
    pub(crate) const fn new(steps: Steps) -> Self {
        Self {
            x: [0; CAPACITY],
            weight: [0; CAPACITY],
            per_channel: 0,
            channels: 0,
            steps,
            reach: Steps { x: 0, weight: 0 },
        }
    }

    /// Forgets all taps.
    pub(crate) fn clear(&mut self) {
        self.reach = Steps { x: 0, weight: 0 };
        (self.per_channel, self.channels) = (0, 0);
    }

    /// Lists tap `weight` of the kernel, which finds its input at offset `x`; drops it where there is no more
    /// room.
    pub(crate) fn push(&mut self, x: usize, weight: usize) {
        if let (Some(place), Some(tap)) =
            (self.x.get_mut(self.per_channel), self.weight.get_mut(self.per_channel))
        {
            (*place, *tap) = (x, weight);
            self.reach.x = self.reach.x.max(x.saturating_add(1));
            self.reach.weight = self.reach.weight.max(weight.saturating_add(1));
            self.per_channel += 1;
        }
    }

    /// Repeats the taps listed for as many of `channels` channels as there is room for.
    pub(crate) fn repeat(&mut self, channels: usize) {
        let fitting = CAPACITY.checked_div(self.per_channel).unwrap_or(usize::MAX);
        self.channels = channels.min(fitting);
        for index in self.per_channel..self.per_channel * self.channels {
            let before = index - self.per_channel;
            if let (Some(&x), Some(&weight)) = (self.x.get(before), self.weight.get(before))
                && let (Some(next_x), Some(next_weight)) =
                    (self.x.get_mut(index), self.weight.get_mut(index))
            {
                *next_x = x.wrapping_add(self.steps.x);
                *next_weight = weight.wrapping_add(self.steps.weight);
            }
        }
    }

    /// How many channels are listed.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// One more than the largest offsets over the first `channels` channels, if they fit into a
    /// `usize`, so that no offset has wrapped around.
    fn reach(&self, channels: usize) -> Option<Steps> {
        let over = |step: usize, reach: usize| step.checked_mul(channels - 1)?.checked_add(reach);
        Some(Steps {
            x: over(self.steps.x, self.reach.x)?,
            weight: over(self.steps.weight, self.reach.weight)?,
        })
    }

    /// The taps of the first `channels` channels, with the weights of a block of `B` output channels; `None`
    /// if there are fewer weights. `row` is of how many taps rows of the window are, and how far apart their inputs, where
    /// all taps are in whole rows, whose weights are neighbours.
    #[inline(always)]
    pub(crate) fn of_block<'a, T, const B: usize>(
        &'a self,
        channels: usize,
        weight: &'a [T],
        row: Option<(usize, usize)>,
    ) -> Option<BlockTaps<'a, T, B>> {
        let channels = channels.min(self.channels);
        let count = channels * self.per_channel;
        if count == 0 {
            return None;
        }
        let reach = self.reach(channels)?;
        if weight.len() < reach.weight.checked_mul(B)? {
            return None;
        }
        let (x, tap) = (self.x.get(..count)?, self.weight.get(..count)?);
        Some(BlockTaps { x, tap, row, reach: reach.x, weight })
    }
}

/// Repeats `$body` for each of `$outputs` outputs, a constant of at most twelve, with a constant `$index`. What is
/// decided by a `const` block costs the compiler nothing where it is false.
macro_rules! for_each_output {
    ($outputs:expr, $index:ident => $body:block) => {
        $crate::arch::taps::for_each_output!(@ $outputs, $index, $body, 0 1 2 3 4 5 6 7 8 9 10 11);
    };
    (@ $outputs:expr, $index:ident, $body:block, $($value:literal)*) => {$(
        if const { $value < $outputs } {
            const $index: usize = $value;
            $body
        }
    )*};
}

pub(crate) use for_each_output;

/// Taps, and their weights in a block of `B` output channels.
pub(crate) struct BlockTaps<'a, T, const B: usize> {
    /// Below `reach` each.
    x: &'a [usize],
    /// Of each there are `B` weights.
    tap: &'a [usize],
    /// See [`Taps::of_block`].
    row: Option<(usize, usize)>,
    reach: usize,
    weight: &'a [T],
}

impl<T: Copy, const B: usize> BlockTaps<'_, T, B> {
    /// For `P` outputs, whose first inputs lie `step` apart from the first of `x` on: adds the products over
    /// all taps to lanes `first_lane..` of their totals.
    ///
    /// Adds nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn add_products<L: Lanes<Element = T>, const P: usize>(
        &self,
        lanes: L,
        first_lane: usize,
        (x, step): (&[T], usize),
        totals: &mut [[L::Total; B]],
    ) {
        let Some(totals) = totals.first_chunk_mut::<P>() else { return };
        let x_end = step.saturating_mul(P - 1).saturating_add(self.reach);
        if x.len() < x_end || first_lane + L::LANES > B {
            return;
        }
        let whole = x.len() >= x_end.saturating_add(MOST_BEHIND);
        let (x, weight) = (x.as_ptr(), self.weight.as_ptr().wrapping_add(first_lane));
        let mut sums = [lanes.zero(); P];
        let done = const { L::SCALARS > 1 }
            // SAFETY: as below, and if `whole`, there are so many elements more.
            && unsafe { self.add_by_scalars(lanes, (x, step, whole), weight, &mut sums) };
        if !done {
            for (&place, &tap) in self.x.iter().zip(self.tap) {
                // SAFETY: the lanes lie within the tap's block of weights, which is there; the offset is below
                // `reach`, and the slice holds as many elements and every output's inputs.
                let weight = unsafe { lanes.load(weight.add(tap * B)) };
                for (p, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: as above.
                    let x = lanes.splat(unsafe { *x.add(place + p * step) });
                    *sum = lanes.multiply_add(*sum, weight, x);
                }
            }
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            // SAFETY: the lanes from the first on lie within the block, checked above.
            unsafe { lanes.add_to(total.as_mut_ptr().add(first_lane), sum) };
        }
    }

    /// The same with inputs from registers of [`SCALARS`](Lanes::SCALARS). Returns whether it did: not for outputs apart,
    /// unless rows have three taps.
    ///
    /// # Safety
    ///
    /// What taps meet may be read from `x` on, their weights from `weight` on, and if `whole`, [`MOST_BEHIND`] elements
    /// behind the last input.
    #[inline(always)]
    unsafe fn add_by_scalars<L: Lanes<Element = T>, const P: usize>(
        &self,
        lanes: L,
        (x, step, whole): (*const T, usize, bool),
        weight: *const T,
        sums: &mut [L::Vector; P],
    ) -> bool {
        // Rows of three taps are met by few registers of neighbouring inputs, with some behind the last.
        macro_rules! rows {
            ($($outputs:literal by $apart:literal with $registers:literal),*) => {
                $(if const { P == $outputs } && self.row == Some((3, $apart)) && step == 1 && whole {
                    // SAFETY: the caller's; there is room for all registers behind the last input.
                    unsafe { self.add_rows::<L, P, $apart, $registers>(lanes, x, weight, sums) };
                    return true;
                })*
            };
        }
        if const { P == 8 && L::SCALARS == 4 } && self.row == Some((3, 1)) && step == 2 && whole {
            // SAFETY: as above.
            unsafe { self.add_rows_apart(lanes, x, weight, sums) };
            return true;
        }
        rows!(12 by 1 with 4, 12 by 2 with 4, 8 by 1 with 3, 8 by 2 with 3, 4 by 1 with 2, 4 by 2 with 2);
        if step == 1 {
            for (&place, &tap) in self.x.iter().zip(self.tap) {
                // SAFETY: the caller's.
                unsafe {
                    let weight = lanes.load(weight.add(tap * B));
                    add_products_of_neighbours(lanes, sums, weight, x.add(place));
                }
            }
        }
        step == 1
    }

    /// The products of rows of three taps, whose inputs lie `STEP` apart, found in `N` registers.
    ///
    /// # Safety
    ///
    /// `N` times `SCALARS` elements may be read from `x` and the offset of each row on; the weights as in
    /// [`add_products`](Self::add_products).
    #[inline(always)]
    unsafe fn add_rows<L: Lanes<Element = T>, const P: usize, const STEP: usize, const N: usize>(
        &self,
        lanes: L,
        x: *const T,
        weight: *const T,
        sums: &mut [L::Vector; P],
    ) {
        for (row, taps) in self.x.as_chunks::<3>().0.iter().zip(self.tap.as_chunks::<3>().0) {
            // SAFETY: the caller's.
            let x: [_; N] = unsafe { lanes.load_scalars(x.add(row[0])) };
            let mut weight = weight.wrapping_add(taps[0] * B);
            macro_rules! taps {
                ($($tap:literal)*) => {$(
                    // SAFETY: the caller's.
                    let weight_of_tap = unsafe { lanes.load_next(&mut weight, B) };
                    for_each_output!(P, OUTPUT => {
                        let at = OUTPUT + $tap * STEP;
                        let (sum, x) = (&mut sums[OUTPUT], x[at / L::SCALARS]);
                        *sum = match at % L::SCALARS {
                            0 => lanes.multiply_add_scalar::<0>(*sum, weight_of_tap, x),
                            1 => lanes.multiply_add_scalar::<1>(*sum, weight_of_tap, x),
                            2 => lanes.multiply_add_scalar::<2>(*sum, weight_of_tap, x),
                            _ => lanes.multiply_add_scalar::<3>(*sum, weight_of_tap, x),
                        };
                    });
                )*};
            }
            taps!(0 1 2);
        }
    }

    /// The products of rows of three taps for outputs two inputs apart, eight or less, where `SCALARS` is 4.
    ///
    /// # Safety
    ///
    /// Twenty elements may be read from `x` and the offset of each row on; the weights as in
    /// [`add_products`](Self::add_products).
    #[inline(always)]
    unsafe fn add_rows_apart<L: Lanes<Element = T>, const P: usize>(
        &self,
        lanes: L,
        x: *const T,
        weight: *const T,
        sums: &mut [L::Vector; P],
    ) {
        for (row, taps) in self.x.as_chunks::<3>().0.iter().zip(self.tap.as_chunks::<3>().0) {
            // SAFETY: the caller's.
            let (even, odd) = unsafe {
                let x = x.add(row[0]);
                let [first_even, first_odd] = lanes.load_scalar_pairs(x);
                let [even, odd] = lanes.load_scalar_pairs(x.add(8));
                let [last] = lanes.load_scalars::<1>(x.add(16));
                ([first_even, even, last], [first_odd, odd, odd])
            };
            let mut weight = weight.wrapping_add(taps[0] * B);
            macro_rules! taps {
                ($($x:ident from $first:literal),*) => {$(
                    // SAFETY: the caller's.
                    let weight_of_tap = unsafe { lanes.load_next(&mut weight, B) };
                    for_each_output!(P, OUTPUT => {
                        let at = OUTPUT + $first;
                        let (sum, x) = (&mut sums[OUTPUT], $x[at / 4 % 3]);
                        *sum = match at % 4 {
                            0 => lanes.multiply_add_scalar::<0>(*sum, weight_of_tap, x),
                            1 => lanes.multiply_add_scalar::<1>(*sum, weight_of_tap, x),
                            2 => lanes.multiply_add_scalar::<2>(*sum, weight_of_tap, x),
                            _ => lanes.multiply_add_scalar::<3>(*sum, weight_of_tap, x),
                        };
                    });
                )*};
            }
            taps!(even from 0, odd from 0, even from 1);
        }
    }
}

/// Adds to each sum the product of `weight` with an element, the first with the one at `x`.
///
/// # Safety
///
/// As many elements from `x` on may be read.
#[inline(always)]
unsafe fn add_products_of_neighbours<L: Lanes, const P: usize>(
    lanes: L,
    sums: &mut [L::Vector; P],
    weight: L::Vector,
    x: *const L::Element,
) {
    let mut done = 0;
    macro_rules! scalars {
        ($count:literal) => {
            if P - done >= $count * L::SCALARS {
                // SAFETY: the caller's.
                let x = unsafe { lanes.load_scalars::<$count>(x.add(done)) };
                for (index, x) in x.into_iter().enumerate() {
                    for_each_scalar!(L, SCALAR => {
                        let sum = &mut sums[done + index * L::SCALARS + SCALAR];
                        *sum = lanes.multiply_add_scalar::<SCALAR>(*sum, weight, x);
                    });
                }
                done += $count * L::SCALARS;
            }
        };
    }
    scalars!(3);
    scalars!(2);
    scalars!(1);
    for (p, sum) in sums.iter_mut().enumerate().skip(done) {
        // SAFETY: the caller's.
        let x = lanes.splat(unsafe { *x.add(p) });
        *sum = lanes.multiply_add(*sum, weight, x);
    }
}
