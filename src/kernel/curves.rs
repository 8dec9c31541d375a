//! exp, expm1, tanh, the logistic function and GELU in f32, of plain arithmetic without branches: the
//! compiler makes vectors of them, and every back-end gets the same bits, at whatever place of a slice.
//!
//! Errors in units in the last place, over all f32: `exp` 1.0, `expm1` 2.0, `tanh` 2.7, `sigmoid` 2.2 of
//! normal results. A NaN stays a NaN.

/// `x` as a whole number of ln 2, in a power of two, and `e^rest - 1` of what is left.
///
/// Cody and Waite's reduction; `e^r - 1 = r + r^2 q(r)` with a minimax polynomial `q` on
/// `|r| <= ln(2) / 2`, good to a relative 1.4e-8.
#[inline(always)]
fn split(x: f32) -> (i32, f32) {
    /// Added to a number below 2^22, it leaves a whole number in the lower bits.
    const SHIFT: f32 = 12_582_912.0;
    /// The upper bits of ln 2, few enough for a product without rounding, and the rest.
    const LN_2: (f32, f32) = (0.693_138_1, 9.058_000_6e-6);
    let shifted = x * core::f32::consts::LOG2_E + SHIFT;
    let count = shifted - SHIFT;
    let r = (x - count * LN_2.0) - count * LN_2.1;
    let q = polynomial(r, [0.5, 0.166_665_42, 0.041_667_204, 0.008_366_692, 0.001_388_248_9]);
    let exponent = (shifted.to_bits() as i32).wrapping_sub(SHIFT.to_bits() as i32);
    (exponent, r + r * r * q)
}

/// `coefficients[0] + coefficients[1] * x + ..`.
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// `2^exponent`, for exponents of normal numbers.
#[inline(always)]
fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits((exponent.wrapping_add(127) as u32) << 23)
}

/// `e^x`.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // What lies beyond is 0 and infinity, as these are.
    let (exponent, rest) = split(clamp(x, -104.0, 89.0));
    // Twice, as 2^128 is none, nor 2^-149 a normal number.
    let half = exponent >> 1;
    (1.0 + rest) * power_of_two(half) * power_of_two(exponent.wrapping_sub(half))
}

/// `e^x - 1` for `x <= 0`.
#[inline(always)]
pub(crate) fn expm1(x: f32) -> f32 {
    // What lies beyond is -1.
    let (exponent, rest) = split(if x < -20.0 { -20.0 } else { x });
    let scale = power_of_two(exponent);
    scale * rest + (scale - 1.0)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// `tanh(x)`.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let minus = expm1(-2.0 * x.abs());
    (-minus / (minus + 2.0)).copysign(x)
}

/// `x * (1 + erf(x / sqrt(2))) / 2`.
///
/// The share of `x` is the normal distribution, whose tail is `exp(-x^2 / 2)` times a polynomial in
/// `1 / (1 + 0.4 |x|)`, good to 3e-9 of the result. On the left nothing cancels.
#[inline(always)]
pub(crate) fn gelu(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.4 * x.abs());
    let smooth = polynomial(
        t,
        [
            0.001_737_191_8,
            0.138_472_21,
            0.269_530_62,
            -0.183_034_23,
            0.621_604_4,
            -0.494_449_9,
            0.168_220_68,
            -0.022_080_924,
        ],
    );
    let tail = exp(-0.5 * x * x) * smooth;
    x * if x < 0.0 { tail } else { 1.0 - tail }
}

/// `x * (1 + tanh(u)) / 2` with `u = sqrt(2 / pi) * (x + 0.044715 x^3)`, written as `x * sigmoid(2 u)`, which
/// does not cancel on the left.
#[inline(always)]
pub(crate) fn gelu_tanh(x: f32) -> f32 {
    /// `2 sqrt(2 / pi)`.
    const SCALE: f32 = core::f32::consts::FRAC_2_SQRT_PI * core::f32::consts::SQRT_2;
    x * sigmoid(SCALE * (x + 0.044_715 * x * x * x))
}

/// `f32::clamp` without its panic on an empty range.
#[inline(always)]
pub(crate) fn clamp(x: f32, min: f32, max: f32) -> f32 {
    if x < min {
        min
    } else if x > max {
        max
    } else {
        x
    }
}
