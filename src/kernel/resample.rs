//! Enlarging (or shrinking) planes by interpolation, with PyTorch's index arithmetic in f32.

use crate::backend::Backend;
use crate::isa::dispatch;
use crate::isa::traits::{Isa, Operation};
use crate::kernel::{pieces, pieces_mut, row};

/// How many columns go down a plane together, so that where their inputs are is found out once.
const BLOCK: usize = 64;

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

/// [`nearest`] in f32, in vectors where there are any.
#[inline(never)]
pub(crate) fn nearest_float(backend: Option<Backend>, grid: Grid, x: &[f32], y: &mut [f32]) {
    dispatch::run(backend, Nearest { grid, x, y });
}

struct Nearest<'a> {
    grid: Grid,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Operation for Nearest<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { grid, x, y } = self;
        if !I::HAS_VECTORS {
            return nearest(grid, x, y);
        }
        let Grid { input, output, .. } = grid;
        let doubled = output[1] == 2 * input[1];
        let block = if doubled { output[1] } else { BLOCK };
        for start in (0..output[1]).step_by(block.max(1)) {
            let mut across = [0; BLOCK];
            for (column, across) in (start..output[1]).zip(&mut across) {
                *across = grid.nearest(1, column);
            }
            for (x, y) in pieces(x, input[0] * input[1]).zip(pieces_mut(y, output[0] * output[1])) {
                // The row of outputs before, and which inputs it is of.
                let mut before: (usize, &[f32]) = (input[0], &[]);
                for (out_row, y) in pieces_mut(y, output[1]).enumerate() {
                    let index = grid.nearest(0, out_row);
                    let y = y.get_mut(start..).unwrap_or_default();
                    let count = y.len().min(block);
                    let y = y.get_mut(..count).unwrap_or_default();
                    let row = row(x, index, input[1]);
                    if before.0 == index {
                        y.iter_mut().zip(before.1).for_each(|(y, x)| *y = *x);
                    } else if doubled {
                        for (y, &x) in y.as_chunks_mut::<2>().0.iter_mut().zip(row) {
                            *y = [x; 2];
                        }
                    } else {
                        for (y, &index) in y.iter_mut().zip(&across) {
                            *y = at(row, index);
                        }
                    }
                    before = (index, y);
                }
            }
        }
    }
}

/// Every plane, each pixel a blend of four.
#[inline(never)]
pub(crate) fn bilinear(
    backend: Option<Backend>,
    align_corners: bool,
    grid: Grid,
    x: &[f32],
    y: &mut [f32],
) {
    dispatch::run(backend, Bilinear { align_corners, grid, x, y });
}

struct Bilinear<'a> {
    align_corners: bool,
    grid: Grid,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Operation for Bilinear<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        if I::HAS_VECTORS { self.by_blocks() } else { self.by_pixels() }
    }
}

impl Bilinear<'_> {
    /// One output after the other: the least code.
    #[inline(always)]
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

    /// A block of columns goes down a plane; of a row of inputs, what it comes to across is found once.
    #[inline(always)]
    fn by_blocks(self) {
        let Self { align_corners, grid, x, y } = self;
        let Grid { input, output, step } = grid;
        // So small that positions are exact.
        let doubled =
            !align_corners && output[1] == 2 * input[1] && step[1] == 0.5 && output[1] < 1 << 22;
        for start in (0..output[1]).step_by(BLOCK) {
            let mut across = [Between { first: 0, second: 0, share: 0.0 }; BLOCK];
            for (column, across) in (start..output[1]).zip(&mut across) {
                *across = grid.between(1, column, align_corners);
            }
            for (x, y) in pieces(x, input[0] * input[1]).zip(pieces_mut(y, output[0] * output[1])) {
                let (mut upper, mut lower) = (Blended::NONE, Blended::NONE);
                for (out_row, y) in pieces_mut(y, output[1]).enumerate() {
                    let down = grid.between(0, out_row, align_corners);
                    if lower.row == Some(down.first) {
                        upper = lower;
                    }
                    upper.fill(down.first, x, input[1], &across, doubled);
                    lower.fill(down.second, x, input[1], &across, doubled);
                    let blended = upper.values.iter().zip(&lower.values);
                    let y = y.get_mut(start..).unwrap_or_default();
                    for (y, (&upper, &lower)) in y.iter_mut().zip(blended) {
                        *y = down.blend(upper, lower);
                    }
                }
            }
        }
    }
}

/// A block of a row of inputs, blended across.
#[derive(Clone, Copy)]
struct Blended {
    row: Option<usize>,
    values: [f32; BLOCK],
}

impl Blended {
    const NONE: Self = Self { row: None, values: [0.0; BLOCK] };

    /// Holds row `index` of `x` from now on.
    #[inline(always)]
    fn fill(
        &mut self,
        index: usize,
        x: &[f32],
        width: usize,
        across: &[Between; BLOCK],
        doubled: bool,
    ) {
        if self.row == Some(index) {
            return;
        }
        self.row = Some(index);
        let row = row(x, index, width);
        let done = if doubled { self.fill_doubled(row, across) } else { 0 };
        for (value, across) in self.values.iter_mut().zip(across).skip(done) {
            *value = across.of(row);
        }
    }

    /// Where a row is made twice as long, two outputs each, but for the first, are blends of the same inputs, in the
    /// same shares. Returns how many outputs it made, all but some at the end.
    #[inline(always)]
    fn fill_doubled(&mut self, row: &[f32], across: &[Between; BLOCK]) -> usize {
        let ([first, rest @ ..], [edge, near, far, ..]) = (&mut self.values, across);
        *first = edge.of(row);
        let from = row.get(near.first..).unwrap_or_default();
        let inputs = from.iter().zip(from.iter().skip(1));
        let pairs = rest.as_chunks_mut::<2>().0;
        let done = 1 + 2 * pairs.len().min(inputs.len());
        for (pair, (&left, &right)) in pairs.iter_mut().zip(inputs) {
            *pair = [near.blend(left, right), far.blend(left, right)];
        }
        done
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
