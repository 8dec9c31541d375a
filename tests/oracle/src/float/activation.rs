//! Activations in f64. Each takes x `[C, H, W]` with `input` its shape; NaN gives NaN.

use std::f64::consts::{PI, SQRT_2};

use super::{Output, erfc};
use crate::index::count;

fn map(input: [usize; 3], x: &[f64], function: impl Fn(f64) -> f64) -> Output {
    Output::of_values(input, x.iter().map(|&x| function(x)).collect())
}

/// `min(max(x, min), max)`, NaN staying NaN; an upper limit below the lower one wins.
pub(super) fn clamp_value(x: f64, min: Option<f64>, max: Option<f64>) -> f64 {
    let x = match min {
        Some(min) if x < min => min,
        _ => x,
    };
    match max {
        Some(max) if x > max => max,
        _ => x,
    }
}

/// `max(x, 0)`.
pub fn relu(input: [usize; 3], x: &[f64]) -> Output {
    clamp(Some(0.0), None, input, x)
}

/// `min(max(x, 0), 6)`.
pub fn relu6(input: [usize; 3], x: &[f64]) -> Output {
    clamp(Some(0.0), Some(6.0), input, x)
}

/// `min(max(x, min), max)`; `None` is no limit.
pub fn clamp(min: Option<f64>, max: Option<f64>, input: [usize; 3], x: &[f64]) -> Output {
    map(input, x, |x| clamp_value(x, min, max))
}

/// `x` where x > 0, else `negative_slope * x`.
pub fn leaky_relu(negative_slope: f64, input: [usize; 3], x: &[f64]) -> Output {
    map(input, x, |x| if x > 0.0 { x } else { negative_slope * x })
}

/// `x` where x > 0, else `slope[c] * x`; `slope` has one element for all channels, or `[C]`.
pub fn prelu(slope: &[f64], input: [usize; 3], x: &[f64]) -> Output {
    assert!(slope.len() == 1 || slope.len() == input[0], "slope has another length");
    assert_eq!(x.len(), count(input), "x has another shape");
    let plane = input[1] * input[2];
    let values = x.iter().enumerate().map(|(i, &x)| {
        let slope = if slope.len() == 1 { slope[0] } else { slope[i / plane] };
        if x > 0.0 { x } else { slope * x }
    });
    Output::of_values(input, values.collect())
}

/// `x` where x > 0, else `alpha * (exp(x) - 1)`.
pub fn elu(alpha: f64, input: [usize; 3], x: &[f64]) -> Output {
    map(input, x, |x| if x > 0.0 { x } else { alpha * x.exp_m1() })
}

/// `x * min(max(x + 3, 0), 6) / 6`.
///
/// The magnitude is `|x| * (|x| + 3) / 6`, |x| at most 3 in the bracket and, below zero, in front
/// of it: evaluated as `x * (x/6 + 1/2)`, the sum cancels near -3.
pub fn hardswish(input: [usize; 3], x: &[f64]) -> Output {
    let mut output = map(input, x, |x| x * clamp_value(x + 3.0, Some(0.0), Some(6.0)) / 6.0);
    output.magnitude =
        x.iter().map(|&x| x.max(x.abs().min(3.0)) * (x.abs().min(3.0) + 3.0) / 6.0).collect();
    output
}

/// `min(max(alpha * x + beta, 0), 1)`; PyTorch's has alpha 1/6 and beta 1/2.
///
/// The magnitude is `|alpha * x| + |beta|`, the product at most `|beta| + 1`, where the clamp has
/// set in.
pub fn hardsigmoid(alpha: f64, beta: f64, input: [usize; 3], x: &[f64]) -> Output {
    let mut output = map(input, x, |x| clamp_value(alpha * x + beta, Some(0.0), Some(1.0)));
    output.magnitude =
        x.iter().map(|x| (alpha * x).abs().min(beta.abs() + 1.0) + beta.abs()).collect();
    output
}

/// `1 / (1 + exp(-x))`.
pub fn sigmoid(input: [usize; 3], x: &[f64]) -> Output {
    map(input, x, |x| 1.0 / (1.0 + (-x).exp()))
}

/// `tanh(x)`.
pub fn tanh(input: [usize; 3], x: &[f64]) -> Output {
    map(input, x, f64::tanh)
}

/// `x / (1 + exp(-x))`, also called swish.
pub fn silu(input: [usize; 3], x: &[f64]) -> Output {
    map(input, x, |x| x / (1.0 + (-x).exp()))
}

/// `x/2 * (1 + erf(x / sqrt(2)))`, PyTorch's `approximate="none"`.
pub fn gelu(input: [usize; 3], x: &[f64]) -> Output {
    // 1 + erf(a) = erfc(-a), without cancellation for large negative x.
    map(input, x, |x| 0.5 * x * erfc(-x / SQRT_2))
}

/// `x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3)))`, PyTorch's `approximate="tanh"`.
pub fn gelu_tanh(input: [usize; 3], x: &[f64]) -> Output {
    map(input, x, |x| 0.5 * x * (1.0 + ((2.0 / PI).sqrt() * (x + 0.044715 * x * x * x)).tanh()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: [usize; 3] = [1, 1, 4];
    const X: [f64; 4] = [-2.0, -0.5, 0.0, 7.0];

    fn assert_near(values: &[f64], expected: &[f64]) {
        assert_eq!(values.len(), expected.len());
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-14, "{values:?} is not {expected:?}");
        }
    }

    #[test]
    fn limits() {
        assert_eq!(relu(INPUT, &X).values, [0.0, 0.0, 0.0, 7.0]);
        assert_eq!(relu6(INPUT, &X).values, [0.0, 0.0, 0.0, 6.0]);
        assert_eq!(clamp(Some(-1.0), Some(2.0), INPUT, &X).values, [-1.0, -0.5, 0.0, 2.0]);
        assert_eq!(clamp(None, Some(-1.0), INPUT, &X).values, [-2.0, -1.0, -1.0, -1.0]);
        assert_eq!(clamp(None, None, INPUT, &X).values, X);
        // PyTorch: everything becomes max.
        assert_eq!(clamp(Some(2.0), Some(1.0), INPUT, &X).values, [1.0; 4]);
    }

    #[test]
    fn slopes() {
        assert_eq!(leaky_relu(0.25, INPUT, &X).values, [-0.5, -0.125, 0.0, 7.0]);
        assert_eq!(prelu(&[0.5], INPUT, &X).values, [-1.0, -0.25, 0.0, 7.0]);
        let output = prelu(&[0.5, -2.0], [2, 1, 2], &[-1.0, 1.0, -1.0, 1.0]);
        assert_eq!(output.values, [-0.5, 1.0, 2.0, 1.0]);
    }

    #[test]
    fn piecewise_linear_gates() {
        let output = hardswish([1, 1, 5], &[-4.0, -3.0, -1.5, 1.0, 5.0]);
        assert_eq!(output.values, [0.0, 0.0, -0.375, 4.0 / 6.0, 5.0]);
        assert_eq!(output.magnitude, [3.0, 3.0, 1.125, 4.0 / 6.0, 5.0]);
        let output = hardsigmoid(0.25, 0.5, [1, 1, 4], &[-9.0, -1.0, 1.0, 9.0]);
        assert_eq!(output.values, [0.0, 0.25, 0.75, 1.0]);
        assert_eq!(output.magnitude, [2.0, 0.75, 0.75, 2.0]);
    }

    #[test]
    fn exponentials() {
        // exp(ln 3) = 3, so each value is a small fraction.
        let l = 3_f64.ln();
        let (input, x) = ([1, 1, 3], [-l, 0.0, l]);
        assert_near(&sigmoid(input, &x).values, &[0.25, 0.5, 0.75]);
        assert_near(&tanh(input, &x).values, &[-0.8, 0.0, 0.8]);
        assert_near(&silu(input, &x).values, &[-0.25 * l, 0.0, 0.75 * l]);
        assert_near(&elu(3.0, input, &x).values, &[-2.0, 0.0, l]);
        assert_eq!(sigmoid([1, 1, 2], &[-1000.0, 1000.0]).values, [0.0, 1.0]);
    }

    #[test]
    fn gelu_both_ways() {
        // x * Phi(x) with Phi(1) = 0.841344746068543, Phi(-2) = 0.02275013194817921.
        let (input, x) = ([1, 1, 3], [-2.0, 0.0, 1.0]);
        assert_near(&gelu(input, &x).values, &[-0.04550026389635842, 0.0, 0.841344746068543]);
        // tanh(0.7978845608028654 * 1.044715) = 0.6823839812165535
        assert_near(&gelu_tanh([1, 1, 1], &[1.0]).values, &[0.8411919906082768]);
    }

    #[test]
    fn nan_stays() {
        let (input, x) = ([1, 1, 1], [f64::NAN]);
        let outputs = [
            relu(input, &x),
            relu6(input, &x),
            clamp(Some(0.0), Some(1.0), input, &x),
            leaky_relu(0.1, input, &x),
            prelu(&[0.1], input, &x),
            elu(1.0, input, &x),
            hardswish(input, &x),
            hardsigmoid(0.2, 0.5, input, &x),
            sigmoid(input, &x),
            tanh(input, &x),
            silu(input, &x),
            gelu(input, &x),
            gelu_tanh(input, &x),
        ];
        for output in outputs {
            assert!(output.values[0].is_nan());
        }
    }
}
