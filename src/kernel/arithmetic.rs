//! What a loop nest does to the numbers it meets: f32, or i8 with i32 sums.

use crate::quant::{FixedPoint, Requantization, round_half_even, saturate};

/// How many products make one running sum; longer ones are compensated sums of such sums, as a single
/// running sum over thousands of products loses more than the table of errors allows.
pub(crate) const SUMMED_AT_ONCE: usize = 32;

/// The arithmetic of weighted sums, from loading an input to storing an output.
pub(crate) trait Arithmetic: Copy {
    /// What tensors and weights hold.
    type Element: Copy;
    /// What products are summed in; inputs are widened to it as they are loaded.
    type Sum: Copy;
    /// What one output channel needs besides its weights.
    type Channel: Copy;
    /// The channels of a layer, as packed.
    type Channels<'a>: Copy;

    const ZERO: Self::Sum;

    /// An input, widened.
    fn widen(self, x: Self::Element) -> Self::Sum;

    /// A padding zero, widened.
    fn border(self) -> Self::Sum;

    /// Whether products with padding zeros add nothing.
    const BORDER_IS_ZERO: bool;

    /// The parameters of channel `index`.
    fn channel(channels: Self::Channels<'_>, index: usize) -> Self::Channel;

    /// The sum before the first product.
    fn start(self, channel: Self::Channel) -> Self::Sum;

    fn add_product(sum: Self::Sum, weight: Self::Element, x: Self::Sum) -> Self::Sum;

    /// Adds `part` to `sum`; `lost` carries what rounding takes away.
    fn add(sum: &mut Self::Sum, lost: &mut Self::Sum, part: Self::Sum);

    /// A complete sum as an output.
    fn finish(self, channel: Self::Channel, sum: Self::Sum) -> Self::Element;
}

/// Kahan's step: what rounding takes from one sum is given back in the next.
pub(crate) fn add_compensated(sum: &mut f32, lost: &mut f32, part: f32) {
    let term = part - *lost;
    let next = *sum + term;
    // Nothing can be given back to infinity, and the attempt would make it NaN.
    *lost = if next.is_finite() { (next - *sum) - term } else { 0.0 };
    *sum = next;
}

/// `N` times `LANES` sums of many products each, to be added in parts of about [`SUMMED_AT_ONCE`].
#[derive(Clone, Copy)]
pub(crate) struct LongSums<A: Arithmetic, const LANES: usize, const N: usize> {
    pub(crate) total: [[A::Sum; LANES]; N],
    lost: [[A::Sum; LANES]; N],
}

impl<A: Arithmetic, const LANES: usize, const N: usize> LongSums<A, LANES, N> {
    pub(crate) fn new(start: [[A::Sum; LANES]; N]) -> Self {
        Self { total: start, lost: [[A::ZERO; LANES]; N] }
    }

    /// Not inlined, so that the registers are left to the products.
    #[inline(never)]
    pub(crate) fn add(&mut self, part: [[A::Sum; LANES]; N]) {
        let totals = self.total.as_flattened_mut().iter_mut().zip(self.lost.as_flattened_mut());
        for ((total, lost), part) in totals.zip(part.as_flattened()) {
            A::add(total, lost, *part);
        }
    }
}

/// f32: a channel is its bias.
#[derive(Clone, Copy)]
pub(crate) struct Float;

impl Arithmetic for Float {
    type Element = f32;
    type Sum = f32;
    type Channel = f32;
    type Channels<'a> = &'a [f32];

    const ZERO: f32 = 0.0;
    const BORDER_IS_ZERO: bool = true;

    fn widen(self, x: f32) -> f32 {
        x
    }

    fn border(self) -> f32 {
        0.0
    }

    fn channel(bias: &[f32], index: usize) -> f32 {
        bias.get(index).copied().unwrap_or(0.0)
    }

    fn start(self, bias: f32) -> f32 {
        bias
    }

    fn add_product(sum: f32, weight: f32, x: f32) -> f32 {
        sum + weight * x
    }

    fn add(sum: &mut f32, lost: &mut f32, part: f32) {
        add_compensated(sum, lost, part);
    }

    fn finish(self, _bias: f32, sum: f32) -> f32 {
        sum
    }
}

/// i8: how the layer's inputs and outputs are meant.
#[derive(Clone, Copy)]
pub(crate) struct Int8<R> {
    /// Subtracted from every input. Zero where the packed bias accounts for the zero point.
    pub(crate) subtract: i32,
    /// A padding zero after the subtraction.
    pub(crate) border: i32,
    /// Added to every bias.
    pub(crate) offset: i32,
    /// The output's zero point.
    pub(crate) zero_point: i32,
    /// The smallest and the largest output.
    pub(crate) range: [i8; 2],
    pub(crate) rescale: R,
}

impl<R> Int8<R> {
    /// The arithmetic of a layer whose packed bias accounts for the input's zero point or, unless
    /// `folded`, leaves that to the kernel.
    pub(crate) fn new(io: &Requantization, folded: bool, rescale: R) -> Self {
        let zero_point = i32::from(io.input.zero_point);
        Self {
            subtract: if folded { 0 } else { zero_point },
            border: if folded { zero_point } else { 0 },
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

/// One of the three ways from a sum to an output, see [`Rounding`](crate::Rounding).
pub(crate) trait Rescale: Copy {
    /// `sum` times the packed factor of its channel, whose meaning is this type's affair.
    fn rescale(self, sum: i32, factor: FixedPoint) -> i32;
}

#[derive(Clone, Copy)]
pub(crate) struct FixedDouble;

impl Rescale for FixedDouble {
    fn rescale(self, sum: i32, factor: FixedPoint) -> i32 {
        factor.multiply_double(sum)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct FixedSingle;

impl Rescale for FixedSingle {
    fn rescale(self, sum: i32, factor: FixedPoint) -> i32 {
        factor.multiply_single(sum)
    }
}

/// The factor is an f32, its bits kept as the multiplier.
#[derive(Clone, Copy)]
pub(crate) struct OnnxFloat;

impl Rescale for OnnxFloat {
    fn rescale(self, sum: i32, factor: FixedPoint) -> i32 {
        round_half_even(sum as f32 * f32::from_bits(factor.multiplier as u32))
    }
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

impl<R: Rescale> Arithmetic for Int8<R> {
    type Element = i8;
    type Sum = i32;
    type Channel = (i32, FixedPoint);
    type Channels<'a> = Int8Channels<'a>;

    const ZERO: i32 = 0;
    const BORDER_IS_ZERO: bool = false;

    fn widen(self, x: i8) -> i32 {
        i32::from(x) - self.subtract
    }

    fn border(self) -> i32 {
        self.border
    }

    fn channel(channels: Int8Channels<'_>, index: usize) -> (i32, FixedPoint) {
        let shift = channels.shift.get(index).copied().unwrap_or(0);
        let multiplier = i32_at(channels.multiplier, index);
        (i32_at(channels.bias, index), FixedPoint { multiplier, shift: i32::from(shift) })
    }

    fn start(self, (bias, _): (i32, FixedPoint)) -> i32 {
        bias.wrapping_add(self.offset)
    }

    fn add_product(sum: i32, weight: i8, x: i32) -> i32 {
        // Partial sums may wrap; packing has checked that the complete one fits into i32.
        sum.wrapping_add(i32::from(weight).wrapping_mul(x))
    }

    fn add(sum: &mut i32, _lost: &mut i32, part: i32) {
        *sum = sum.wrapping_add(part);
    }

    fn finish(self, (_, factor): (i32, FixedPoint), sum: i32) -> i8 {
        let scaled = i64::from(self.rescale.rescale(sum, factor));
        saturate(scaled + i64::from(self.zero_point), self.range[0], self.range[1])
    }
}
