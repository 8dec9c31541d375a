//! Sums of tiles to outputs.

use core::marker::PhantomData;

use crate::isa::traits::{F32Lanes, Isa, Operation};
use crate::kernel::conv::problem::Shape;
use crate::kernel::conv::winograd::blocking::{Block, Blocking};
use crate::kernel::conv::winograd::tile::Tile;
use crate::kernel::pieces;

/// Transforms the sums of a block of tiles in a block of `B` output channels, and writes what lies inside
/// of the output.
pub(crate) struct Outputs<'a, T, L, const M: usize, const R: usize, const B: usize> {
    pub(crate) lanes: L,
    pub(crate) shape: Shape,
    pub(crate) blocking: Blocking,
    pub(crate) block: Block,
    pub(crate) bias: &'a [f32],
    /// Position by position: tile by tile, `B` channels each.
    pub(crate) sums: &'a [f32],
    /// A segment's outputs, row by row, `B` channels each.
    pub(crate) pixels: &'a mut [f32],
    pub(crate) y: &'a mut [f32],
    pub(crate) tile: PhantomData<T>,
}

impl<T, L, const M: usize, const R: usize, const B: usize> Operation for Outputs<'_, T, L, M, R, B>
where
    T: Tile<M, R>,
    L: F32Lanes,
{
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { lanes, shape, blocking, block, bias, sums, pixels, y, .. } = self;
        let Shape { rows, columns, .. } = shape;
        let step = blocking.sums_step();
        let factors = &lanes.factors(T::FACTORS);
        for segment in blocking.segments(block) {
            let width = segment.count * M;
            for tile in 0..segment.count {
                for lane in (0..B).step_by(L::LANES) {
                    let [bias] = lanes.load_each::<1>(bias, lane, 0);
                    let mut tall = [[lanes.zero(); R]; M];
                    for position in 0..R {
                        let at = position * step + (segment.index + tile) * B + lane;
                        let column = lanes.load_each::<R>(sums, at, R * step);
                        let column = T::output(lanes, factors, None, column);
                        for (row, sum) in tall.iter_mut().zip(column) {
                            if let Some(place) = row.get_mut(position) {
                                *place = sum;
                            }
                        }
                    }
                    for (row, sums) in tall.into_iter().enumerate() {
                        let at = (row * width + tile * M) * B + lane;
                        lanes.store_each(
                            pixels,
                            at,
                            B,
                            T::output(lanes, factors, Some(bias), sums),
                        );
                    }
                }
            }
            let inside = width.min(columns.output - segment.column);
            let height = M.min(rows.output - segment.row);
            for (row, pixels) in pieces(pixels.as_chunks::<B>().0, width).take(height).enumerate() {
                let first = (segment.row + row) * columns.output + segment.column;
                let y = y.get_mut(first..).unwrap_or_default();
                isa.transpose(pixels.get(..inside).unwrap_or_default(), y, shape.out_plane(), 1);
            }
        }
    }
}
