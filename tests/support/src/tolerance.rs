//! The precision table: how far an f32 result may be from the f64 reference.
//!
//! u = 2^-24 is the unit roundoff of f32, S an element's magnitude
//! (`nchw_oracle::Output::magnitude`).
//!
//! Each row has two bounds. What is [proven](Row::proven) holds for all finite inputs without overflow, and is for
//! tests of inputs that are chosen to err ([`assert_proven`]). What is [typical](Row::typical) is what data keeps in
//! which errors of both directions come together, as those drawn from [-1, 1) do; there it finds
//! faults that what is proven would hide ([`assert_close`]). It is not a promise: numbers of one sign may exceed it
//! by chance, numbers that are chosen by far.

use core::fmt;

use nchw_oracle::Output;

mod proven;

pub use proven::{Operands, Proven, assert_proven, is_proven_sum, worst_proven};

/// Unit roundoff of f32.
const U: f64 = 1.0 / 16_777_216.0;

/// Smallest positive f32: what a product may lose to underflow.
const UNDERFLOW: f64 = f32::from_bits(1) as f64;

/// A row of the table: an operator, or an algorithm for one with an error of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Convolution by sums of products, also with a folded or following batch norm.
    Conv2d,
    /// Convolution by Winograd's method with tiles of 2 x 2 outputs.
    Winograd2,
    /// The same with tiles of 4 x 4.
    Winograd4,
    /// Transposed convolution, also with a folded or following batch norm.
    ConvTranspose2d,
    /// Fully connected layer.
    Linear,
    /// A convolution or a fully connected layer whose products are all equal, so that the roundings of a
    /// running sum err in the same direction.
    EqualProducts,
    /// Batch norm on its own.
    BatchNorm2d,
    /// Average pooling, adaptive and global too.
    AvgPool2d,
    /// Bilinear upsampling.
    UpsampleBilinear,
    /// Leaky ReLU, PReLU: one rounding of the product, perhaps one of the slope.
    LeakyRelu,
    /// Hardsigmoid: a product and a sum.
    Hardsigmoid,
    /// Hardswish: a few roundings.
    PiecewiseLinear,
    /// Sum or product of two tensors: one rounding.
    Elementwise,
    /// Max pooling, adaptive and global too.
    MaxPool2d,
    /// ReLU, ReLU6, clamp.
    Clamp,
    /// Concatenation, padding, nearest upsampling, flattening.
    Copy,
    /// Sigmoid, SiLU.
    Exponential,
    /// Softmax.
    Softmax,
    /// ELU, tanh: the relative error is small near zero as well.
    Expm1,
    /// GELU: on the left its factor near zero must not come from a difference.
    Gelu,
}

/// What a row typically keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// `|y - ref| <= k * u * S` with `k = base + log2(taps)`.
    Sum {
        /// Units of rounding independent of the number of products.
        base: f64,
    },
    /// The same with `k = 4 + (p + q) / 4` for a sum of `q` sums of at most `part` products, `p` of them:
    /// what running sums lose if every rounding errs in the same direction.
    RunningSum {
        /// Products of a sum.
        part: usize,
    },
    /// `|y - ref| <= k * u * S`, however many products there are.
    Flat {
        /// Units of rounding.
        k: f64,
    },
    /// `|y - ref| <= k * u * S` with the largest S of the output's channel: outputs of a tile share their
    /// roundings, also where their own products are small.
    Channel {
        /// Units of rounding.
        k: f64,
    },
    /// The reference rounded to f32, bit for bit but for the sign of zero.
    Exact,
    /// `|y - ref| <= ulps * ulp(ref) + absolute`.
    Ulps {
        /// Units in the last place of the reference.
        ulps: f64,
        /// Added to it.
        absolute: f64,
    },
}

/// As in "4 + log2(n)", with n for the number of products.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sum { base } => write!(f, "{base} + log2(n)"),
            Self::RunningSum { part } => write!(f, "4 + ({part} + n/{part})/4"),
            Self::Flat { k } => write!(f, "{k}"),
            Self::Channel { k } => write!(f, "{k} of channel"),
            Self::Exact => f.write_str("0"),
            Self::Ulps { ulps, absolute: 0.0 } => write!(f, "{ulps} ulp"),
            Self::Ulps { ulps, absolute } => write!(f, "{ulps} ulp + {absolute:e}"),
        }
    }
}

impl Row {
    /// What data with errors of both directions keeps.
    pub fn typical(self) -> Bound {
        match self {
            Row::Conv2d | Row::ConvTranspose2d | Row::Linear => Bound::Sum { base: 4.0 },
            // 14 was seen on equal numbers, 37 on few of one sign.
            Row::Winograd2 => Bound::Channel { k: 24.0 },
            Row::Winograd4 => Bound::Channel { k: 80.0 },
            Row::EqualProducts => Bound::RunningSum { part: 147 },
            Row::BatchNorm2d | Row::PiecewiseLinear => Bound::Sum { base: 4.0 },
            // What rounding takes from a sum is given back.
            Row::AvgPool2d => Bound::Flat { k: 4.0 },
            Row::UpsampleBilinear => Bound::Flat { k: 5.0 },
            Row::LeakyRelu => Bound::Flat { k: 2.0 },
            Row::Hardsigmoid => Bound::Flat { k: 3.0 },
            // Computed exactly and rounded to f64 and then to f32 is the same as rounded to f32
            // once.
            Row::Elementwise => Bound::Exact,
            Row::MaxPool2d | Row::Clamp | Row::Copy => Bound::Exact,
            Row::Exponential => Bound::Ulps { ulps: 4.0, absolute: 1e-7 },
            Row::Softmax => Bound::Ulps { ulps: 3.0, absolute: 5e-8 },
            Row::Expm1 => Bound::Ulps { ulps: 4.0, absolute: 0.0 },
            Row::Gelu => Bound::Ulps { ulps: 4.0, absolute: 2e-8 },
        }
    }
}

/// The element that is furthest from its reference, measured by its bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worst {
    /// Flat index.
    pub index: usize,
    /// The result.
    pub got: f32,
    /// The reference.
    pub want: f64,
    /// Largest `|got - want|` allowed.
    pub allowed: f64,
    /// `|got - want| / allowed`: at most 1 passes.
    pub ratio: f64,
    /// k allowed for a sum; zero for the other bounds.
    pub allowed_k: f64,
    /// `|got - want| / (u * S)`.
    pub seen_k: f64,
}

/// The worst element of `got`; `None` if there are no elements. Panics if the lengths differ.
///
/// An infinite or NaN reference, or one that overflows f32, must be met exactly.
#[track_caller]
pub fn worst(row: Row, got: &[f32], want: &Output) -> Option<Worst> {
    worst_by(got, want, typical(row, want))
}

/// The smallest and the largest results of every element, by what is proven of sums and what [`worst`] allows others;
/// NaN for one that has to be NaN.
pub fn ranges(row: Row, want: &Output) -> [Vec<f32>; 2] {
    let typical = typical(row, want);
    let allowed = |index, magnitude| match row.proven() {
        Proven::Sums => proven::sum(want.taps, want.taps, 0.0, magnitude),
        _ => typical(index, magnitude),
    };
    let ends = |(index, (&value, &own)): (usize, (&f64, &f64))| {
        let nearest = value as f32;
        let Allowed { error, .. } = allowed(index, own);
        if !nearest.is_finite() || error == 0.0 {
            return (nearest, nearest);
        }
        let within = |end: f32| (f64::from(end) - value).abs() <= error;
        let (mut low, mut high) = ((value - error) as f32, (value + error) as f32);
        if !within(low) {
            low = low.next_up();
        }
        if !within(high) {
            high = high.next_down();
        }
        (low, high)
    };
    let (low, high) = want.values.iter().zip(&want.magnitude).enumerate().map(ends).unzip();
    [low, high]
}

/// What is typical of an element, given its index and magnitude.
fn typical(row: Row, want: &Output) -> impl Fn(usize, f64) -> Allowed {
    let plane = (want.shape[1] * want.shape[2]).max(1);
    let of_channels: Vec<f64> = want
        .magnitude
        .chunks(plane)
        .map(|channel| channel.iter().copied().fold(0.0, f64::max))
        .collect();
    let taps = want.taps.max(1) as f64;
    let underflow = taps * UNDERFLOW;
    move |index, magnitude| match row.typical() {
        Bound::Exact => Allowed::EXACT,
        Bound::Sum { base } => Allowed::times(base + taps.log2(), magnitude, underflow),
        Bound::Flat { k } => Allowed::times(k, magnitude, underflow),
        Bound::Channel { k } => Allowed::times(k, of_channels[index / plane], underflow),
        Bound::RunningSum { part } => {
            let parts = want.taps.div_ceil(part);
            let k = 4.0 + (want.taps.min(part) + parts) as f64 / 4.0;
            Allowed::times(k, magnitude, 0.0)
        }
        Bound::Ulps { ulps, absolute } => {
            Allowed { error: ulps * ulp(want.values[index]) + absolute, ..Allowed::EXACT }
        }
    }
}

/// How far an element may be from its reference.
struct Allowed {
    error: f64,
    /// As in [`Worst`].
    k: f64,
    /// S; zero if it is the element's own.
    magnitude: f64,
}

impl Allowed {
    const EXACT: Self = Self { error: 0.0, k: 0.0, magnitude: 0.0 };

    /// `k * u * magnitude + underflow`.
    fn times(k: f64, magnitude: f64, underflow: f64) -> Self {
        Self { error: k * U * magnitude + underflow, k, magnitude }
    }
}

/// The worst element by what `allowed` says of an index and its magnitude.
#[track_caller]
fn worst_by(
    got: &[f32],
    output: &Output,
    allowed: impl Fn(usize, f64) -> Allowed,
) -> Option<Worst> {
    assert_eq!(got.len(), output.values.len(), "the output has another length than its reference");
    let elements = got.iter().enumerate().map(|(index, &got)| {
        let (want, own) = (output.values[index], output.magnitude[index]);
        let mut allowed = allowed(index, own);
        if !(want as f32).is_finite() {
            allowed.error = 0.0;
        }
        let Allowed { error: allowed, k: allowed_k, magnitude } = allowed;
        let magnitude = if magnitude == 0.0 { own } else { magnitude };
        let met = got == want as f32 || (got.is_nan() && want.is_nan());
        let error = match (f64::from(got) - want).abs() {
            _ if met && allowed == 0.0 => 0.0,
            error if error.is_nan() => f64::INFINITY,
            error => error,
        };
        let quotient = |divisor: f64| if error == 0.0 { 0.0 } else { error / divisor };
        let (ratio, seen_k) = (quotient(allowed), quotient(U * magnitude));
        Worst { index, got, want, allowed, ratio, allowed_k, seen_k }
    });
    elements.reduce(|worst, next| if next.ratio > worst.ratio { next } else { worst })
}

/// Distance of neighbouring f32 numbers at `value`.
pub fn ulp(value: f64) -> f64 {
    let below = (value.abs() as f32).min(f32::MAX.next_down());
    f64::from(below.next_up()) - f64::from(below)
}

/// Panics unless every element of `got` is as near to `want` as is typical; says which is worst.
#[track_caller]
pub fn assert_close(row: Row, got: &[f32], want: &Output) {
    if let Some(worst) = worst(row, got, want) {
        fail(row, want, worst);
    }
}

/// Panics if more than is allowed was seen.
#[track_caller]
fn fail(row: Row, want: &Output, worst: Worst) {
    let Worst { index, got, want: reference, allowed, ratio, allowed_k, seen_k } = worst;
    if ratio.is_nan() || ratio > 1.0 {
        let [_, height, width] = want.shape;
        let (c, y, x) = (index / (height * width), index / width % height, index % width);
        panic!(
            "{row:?}: element {index} (c {c}, y {y}, x {x}) is {got:e}, not {reference:e}: \
             off by {:e}, allowed {allowed:e}; k is {seen_k:.2}, allowed {allowed_k:.2}",
            (f64::from(got) - reference).abs()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(value: f64, magnitude: f64, taps: usize) -> Output {
        Output { shape: [1, 1, 1], values: vec![value], magnitude: vec![magnitude], taps }
    }

    fn passes(row: Row, got: f32, want: &Output) -> bool {
        worst(row, &[got], want).unwrap().ratio <= 1.0
    }

    #[test]
    fn sums_may_err_in_proportion_to_their_magnitude() {
        // k = 4 + 4, S = 8: 64 u, where neighbouring numbers at 1 are 2 u apart.
        let want = output(1.0, 8.0, 16);
        assert!(passes(Row::Conv2d, 1.0 + 32.0 * f32::EPSILON, &want));
        assert!(!passes(Row::Conv2d, 1.0 + 33.0 * f32::EPSILON, &want));
        let worst = worst(Row::Conv2d, &[1.0 + 16.0 * f32::EPSILON], &want).unwrap();
        assert_eq!((worst.seen_k, worst.allowed_k), (4.0, 8.0));
    }

    #[test]
    fn tiles_may_err_in_proportion_to_the_largest_magnitude_of_their_channel() {
        let want = Output {
            shape: [2, 1, 2],
            values: vec![1.0; 4],
            magnitude: vec![1.0, 4.0, 1.0, 1.0],
            taps: 9,
        };
        let far = 1.0 + 48.0 * f32::EPSILON;
        assert_eq!(worst(Row::Winograd2, &[far, 1.0, 1.0, 1.0], &want).unwrap().seen_k, 24.0);
        assert!(worst(Row::Winograd2, &[1.0, 1.0, far, 1.0], &want).unwrap().ratio > 3.9);
    }

    #[test]
    fn exact_rows_allow_nothing() {
        for row in [Row::MaxPool2d, Row::Clamp, Row::Copy, Row::Elementwise] {
            assert!(passes(row, 0.1, &output(0.1_f32.into(), 0.1, 1)));
            assert!(!passes(row, 0.1_f32.next_up(), &output(0.1_f32.into(), 0.1, 1)));
        }
        // The reference is rounded first; both zeros are one.
        assert!(passes(Row::Clamp, 0.1, &output(0.1, 0.1, 1)));
        assert!(passes(Row::Clamp, -0.0, &output(0.0, 0.0, 1)));
    }

    #[test]
    fn exponentials_have_a_floor() {
        let one = output(1.0, 1.0, 1);
        assert!(passes(Row::Exponential, 1.0 + 4.0 * f32::EPSILON, &one));
        assert!(!passes(Row::Exponential, 1.0 + 5.0 * f32::EPSILON, &one));
        assert!(passes(Row::Exponential, 0.99e-7, &output(0.0, 0.0, 1)));
        assert!(!passes(Row::Exponential, 1.1e-7, &output(0.0, 0.0, 1)));
    }

    #[test]
    fn non_finite_values_must_agree() {
        for row in [Row::Conv2d, Row::MaxPool2d, Row::Exponential] {
            let nan = output(f64::NAN, f64::NAN, 1);
            assert!(passes(row, f32::NAN, &nan) && !passes(row, 0.0, &nan));
            let infinite = output(f64::INFINITY, f64::INFINITY, 1);
            assert!(passes(row, f32::INFINITY, &infinite) && !passes(row, f32::MAX, &infinite));
            assert!(
                !passes(row, f32::NEG_INFINITY, &infinite) && !passes(row, f32::NAN, &infinite)
            );
            assert!(!passes(row, f32::NAN, &output(1.0, 1.0, 1)));
            assert!(!passes(row, f32::INFINITY, &output(1.0, 1.0, 1)));
        }
        let want = Output { values: vec![1.0; 3], magnitude: vec![1.0; 3], ..output(0.0, 0.0, 1) };
        assert_eq!(worst(Row::Linear, &[1.5, f32::NAN, 2.0], &want).unwrap().index, 1);
        // Beyond the largest f32.
        assert!(passes(Row::Conv2d, f32::INFINITY, &output(1e39, 1e39, 1)));
    }

    #[test]
    fn ranges_end_where_the_bound_does() {
        for (row, value) in [(Row::Hardsigmoid, 0.1), (Row::Copy, 0.1), (Row::Gelu, -0.3)] {
            let want = output(value, 8.0 * value, 16);
            let [low, high] = ranges(row, &want).map(|ends| ends[0]);
            assert!(passes(row, low, &want) && passes(row, high, &want));
            assert!(!passes(row, low.next_down(), &want) && !passes(row, high.next_up(), &want));
        }
        let [low, high] = ranges(Row::Linear, &output(f64::NAN, f64::NAN, 1));
        assert!(low[0].is_nan() && high[0].is_nan());
        let infinite = output(f64::INFINITY, f64::INFINITY, 1);
        assert_eq!(ranges(Row::Linear, &infinite), [[f32::INFINITY], [f32::INFINITY]]);
    }

    #[test]
    fn zero_magnitude_allows_underflow_only() {
        assert!(passes(Row::Conv2d, f32::from_bits(1), &output(0.0, 0.0, 1)));
        assert!(!passes(Row::Conv2d, f32::from_bits(2), &output(0.0, 0.0, 1)));
    }

    #[test]
    #[should_panic(expected = "Linear: element 2 (c 1, y 0, x 0) is 3.5e0, not 3e0: off by 5e-1")]
    fn the_worst_element_is_named() {
        let want = Output {
            shape: [2, 1, 2],
            values: vec![1.0, 2.0, 3.0, 4.0],
            magnitude: vec![1.0; 4],
            taps: 1,
        };
        assert_close(Row::Linear, &[1.0, 2.1, 3.5, f32::from_bits(0x4080_0001)], &want);
    }

    #[test]
    #[should_panic(expected = "another length")]
    fn lengths_must_agree() {
        assert_close(Row::Copy, &[1.0, 1.0], &output(1.0, 1.0, 1));
    }
}
