//! Winograd convolution in i8, by tiles of 2 x 2 outputs, in whole numbers: bit for bit what a direct convolution
//! computes.
//!
//! Weights are transformed when they are packed, to 4 times the factors that f32 has, see `plan/winograd.rs`; outside
//! the input lies its zero point, which the packed bias accounts for, as in a direct convolution.

mod blocking;
mod portable;

use core::array::from_fn;

use crate::geometry::{Channels, divide};
#[cfg(neon)]
use crate::isa::generic::requantize::RequantizeParams;
use crate::isa::generic::winograd_int8::{
    Finish, Finished, Inputs, Int8Tiles, POSITIONS, Products,
};
use crate::kernel::arithmetic::{Arithmetic, INT8_BLOCKS, Int8, Int8Channels, Rescale};
use crate::kernel::conv::problem::{Operands, Shape};
use crate::kernel::conv::winograd::blocking::{Block, Segment};
use crate::kernel::conv::winograd::dilated::each_phase;
use crate::kernel::{pieces, pieces_mut};
use crate::quant::FixedPoint;
pub(crate) use blocking::Blocking;
use blocking::{MOST_OUTPUTS, Parts};

/// So many input channels of a group may be summed up that no sum of two sums leaves i32: a transformed input is one of
/// four inputs added or subtracted, a transformed weight one of nine.
pub(crate) const MOST_INPUTS: usize = (i32::MAX / (2 * (4 * 128) * (9 * 128))) as usize;

/// What a Winograd convolution in i8 reads and writes, and its workspace.
pub(crate) struct Int8Winograd<'a, R> {
    pub(crate) shape: Shape,
    pub(crate) arithmetic: Int8<R>,
    pub(crate) operands: Operands<'a, i8, Int8Channels<'a>>,
    pub(crate) workspace: &'a mut [i8],
}

impl<R: Rescale> Int8Winograd<'_, R> {
    /// Computes a whole output with the instructions of `kernel`.
    #[inline(always)]
    pub(crate) fn run(self, kernel: impl Int8Tiles) {
        let Self { shape, arithmetic, operands, workspace } = self;
        let Operands { weight, parameters, x, y } = operands;
        each_phase(shape, arithmetic.border, x, y, workspace, |shape, x, y, workspace| {
            let operands = Operands { weight, parameters, x, y };
            Int8Winograd { shape, arithmetic, operands, workspace }.undilated(kernel);
        });
    }

    #[inline(never)]
    fn undilated(self, kernel: impl Int8Tiles) {
        let Self { shape, arithmetic, operands, workspace } = self;
        let Channels { inputs, outputs, .. } = shape.channels;
        let blocking = Blocking::new(&shape);
        let Parts { sums, inputs: transformed, rows, border } = blocking.split(workspace);
        border.fill(arithmetic.border);
        let Operands { weight, parameters, x, y } = operands;
        let weights_of_output = inputs * POSITIONS * size_of::<i16>();
        let groups = pieces(x, inputs * shape.in_plane())
            .zip(pieces(weight, outputs * weights_of_output))
            .zip(pieces_mut(y, outputs * shape.out_plane()));
        for (group, ((x, weight), y)) in groups.enumerate() {
            for block in blocking.tiles.blocks() {
                let plane = Plane { shape, blocking, block };
                plane.inputs(kernel, x, border, rows, transformed);
                let mut first = 0;
                for &size in INT8_BLOCKS {
                    while first + size <= outputs {
                        let weight = weight.get(first * weights_of_output..).unwrap_or_default();
                        plane.products(kernel, size, weight, transformed, sums);
                        let channels = (parameters, group * outputs + first, size);
                        let y = y.get_mut(first * shape.out_plane()..).unwrap_or_default();
                        plane.outputs(kernel, arithmetic, channels, sums, y);
                        first += size;
                    }
                }
            }
        }
    }
}

/// A block of tiles.
#[derive(Clone, Copy)]
struct Plane {
    shape: Shape,
    blocking: Blocking,
    block: Block,
}

impl Plane {
    /// The tiles in pieces of rows.
    fn segments(&self) -> impl Iterator<Item = Segment> {
        self.blocking.tiles.segments(self.block)
    }

    /// The tiles in pieces of rows, with how many such pieces lie one below the other: all, where the rows are whole.
    fn rows(&self) -> impl Iterator<Item = (Segment, usize)> {
        let Blocking { tiles, .. } = self.blocking;
        let rows =
            if tiles.segment == tiles.across { divide(self.block.count, tiles.across) } else { 1 };
        self.segments().step_by(rows.max(1)).map(move |segment| (segment, rows))
    }

    /// Transforms the inputs, in all channels of a group.
    #[inline(never)]
    fn inputs(
        &self,
        kernel: impl Int8Tiles,
        x: &[i8],
        border: &[i8],
        scratch: &mut [i16],
        to: &mut [i16],
    ) {
        let Self { shape, blocking, .. } = self;
        let Shape { rows, columns, .. } = shape;
        let width = blocking.width();
        let outside = border.first().copied().unwrap_or_default();
        for segment in self.segments() {
            // The columns that lie inside of the input.
            let met = segment.count * 2 + 2;
            let start = columns.before.saturating_sub(segment.column).min(met);
            let end = (columns.before + columns.input).saturating_sub(segment.column).min(met);
            // Beside them all four rows are the same.
            for (row, scratch) in pieces_mut(&mut *scratch, width).enumerate() {
                let beside = if row == 1 { 2 * i16::from(outside) } else { 0 };
                if let Some(before) = scratch.get_mut(..start) {
                    before.fill(beside);
                }
                if let Some(behind) = scratch.get_mut(end..) {
                    behind.fill(beside);
                }
            }
            let first = (segment.column + start).saturating_sub(columns.before);
            // Where each row begins in a channel, if it does.
            let starts: [Option<usize>; 4] = from_fn(|row| {
                let row = (segment.row + row).checked_sub(rows.before)?;
                (row < rows.input && start < end).then_some(row * columns.input + first)
            });
            kernel.inputs(Inputs {
                x,
                channels: shape.channels.inputs,
                plane: shape.in_plane(),
                rows: starts,
                border: border.get(start..end).unwrap_or_default(),
                scratch: &mut *scratch,
                width,
                start,
                tiles: segment.count,
                to: to.get_mut(segment.index..).unwrap_or_default(),
                step: blocking.step,
                next_position: blocking.input_step(),
            });
        }
    }

    /// Multiplies the transformed inputs with the weights of a block of `size` output channels.
    #[inline(never)]
    fn products(
        &self,
        kernel: impl Int8Tiles,
        size: usize,
        weight: &[i8],
        x: &[i16],
        to: &mut [i32],
    ) {
        let Self { shape, blocking, block } = self;
        let products = Products {
            inputs: shape.channels.inputs,
            size,
            tiles: block.count,
            step: blocking.step,
            input_step: blocking.input_step(),
            sums_step: blocking.sums_step(),
        };
        kernel.products(products, x, weight, to);
    }

    /// Turns the sums of `size` output channels from `first` on into outputs, and writes what lies inside of `y`.
    #[inline(never)]
    fn outputs<R: Rescale>(
        &self,
        kernel: impl Int8Tiles,
        arithmetic: Int8<R>,
        (parameters, first, size): (Int8Channels<'_>, usize, usize),
        sums: &[i32],
        y: &mut [i8],
    ) {
        let Self { shape, blocking, .. } = self;
        let Shape { rows, columns, .. } = shape;
        let channels: [_; MOST_OUTPUTS] = from_fn(|lane| {
            let channel = Int8::<R>::channel(parameters, first + lane);
            Channel { arithmetic, channel }
        });
        for (segment, rows_of_tiles) in self.rows() {
            let first = segment.row * columns.output + segment.column;
            let inside = [
                rows.output.saturating_sub(segment.row),
                columns.output.saturating_sub(segment.column),
            ];
            let planes = pieces_mut(&mut *y, shape.out_plane()).zip(&channels).take(size);
            for (lane, (y, channel)) in planes.enumerate() {
                let finished = Finished {
                    // Those of the lane at each position.
                    sums: sums.get(lane * blocking.step + segment.index..).unwrap_or_default(),
                    next_position: blocking.sums_step(),
                    tiles: segment.count,
                    rows: rows_of_tiles,
                    y: y.get_mut(first..).unwrap_or_default(),
                    width: columns.output,
                    inside,
                };
                kernel.outputs(channel, finished);
            }
        }
    }
}

/// An output channel.
struct Channel<R> {
    arithmetic: Int8<R>,
    channel: (i32, FixedPoint),
}

impl<R: Rescale> Finish for Channel<R> {
    fn finish(&self, sum: i32) -> i8 {
        let (bias, _) = self.channel;
        self.arithmetic.finish(self.channel, bias.wrapping_add(sum))
    }

    #[cfg(neon)]
    fn parameters(&self) -> (i32, FixedPoint, RequantizeParams) {
        let (bias, factor) = self.channel;
        (bias, factor, self.arithmetic.requantize_params())
    }
}
