//! From a sum to an output: the definitions, in integers that cannot overflow.

/// `multiplier * 2^(shift - 31)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// 0, or a number of 31 bits.
    pub multiplier: i32,
    /// The power of two.
    pub shift: i32,
}

impl Fixed {
    /// The nearest to a positive number, halves upwards; 0 below 2^-32, all ones from 2^30 on.
    pub fn nearest(real: f64) -> Self {
        assert!(real > 0.0 && real.is_finite(), "{real} is no factor");
        if real < f64::MIN_POSITIVE {
            return Self { multiplier: 0, shift: 0 };
        }
        // real = significand * 2^(exponent - 53), the significand having 53 bits.
        let bits = real.to_bits();
        let significand = bits & ((1 << 52) - 1) | 1 << 52;
        let mut shift = (bits >> 52) as i32 - 1022;
        let mut multiplier = (significand + (1 << 21)) >> 22;
        if multiplier == 1 << 31 {
            (multiplier, shift) = (1 << 30, shift + 1);
        }
        match shift {
            ..-31 => Self { multiplier: 0, shift: 0 },
            -31..=30 => Self { multiplier: multiplier as i32, shift },
            _ => Self { multiplier: i32::MAX, shift: 30 },
        }
    }

    /// TFLite's `MultiplyByQuantizedMultiplier` with two roundings; a left shift saturates.
    ///
    /// Source: gemmlowp, `SaturatingRoundingDoublingHighMul`, `RoundingDivideByPOT`.
    pub fn double(self, x: i64) -> i64 {
        let shifted = clip(i128::from(x) << self.shift.max(0));
        // (a * b + nudge) / 2^31, towards zero, with a nudge of 2^30 or 1 - 2^30: halves go up.
        let product = shifted * i128::from(self.multiplier);
        let high = clip(half_up(product, 31));
        half_away(high, (-self.shift).max(0)) as i64
    }

    /// TFLite's with one rounding, halves up; saturates.
    ///
    /// Source: TFLite, `TFLITE_SINGLE_ROUNDING`.
    pub fn single(self, x: i64) -> i64 {
        clip(half_up(i128::from(x) * i128::from(self.multiplier), 31 - self.shift)) as i64
    }
}

/// `x / 2^bits`, to the nearest, halves towards plus infinity.
fn half_up(x: i128, bits: i32) -> i128 {
    let divisor = 1_i128 << bits;
    (2 * x + divisor).div_euclid(2 * divisor)
}

/// `x / 2^bits`, to the nearest, halves away from zero.
fn half_away(x: i128, bits: i32) -> i128 {
    x.signum() * half_up(x.abs(), bits)
}

fn clip(x: i128) -> i128 {
    x.clamp(i32::MIN.into(), i32::MAX.into())
}

/// What a sum is multiplied by, and how the product is rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Factor {
    /// [`Fixed::double`].
    Double(Fixed),
    /// [`Fixed::single`].
    Single(Fixed),
    /// Sum and scale as f32, their product rounded half to even: ONNX `QLinearConv`.
    Float(f32),
}

impl Factor {
    /// The product, before the zero point.
    pub fn apply(self, sum: i64) -> i64 {
        match self {
            Self::Double(factor) => factor.double(sum),
            Self::Single(factor) => factor.single(sum),
            Self::Float(scale) => (sum as f32 * scale).round_ties_even() as i64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Fixed = Fixed { multiplier: 1 << 30, shift: 0 };
    const QUARTER: Fixed = Fixed { multiplier: 1 << 30, shift: -1 };

    #[test]
    fn the_nearest_factor() {
        assert_eq!((Fixed::nearest(0.5), Fixed::nearest(0.25)), (HALF, QUARTER));
        assert_eq!(Fixed::nearest(6.0), Fixed { multiplier: 3 << 29, shift: 3 });
        assert_eq!(Fixed::nearest(1.0_f64.next_down()), Fixed { multiplier: 1 << 30, shift: 1 });
        assert_eq!(Fixed::nearest(1e-20), Fixed { multiplier: 0, shift: 0 });
        assert_eq!(Fixed::nearest(1e20), Fixed { multiplier: i32::MAX, shift: 30 });
    }

    #[test]
    fn halves() {
        let halves = |x| (HALF.double(x), HALF.single(x), Factor::Float(0.5).apply(x));
        assert_eq!([1, 3, -1, -3].map(halves), [(1, 1, 0), (2, 2, 2), (0, 0, 0), (-1, -1, -2)]);
        // The second rounding of two sees what the first has made.
        let quarters = |x| (QUARTER.double(x), QUARTER.single(x));
        assert_eq!([1, 2, -2, -3, -6].map(quarters), [(1, 0), (1, 1), (-1, 0), (-1, -1), (-2, -1)]);
    }

    #[test]
    fn what_does_not_fit_is_clipped() {
        let large = Fixed { multiplier: i32::MAX, shift: 30 };
        assert_eq!((large.double(3), large.double(-3)), (i64::from(i32::MAX) - 1, -0x7fff_ffff));
        assert_eq!((large.single(3), large.single(-3)), (i32::MAX.into(), i32::MIN.into()));
    }
}
