//! Products of a few rows of weights with vectors of neighbouring inputs: the innermost loop of pointwise
//! convolution, and of the transposed one that turns each input into two neighbouring outputs.

use core::ptr::null;

use crate::geometry::missing;
use crate::isa::traits::{Columns, F32Lanes, for_each_scalar};

/// What `R` output channels, `P` neighbours in each, are to the channels of an input.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, const R: usize, const P: usize> {
    /// Input channels.
    pub(crate) inputs: usize,
    /// The weights of the first input channel, and those of the next ones each `next_input` further.
    pub(crate) weight: &'a [f32],
    pub(crate) next_input: usize,
    /// Where the `R` weights of the first neighbour are in them, and those of the next one `next_output`
    /// further.
    pub(crate) lane: usize,
    pub(crate) next_output: usize,
    /// From one channel to the next, in the input and in the output.
    pub(crate) in_plane: usize,
    pub(crate) out_plane: usize,
    pub(crate) start: Start<'a, R>,
}

/// What products are added to.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a, const R: usize> {
    /// Nothing.
    #[cfg_attr(not(neon), allow(dead_code))]
    Zero,
    /// The bias of each channel.
    Bias(&'a [f32; R]),
    /// What the output holds.
    Output,
}

impl<const R: usize, const P: usize> Rows<'_, R, P> {
    /// Writes what `V` vectors of inputs at the beginning of each plane in `x` come to, `P` times as many
    /// outputs, at most two, to the beginning of those in `y`. Writes nothing where a slice is too short.
    #[inline(always)]
    pub(crate) fn write<L: F32Lanes, const V: usize>(&self, lanes: L, x: &[f32], y: &mut [f32]) {
        let Self { inputs, weight, next_input, lane, next_output, in_plane, out_plane, start } =
            *self;
        let end_of = |channels: usize, plane: usize, vectors: usize| {
            (channels - 1).checked_mul(plane)?.checked_add(vectors * L::LANES)
        };
        if inputs == 0
            || end_of(inputs, in_plane, V).is_none_or(|end| x.len() < end)
            || end_of(R, out_plane, P * V).is_none_or(|end| y.len() < end)
            || inputs.checked_mul(next_input).is_none_or(|end| weight.len() < end)
            // There are `next_input` weights: no sum of these numbers wraps.
            || lane.max(next_output) > next_input
            || lane + (P - 1) * next_output + R > next_input
        {
            return missing();
        }
        let weight = weight.as_ptr().wrapping_add(lane);
        if const { R == 8 && P == 1 && V == 1 } {
            let columns = Columns {
                count: inputs,
                x: x.as_ptr(),
                x_step: in_plane,
                weight,
                weight_step: next_input,
                y: y.as_mut_ptr(),
                y_step: out_plane,
                bias: if let Start::Bias(bias) = start { bias.as_ptr() } else { null() },
                add: matches!(start, Start::Output),
                eights: 1,
                vectors: 1,
            };
            // SAFETY: `x` holds a vector of each input channel, `weight` eight weights, and `y` a vector of each output
            // channel, all checked above.
            if unsafe { lanes.write_eight_rows(&columns) } {
                return;
            }
        }
        let mut channel = Channel::<P> { x: x.as_ptr(), weight: [weight; P] };
        for (p, weight) in channel.weight.iter_mut().enumerate() {
            *weight = weight.wrapping_add(p * next_output);
        }
        let mut sums = [[[lanes.zero(); V]; P]; R];
        let mut left = inputs;
        if const { L::SCALARS > 1 && R.is_multiple_of(L::SCALARS) } {
            while left >= 4 {
                // SAFETY: `x` holds `V` vectors of each input channel, and `weight` as many weights, these among them.
                unsafe { self.add_four(lanes, &mut channel, &mut sums) };
                left -= 4;
            }
            for _ in 0..left {
                // SAFETY: as above.
                unsafe { self.add_by_scalars(lanes, &mut channel, &mut sums) };
            }
        } else {
            for _ in 0..left {
                // SAFETY: as above.
                unsafe { self.add(lanes, &mut channel, &mut sums) };
            }
        }
        match start {
            // SAFETY: `y` holds `P` times `V` vectors of `R` channels.
            Start::Zero => self.finish(lanes, &sums, y, |y, _, sum| unsafe { lanes.store(y, sum) }),
            Start::Bias(bias) => self.finish(lanes, &sums, y, |y, r, sum| {
                // SAFETY: as above.
                unsafe { lanes.store(y, lanes.add(lanes.splat(bias[r]), sum)) }
            }),
            Start::Output => self.finish(lanes, &sums, y, |y, _, sum| {
                // SAFETY: as above.
                unsafe { lanes.add_to(y, sum) }
            }),
        }
    }

    /// Hands out every vector of sums, with the number of its channel and where it goes.
    #[inline(always)]
    fn finish<L: F32Lanes, const V: usize>(
        &self,
        lanes: L,
        sums: &[[[L::Vector; V]; P]; R],
        y: &mut [f32],
        write: impl Fn(*mut f32, usize, L::Vector),
    ) {
        let mut y = y.as_mut_ptr();
        for (r, sums) in sums.iter().enumerate() {
            for (v, (&first, &last)) in sums[0].iter().zip(&sums[P - 1]).enumerate() {
                let neighbours = if P == 1 { [first; 2] } else { lanes.interleave(first, last) };
                for (p, sum) in neighbours.into_iter().enumerate().take(P) {
                    write(y.wrapping_add((v * P + p) * L::LANES), r, sum);
                }
            }
            y = y.wrapping_add(self.out_plane);
        }
    }

    /// Adds the products of an input channel, and goes to the next.
    ///
    /// # Safety
    ///
    /// Its inputs and its weights may be read.
    #[inline(always)]
    unsafe fn add<L: F32Lanes, const V: usize>(
        &self,
        lanes: L,
        channel: &mut Channel<P>,
        sums: &mut [[[L::Vector; V]; P]; R],
    ) {
        // SAFETY: the caller's.
        let inputs = unsafe { channel.next::<L, V>(lanes, self.in_plane) };
        for (r, sums) in sums.iter_mut().enumerate() {
            for (sums, weight) in sums.iter_mut().zip(channel.weight) {
                // SAFETY: the caller's.
                let weight = lanes.splat(unsafe { *weight.add(r) });
                for (sum, &input) in sums.iter_mut().zip(&inputs) {
                    *sum = lanes.multiply_add(*sum, weight, input);
                }
            }
        }
        channel.weight = channel.weight.map(|weight| weight.wrapping_add(self.next_input));
    }

    /// Adds the products of four input channels, with weights as in [`add_by_scalars`](Self::add_by_scalars).
    ///
    /// # Safety
    ///
    /// Their inputs and their weights may be read.
    #[inline(always)]
    unsafe fn add_four<L: F32Lanes, const V: usize>(
        &self,
        lanes: L,
        channel: &mut Channel<P>,
        sums: &mut [[[L::Vector; V]; P]; R],
    ) {
        // SAFETY: the caller's.
        unsafe {
            self.add_by_scalars(lanes, channel, sums);
            self.add_by_scalars(lanes, channel, sums);
            self.add_by_scalars(lanes, channel, sums);
            self.add_by_scalars(lanes, channel, sums);
        }
    }

    /// The same with weights from registers of [`SCALARS`](crate::isa::traits::Lanes::SCALARS), of which `R` is a
    /// multiple, at most four.
    ///
    /// # Safety
    ///
    /// Its inputs and its weights may be read.
    #[inline(always)]
    unsafe fn add_by_scalars<L: F32Lanes, const V: usize>(
        &self,
        lanes: L,
        channel: &mut Channel<P>,
        sums: &mut [[[L::Vector; V]; P]; R],
    ) {
        // SAFETY: the caller's.
        let inputs = unsafe { channel.next::<L, V>(lanes, self.in_plane) };
        for (p, weight) in channel.weight.iter_mut().enumerate() {
            // SAFETY: the caller's.
            let weights = unsafe {
                match R / L::SCALARS {
                    1 => [lanes.load_next_scalars::<1>(weight, self.next_input)[0]; 4],
                    2 => {
                        let [a, b] = lanes.load_next_scalars::<2>(weight, self.next_input);
                        [a, b, a, b]
                    }
                    _ => lanes.load_next_scalars::<4>(weight, self.next_input),
                }
            };
            for (sums, weights) in sums.chunks_mut(L::SCALARS).zip(weights) {
                for_each_scalar!(L, SCALAR => {
                    for (sum, &input) in sums[SCALAR][p].iter_mut().zip(&inputs) {
                        *sum = lanes.multiply_add_scalar::<SCALAR>(*sum, input, weights);
                    }
                });
            }
        }
    }
}

/// Where an input channel's inputs and weights are.
struct Channel<const P: usize> {
    x: *const f32,
    /// Of each of `P` neighbours.
    weight: [*const f32; P],
}

impl<const P: usize> Channel<P> {
    /// `V` vectors of inputs, one behind the other; goes to those of the next channel, `plane` elements further.
    ///
    /// # Safety
    ///
    /// They may be read.
    #[inline(always)]
    unsafe fn next<L: F32Lanes, const V: usize>(
        &mut self,
        lanes: L,
        plane: usize,
    ) -> [L::Vector; V] {
        let mut at = self.x;
        let mut vectors = [lanes.zero(); V];
        for vector in &mut vectors {
            // SAFETY: the caller's.
            *vector = unsafe { lanes.load_next(&mut at, if V == 1 { plane } else { L::LANES }) };
        }
        self.x = if V == 1 { at } else { self.x.wrapping_add(plane) };
        vectors
    }
}
