//! Enlarging (or shrinking) planes by interpolation, with PyTorch's index arithmetic in f32.

#[cfg(vectors)]
mod rows;

use crate::backend::Backend;
#[cfg(vectors)]
use crate::isa::dispatch;
use crate::kernel::{pieces, pieces_mut, row};

/// How outputs lie over inputs, in both directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    pub(crate) input: [usize; 2],
    pub(crate) output: [usize; 2],
    /// Inputs from one output to the next.
    pub(crate) step: [f32; 2],
}

/// One direction: the input pixels before and after an output, and the second one's share.
#[derive(Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

/// Every plane, each pixel the nearest one.
pub(crate) fn nearest<T: Copy>(grid: Grid, x: &[T], y: &mut [T]) {
    let Grid { input, output, .. } = grid;
    for (x, y) in pieces(x, input[0] * input[1]).zip(pieces_mut(y, output[0] * output[1])) {
        for (out_row, y) in pieces_mut(y, output[1]).enumerate() {
            let row = row(x, grid.nearest(0, out_row), input[1]);
            for (column, y) in y.iter_mut().enumerate() {
                if let Some(x) = row.get(grid.nearest(1, column)) {
                    *y = *x;
                }
            }
        }
    }
}

/// [`nearest`] in f32.
#[inline(always)]
pub(crate) fn nearest_float(backend: Option<Backend>, grid: Grid, x: &[f32], y: &mut [f32]) {
    #[cfg(vectors)]
    if let Some(vectors) = dispatch::vectors(backend) {
        return rows::nearest(vectors, grid, x, y);
    }
    let _ = backend;
    nearest_portable(grid, x, y);
}

#[inline(never)]
fn nearest_portable(grid: Grid, x: &[f32], y: &mut [f32]) {
    nearest(grid, x, y);
}

/// Every plane, each pixel a blend of four.
#[inline(always)]
pub(crate) fn bilinear(
    backend: Option<Backend>,
    align_corners: bool,
    grid: Grid,
    x: &[f32],
    y: &mut [f32],
) {
    let bilinear = Bilinear { align_corners, grid, x, y };
    #[cfg(vectors)]
    if let Some(vectors) = dispatch::vectors(backend) {
        return rows::bilinear(vectors, bilinear);
    }
    let _ = backend;
    bilinear.by_pixels();
}

struct Bilinear<'a> {
    align_corners: bool,
    grid: Grid,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Bilinear<'_> {
    /// One output after the other: the least code.
    #[inline(never)]
    fn by_pixels(self) {
        let Self { align_corners, grid, x, y } = self;
        let Grid { input, output, .. } = grid;
        for (x, y) in pieces(x, input[0] * input[1]).zip(pieces_mut(y, output[0] * output[1])) {
            for (out_row, y) in pieces_mut(y, output[1]).enumerate() {
                let down = grid.between(0, out_row, align_corners);
                let upper = row(x, down.first, input[1]);
                let lower = row(x, down.second, input[1]);
                for (column, y) in y.iter_mut().enumerate() {
                    let across = grid.between(1, column, align_corners);
                    *y = down.blend(across.of(upper), across.of(lower));
                }
            }
        }
    }
}

impl Between {
    /// Of a row of inputs.
    #[inline(always)]
    fn of(&self, row: &[f32]) -> f32 {
        self.blend(at(row, self.first), at(row, self.second))
    }

    #[inline(always)]
    fn blend(&self, first: f32, second: f32) -> f32 {
        (1.0 - self.share) * first + self.share * second
    }
}

/// An element that is there; the fallback keeps the panic out.
#[inline(always)]
fn at(row: &[f32], index: usize) -> f32 {
    row.get(index).copied().unwrap_or(0.0)
}

impl Grid {
    /// The steps of a plane that is resized, or, not with the corners on one another, one that is scaled by a factor.
    pub(crate) const fn new(
        input: [usize; 2],
        output: [usize; 2],
        align_corners: bool,
        scale_factor: Option<[f64; 2]>,
    ) -> Self {
        let mut step = [0.0; 2];
        let mut axis = 0;
        while axis < 2 {
            step[axis] = match (align_corners, scale_factor) {
                // A single output pixel takes the first input.
                (true, _) if output[axis] > 1 => {
                    (input[axis] - 1) as f32 / (output[axis] - 1) as f32
                }
                (true, _) => 0.0,
                (false, Some(factor)) => (1.0 / factor[axis]) as f32,
                (false, None) => input[axis] as f32 / output[axis] as f32,
            };
            axis += 1;
        }
        Self { input, output, step }
    }

    /// The input pixel of an output: `floor(index * step)` in f32 as in PyTorch, which like here takes none where sizes are
    /// the same or double.
    fn nearest(&self, axis: usize, index: usize) -> usize {
        let Self { input, output, step } = self;
        let (Some(&input), Some(&output), Some(&step)) =
            (input.get(axis), output.get(axis), step.get(axis))
        else {
            return 0;
        };
        if output == input {
            index
        } else if output == 2 * input {
            index / 2
        } else {
            ((index as f32 * step) as usize).min(input - 1)
        }
    }

    /// The input pixels around an output.
    fn between(&self, axis: usize, index: usize, align_corners: bool) -> Between {
        let Self { input, output, step } = self;
        let (Some(&input), Some(&output), Some(&step)) =
            (input.get(axis), output.get(axis), step.get(axis))
        else {
            return Between { first: 0, second: 0, share: 0.0 };
        };
        if output == input {
            // As in PyTorch no neighbour has a share, not even of 0.
            return Between { first: index, second: index, share: 0.0 };
        }
        let position = match align_corners {
            true => index as f32 * step,
            false => ((index as f32 + 0.5) * step - 0.5).max(0.0),
        };
        let first = (position as usize).min(input - 1);
        let second = (first + 1).min(input - 1);
        Between { first, second, share: (position - first as f32).min(1.0) }
    }
}
