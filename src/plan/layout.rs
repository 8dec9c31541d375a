//! Packed weights: one block of memory in the order in which the kernels read it.
//!
//! | part | f32: elements | i8: bytes |
//! |---|---|---|
//! | bias | output channels | 4 x output channels |
//! | PReLU slopes, if there are any | output channels | |
//! | multipliers (for [`Rounding::OnnxFloat`](crate::Rounding::OnnxFloat) the scale's bits) | | 4 x output channels |
//! | shifts | | output channels |
//! | weights | as many as PyTorch's; 16/9 or 36/9 times as many for [Winograd](crate::Algorithm) | as many as PyTorch's; 32/9 times as many for Winograd |
//! | their order | | 1 |
//!
//! Numbers of four bytes, and the transformed weights of i8, which have two, are little-endian. The
//! weights of each group lie in blocks of output channels: input channel, kernel row, kernel column,
//! output channel. A block has 16 output channels in f32 and 4 in i8; those left over make blocks of 8, 4
//! and 1. For a Winograd convolution they are transformed, and the order in a block is: row and column of
//! the transform, input channel, output channel. One order serves every instruction set of a target, so
//! that weights packed by the compiler can be run by whichever the processor turns out to have; that of
//! i8 weights which are not transformed is another on AArch64 with the feature `simd`, see
//! `kernel/weight_order.rs` and [`Target`](crate::Target).

use core::ops::Range;

use crate::algorithm::Algorithm;
use crate::error::Error;
use crate::geometry::{Channels, divide, elements, total, tri};
use crate::kernel::arithmetic::{FLOAT_BLOCKS, INT8_BLOCKS, Int8Channels};
use crate::kernel::weight_order::{Order, WeightOrder};
use crate::plan::lanes::LANES;
use crate::plan::winograd;
use crate::tensor::Dtype;

/// `slice[index]`, or `default` past the end: indexing would link a panic.
pub(crate) const fn at<T: Copy>(slice: &[T], index: usize, default: T) -> T {
    if index < slice.len() { slice[index] } else { default }
}

/// `slice[index] = value`; nothing past the end.
pub(crate) const fn put<T: Copy>(slice: &mut [T], index: usize, value: T) {
    if index < slice.len() {
        slice[index] = value;
    }
}

/// The first `length` elements and the others; nothing and all, where there are no more.
pub(crate) const fn split_mut<T>(slice: &mut [T], length: usize) -> (&mut [T], &mut [T]) {
    if length <= slice.len() { slice.split_at_mut(length) } else { (&mut [], slice) }
}

/// `length` elements from `first` on; none, where there are not so many.
pub(crate) const fn part<T>(slice: &[T], first: usize, length: usize) -> &[T] {
    match slice.split_at_checked(first) {
        Some((_, rest)) if length <= rest.len() => rest.split_at(length).0,
        _ => &[],
    }
}

/// The fewest output channels of a part of a group: an even smaller group may have i8 weights in another order than the
/// group it is a part of, and on x86-64 another loop nest, with other roundings.
const FEWEST: usize = 4;

/// The sizes of a layer's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) channels: Channels,
    /// Kernel height times kernel width.
    pub(crate) kernel: usize,
    /// The order of i8 weights.
    pub(crate) weight_order: WeightOrder,
    /// Where they go if that is by sixteens.
    pub(crate) order: Order,
    /// What the weights are packed for.
    pub(crate) algorithm: Algorithm,
    /// The range of rows and of columns of taps that meet inputs, where a kernel is transformed.
    pub(crate) taps_met: [(usize, usize); 2],
    /// Whether the weights come as I,O/groups,.. instead of O,I/groups,..
    pub(crate) input_major: bool,
    /// Whether every output meets every tap, so that a shift of the input is a constant.
    pub(crate) uniform: bool,
    /// Whether there are slopes.
    pub(crate) prelu: bool,
    /// Whether it is a linear layer.
    pub(crate) fully_connected: bool,
}

/// Packed f32 weights, taken apart.
pub(crate) struct Packed<'a> {
    pub(crate) bias: &'a [f32],
    pub(crate) prelu: &'a [f32],
    pub(crate) weight: &'a [f32],
}

/// Packed i8 weights, taken apart: what belongs to each channel, and the weights.
pub(crate) type PackedInt8<'a> = (Int8Channels<'a>, &'a [i8]);

/// Where an output channel's weights are and where they go: weight `tap` of `input` is element
/// `source + input * source_step + tap` and becomes element
/// `target + (input * kernel + tap) * target_step`, but for i8 weights in an [`Order`] of their own.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) source: usize,
    pub(crate) source_step: usize,
    pub(crate) target: usize,
    pub(crate) target_step: usize,
    /// The number of the channel in its block, of `target_step`.
    pub(crate) lane: usize,
}

impl Layout {
    /// Checks that every length below fits into `usize`.
    pub(crate) const fn validate(&self, dtype: Dtype) -> Result<(), Error> {
        let Channels { groups, inputs, outputs } = self.channels;
        tri!(elements(&[groups, inputs, outputs, self.kernel]));
        let weight = tri!(elements(&[groups, inputs, outputs, self.packed_kernel(dtype)]));
        let parameters = tri!(elements(&[groups, outputs, 9]));
        match total(&[weight, parameters, 1]) {
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(crate) const fn outputs(&self) -> usize {
        self.channels.all_outputs()
    }

    pub(crate) const fn weight_len(&self) -> usize {
        self.outputs() * self.channels.inputs * self.kernel
    }

    /// Elements of packed weights for one of PyTorch's kernels.
    pub(crate) const fn packed_kernel(&self, dtype: Dtype) -> usize {
        match (winograd::tile(self.algorithm), dtype) {
            (0, _) => self.kernel,
            (tile, Dtype::F32) => (tile + 2) * (tile + 2),
            (tile, Dtype::I8) => (tile + 2) * (tile + 2) * size_of::<i16>(),
        }
    }

    /// Elements of packed weights of an output channel.
    pub(crate) const fn weights_of_output(&self, dtype: Dtype) -> usize {
        self.channels.inputs * self.packed_kernel(dtype)
    }

    const fn packed_weight_len(&self, dtype: Dtype) -> usize {
        self.outputs() * self.weights_of_output(dtype)
    }

    pub(crate) const fn prelu_len(&self) -> usize {
        if self.prelu { self.outputs() } else { 0 }
    }

    pub(crate) const fn packed_len(&self, dtype: Dtype) -> usize {
        match dtype {
            Dtype::F32 => self.outputs() + self.prelu_len() + self.packed_weight_len(dtype),
            Dtype::I8 => 9 * self.outputs() + self.packed_weight_len(dtype) + 1,
        }
    }

    /// What the last byte of packed i8 weights says.
    pub(crate) const fn order_mark(&self) -> i8 {
        match (self.algorithm, self.weight_order) {
            (Algorithm::Auto | Algorithm::Direct, WeightOrder::ByInput) => 1,
            (Algorithm::Auto | Algorithm::Direct, WeightOrder::BySixteens) => 2,
            (Algorithm::Winograd2 | Algorithm::Winograd4, _) => 3,
            (Algorithm::Auto | Algorithm::Direct, WeightOrder::InPairs) => 4,
        }
    }

    /// [`Error::OtherOrder`] for packed i8 weights in another order than these.
    #[inline(always)]
    pub(crate) const fn check_order(&self, packed: &[i8]) -> Result<(), Error> {
        match packed.last() {
            Some(&mark) if mark == self.order_mark() => Ok(()),
            _ => Err(Error::OtherOrder),
        }
    }

    /// The parts of `packed`; empty where it is too short.
    pub(crate) fn split<'a>(&self, packed: &'a [f32]) -> Packed<'a> {
        let (bias, rest) = packed.split_at_checked(self.outputs()).unwrap_or_default();
        let (prelu, weight) = rest.split_at_checked(self.prelu_len()).unwrap_or_default();
        Packed { bias, prelu, weight }
    }

    /// The parts of `packed`; empty where it is too short.
    pub(crate) fn split_int8<'a>(&self, packed: &'a [i8]) -> PackedInt8<'a> {
        let outputs = self.outputs();
        let (bias, rest) = packed.split_at_checked(4 * outputs).unwrap_or_default();
        let (multiplier, rest) = rest.split_at_checked(4 * outputs).unwrap_or_default();
        let (shift, weight) = rest.split_at_checked(outputs).unwrap_or_default();
        (Int8Channels { bias, multiplier, shift }, weight)
    }

    /// The output channels that are computed together with `output`, however the layer is split: its packed
    /// block, or a whole group of less than [`FEWEST`] channels, as which the end of a larger group must not
    /// be taken.
    pub(crate) fn inseparable(&self, dtype: Dtype, output: usize) -> Range<usize> {
        let outputs = self.channels.outputs;
        let group = divide(output, outputs) * outputs;
        // Left-over channels go with the last block.
        let last = (outputs & !(FEWEST - 1)).saturating_sub(1);
        let (first, size) = block_of(blocks(dtype), outputs, (output - group).min(last));
        let end = first + size;
        group + first..group + if outputs - end < FEWEST { outputs } else { end }
    }

    /// The number of input channel `input` of the group that `output` belongs to.
    pub(crate) const fn input_channel(&self, output: usize, input: usize) -> usize {
        divide(output, self.channels.outputs) * self.channels.inputs + input
    }

    /// The way of output channel `output`'s weights.
    pub(crate) const fn route(&self, dtype: Dtype, output: usize) -> Route {
        let Channels { inputs, outputs, .. } = self.channels;
        let group = divide(output, outputs);
        let output = output - group * outputs;
        let taps = inputs * self.kernel;
        let (source, source_step) = match self.input_major {
            true => ((group * inputs * outputs + output) * self.kernel, outputs * self.kernel),
            false => ((group * outputs + output) * taps, self.kernel),
        };
        let in_pairs = matches!((dtype, self.weight_order), (Dtype::I8, WeightOrder::InPairs));
        let sizes = match in_pairs && winograd::tile(self.algorithm) == 0 {
            true => &[2, 1],
            false => blocks(dtype),
        };
        let (first, block) = block_of(sizes, outputs, output);
        let lane = output - first;
        let target = (group * outputs + first) * inputs * self.packed_kernel(dtype) + lane;
        Route { source, source_step, target, target_step: block, lane }
    }

    /// How many pieces of an output channel's weights lie together, and how long they are: of each input channel, if they
    /// are to be apart, else as much as there is.
    pub(crate) const fn pieces(&self, apart: bool) -> (usize, usize) {
        match apart || self.input_major {
            true => (self.channels.inputs, self.kernel),
            false => (1, self.channels.inputs * self.kernel),
        }
    }

    /// Such pieces of four output channels, that of the first at `first`.
    pub(crate) const fn rows<'a, T>(
        &self,
        weight: &'a [T],
        first: usize,
        length: usize,
    ) -> [&'a [T]; LANES] {
        let step = match self.input_major {
            true => self.kernel,
            false => self.channels.inputs * self.kernel,
        };
        [
            part(weight, first, length),
            part(weight, first + step, length),
            part(weight, first + 2 * step, length),
            part(weight, first + 3 * step, length),
        ]
    }

    /// Where the two bytes of the transformed i8 weight at `position` of `input` go.
    pub(crate) const fn place_transformed(
        &self,
        route: &Route,
        input: usize,
        position: usize,
    ) -> usize {
        let Route { target, target_step, lane, .. } = *route;
        // The target counts the lane once, in bytes.
        let before = (position * self.channels.inputs + input) * target_step + lane;
        target - lane + before * size_of::<i16>()
    }
}

/// How many output channels are packed together, the most first; of i8 weights in pairs other numbers.
const fn blocks(dtype: Dtype) -> &'static [usize] {
    match dtype {
        Dtype::F32 => FLOAT_BLOCKS,
        Dtype::I8 => INT8_BLOCKS,
    }
}

/// The first channel and the size of the block, of one of these `sizes`, that `output`, one of `outputs`, lies in.
const fn block_of(mut sizes: &[usize], outputs: usize, output: usize) -> (usize, usize) {
    let mut first = 0;
    while let Some((&size, smaller)) = sizes.split_first() {
        let end = first + divide(outputs - first, size) * size;
        if output < end {
            return (first + divide(output - first, size) * size, size);
        }
        first = end;
        sizes = smaller;
    }
    (output, 1)
}
