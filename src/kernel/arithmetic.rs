//! What a loop nest does to the numbers it meets: f32, or i8 with i32 sums.

#[cfg(any(neon, dsp, test))]
use crate::isa::generic::requantize::RequantizeParams;
use crate::isa::scalar::{Bytes, Scalar};
use crate::isa::traits::{Isa, Lanes, Operation};
use crate::quant::{FixedPoint, Requantization, Rounding, output};

/// The blocks of output channels in f32.
pub(crate) const FLOAT_BLOCKS: &[usize] = &[16, 8, 4, 1];

/// The blocks of output channels in i8.
pub(crate) const INT8_BLOCKS: &[usize] = &[4, 1];

/// The arithmetic of weighted sums, from loading an input to storing an output.
pub(crate) trait Arithmetic: Copy {
    /// What tensors and weights hold.
    type Element: Copy;
    /// What products are summed in.
    type Total: Copy;
    /// What one output channel needs besides its weights.
    type Channel: Copy;
    /// The channels of a layer, as packed.
    type Channels<'a>: Copy;
    /// The sums of a block of 16 channels, or of as many of them as suit the registers; of 8, 4 and 1.
    type X16: Lanes<Element = Self::Element, Total = Self::Total>;
    type X8: Lanes<Element = Self::Element, Total = Self::Total>;
    type X4: Lanes<Element = Self::Element, Total = Self::Total>;
    type X1: Lanes<Element = Self::Element, Total = Self::Total>;

    /// The sizes of the blocks that output channels are packed in, see `plan/layout.rs`.
    const BLOCKS: &'static [usize];

    /// Runs `operation` with the instructions that this arithmetic is made of.
    fn run<O: Operation>(self, operation: O);

    fn x16(self) -> Self::X16;
    fn x8(self) -> Self::X8;
    fn x4(self) -> Self::X4;
    fn x1(self) -> Self::X1;

    /// What padding zeros hold, if products with them are not zero.
    fn border(self) -> Option<Self::Element>;

    /// The parameters of channel `index`.
    fn channel(channels: Self::Channels<'_>, index: usize) -> Self::Channel;

    /// The sum before the first product.
    fn start(self, channel: Self::Channel) -> Self::Total;

    /// `sum + weight * x`.
    fn add_product(sum: Self::Total, weight: Self::Element, x: Self::Element) -> Self::Total;

    /// A complete sum of a channel as an output.
    #[cfg(any(bands_f32, bands_i8))]
    fn output(self, channel: Self::Channel, total: Self::Total) -> Self::Element;

    /// Writes totals, pixel by pixel and a channel each, as outputs `step` apart to as many planes of
    /// `plane` elements.
    fn write<const B: usize>(
        self,
        channels: &[Self::Channel; B],
        totals: &[[Self::Total; B]],
        y: &mut [Self::Element],
        plane: usize,
        step: usize,
    );
}

/// f32: a channel is its bias.
#[derive(Clone, Copy)]
pub(crate) struct Float<I>(pub(crate) I);

impl<I: Isa> Arithmetic for Float<I> {
    type Element = f32;
    type Total = f32;
    type Channel = f32;
    type Channels<'a> = &'a [f32];
    type X16 = I::X16;
    type X8 = I::X8;
    type X4 = I::X4;
    type X1 = I::X1;

    const BLOCKS: &'static [usize] = FLOAT_BLOCKS;

    fn run<O: Operation>(self, operation: O) {
        self.0.run(operation);
    }

    #[inline(always)]
    fn x16(self) -> I::X16 {
        self.0.x16()
    }

    #[inline(always)]
    fn x8(self) -> I::X8 {
        self.0.x8()
    }

    #[inline(always)]
    fn x4(self) -> I::X4 {
        self.0.x4()
    }

    #[inline(always)]
    fn x1(self) -> I::X1 {
        self.0.x1()
    }

    #[inline(always)]
    fn border(self) -> Option<f32> {
        None
    }

    #[inline(always)]
    fn channel(bias: &[f32], index: usize) -> f32 {
        bias.get(index).copied().unwrap_or(0.0)
    }

    #[inline(always)]
    fn start(self, bias: f32) -> f32 {
        bias
    }

    #[inline(always)]
    fn add_product(sum: f32, weight: f32, x: f32) -> f32 {
        sum + weight * x
    }

    #[cfg(any(bands_f32, bands_i8))]
    #[inline(always)]
    fn output(self, _bias: f32, total: f32) -> f32 {
        total
    }

    #[inline(always)]
    fn write<const B: usize>(
        self,
        _bias: &[f32; B],
        totals: &[[f32; B]],
        y: &mut [f32],
        plane: usize,
        step: usize,
    ) {
        self.0.transpose(totals, y, plane, step);
    }
}

/// i8: how the layer's inputs and outputs are meant.
#[derive(Clone, Copy)]
pub(crate) struct Int8<R> {
    /// What padding zeros hold: the input's zero point. The packed bias accounts for it at every tap.
    pub(crate) border: i8,
    /// Added to every bias.
    pub(crate) offset: i32,
    /// The output's zero point.
    pub(crate) zero_point: i32,
    /// The smallest and the largest output.
    pub(crate) range: [i8; 2],
    pub(crate) rescale: R,
}

impl<R> Int8<R> {
    /// The arithmetic of a layer.
    pub(crate) fn new(io: &Requantization, rescale: R) -> Self {
        Self {
            border: io.input.zero_point,
            offset: 0,
            zero_point: i32::from(io.output.zero_point),
            range: io.range,
            rescale,
        }
    }

    /// Accounts for weights that stand for `weight - zero_point`, all of which meet all of `x`.
    pub(crate) fn with_weight_zero_point(mut self, zero_point: i8, x: &[i8]) -> Self {
        let sum = x.iter().fold(0_i32, |sum, &x| sum.wrapping_add(i32::from(x)));
        self.offset = sum.wrapping_mul(-i32::from(zero_point));
        self
    }
}

#[cfg(any(neon, dsp, test))]
impl<R: Rescale> Int8<R> {
    /// What all channels have in common on the way from sums to outputs.
    #[inline(always)]
    pub(crate) fn requantize_params(&self) -> RequantizeParams {
        let Self { zero_point, range, .. } = *self;
        RequantizeParams { rounding: R::ROUNDING, zero_point, range }
    }
}

/// One of the three ways from a sum to an output as a type, so that only those in use are linked.
pub(crate) trait Rescale: Copy {
    const ROUNDING: Rounding;

    /// `sum` times the packed factor of its channel.
    #[inline(always)]
    fn rescale(self, sum: i32, factor: FixedPoint) -> i32 {
        Self::ROUNDING.rescale(sum, factor)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct FixedDouble;

impl Rescale for FixedDouble {
    const ROUNDING: Rounding = Rounding::FixedDouble;
}

#[derive(Clone, Copy)]
pub(crate) struct FixedSingle;

impl Rescale for FixedSingle {
    const ROUNDING: Rounding = Rounding::FixedSingle;
}

/// The factor is an f32, its bits kept as the multiplier.
#[derive(Clone, Copy)]
pub(crate) struct OnnxFloat;

impl Rescale for OnnxFloat {
    const ROUNDING: Rounding = Rounding::OnnxFloat;
}

/// The parameters of i8 output channels, as packed: little-endian bytes, so that one array of i8
/// holds a whole layer.
#[derive(Clone, Copy)]
pub(crate) struct Int8Channels<'a> {
    pub(crate) bias: &'a [i8],
    pub(crate) multiplier: &'a [i8],
    pub(crate) shift: &'a [i8],
}

/// Number `index` of packed i32 numbers.
pub(crate) fn i32_at(bytes: &[i8], index: usize) -> i32 {
    let number = bytes.as_chunks::<4>().0.get(index);
    number.map_or(0, |bytes| i32::from_le_bytes(bytes.map(i8::cast_unsigned)))
}

impl<R: Rescale> Int8<R> {
    /// A complete sum as an output.
    #[inline(always)]
    pub(crate) fn finish(self, (_, factor): (i32, FixedPoint), sum: i32) -> i8 {
        output(self.rescale.rescale(sum, factor), self.zero_point, self.range)
    }
}

impl<R: Rescale> Arithmetic for Int8<R> {
    type Element = i8;
    type Total = i32;
    type Channel = (i32, FixedPoint);
    type Channels<'a> = Int8Channels<'a>;
    type X16 = Bytes<4>;
    type X8 = Bytes<4>;
    type X4 = Bytes<4>;
    type X1 = Bytes<1>;

    const BLOCKS: &'static [usize] = INT8_BLOCKS;

    fn run<O: Operation>(self, operation: O) {
        Scalar.run(operation);
    }

    #[inline(always)]
    fn x16(self) -> Bytes<4> {
        Bytes
    }

    #[inline(always)]
    fn x8(self) -> Bytes<4> {
        Bytes
    }

    #[inline(always)]
    fn x4(self) -> Bytes<4> {
        Bytes
    }

    #[inline(always)]
    fn x1(self) -> Bytes<1> {
        Bytes
    }

    #[inline(always)]
    fn border(self) -> Option<i8> {
        if self.border == 0 { None } else { Some(self.border) }
    }

    #[inline(always)]
    fn channel(channels: Int8Channels<'_>, index: usize) -> (i32, FixedPoint) {
        let shift = channels.shift.get(index).copied().unwrap_or(0);
        let multiplier = i32_at(channels.multiplier, index);
        (i32_at(channels.bias, index), FixedPoint { multiplier, shift: i32::from(shift) })
    }

    #[inline(always)]
    fn start(self, (bias, _): (i32, FixedPoint)) -> i32 {
        bias.wrapping_add(self.offset)
    }

    #[inline(always)]
    fn add_product(sum: i32, weight: i8, x: i8) -> i32 {
        // Partial sums may wrap; packing has checked that the complete one fits into i32.
        sum.wrapping_add(i32::from(weight).wrapping_mul(i32::from(x)))
    }

    #[cfg(any(bands_f32, bands_i8))]
    #[inline(always)]
    fn output(self, channel: (i32, FixedPoint), total: i32) -> i8 {
        self.finish(channel, total)
    }

    #[inline(always)]
    fn write<const B: usize>(
        self,
        channels: &[(i32, FixedPoint); B],
        totals: &[[i32; B]],
        y: &mut [i8],
        plane: usize,
        step: usize,
    ) {
        for (lane, &channel) in channels.iter().enumerate() {
            let Some(row) = y.get_mut(lane * plane..) else { return };
            for (y, total) in row.iter_mut().step_by(step.max(1)).zip(totals) {
                if let Some(&total) = total.get(lane) {
                    *y = self.finish(channel, total);
                }
            }
        }
    }
}
