//! Products of a few rows of weights with vectors of neighbouring inputs: the innermost loop of pointwise
//! convolution.

use crate::arch::isa::F32Lanes;

/// What `R` output channels are to the channels of an input.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, const R: usize> {
    /// Input channels.
    pub(crate) inputs: usize,
    /// The weights of the first input channel, those of the output channels from `lane` on, and those of the
    /// next input channel `block` further.
    pub(crate) weight: &'a [f32],
    pub(crate) lane: usize,
    pub(crate) block: usize,
    /// From one channel to the next, in the input and in the output.
    pub(crate) plane: usize,
    /// What products are added to, or else what the output holds.
    pub(crate) start: Option<[f32; R]>,
}

impl<const R: usize> Rows<'_, R> {
    /// Writes `V` vectors of outputs to the beginning of each plane in `y`, whose inputs begin those in `x`.
    /// Writes nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn write<L: F32Lanes, const V: usize>(&self, lanes: L, x: &[f32], y: &mut [f32]) {
        let Self { inputs, weight, lane, block, plane, start } = *self;
        let end_of = |channels: usize| (channels - 1).checked_mul(plane)?.checked_add(V * L::LANES);
        if inputs == 0
            || end_of(inputs).is_none_or(|end| x.len() < end)
            || end_of(R).is_none_or(|end| y.len() < end)
            || lane + R > block
            || inputs.checked_mul(block).is_none_or(|end| weight.len() < end)
        {
            return;
        }
        let (mut x, mut weight) = (x.as_ptr(), weight.as_ptr().wrapping_add(lane));
        let mut sums = [[lanes.zero(); V]; R];
        for _ in 0..inputs {
            let mut inputs = [lanes.zero(); V];
            for (v, input) in inputs.iter_mut().enumerate() {
                // SAFETY: `x` holds `V` vectors of each input channel.
                *input = unsafe { lanes.load(x.add(v * L::LANES)) };
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                // SAFETY: `weight` holds a block for each input channel, in which there are `R` lanes.
                let weight = lanes.splat(unsafe { *weight.add(r) });
                for (sum, input) in sums.iter_mut().zip(inputs) {
                    *sum = lanes.multiply_add(*sum, weight, input);
                }
            }
            (x, weight) = (x.wrapping_add(plane), weight.wrapping_add(block));
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (v, sum) in sums.into_iter().enumerate() {
                // SAFETY: `y` holds `V` vectors of `R` channels.
                unsafe {
                    let y = y.as_mut_ptr().add(r * plane + v * L::LANES);
                    match start {
                        Some(start) => lanes.store(y, lanes.add(lanes.splat(start[r]), sum)),
                        None => lanes.add_to(y, sum),
                    }
                }
            }
        }
    }
}
