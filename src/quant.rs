//! i8 arithmetic: scales and zero points, and the way from a sum of products back to i8.
//!
//! A quantized number `q` stands for `scale * (q - zero_point)`. A layer sums products in i32 and
//! multiplies the sum by `input scale * weight scale / output scale`; how that product is rounded is
//! part of the specification ([`Rounding`]), for results that agree with a reference to the bit.

use crate::error::Error;

/// How the numbers of an i8 tensor are meant: `real = scale * (q - zero_point)`.
///
/// ```
/// use nchw::Quantization;
///
/// // The range of a ReLU6 in 256 steps, as TFLite quantizes it.
/// let relu6 = Quantization::from_range(0.0, 6.0);
/// assert_eq!(relu6, Quantization { scale: 6.0 / 255.0, zero_point: -128 });
/// assert_eq!((relu6.quantize(-1.0), relu6.quantize(1.5)), (-128, -64));
/// assert_eq!(relu6.dequantize(127), 6.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Quantization {
    /// The step between neighbouring numbers, positive.
    pub scale: f32,
    /// The number that stands for 0, anywhere in `-128..=127`.
    pub zero_point: i8,
}

impl Quantization {
    /// The quantization that TFLite's converter derives from the smallest and the largest value of a
    /// tensor: the range is widened to hold 0, and 0 is hit exactly.
    ///
    /// Source: Jacob et al., <https://arxiv.org/abs/1712.05877>, section 3.
    pub const fn from_range(min: f32, max: f32) -> Self {
        let min = if min < 0.0 { min as f64 } else { 0.0 };
        let max = if max > 0.0 { max as f64 } else { 0.0 };
        if max - min <= 0.0 {
            return Self { scale: 1.0, zero_point: 0 };
        }
        let scale = (max - min) / 255.0;
        let zero_point = round_half_away(-128.0 - min / scale);
        let mut nearest = scale as f32;
        if nearest < f32::MIN_POSITIVE && (nearest as f64) < scale {
            // Of the smallest numbers of all the next, so that it is not 0 and 255 steps are as long as the range.
            nearest = f32::from_bits(nearest.to_bits() + 1);
        }
        Self { scale: nearest, zero_point: saturate(zero_point, -128, 127) }
    }

    /// The nearest number to `real`, halves away from zero, as TFLite's QUANTIZE; the zero point for
    /// NaN.
    pub const fn quantize(self, real: f32) -> i8 {
        let steps = round_half_away((real / self.scale) as f64);
        saturate(steps.saturating_add(self.zero_point as i64), -128, 127)
    }

    /// [`quantize`](Self::quantize) without rounding to f32 first.
    pub(crate) const fn nearest(self, real: f64) -> i8 {
        let steps = round_half_away(real / self.scale as f64);
        saturate(steps.saturating_add(self.zero_point as i64), -128, 127)
    }

    /// [`nearest`](Self::nearest) to a number that lies beside `real` by too little for an f64, on the side that `bend` has
    /// the sign of.
    pub(crate) const fn nearest_beside(self, real: f64, bend: f64) -> i8 {
        let steps = real / self.scale as f64;
        let whole = steps as i64;
        let rest = steps - whole as f64;
        let towards_zero = rest == 0.5 && bend < 0.0 || rest == -0.5 && bend > 0.0;
        if !towards_zero {
            return self.nearest(real);
        }
        saturate(whole.saturating_add(self.zero_point as i64), -128, 127)
    }

    /// What `q` stands for.
    pub const fn dequantize(self, q: i8) -> f32 {
        (q as i32 - self.zero_point as i32) as f32 * self.scale
    }

    /// The largest `|q - zero_point|`.
    pub(crate) const fn furthest(self) -> u32 {
        let zero_point = self.zero_point as i32;
        if zero_point < 0 { (127 - zero_point) as u32 } else { (128 + zero_point) as u32 }
    }

    /// Checks that the scale is a positive, finite number.
    pub(crate) const fn validate(self) -> Result<(), Error> {
        if self.scale > 0.0 && self.scale < f32::INFINITY {
            Ok(())
        } else {
            Err(Error::InvalidScale)
        }
    }
}

/// The smallest and the largest number seen, to choose a [`Quantization`] by.
///
/// ```
/// use nchw::{Quantization, Range};
///
/// let mut range = Range::EMPTY;
/// range.observe(&[0.5, -1.0]);
/// range.observe(&[2.0]);
/// assert_eq!(range, Range { min: -1.0, max: 2.0 });
/// assert_eq!(range.quantization(), Quantization::from_range(-1.0, 2.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Range {
    /// The smallest number.
    pub min: f32,
    /// The largest number.
    pub max: f32,
}

impl Range {
    /// Nothing seen yet.
    pub const EMPTY: Self = Self { min: f32::INFINITY, max: f32::NEG_INFINITY };

    /// Widens the range to hold `values`.
    pub fn observe(&mut self, values: &[f32]) {
        for &value in values {
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
    }

    /// The quantization with this range.
    pub const fn quantization(self) -> Quantization {
        Quantization::from_range(self.min, self.max)
    }
}

/// How a sum of products is multiplied by its scale and rounded to i8.
///
/// ```
/// use nchw::{Conv2d, Quantization, Rounding};
///
/// let q = Quantization { scale: 0.5, zero_point: 0 };
/// let onnx = Conv2d::new([8, 4, 4], 8, [1, 1]).quantized(q, q).rounding(Rounding::OnnxFloat);
/// let plan = onnx.plan::<i8>()?;
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Rounding {
    /// TFLite's fixed-point product, rounded twice: `SaturatingRoundingDoublingHighMul`, then a
    /// rounding right shift. Equal to TensorFlow Lite Micro and CMSIS-NN.
    ///
    /// Source: <https://github.com/tensorflow/tflite-micro>, `MultiplyByQuantizedMultiplier`.
    #[default]
    FixedDouble,
    /// The same fixed-point product, rounded once, as TFLite with `TFLITE_SINGLE_ROUNDING` and LiteRT
    /// in fully connected layers.
    FixedSingle,
    /// The sum and the scale as f32, their product rounded half to even, as ONNX `QLinearConv`.
    ///
    /// Source: <https://onnx.ai/onnx/operators/onnx__QLinearConv.html>.
    OnnxFloat,
}

/// How a layer's inputs and outputs are meant, and how it gets from one to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Requantization {
    pub(crate) input: Quantization,
    pub(crate) output: Quantization,
    /// Subtracted from every weight.
    pub(crate) weight_zero_point: i8,
    pub(crate) rounding: Rounding,
    /// The smallest and the largest output.
    pub(crate) range: [i8; 2],
}

impl Requantization {
    /// What a specification says, of weights without a zero point.
    pub(crate) const fn of(
        io: Option<[Quantization; 2]>,
        rounding: Rounding,
        range: [i8; 2],
    ) -> Option<Self> {
        match io {
            Some([input, output]) => {
                Some(Self { input, output, weight_zero_point: 0, rounding, range })
            }
            None => None,
        }
    }

    /// The packed factor of weights with this scale; for [`Rounding::OnnxFloat`] the multiplier holds
    /// the bits of an f32. In fully connected layers TFLite rounds the product of the first two
    /// scales to f32.
    pub(crate) const fn factor(&self, weight_scale: f32, fully_connected: bool) -> FixedPoint {
        let (input, output) = (self.input.scale, self.output.scale);
        match self.rounding {
            Rounding::OnnxFloat => {
                let scale = input * weight_scale / output;
                FixedPoint { multiplier: scale.to_bits() as i32, shift: 0 }
            }
            Rounding::FixedDouble | Rounding::FixedSingle => {
                let product = match fully_connected {
                    true => (input * weight_scale) as f64,
                    false => input as f64 * weight_scale as f64,
                };
                FixedPoint::new(product / output as f64)
            }
        }
    }

    /// What the zero points of inputs and weights add up to over `taps` weights whose sum is `sum`,
    /// but for what depends on the inputs.
    pub(crate) const fn zero_point_bias(&self, taps: i64, sum: i64) -> i32 {
        let zero_point = self.input.zero_point as i64;
        // May wrap, as the products that cancel it do.
        (zero_point * (self.weight_zero_point as i64 * taps - sum)) as i32
    }
}

/// A positive real factor as a fixed-point number, `multiplier * 2^(shift - 31)`.
///
/// `multiplier` is 0 or has its highest bit below the sign set, `shift` is at most 30. Packing refuses a negative
/// multiplier and a larger shift. A shift below -31, which TFLite's converter never writes and its arithmetic does not
/// define, leaves less than a half of any i32: the product is 0, rounded once or twice.
///
/// ```
/// use nchw::FixedPoint;
///
/// let quarter = FixedPoint::new(0.25);
/// assert_eq!((quarter.multiply_double(-2), quarter.multiply_single(-2)), (-1, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FixedPoint {
    /// 0, or in `2^30..2^31`.
    pub multiplier: i32,
    /// Positive shifts left, negative shifts right.
    pub shift: i32,
}

impl FixedPoint {
    /// The nearest fixed-point number to `real`, as TFLite's `QuantizeMultiplier`; 0 for what is too
    /// small.
    ///
    /// ```
    /// use nchw::FixedPoint;
    ///
    /// assert_eq!(FixedPoint::new(0.5), FixedPoint { multiplier: 1 << 30, shift: 0 });
    /// assert_eq!(FixedPoint::new(3.0), FixedPoint { multiplier: 3 << 29, shift: 2 });
    /// ```
    pub const fn new(real: f64) -> Self {
        if !(real > 0.0 && real < f64::INFINITY) {
            return Self { multiplier: 0, shift: 0 };
        }
        // real = fraction * 2^exponent with the fraction in 0.5..1, as frexp splits it.
        let mut fraction = real;
        let mut exponent = 0;
        while fraction >= 1.0 {
            fraction *= 0.5;
            exponent += 1;
        }
        while fraction < 0.5 {
            fraction *= 2.0;
            exponent -= 1;
        }
        let mut multiplier = round_half_away(fraction * (1_i64 << 31) as f64);
        if multiplier == 1 << 31 {
            multiplier /= 2;
            exponent += 1;
        }
        if exponent < -31 {
            return Self { multiplier: 0, shift: 0 };
        }
        if exponent > 30 {
            return Self { multiplier: i32::MAX, shift: 30 };
        }
        Self { multiplier: multiplier as i32, shift: exponent }
    }

    /// Checks what kernels rely on; `channel` is whose factor it is.
    pub(crate) const fn validate(self, channel: Option<usize>) -> Result<(), Error> {
        let Self { multiplier, shift } = self;
        if multiplier >= 0 && shift <= 30 {
            Ok(())
        } else {
            Err(Error::InvalidMultiplier { channel, multiplier, shift })
        }
    }

    /// The same factor with a shift that kernels know, `-31..=30`.
    pub(crate) const fn flushed(self) -> Self {
        if self.vanishes() { Self { multiplier: 0, shift: 0 } } else { self }
    }

    /// Whether every product rounds to 0.
    const fn vanishes(self) -> bool {
        self.shift < -31
    }

    /// The shift, limited to what the arithmetic below is made for.
    pub(crate) const fn limited_shift(self) -> i32 {
        if self.shift > 30 {
            30
        } else if self.shift < -31 {
            -31
        } else {
            self.shift
        }
    }

    /// `x` times this number, rounded twice ([`Rounding::FixedDouble`]).
    ///
    /// A left shift saturates where TFLite's is undefined; one above 30 counts as 30. A shift below -31 gives 0.
    pub const fn multiply_double(self, x: i32) -> i32 {
        if self.vanishes() { 0 } else { self.double(x) }
    }

    /// [`multiply_double`](Self::multiply_double) by a number that is [`flushed`](Self::flushed).
    pub(crate) const fn double(self, x: i32) -> i32 {
        let shift = self.limited_shift();
        let (x, right) = if shift > 0 { (shift_left(x, shift), 0) } else { (x, -shift) };
        // TFLite adds another number where the product is negative, and rounds towards zero, which comes to the same. The
        // multiplier is not negative, so the product cannot reach 2^62 and need not saturate.
        let product = x as i64 * self.multiplier as i64;
        let high = ((product + (1 << 30)) >> 31) as i32;
        // Numbers of 32 bits, as most processors have no others.
        let mask = ((1_u32 << right) - 1) as i32;
        let threshold = (mask >> 1) + (high < 0) as i32;
        (high >> right) + ((high & mask) > threshold) as i32
    }

    /// `x` times this number, rounded once, halves up ([`Rounding::FixedSingle`]); saturates. A shift above 30 counts as
    /// 30, one below -31 gives 0.
    pub const fn multiply_single(self, x: i32) -> i32 {
        if self.vanishes() { 0 } else { self.single(x) }
    }

    /// [`multiply_single`](Self::multiply_single) by a number that is [`flushed`](Self::flushed).
    pub(crate) const fn single(self, x: i32) -> i32 {
        let shift = self.limited_shift();
        let product = x as i64 * self.multiplier as i64;
        if shift <= -2 {
            // The half reaches the upper 32 bits alone, which are below 2^30.
            let half = 1 << (-2 - shift);
            return ((product >> 32) as i32 + half) >> (-1 - shift);
        }
        let shift = 31 - shift;
        let product = (product + (1_i64 << (shift - 1))) >> shift;
        if product > i32::MAX as i64 {
            i32::MAX
        } else if product < i32::MIN as i64 {
            i32::MIN
        } else {
            product as i32
        }
    }
}

/// `x * 2^shift`, for a shift of up to 30; saturates.
const fn shift_left(x: i32, shift: i32) -> i32 {
    let shifted = x << shift;
    if shifted >> shift == x {
        shifted
    } else if x < 0 {
        i32::MIN
    } else {
        i32::MAX
    }
}

impl Rounding {
    /// `sum` times the packed factor of its channel, which is an f32 in the multiplier's bits for
    /// [`OnnxFloat`](Self::OnnxFloat).
    #[inline(always)]
    pub(crate) const fn rescale(self, sum: i32, factor: FixedPoint) -> i32 {
        match self {
            Self::FixedDouble => factor.double(sum),
            Self::FixedSingle => factor.single(sum),
            Self::OnnxFloat => {
                round_half_even(sum as f32 * f32::from_bits(factor.multiplier as u32))
            }
        }
    }
}

/// `x` rounded to the nearest integer, halves away from zero; saturates, NaN is 0.
pub(crate) const fn round_half_away(x: f64) -> i64 {
    // From 2^52 on every number is an integer, and adding a half would round once more.
    let whole = x as i64;
    if x >= 4503599627370496.0 || x <= -4503599627370496.0 {
        return whole;
    }
    let rest = x - whole as f64;
    if rest >= 0.5 {
        whole + 1
    } else if rest <= -0.5 {
        whole - 1
    } else {
        whole
    }
}

/// `x` rounded to the nearest integer, halves to even. From 2^22 on halves are cut off instead, which
/// no i8 notices; saturates, NaN is 0.
pub(crate) const fn round_half_even(x: f32) -> i32 {
    /// The sum of this and a number below 2^22 has no bit for a fraction.
    const NO_FRACTION: f32 = 12_582_912.0;
    if x > -4_194_304.0 && x < 4_194_304.0 {
        (x + NO_FRACTION - NO_FRACTION) as i32
    } else {
        x as i32
    }
}

/// An output in i8 from steps above its zero point, in a range.
pub(crate) fn output(steps: i32, zero_point: i32, range: [i8; 2]) -> i8 {
    let [least, most] = range.map(i32::from);
    steps.saturating_add(zero_point).min(most).max(least) as i8
}

pub(crate) const fn saturate(x: i64, min: i8, max: i8) -> i8 {
    if x < min as i64 {
        min
    } else if x > max as i64 {
        max
    } else {
        x as i8
    }
}
