//! The same in rows: many columns go down a plane together, so that where their inputs are is found out once, and the
//! compiler makes vectors of them.

use crate::isa::dispatch::Vectors;
use crate::isa::traits::{Isa, Operation};
use crate::kernel::resample::{Between, Bilinear, Grid, at};
use crate::kernel::{pieces, pieces_mut, row};

/// How many columns go down a plane together, so that where their inputs are is found out once.
const BLOCK: usize = 64;

#[inline(never)]
pub(super) fn nearest(vectors: Vectors, grid: Grid, x: &[f32], y: &mut [f32]) {
    vectors.run(NearestRows { grid, x, y });
}

struct NearestRows<'a> {
    grid: Grid,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Operation for NearestRows<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { grid, x, y } = self;
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

#[inline(never)]
pub(super) fn bilinear(vectors: Vectors, bilinear: Bilinear<'_>) {
    vectors.run(bilinear);
}

impl Operation for Bilinear<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        self.by_blocks();
    }
}

impl Bilinear<'_> {
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
