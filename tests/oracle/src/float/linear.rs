//! Fully connected layer in f64.

use super::Output;

/// `y[o] = b[o] + sum over i of x[i] * w[o][i]`.
///
/// `x` `[in]`, `weight` `[out, in]`, `bias` `[out]`; y has shape `[out, 1, 1]`.
pub fn linear(x: &[f64], weight: &[f64], bias: Option<&[f64]>) -> Output {
    assert!(!x.is_empty() && weight.len().is_multiple_of(x.len()), "weight has another shape");
    let outputs = weight.len() / x.len();
    assert!(bias.is_none_or(|b| b.len() == outputs), "bias has another shape");
    let mut output = Output::with_capacity([outputs, 1, 1]);
    for o in 0..outputs {
        let mut sum = bias.map_or(0.0, |b| b[o]);
        let mut magnitude = sum.abs();
        for i in 0..x.len() {
            let product = x[i] * weight[o * x.len() + i];
            sum += product;
            magnitude += product.abs();
        }
        output.push(sum, magnitude);
    }
    Output { taps: x.len(), ..output }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_weight_are_outputs() {
        let output =
            linear(&[1.0, -2.0, 3.0], &[1.0, 1.0, 1.0, 0.0, 10.0, 100.0], Some(&[0.5, -1.0]));
        assert_eq!(output.shape, [2, 1, 1]);
        assert_eq!(output.values, [2.5, 279.0]);
        assert_eq!(output.magnitude, [6.5, 321.0]);
        assert_eq!(output.taps, 3);
    }
}
