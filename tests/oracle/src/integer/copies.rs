//! The operators that move pixels and leave them as they are.

use super::Quantized;
use crate::index::at;
use crate::params::{UpsampleNearest, scaled};

/// PyTorch's "nearest".
pub fn upsample_nearest(output: [usize; 2], input: [usize; 3], x: &[i8]) -> Quantized {
    let source = |axis: usize, index| UpsampleNearest::source(index, input[1 + axis], output[axis]);
    nearest(output, source, input, x)
}

/// The same with a scale factor, `[height, width]`.
pub fn upsample_nearest_by(factor: [f64; 2], input: [usize; 3], x: &[i8]) -> Quantized {
    let output = [0, 1].map(|axis| scaled(input[1 + axis], factor[axis]));
    let source =
        |axis: usize, index| UpsampleNearest::source_by(index, input[1 + axis], factor[axis]);
    nearest(output, source, input, x)
}

fn nearest(
    output: [usize; 2],
    source: impl Fn(usize, usize) -> usize,
    input: [usize; 3],
    x: &[i8],
) -> Quantized {
    let mut values = Vec::new();
    for c in 0..input[0] {
        for oy in 0..output[0] {
            let y = source(0, oy);
            for ox in 0..output[1] {
                values.push(x[at(input, c, y, source(1, ox))]);
            }
        }
    }
    Quantized::new([input[0], output[0], output[1]], values)
}

/// A border `[top, left, bottom, right]` of zero points.
pub fn zero_pad2d(padding: [usize; 4], input: [usize; 3], (x, zero): (&[i8], i8)) -> Quantized {
    let [top, left, bottom, right] = padding;
    let shape = [input[0], top + input[1] + bottom, left + input[2] + right];
    let mut values = vec![zero; shape.iter().product()];
    for c in 0..input[0] {
        for y in 0..input[1] {
            for column in 0..input[2] {
                values[at(shape, c, top + y, left + column)] = x[at(input, c, y, column)];
            }
        }
    }
    Quantized::new(shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_stay_as_they_are() {
        assert_eq!(upsample_nearest([1, 3], [1, 1, 2], &[4, 5]).values, [4, 4, 5]);
        assert_eq!(zero_pad2d([0, 1, 1, 0], [1, 1, 1], (&[4], -7)).values, [-7, 4, -7, -7]);
    }
}
