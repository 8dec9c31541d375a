//! Direct convolution and transposed convolution: one loop nest, no workspace, no padded copy.
//!
//! A transposed convolution is a convolution for each phase of its stride: the outputs
//! `phase, phase + stride, ..` of a row meet the input one pixel after the other, so both operators
//! run through the same tile of output channels by output columns, and differ only in where a tap
//! finds its input ([`Taps`]).
//!
//! Memory contract: reads the input, the packed weights (see `plan/pack.rs` for their order) and the
//! bias; writes every element of the output once.

use crate::geometry::{Axis, Channels};
use crate::kernel::{pieces, pieces_mut, row};
use crate::padding::PaddingMode;

/// Output channels that share each loaded input.
pub(crate) const BLOCK: usize = 4;

/// Output columns that share each loaded weight.
const TILE: usize = 8;

/// The sizes of a convolution's loop nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
    pub(crate) channels: Channels,
}

impl Shape {
    const fn in_plane(&self) -> usize {
        self.rows.input * self.columns.input
    }

    const fn out_plane(&self) -> usize {
        self.rows.output * self.columns.output
    }

    /// Products per output, padding included.
    const fn taps(&self) -> usize {
        self.channels.inputs * self.rows.kernel * self.columns.kernel
    }
}

/// Where the taps of an output find their inputs.
pub(crate) trait Taps: Copy {
    /// What stands outside the input.
    fn border(self) -> PaddingMode;

    /// How many interleaved sets an output row falls into, each regularly spaced over the input.
    fn phases(self) -> usize;

    /// Columns of the input between neighbouring outputs of a phase.
    fn step(self) -> usize;

    /// The input row of an output row and a tap; `None` where the tap adds nothing.
    fn row(self, output: usize, tap: usize) -> Option<usize>;

    /// The input column of a phase's first output and a tap, which may lie outside.
    fn column(self, phase: usize, tap: usize) -> Option<isize>;
}

/// The taps of a convolution.
#[derive(Clone, Copy)]
pub(crate) struct Forward {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
    pub(crate) border: PaddingMode,
}

impl Taps for Forward {
    fn border(self) -> PaddingMode {
        self.border
    }

    fn phases(self) -> usize {
        1
    }

    fn step(self) -> usize {
        self.columns.stride.get()
    }

    fn row(self, output: usize, tap: usize) -> Option<usize> {
        self.border.source(self.rows.input_of(output, tap), self.rows.input)
    }

    fn column(self, _phase: usize, tap: usize) -> Option<isize> {
        Some(self.columns.input_of(0, tap))
    }
}

/// The taps of a transposed convolution.
#[derive(Clone, Copy)]
pub(crate) struct Transposed {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
}

impl Transposed {
    /// The input that `output` meets through `tap`, if the stride lets them meet.
    fn input_of(axis: Axis, output: usize, tap: usize) -> Option<isize> {
        let spread = (output + axis.before) as isize - (tap * axis.dilation) as isize;
        // The divisor is not -1, so that neither operation can overflow.
        let stride = axis.stride.get() as isize;
        match spread.checked_rem(stride) {
            Some(0) => spread.checked_div(stride),
            _ => None,
        }
    }
}

impl Taps for Transposed {
    fn border(self) -> PaddingMode {
        PaddingMode::Zeros
    }

    fn phases(self) -> usize {
        self.columns.stride.get()
    }

    fn step(self) -> usize {
        1
    }

    fn row(self, output: usize, tap: usize) -> Option<usize> {
        let input = Self::input_of(self.rows, output, tap)?;
        PaddingMode::Zeros.source(input, self.rows.input)
    }

    fn column(self, phase: usize, tap: usize) -> Option<isize> {
        Self::input_of(self.columns, phase, tap)
    }
}

/// Computes a whole output: weights times inputs plus bias.
pub(crate) fn run(
    shape: &Shape,
    taps: impl Taps,
    weight: &[f32],
    bias: &[f32],
    x: &[f32],
    y: &mut [f32],
) {
    let Channels { inputs, outputs, .. } = shape.channels;
    let in_plane = shape.in_plane();
    let out_plane = shape.out_plane();
    let blocked = outputs / BLOCK * BLOCK;

    let groups = pieces(x, inputs * in_plane)
        .zip(pieces(weight, outputs * shape.taps()))
        .zip(pieces(bias, outputs))
        .zip(pieces_mut(y, outputs * out_plane));
    for (((x, weight), bias), y) in groups {
        let (Some((blocks, singles)), Some((block_bias, single_bias)), Some((block_y, single_y))) = (
            weight.split_at_checked(blocked * shape.taps()),
            bias.split_at_checked(blocked),
            y.split_at_mut_checked(blocked * out_plane),
        ) else {
            return;
        };
        channels::<BLOCK>(shape, taps, blocks, block_bias, x, block_y);
        channels::<1>(shape, taps, singles, single_bias, x, single_y);
    }
}

/// Output channels `N` at a time, for one group's input.
fn channels<const N: usize>(
    shape: &Shape,
    taps: impl Taps,
    weight: &[f32],
    bias: &[f32],
    x: &[f32],
    y: &mut [f32],
) {
    let blocks = pieces(weight, N * shape.taps())
        .zip(bias.as_chunks::<N>().0)
        .zip(pieces_mut(y, N * shape.out_plane()));
    for ((weight, bias), y) in blocks {
        let weight = weight.as_chunks::<N>().0;
        for out_row in 0..shape.rows.output {
            for phase in 0..taps.phases().min(shape.columns.output) {
                // Of the row's outputs, every `phases`-th belongs to this phase.
                let outputs = (shape.columns.output - phase).div_ceil(taps.phases().max(1));
                for first in (0..outputs).step_by(TILE) {
                    let tile = tile(shape, taps, weight, bias, x, [out_row, phase, first]);
                    store(shape, taps.phases(), &tile, y, [out_row, phase, first]);
                }
            }
        }
    }
}

/// The sums of `N` output channels by [`TILE`] output columns. Lanes past the row's end hold
/// numbers of no meaning.
fn tile<const N: usize>(
    shape: &Shape,
    taps: impl Taps,
    weight: &[[f32; N]],
    bias: &[f32; N],
    x: &[f32],
    [out_row, phase, first]: [usize; 3],
) -> [[f32; TILE]; N] {
    let Shape { rows, columns, .. } = shape;
    let mut sums = bias.map(|bias| [bias; TILE]);
    let channels =
        pieces(x, shape.in_plane()).zip(weight.chunks_exact((rows.kernel * columns.kernel).max(1)));
    for (plane, weight) in channels {
        for (row_tap, weight) in weight.chunks_exact(columns.kernel.max(1)).enumerate() {
            let Some(in_row) = taps.row(out_row, row_tap) else { continue };
            let in_row = row(plane, in_row, columns.input);
            for (column_tap, weight) in weight.iter().enumerate() {
                let Some(column) = taps.column(phase, column_tap) else { continue };
                let step = taps.step();
                let x = load(in_row, column + (first * step) as isize, step, taps.border());
                for (sums, &weight) in sums.iter_mut().zip(weight) {
                    for (sum, x) in sums.iter_mut().zip(x) {
                        *sum += weight * x;
                    }
                }
            }
        }
    }
    sums
}

/// Every `step`-th element of `row` from `first` on, which may lie outside.
fn load(row: &[f32], first: isize, step: usize, border: PaddingMode) -> [f32; TILE] {
    if step == 1
        && let Ok(first) = usize::try_from(first)
        && let Some(inside) = row.get(first..).and_then(|rest| rest.first_chunk())
    {
        return *inside;
    }
    let mut lanes = [0.0; TILE];
    for (lane, value) in lanes.iter_mut().enumerate() {
        let source = border.source(first + (lane * step) as isize, row.len());
        if let Some(x) = source.and_then(|index| row.get(index)) {
            *value = *x;
        }
    }
    lanes
}

/// Writes the lanes that the row has room for, `phases` columns apart.
fn store<const N: usize>(
    shape: &Shape,
    phases: usize,
    tile: &[[f32; TILE]; N],
    y: &mut [f32],
    [out_row, phase, first]: [usize; 3],
) {
    let width = shape.columns.output;
    for (sums, plane) in tile.iter().zip(pieces_mut(y, shape.out_plane())) {
        let Some(row) = plane.get_mut(out_row * width..).and_then(|rest| rest.get_mut(..width))
        else {
            return;
        };
        let Some(rest) = row.get_mut(phase + first * phases..) else { return };
        for (y, sum) in rest.iter_mut().step_by(phases.max(1)).zip(sums) {
            *y = *sum;
        }
    }
}
