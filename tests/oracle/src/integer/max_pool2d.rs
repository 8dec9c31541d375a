//! Maximum pooling in i8.

use super::Quantized;
use crate::index::at;
use crate::params::{MaxPool2d, adaptive_window, input_position};

/// The largest input of every window; -128 where there is none.
pub fn max_pool2d(pool: &MaxPool2d, input: [usize; 3], x: &[i8]) -> Quantized {
    let shape = pool.output_shape(input);
    let mut values = Vec::new();
    // The positions of a window along one side that lie inside the input.
    let inside = |side: usize, output: usize| {
        (0..pool.kernel_size[side]).filter_map(move |tap| {
            let (window, tap) = ([output, pool.stride[side]], [tap, pool.dilation[side]]);
            input_position(window, tap, pool.padding[side], input[side + 1])
        })
    };
    for c in 0..shape[0] {
        for oy in 0..shape[1] {
            for ox in 0..shape[2] {
                let window =
                    inside(0, oy).flat_map(|y| inside(1, ox).map(move |column| (y, column)));
                let largest = window.map(|(y, column)| x[at(input, c, y, column)]).max();
                values.push(largest.unwrap_or(i8::MIN));
            }
        }
    }
    Quantized::new(shape, values)
}

/// The largest input of every part.
pub fn adaptive_max_pool2d(output: [usize; 2], input: [usize; 3], x: &[i8]) -> Quantized {
    let mut values = Vec::new();
    for c in 0..input[0] {
        for oy in 0..output[0] {
            for ox in 0..output[1] {
                let rows = adaptive_window(oy, input[1], output[0]);
                let columns = adaptive_window(ox, input[2], output[1]);
                let pixels = rows.flat_map(|y| columns.clone().map(move |column| (y, column)));
                values.extend(pixels.map(|(y, column)| x[at(input, c, y, column)]).max());
            }
        }
    }
    Quantized::new([input[0], output[0], output[1]], values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_never_the_maximum() {
        let pool = MaxPool2d { stride: [1, 1], padding: [0, 1, 0, 0], ..MaxPool2d::new([1, 2]) };
        assert_eq!(max_pool2d(&pool, [1, 1, 3], &[-128, -7, -9]).values, [-128, -7, -7]);
        assert_eq!(adaptive_max_pool2d([1, 2], [1, 1, 3], &[1, -2, -3]).values, [1, -2]);
    }
}
