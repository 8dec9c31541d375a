//! Inputs of tiles to the values that are multiplied by the weights'.

use core::marker::PhantomData;

use crate::geometry::missing;
use crate::isa::traits::{F32Lanes, Isa, Lanes, Operation};
use crate::kernel::conv::problem::Shape;
use crate::kernel::conv::winograd::blocking::{Block, Blocking, LANES, Segment};
use crate::kernel::conv::winograd::tile::Tile;

/// Transforms the inputs of a block of tiles in all channels of a group.
pub(crate) struct Inputs<'a, T, const M: usize, const R: usize> {
    pub(crate) shape: Shape,
    pub(crate) blocking: Blocking,
    pub(crate) block: Block,
    pub(crate) x: &'a [f32],
    /// A segment's inputs, row by row, [`LANES`] channels each.
    pub(crate) pixels: &'a mut [f32],
    /// Position by position: tile by tile, the channels of each.
    pub(crate) to: &'a mut [f32],
    pub(crate) tile: PhantomData<T>,
}

impl<T: Tile<M, R>, const M: usize, const R: usize> Operation for Inputs<'_, T, M, R> {
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { shape, blocking, block, x, pixels, to, .. } = self;
        let (plane, lanes) = (shape.in_plane(), isa.widest());
        let step = blocking.input_step();
        for segment in blocking.segments(block) {
            let width = segment.count * M + 2;
            for first in (0..shape.channels.inputs).step_by(LANES) {
                let end = shape.channels.inputs.min(first + LANES);
                let x = x.get(first * plane..end * plane).unwrap_or_default();
                read::<_, R>(isa, &shape, segment, width, x, pixels.as_chunks_mut().0);
                // Down the columns, in place.
                for at in (0..width * LANES).step_by(I::Widest::LANES) {
                    let column = lanes.load_each::<R>(pixels, at, width * LANES);
                    lanes.store_each(pixels, at, width * LANES, T::input(lanes, column));
                }
                // Along the rows.
                for tile in 0..segment.count {
                    for row in 0..R {
                        let from = (row * width + tile * M) * LANES;
                        let target =
                            row * R * step + (segment.index + tile) * blocking.depth + first;
                        for lane in (0..LANES).step_by(I::Widest::LANES) {
                            let row = lanes.load_each::<R>(pixels, from + lane, LANES);
                            lanes.store_each(to, target + lane, step, T::input(lanes, row));
                        }
                    }
                }
            }
        }
    }
}

/// Reads the inputs that a segment's tiles meet, zeros where there is padding or nothing.
#[inline(always)]
fn read<I: Isa, const R: usize>(
    isa: I,
    shape: &Shape,
    segment: Segment,
    width: usize,
    x: &[f32],
    pixels: &mut [[f32; LANES]],
) {
    let Shape { rows, columns, .. } = shape;
    // The columns that lie inside of the input.
    let start = columns.before.saturating_sub(segment.column).min(width);
    let end = (columns.before + columns.input).saturating_sub(segment.column).min(width);
    let mut rest = pixels;
    for row in 0..R {
        let Some((pixels, later)) = rest.split_at_mut_checked(width) else { return missing() };
        rest = later;
        let source = (segment.row + row).checked_sub(rows.before).filter(|&row| row < rows.input);
        let (Some(row), true) = (source, start < end) else {
            pixels.fill([0.0; LANES]);
            continue;
        };
        let first = row * columns.input + (segment.column + start - columns.before);
        let x = x.get(first..).unwrap_or_default();
        if let Some(outside) = pixels.get_mut(..start) {
            outside.fill([0.0; LANES]);
        }
        if let Some(outside) = pixels.get_mut(end..) {
            outside.fill([0.0; LANES]);
        }
        if let Some(inside) = pixels.get_mut(start..end) {
            isa.interleave(x, shape.in_plane(), inside);
        }
    }
}
