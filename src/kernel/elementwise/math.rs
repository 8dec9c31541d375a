//! exp, expm1, tanh, the logistic function and GELU in f32.
//!
//! With vectors they are plain arithmetic without branches, of which the compiler makes vectors; without, they
//! are those of the crate `libm`. The repository's test `curves` holds how far either is from the exact value.

use crate::isa::traits::Isa;
use crate::kernel::elementwise::activation::clamp;

/// `e^x`.
#[inline(always)]
pub(crate) fn exp<I: Isa>(x: f32) -> f32 {
    if !I::HAS_VECTORS {
        return libm::expf(x);
    }
    // What lies beyond is 0 and infinity, as these are.
    let (exponent, rest) = split(clamp(x, -104.0, 89.0));
    // Twice, as 2^128 is none, nor 2^-149 a normal number.
    let half = exponent >> 1;
    (1.0 + rest) * power_of_two(half) * power_of_two(exponent.wrapping_sub(half))
}

/// `e^x - 1` for `x <= 0`.
#[inline(always)]
fn expm1(x: f32) -> f32 {
    // What lies beyond is -1.
    let (exponent, rest) = split(if x < -20.0 { -20.0 } else { x });
    let scale = power_of_two(exponent);
    scale * rest + (scale - 1.0)
}

/// `alpha * (e^x - 1)` where `x` is negative, `x` elsewhere: zero stays zero with an infinite `alpha`, as in PyTorch.
#[inline(always)]
pub(crate) fn elu<I: Isa>(x: f32, alpha: f32) -> f32 {
    if !I::HAS_VECTORS {
        return if x < 0.0 { alpha * libm::expm1f(x) } else { x };
    }
    let (positive, negative, factor) = if x < 0.0 { (0.0, x, alpha) } else { (x, 0.0, 0.0) };
    positive + factor * expm1(negative)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid<I: Isa>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<I>(-x))
}

/// `tanh(x)`.
#[inline(always)]
pub(crate) fn tanh<I: Isa>(x: f32) -> f32 {
    if !I::HAS_VECTORS {
        return libm::tanhf(x);
    }
    let minus = expm1(-2.0 * x.abs());
    (-minus / (minus + 2.0)).copysign(x)
}

/// `x * (1 + erf(x / sqrt(2))) / 2`, on the left by `erfc`, where the sum would cancel.
///
/// The share of `x` is the normal distribution, whose tail is `exp(-x^2 / 2)` times a polynomial in
/// `1 / (1 + 0.4 |x|)`, good to 3e-9 of the result.
#[inline(always)]
pub(crate) fn gelu<I: Isa>(x: f32) -> f32 {
    if !I::HAS_VECTORS {
        return 0.5 * x * libm::erfcf(-x * core::f32::consts::FRAC_1_SQRT_2);
    }
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
    let tail = exp::<I>(-0.5 * x * x) * smooth;
    x * if x < 0.0 { tail } else { 1.0 - tail }
}

/// `x * (1 + tanh(u)) / 2` with `u = sqrt(2 / pi) * (x + 0.044715 x^3)`, written as `x * sigmoid(2 u)`, which
/// does not cancel on the left.
#[inline(always)]
pub(crate) fn gelu_tanh<I: Isa>(x: f32) -> f32 {
    /// `2 sqrt(2 / pi)`.
    const SCALE: f32 = core::f32::consts::FRAC_2_SQRT_PI * core::f32::consts::SQRT_2;
    x * sigmoid::<I>(SCALE * (x + 0.044_715 * x * x * x))
}

/// `x` as a whole number of ln 2, in a power of two, and `e^rest - 1` of what is left.
///
/// Cody and Waite's reduction; `e^r - 1 = r + r^2 q(r)` with a minimax polynomial `q` on
/// `|r| <= ln(2) / 2`, good to a relative 1.4e-8.
#[inline(always)]
fn split(x: f32) -> (i32, f32) {
    /// Added to a number below 2^22, it leaves a whole number in the lower bits.
    const SHIFT: f32 = 12_582_912.0;
    /// The upper bits of ln 2, few enough for a product without rounding, and the rest.
    const LN_2: (f32, f32) = (0.693_138_1, 9.058_001e-6);
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
