//! Upsampling in f64.

use super::Output;
use crate::index::{at, count};
use crate::params::{UpsampleBilinear, UpsampleNearest, scaled};

/// `y[c][oy][ox] = x[c][source(oy)][source(ox)]`, PyTorch's "nearest".
///
/// `x` `[C, H, W]` with `input` its shape, y `[C, output_size]`.
pub fn upsample_nearest(upsample: &UpsampleNearest, input: [usize; 3], x: &[f64]) -> Output {
    let output = upsample.output_size;
    let source = |axis: usize, index| UpsampleNearest::source(index, input[1 + axis], output[axis]);
    nearest(output, source, input, x)
}

/// The same with a scale factor, PyTorch's `scale_factor=(height, width)`.
pub fn upsample_nearest_by(factor: [f64; 2], input: [usize; 3], x: &[f64]) -> Output {
    let output = [0, 1].map(|axis| scaled(input[1 + axis], factor[axis]));
    let source =
        |axis: usize, index| UpsampleNearest::source_by(index, input[1 + axis], factor[axis]);
    nearest(output, source, input, x)
}

/// Of the pixels that `source` finds along either axis.
fn nearest(
    [height, width]: [usize; 2],
    source: impl Fn(usize, usize) -> usize,
    input: [usize; 3],
    x: &[f64],
) -> Output {
    assert_eq!(x.len(), count(input), "x has another shape");
    let mut values = Vec::with_capacity(input[0] * height * width);
    for c in 0..input[0] {
        for oy in 0..height {
            for ox in 0..width {
                values.push(x[at(input, c, source(0, oy), source(1, ox))]);
            }
        }
    }
    Output::of_values([input[0], height, width], values)
}

/// Linear interpolation between the four pixels around (source(oy), source(ox)), PyTorch's
/// "bilinear".
///
/// `x` `[C, H, W]` with `input` its shape, y `[C, output_size]`. The magnitude is `sum |x||w|` over
/// the four, plus (source(oy) + source(ox) + 1) times the largest difference of two pixels nearby:
/// a position computed in f32 has an error about proportional to itself, and may fall into the
/// neighbouring cell.
pub fn upsample_bilinear(upsample: &UpsampleBilinear, input: [usize; 3], x: &[f64]) -> Output {
    let output = upsample.output_size;
    let source = |axis: usize, index| upsample.source(index, input[1 + axis], output[axis]);
    bilinear(output, source, input, x)
}

/// The same with a scale factor, PyTorch's `scale_factor=(height, width)`.
pub fn upsample_bilinear_by(
    align_corners: bool,
    factor: [f64; 2],
    input: [usize; 3],
    x: &[f64],
) -> Output {
    let output_size = [0, 1].map(|axis| scaled(input[1 + axis], factor[axis]));
    let upsample = UpsampleBilinear { output_size, align_corners };
    let source = |axis: usize, index| upsample.source_by(index, input[1 + axis], factor[axis]);
    bilinear(output_size, source, input, x)
}

/// Between the pixels around the positions that `source` finds along either axis.
fn bilinear(
    [height, width]: [usize; 2],
    source: impl Fn(usize, usize) -> f64,
    input: [usize; 3],
    x: &[f64],
) -> Output {
    assert_eq!(x.len(), count(input), "x has another shape");
    let mut output = Output::with_capacity([input[0], height, width]);
    for c in 0..input[0] {
        for oy in 0..height {
            for ox in 0..width {
                let (row, column) = (source(0, oy), source(1, ox));
                let (mut sum, mut magnitude) = (0.0, 0.0);
                for (iy, wy) in neighbours(row, input[1]) {
                    for (ix, wx) in neighbours(column, input[2]) {
                        let product = x[at(input, c, iy, ix)] * wy * wx;
                        sum += product;
                        magnitude += product.abs();
                    }
                }
                let spread = spread(input, x, c, row as usize, column as usize);
                output.push(sum, magnitude + (row + column + 1.0) * spread);
            }
        }
    }
    Output { taps: 4, ..output }
}

/// The two pixels around a position on one side, with their weights.
fn neighbours(position: f64, size: usize) -> [(usize, f64); 2] {
    let first = (position.floor() as usize).min(size - 1);
    let second = (first + 1).min(size - 1);
    let weight = position - first as f64;
    [(first, 1.0 - weight), (second, weight)]
}

/// The largest difference of two pixels within one pixel of (y, x), and one more at the bottom and
/// right.
fn spread(input: [usize; 3], x: &[f64], c: usize, y: usize, column: usize) -> f64 {
    let (mut smallest, mut largest) = (f64::INFINITY, f64::NEG_INFINITY);
    for iy in y.saturating_sub(1)..=(y + 2).min(input[1] - 1) {
        for ix in column.saturating_sub(1)..=(column + 2).min(input[2] - 1) {
            let value = x[at(input, c, iy, ix)];
            smallest = smallest.min(value);
            largest = largest.max(value);
        }
    }
    largest - smallest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_repeats_pixels() {
        let upsample = UpsampleNearest { output_size: [2, 3] };
        let output = upsample_nearest(&upsample, [2, 1, 2], &[1.0, 2.0, -3.0, 4.0]);
        assert_eq!(output.shape, [2, 2, 3]);
        // Columns 0, 2/3, 4/3.
        let expected = [1.0, 1.0, 2.0, 1.0, 1.0, 2.0, -3.0, -3.0, 4.0, -3.0, -3.0, 4.0];
        assert_eq!(output.values, expected);
    }

    #[test]
    fn bilinear_between_pixel_centres() {
        let upsample = UpsampleBilinear { output_size: [1, 4], align_corners: false };
        let output = upsample_bilinear(&upsample, [1, 1, 2], &[4.0, -8.0]);
        // Positions 0, 0.25, 0.75, 1.25, the last beyond the last pixel.
        assert_eq!(output.values, [4.0, 1.0, -5.0, -8.0]);
        // 3 + 2 from the products and (0.25 + 1) * 12 from the position.
        assert_eq!(output.magnitude[1], 20.0);
    }

    #[test]
    fn bilinear_with_aligned_corners() {
        let upsample = UpsampleBilinear { output_size: [3, 3], align_corners: true };
        let output = upsample_bilinear(&upsample, [1, 2, 2], &[0.0, 2.0, 4.0, 10.0]);
        assert_eq!(output.values, [0.0, 1.0, 2.0, 2.0, 4.0, 6.0, 4.0, 7.0, 10.0]);
    }
}
