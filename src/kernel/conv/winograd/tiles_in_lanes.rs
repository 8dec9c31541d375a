//! The same on NEON, with neighbouring tiles in the lanes of vectors rather than neighbouring channels. Its loads and
//! stores take rows apart and put them together by the columns of tiles, so that nothing has to be transposed, and
//! the sums are those of a pointwise layer, at each position by itself.

use core::array::from_fn;
use core::marker::PhantomData;

use crate::geometry::{Channels, missing};
use crate::isa::generic::rows::{Rows, Start};
use crate::isa::neon::Neon;
use crate::isa::neon::f32::gemm::SumsOfRows;
use crate::isa::neon::f32::winograd::LANES;
use crate::isa::traits::{F32Lanes, Isa, Lanes, Operation};
use crate::kernel::arithmetic::FLOAT_BLOCKS;
use crate::kernel::conv::problem::{Operands, Shape};
use crate::kernel::conv::winograd::blocking::{Block, Blocking, Segment};
use crate::kernel::conv::winograd::tile::Tile;
use crate::kernel::conv::winograd::{Nest, Winograd, channel_groups};
use crate::kernel::{pieces, pieces_mut};

/// The most products that are summed up in registers before they are added to the totals. It bounds the rounding error.
const PRODUCTS: usize = 128;

impl<T: Tile<M, R>, const M: usize, const R: usize> Nest<'_, T, M, R> {
    /// Computes a whole output.
    #[inline(never)]
    pub(in crate::kernel::conv) fn tiles_in_lanes(self, neon: Neon) {
        let Winograd { shape, operands, workspace } = self.winograd;
        let Channels { inputs, outputs, .. } = shape.channels;
        let blocking = Blocking::new(&shape, M);
        let [transformed, sums, rows] = blocking.split(workspace);
        for Operands { weight, parameters: bias, x, y } in channel_groups(&shape, R * R, operands) {
            for block in blocking.blocks() {
                let plane = Plane { shape, blocking, block, tile: PhantomData::<T> };
                neon.run(Inputs { plane, x, rows: &mut *rows, to: &mut *transformed });
                let mut first = 0;
                for &size in FLOAT_BLOCKS {
                    while first + size <= outputs {
                        let weight = weight.get(first * inputs * R * R..).unwrap_or_default();
                        let (x, to) = (&*transformed, &mut *sums);
                        neon.run(Sums { plane, size, weight, x, to });
                        let bias = bias.get(first..first + size).unwrap_or_default();
                        let y = y.get_mut(first * shape.out_plane()..).unwrap_or_default();
                        neon.run(Outputs { plane, bias, sums: &*sums, y });
                        first += size;
                    }
                }
            }
        }
    }
}

/// A block of tiles.
struct Plane<T, const M: usize, const R: usize> {
    shape: Shape,
    blocking: Blocking,
    block: Block,
    tile: PhantomData<T>,
}

impl<T, const M: usize, const R: usize> Clone for Plane<T, M, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const M: usize, const R: usize> Copy for Plane<T, M, R> {}

impl<T: Tile<M, R>, const M: usize, const R: usize> Plane<T, M, R> {
    /// The tiles in pieces of rows.
    fn segments(&self) -> impl Iterator<Item = Segment> {
        Blocking { segment: self.blocking.across, ..self.blocking }.segments(self.block)
    }
}

/// Transforms the inputs of a block of tiles, in all channels of a group.
struct Inputs<'a, T, const M: usize, const R: usize> {
    plane: Plane<T, M, R>,
    x: &'a [f32],
    /// A segment's inputs with their columns transformed, row by row, and a row of zeros.
    rows: &'a mut [f32],
    /// Position by position: channel by channel, the tiles of each.
    to: &'a mut [f32],
}

impl<T: Tile<M, R>, const M: usize, const R: usize> Operation for Inputs<'_, T, M, R> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { plane, x, rows: scratch, to } = self;
        let Plane { shape, blocking, .. } = plane;
        let Shape { rows, columns, .. } = shape;
        let lanes = Neon::new().widest();
        for segment in plane.segments() {
            let width = (segment.count.max(LANES) + 1) * M;
            let Some((zeros, scratch)) = scratch.split_at_mut_checked(width) else {
                return missing();
            };
            let Some(scratch) = scratch.get_mut(..R * width) else { return missing() };
            zeros.fill(0.0);
            scratch.fill(0.0);
            // The columns that lie inside of the input.
            let met = segment.count * M + 2;
            let start = columns.before.saturating_sub(segment.column).min(met);
            let end = (columns.before + columns.input).saturating_sub(segment.column).min(met);
            let zeros = zeros.get(start..end).unwrap_or_default();
            let first = (segment.column + start).saturating_sub(columns.before);
            let starts = from_fn(|row| {
                let row = (segment.row + row).checked_sub(rows.before);
                let inside = row.filter(|&row| row < rows.input && start < end);
                inside.map_or(usize::MAX, |row| row * columns.input + first)
            });
            for (channel, x) in pieces(x, shape.in_plane()).take(shape.channels.inputs).enumerate()
            {
                let inside = scratch.get_mut(start..).unwrap_or_default();
                lanes.down::<R>(x, starts, zeros, inside, width, |x| T::input(lanes, x));
                let to = to.get_mut(channel * blocking.tiles + segment.index..).unwrap_or_default();
                let (from, to) = ((&*scratch, width), (to, blocking.input_step()));
                lanes.across::<M, R>(from, to, segment.count, |x| T::input(lanes, x));
            }
        }
    }
}

/// Multiplies the transformed inputs of a block of tiles with the weights of a block of `size` output channels.
struct Sums<'a, T, const M: usize, const R: usize> {
    plane: Plane<T, M, R>,
    size: usize,
    weight: &'a [f32],
    x: &'a [f32],
    /// Position by position: output channel by output channel, the tiles of each.
    to: &'a mut [f32],
}

impl<T: Tile<M, R>, const M: usize, const R: usize> Operation for Sums<'_, T, M, R> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { plane: Plane { shape, blocking, block, .. }, size, weight, x, to } = self;
        let inputs = shape.channels.inputs;
        let positions = pieces(x, blocking.input_step())
            .zip(pieces_mut(to, blocking.sums_step()))
            .zip(pieces(weight, inputs * size));
        for ((x, to), weight) in positions {
            for first in (0..inputs).step_by(PRODUCTS) {
                let weight = weight.get(first * size..).unwrap_or_default();
                let x = x.get(first * blocking.tiles..).unwrap_or_default();
                let part = Part {
                    inputs: PRODUCTS.min(inputs - first),
                    first: first == 0,
                    size,
                    step: blocking.tiles,
                    weight,
                };
                let mut done = 0;
                while done < block.count {
                    let x = x.get(done..).unwrap_or_default();
                    let to = to.get_mut(done..).unwrap_or_default();
                    done += part.tiles(block.count - done, x, to);
                }
            }
        }
    }
}

/// The products of some input channels.
struct Part<'a> {
    inputs: usize,
    /// Whether they are the first.
    first: bool,
    /// Output channels.
    size: usize,
    /// From one channel's tiles to the next.
    step: usize,
    weight: &'a [f32],
}

impl Part<'_> {
    /// As many of the next `left` tiles as fill registers; returns their number.
    #[inline(always)]
    fn tiles(&self, left: usize, x: &[f32], to: &mut [f32]) -> usize {
        let sums = SumsOfRows {
            columns: self.inputs,
            weight: self.weight,
            x,
            rows: self.size,
            step: self.step,
            add: !self.first,
        };
        match sums.write(left, to) {
            0 => self.other_tiles(left, x, to),
            done => done,
        }
    }

    /// [`tiles`](Self::tiles) where they or the output channels are not as many as are usual.
    #[inline(never)]
    fn other_tiles(&self, left: usize, x: &[f32], to: &mut [f32]) -> usize {
        let neon = Neon::new();
        match (left, self.size) {
            (12.., 4) => self.channels::<_, 4>(neon.row(), 0, x, to),
            (12.., _) => self.channels::<_, 1>(neon.row(), 0, x, to),
            (5.., 16) => self.halves(neon.x8(), x, to),
            (_, 16) => self.channels::<_, 16>(neon.x4(), 0, x, to),
            (_, 8) => self.channels::<_, 8>(neon.x4(), 0, x, to),
            (_, 4) => self.channels::<_, 4>(neon.x4(), 0, x, to),
            _ => self.channels::<_, 1>(neon.x4(), 0, x, to),
        }
    }

    /// Sixteen output channels, half of them at a time.
    #[inline(always)]
    fn halves<L: F32Lanes>(&self, lanes: L, x: &[f32], to: &mut [f32]) -> usize {
        self.channels::<_, 8>(lanes, 0, x, to);
        self.channels::<_, 8>(lanes, 8, x, to.get_mut(8 * self.step..).unwrap_or_default())
    }

    /// `C` output channels from `lane` on.
    #[inline(always)]
    fn channels<L: F32Lanes, const C: usize>(
        &self,
        lanes: L,
        lane: usize,
        x: &[f32],
        to: &mut [f32],
    ) -> usize {
        let rows = Rows::<C, 1> {
            inputs: self.inputs,
            weight: self.weight,
            next_input: self.size,
            lane,
            next_output: 0,
            in_plane: self.step,
            out_plane: self.step,
            start: if self.first { Start::Zero } else { Start::Output },
        };
        rows.write::<L, 1>(lanes, x, to);
        L::LANES
    }
}

/// Transforms the sums of a block of tiles in some output channels, and writes what lies inside of the output.
struct Outputs<'a, T, const M: usize, const R: usize> {
    plane: Plane<T, M, R>,
    /// Of each of the channels.
    bias: &'a [f32],
    sums: &'a [f32],
    y: &'a mut [f32],
}

impl<T: Tile<M, R>, const M: usize, const R: usize> Operation for Outputs<'_, T, M, R> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { plane, bias, sums, y } = self;
        let Plane { shape, blocking, .. } = plane;
        let Shape { rows, columns, .. } = shape;
        let lanes = Neon::new().widest();
        for segment in plane.segments() {
            let height = rows.output.saturating_sub(segment.row);
            for (channel, (y, &bias)) in
                pieces_mut(&mut *y, shape.out_plane()).zip(bias).enumerate()
            {
                let bias = lanes.splat(bias);
                let at = channel * blocking.tiles + segment.index;
                let y = y.get_mut(segment.row * columns.output + segment.column..);
                lanes.outputs::<M, R>(
                    (sums.get(at..).unwrap_or_default(), blocking.sums_step()),
                    (y.unwrap_or_default(), columns.output),
                    [segment.count, height, columns.output.saturating_sub(segment.column)],
                    T::FACTORS,
                    |factors, x| T::output(lanes, factors, None, x),
                    |factors, x| T::output(lanes, factors, Some(bias), x),
                );
            }
        }
    }
}
