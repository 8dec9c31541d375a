//! Products of a few rows of weights with vectors of neighbouring inputs: the innermost loop of pointwise
//! convolution, and of the transposed one that turns each input into two neighbouring outputs.

use crate::arch::isa::{F32Lanes, for_each_scalar};

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
    /// What products are added to, or else what the output holds.
    pub(crate) start: Option<[f32; R]>,
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
            || lane + (P - 1) * next_output + R > next_input
            || inputs.checked_mul(next_input).is_none_or(|end| weight.len() < end)
        {
            return;
        }
        let (mut x, mut weight) = (x.as_ptr(), weight.as_ptr().wrapping_add(lane));
        let mut sums = [[[lanes.zero(); V]; P]; R];
        for _ in 0..inputs {
            // SAFETY: `x` holds `V` vectors of each input channel, and `weight` as many weights, these among them.
            unsafe {
                let inputs = load_each::<L, V>(lanes, x);
                match L::SCALARS > 1 && R.is_multiple_of(L::SCALARS) {
                    true => self.add_by_scalars(lanes, weight, &inputs, &mut sums),
                    false => self.add(lanes, weight, &inputs, &mut sums),
                }
            }
            (x, weight) = (x.wrapping_add(in_plane), weight.wrapping_add(next_input));
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (v, (&first, &last)) in sums[0].iter().zip(&sums[P - 1]).enumerate() {
                let neighbours = if P == 1 { [first; 2] } else { lanes.zip(first, last) };
                for (p, sum) in neighbours.into_iter().enumerate().take(P) {
                    // SAFETY: `y` holds `P` times `V` vectors of `R` channels.
                    unsafe {
                        let y = y.as_mut_ptr().add(r * out_plane + (v * P + p) * L::LANES);
                        match start {
                            Some(start) => lanes.store(y, lanes.add(lanes.splat(start[r]), sum)),
                            None => lanes.add_to(y, sum),
                        }
                    }
                }
            }
        }
    }

    /// Adds the products of one input channel.
    ///
    /// # Safety
    ///
    /// Its weights may be read.
    #[inline(always)]
    unsafe fn add<L: F32Lanes, const V: usize>(
        &self,
        lanes: L,
        weight: *const f32,
        inputs: &[L::Vector; V],
        sums: &mut [[[L::Vector; V]; P]; R],
    ) {
        for (r, sums) in sums.iter_mut().enumerate() {
            for (p, sums) in sums.iter_mut().enumerate() {
                // SAFETY: the caller's.
                let weight = lanes.splat(unsafe { *weight.add(p * self.next_output + r) });
                for (sum, &input) in sums.iter_mut().zip(inputs) {
                    *sum = lanes.multiply_add(*sum, weight, input);
                }
            }
        }
    }

    /// The same with weights from registers of [`SCALARS`](crate::arch::isa::Lanes::SCALARS), of which `R` is a
    /// multiple.
    ///
    /// # Safety
    ///
    /// Its weights may be read.
    #[inline(always)]
    unsafe fn add_by_scalars<L: F32Lanes, const V: usize>(
        &self,
        lanes: L,
        weight: *const f32,
        inputs: &[L::Vector; V],
        sums: &mut [[[L::Vector; V]; P]; R],
    ) {
        let mut p = 0;
        while p < P {
            let mut r = 0;
            while r < R {
                // SAFETY: the caller's.
                let [weights] = unsafe { lanes.load_scalars(weight.add(p * self.next_output + r)) };
                for_each_scalar!(L, SCALAR => {
                    for (sum, &input) in sums[r + SCALAR][p].iter_mut().zip(inputs) {
                        *sum = lanes.multiply_add_scalar::<SCALAR>(*sum, input, weights);
                    }
                });
                r += L::SCALARS;
            }
            p += 1;
        }
    }
}

/// `V` vectors, one behind the other.
///
/// # Safety
///
/// They may be read.
#[inline(always)]
unsafe fn load_each<L: F32Lanes, const V: usize>(lanes: L, mut at: *const f32) -> [L::Vector; V] {
    let mut vectors = [lanes.zero(); V];
    for vector in &mut vectors {
        // SAFETY: the caller's.
        *vector = unsafe { lanes.load_next(&mut at, L::LANES) };
    }
    vectors
}
