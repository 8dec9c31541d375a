//! Layers in i8 of one output pixel that meets one of the input, where two products of sixteen bits are added at a time: a
//! matrix times a vector.
//!
//! Some inputs at a time are extended to sixteen bits, and multiplied with the weights of some output channels.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output once.

use crate::geometry::missing;
use crate::isa::cortex_m::gemv::{INPUTS, Pairs, add_to_four, add_to_two};
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::conv::im2col_pairs::portable::output;
use crate::kernel::conv::problem::{ConvLayer, Convolution, Operands};
use crate::kernel::runs::Operator;

/// Output channels whose sums are kept meanwhile: an even number.
const OUTPUTS: usize = 32;

/// Bytes on the stack.
pub(crate) const STACK: usize = size_of::<Pairs>() + size_of::<[i32; OUTPUTS]>();

/// Whether this is for a layer: `Linear`, and 1x1 over a plane of one pixel.
pub(crate) const fn fits(layer: &ConvLayer) -> bool {
    matches!(layer.operator, Operator::Convolution(_))
        && layer.shape.in_place()
        && layer.shape.in_plane() == 1
}

/// A layer that this fits, and what it works on.
pub(crate) struct Gemv<'a, R> {
    pub(crate) convolution: &'a Convolution<Int8<R>>,
    pub(crate) operands: Operands<'a, i8, Int8Channels<'a>>,
}

impl<R: Rescale> Gemv<'_, R> {
    /// Computes a whole output.
    pub(crate) fn run(mut self) {
        let channels = self.convolution.shape.channels;
        for group in 0..channels.groups {
            let x = self.operands.x.get(group * channels.inputs..).unwrap_or_default();
            let x = x.get(..channels.inputs).unwrap_or_default();
            let mut done = 0;
            while done < channels.outputs {
                let count = OUTPUTS.min(channels.outputs - done);
                self.channels(x, group * channels.outputs + done, count);
                done += count;
            }
        }
    }

    /// Outputs of `count` channels from `first` on, of a group whose inputs are `x`.
    #[inline(never)]
    fn channels(&mut self, x: &[i8], first: usize, count: usize) {
        let Self { convolution: Convolution { arithmetic, .. }, operands } = self;
        let channel = |index| Int8::<R>::channel(operands.parameters, first + index);
        let mut sums = [0; OUTPUTS];
        let Some(sums) = sums.get_mut(..count) else { return missing() };
        for (index, sum) in sums.iter_mut().enumerate() {
            *sum = arithmetic.start(channel(index));
        }
        let weight = operands.weight.get(first * x.len()..).unwrap_or_default();
        let mut pairs = Pairs::NEW;
        let mut done = 0;
        for part in x.chunks(INPUTS) {
            add_products(pairs.of(part), part, (weight, x.len(), done), sums);
            done += part.len();
        }
        let y = operands.y.get_mut(first..).unwrap_or_default();
        for (index, (y, &sum)) in y.iter_mut().zip(&*sums).enumerate() {
            *y = output(arithmetic, channel(index), sum);
        }
    }
}

/// Adds the products of some inputs, those from number `done` of `all` on, to the sums of channels whose weights begin with
/// `weight`.
fn add_products(
    pairs: &[i32],
    x: &[i8],
    (weight, all, done): (&[i8], usize, usize),
    sums: &mut [i32],
) {
    let mut first = 0;
    let weights = |first: usize, together: usize| {
        weight.get(first * all + together * done..).unwrap_or_default()
    };
    let (fours, rest) = sums.as_chunks_mut::<4>();
    for sums in fours {
        if !add_to_four(pairs, weights(first, 2), 2 * all, sums) {
            missing();
        }
        first += 4;
    }
    let (twos, single) = rest.as_chunks_mut::<2>();
    for sums in twos {
        if !add_to_two(pairs, weights(first, 2), sums) {
            missing();
        }
        first += 2;
    }
    if let [sum] = single {
        for (&x, &weight) in x.iter().zip(weights(first, 1)) {
            *sum = sum.wrapping_add(i32::from(x) * i32::from(weight));
        }
    }
    let [.., last] = x else { return };
    if x.len() % 2 == 1 {
        let behind = 4 * pairs.len();
        let pairs = sums.as_chunks_mut::<2>().0.iter_mut().enumerate();
        for (index, sums) in pairs {
            let weight = weights(2 * index, 2).get(behind..).unwrap_or_default();
            for (sum, &weight) in sums.iter_mut().zip(weight) {
                *sum = sum.wrapping_add(i32::from(*last) * i32::from(weight));
            }
        }
    }
}
