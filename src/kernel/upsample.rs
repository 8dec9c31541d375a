//! Enlarging (or shrinking) planes by interpolation, with PyTorch's index arithmetic in f32.

use crate::kernel::{pieces, pieces_mut, row};

/// One direction: the input pixels before and after an output, and the second one's share.
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

/// Every plane from `input` to `output`, both `[height, width]`, each pixel the nearest one.
pub(crate) fn nearest<T: Copy>(input: [usize; 2], output: [usize; 2], x: &[T], y: &mut [T]) {
    for (x, y) in pieces(x, input[0] * input[1]).zip(pieces_mut(y, output[0] * output[1])) {
        for (out_row, y) in pieces_mut(y, output[1]).enumerate() {
            let row = row(x, nearest_index(out_row, input[0], output[0]), input[1]);
            for (column, y) in y.iter_mut().enumerate() {
                if let Some(x) = row.get(nearest_index(column, input[1], output[1])) {
                    *y = *x;
                }
            }
        }
    }
}

/// Every plane from `input` to `output`, both `[height, width]`, each pixel a blend of four.
pub(crate) fn bilinear(
    align_corners: bool,
    input: [usize; 2],
    output: [usize; 2],
    x: &[f32],
    y: &mut [f32],
) {
    for (x, y) in pieces(x, input[0] * input[1]).zip(pieces_mut(y, output[0] * output[1])) {
        for (out_row, y) in pieces_mut(y, output[1]).enumerate() {
            let down = between(out_row, input[0], output[0], align_corners);
            let upper = row(x, down.first, input[1]);
            let lower = row(x, down.second, input[1]);
            for (column, y) in y.iter_mut().enumerate() {
                let across = between(column, input[1], output[1], align_corners);
                *y = (1.0 - down.share) * across.blend(upper) + down.share * across.blend(lower);
            }
        }
    }
}

impl Between {
    fn blend(&self, row: &[f32]) -> f32 {
        (1.0 - self.share) * at(row, self.first) + self.share * at(row, self.second)
    }
}

/// An element that is there; the fallback keeps the panic out.
fn at(row: &[f32], index: usize) -> f32 {
    row.get(index).copied().unwrap_or(0.0)
}

/// `floor(index * input / output)`, the ratio rounded to f32 as in PyTorch.
fn nearest_index(index: usize, input: usize, output: usize) -> usize {
    let scale = input as f32 / output as f32;
    ((index as f32 * scale) as usize).min(input - 1)
}

fn between(index: usize, input: usize, output: usize, align_corners: bool) -> Between {
    let position = if align_corners {
        // A single output pixel takes the first input.
        index as f32 * ((input - 1) as f32 / (output - 1).max(1) as f32)
    } else {
        ((index as f32 + 0.5) * (input as f32 / output as f32) - 0.5).max(0.0)
    };
    let first = (position as usize).min(input - 1);
    let second = (first + 1).min(input - 1);
    Between { first, second, share: (position - first as f32).min(1.0) }
}
