//! Sum and product of two tensors in f64.

use super::Output;
use crate::index::{at, count};

/// `y = x + x2`. `x` has shape `input`; `x2` the same shape, or `[C, 1, 1]` broadcast over the
/// plane.
pub fn add(input: [usize; 3], x: &[f64], input2: [usize; 3], x2: &[f64]) -> Output {
    elementwise(input, x, input2, x2, |a, b| a + b)
}

/// `y = x * x2`. `x` has shape `input`; `x2` the same shape, or `[C, 1, 1]` broadcast over the
/// plane.
pub fn mul(input: [usize; 3], x: &[f64], input2: [usize; 3], x2: &[f64]) -> Output {
    elementwise(input, x, input2, x2, |a, b| a * b)
}

fn elementwise(
    input: [usize; 3],
    x: &[f64],
    input2: [usize; 3],
    x2: &[f64],
    operator: fn(f64, f64) -> f64,
) -> Output {
    assert!(input2 == input || input2 == [input[0], 1, 1], "x2 cannot be broadcast");
    assert_eq!(x.len(), count(input), "x has another shape");
    assert_eq!(x2.len(), count(input2), "x2 has another shape");
    let mut values = Vec::with_capacity(x.len());
    for c in 0..input[0] {
        for y in 0..input[1] {
            for column in 0..input[2] {
                let second = if input2 == input { x2[at(input, c, y, column)] } else { x2[c] };
                values.push(operator(x[at(input, c, y, column)], second));
            }
        }
    }
    Output::of_values(input, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 4] = [1.0, 2.0, 3.0, 4.0];

    #[test]
    fn same_shape() {
        let x2 = [-5.0, 6.0, 7.0, -8.0];
        let output = add([2, 1, 2], &X, [2, 1, 2], &x2);
        assert_eq!(output.values, [-4.0, 8.0, 10.0, -4.0]);
        assert_eq!(output.magnitude, [4.0, 8.0, 10.0, 4.0]);
        assert_eq!(mul([2, 1, 2], &X, [2, 1, 2], &x2).values, [-5.0, 12.0, 21.0, -32.0]);
    }

    #[test]
    fn one_value_per_channel() {
        assert_eq!(add([2, 1, 2], &X, [2, 1, 1], &[10.0, 20.0]).values, [11.0, 12.0, 23.0, 24.0]);
        assert_eq!(mul([2, 1, 2], &X, [2, 1, 1], &[10.0, 0.5]).values, [10.0, 20.0, 1.5, 2.0]);
    }
}
