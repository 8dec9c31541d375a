//! Sums of products over listed places: the innermost loops of every convolution.

use crate::geometry::missing;
use crate::isa::traits::{Lanes, for_each_scalar};
use crate::tuning::TAPS;

/// Where the taps of an output find their inputs and their weights, for several input channels.
pub(crate) struct Taps {
    /// Offsets from an output's first input.
    x: [usize; TAPS],
    /// Offsets from the first weight, in blocks of output channels.
    weight: [usize; TAPS],
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
            x: [0; TAPS],
            weight: [0; TAPS],
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
        let fitting = TAPS.checked_div(self.per_channel).unwrap_or(usize::MAX);
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
    /// if there are fewer weights.
    #[inline(always)]
    pub(crate) fn of_block<'a, T, const B: usize>(
        &'a self,
        channels: usize,
        weight: &'a [T],
    ) -> Option<BlockTaps<'a, T, B>> {
        let channels = channels.min(self.channels);
        let count = channels * self.per_channel;
        if count == 0 {
            return None;
        }
        let reach = self.reach(channels)?;
        if weight.len() < reach.weight.checked_mul(B)? {
            missing();
            return None;
        }
        let (x, tap) = (self.x.get(..count)?, self.weight.get(..count)?);
        Some(BlockTaps { x, tap, reach: reach.x, weight })
    }
}

/// Taps, and their weights in a block of `B` output channels.
pub(crate) struct BlockTaps<'a, T, const B: usize> {
    /// Below `reach` each.
    x: &'a [usize],
    /// Of each there are `B` weights.
    tap: &'a [usize],
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
        let Some(totals) = totals.first_chunk_mut::<P>() else { return missing() };
        let x_end = step.saturating_mul(P - 1).saturating_add(self.reach);
        const { assert!(L::LANES <= B) };
        if x.len() < x_end || first_lane > B - L::LANES {
            return missing();
        }
        let (x, weight) = (x.as_ptr(), self.weight.as_ptr().wrapping_add(first_lane));
        let mut sums = [lanes.zero(); P];
        let neighbours = const { L::SCALARS > 1 } && step == 1;
        for (&place, &tap) in self.x.iter().zip(self.tap) {
            // SAFETY: the lanes lie within the tap's block of weights, which is there; the offset is below
            // `reach`, and the slice holds as many elements and every output's inputs.
            let (weight, x) = unsafe { (lanes.load(weight.add(tap * B)), x.add(place)) };
            if neighbours {
                // SAFETY: as above.
                unsafe { add_products_of_neighbours(lanes, &mut sums, weight, x) };
                continue;
            }
            for (p, sum) in sums.iter_mut().enumerate() {
                // SAFETY: as above.
                let x = lanes.splat(unsafe { *x.add(p * step) });
                *sum = lanes.multiply_add(*sum, weight, x);
            }
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            // SAFETY: the lanes from the first on lie within the block, checked above.
            unsafe { lanes.add_to(total.as_mut_ptr().add(first_lane), sum) };
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
