//! Winograd convolution for kernels of 3 x 3 taps with a stride of 1: in f32, and beneath in i8.
//!
//! The output is taken in blocks of tiles. The inputs of a block's tiles are transformed in all channels
//! of a group; then, for each block of output channels, they are multiplied by the transformed weights and
//! summed up over the input channels, at each position of the tile by itself, and the sums transformed to
//! outputs. The order of the summation is the same for every output.
//!
//! Memory contract: reads the input and the packed weights (see `plan/layout.rs` for their order); writes
//! every element of the output once, and the workspace as [`Blocking`] divides it.

mod blocking;
pub(crate) mod dilated;
mod input;
pub(crate) mod int8;
mod output;
mod sums;
mod tile;
#[cfg(neon)]
mod tiles_in_lanes;

use core::marker::PhantomData;

use crate::geometry::Channels;
use crate::isa::traits::{Isa, Operation};
use crate::kernel::arithmetic::FLOAT_BLOCKS;
use crate::kernel::conv::problem::{Operands, Shape};
use crate::kernel::{pieces, pieces_mut};
pub(crate) use blocking::Blocking;
use input::Inputs;
use output::Outputs;
use sums::Sums;
use tile::Tile;
pub(crate) use tile::{Tile2, Tile4};

/// What a Winograd convolution reads and writes, and its workspace.
pub(crate) struct Winograd<'a> {
    pub(crate) shape: Shape,
    pub(crate) operands: Operands<'a, f32, &'a [f32]>,
    pub(crate) workspace: &'a mut [f32],
}

/// Calls `compute` with each of the convolutions without dilation that a layer is.
#[inline(always)]
pub(super) fn each_nest<T: Tile<M, R>, const M: usize, const R: usize>(
    winograd: Winograd<'_>,
    compute: impl Fn(Nest<'_, T, M, R>),
) {
    let Winograd { shape, operands, workspace } = winograd;
    let Operands { weight, parameters, x, y } = operands;
    dilated::each_phase(shape, 0.0, x, y, workspace, |shape, x, y, workspace| {
        let operands = Operands { weight, parameters, x, y };
        let winograd = Winograd { shape, operands, workspace };
        compute(Nest { winograd, tile: PhantomData::<T> });
    });
}

/// What each group of channels reads and writes, with weights for so many `positions` in a tile.
fn channel_groups<'a>(
    shape: &Shape,
    positions: usize,
    operands: Operands<'a, f32, &'a [f32]>,
) -> impl Iterator<Item = Operands<'a, f32, &'a [f32]>> {
    let Channels { inputs, outputs, .. } = shape.channels;
    let Operands { weight, parameters, x, y } = operands;
    pieces(x, inputs * shape.in_plane())
        .zip(pieces(weight, outputs * inputs * positions))
        .zip(pieces(parameters, outputs))
        .zip(pieces_mut(y, outputs * shape.out_plane()))
        .map(|(((x, weight), parameters), y)| Operands { weight, parameters, x, y })
}

/// A convolution without dilation, by tiles of `M` by `M` outputs.
pub(super) struct Nest<'a, T, const M: usize, const R: usize> {
    winograd: Winograd<'a>,
    tile: PhantomData<T>,
}

impl<T: Tile<M, R>, const M: usize, const R: usize> Operation for Nest<'_, T, M, R> {
    fn run<I: Isa>(self, isa: I) {
        let Winograd { shape, operands, workspace } = self.winograd;
        let Channels { inputs, outputs, .. } = shape.channels;
        let blocking = Blocking::new(&shape, M);
        let [transformed, sums, pixels] = blocking.split(workspace);
        for Operands { weight, parameters: bias, x, y } in channel_groups(&shape, R * R, operands) {
            for block in blocking.blocks() {
                let tile = PhantomData::<T>;
                let (pixels, to) = (&mut *pixels, &mut *transformed);
                isa.run(Inputs { shape, blocking, block, x, pixels: &mut *pixels, to, tile });
                let mut first = 0;
                for &size in FLOAT_BLOCKS {
                    while first + size <= outputs {
                        let weight = weight.get(first * inputs * R * R..).unwrap_or_default();
                        let bias = bias.get(first..).unwrap_or_default();
                        let y = y.get_mut(first * shape.out_plane()..).unwrap_or_default();
                        macro_rules! block {
                            ($size:literal, $x:ident, $wide:ident) => {{
                                isa.run(Sums::<_, $size> {
                                    lanes: isa.$x(),
                                    blocking,
                                    tiles: block.count,
                                    inputs,
                                    weight: weight.as_chunks().0,
                                    x: &*transformed,
                                    to: &mut *sums,
                                });
                                isa.run(Outputs::<T, _, M, R, $size> {
                                    lanes: isa.$wide(),
                                    shape,
                                    blocking,
                                    block,
                                    bias,
                                    sums: &*sums,
                                    pixels: &mut *pixels,
                                    y,
                                    tile,
                                });
                            }};
                        }
                        match size {
                            16 => block!(16, x16, widest),
                            8 => block!(8, x8, x8),
                            4 => block!(4, x4, x4),
                            _ => block!(1, x1, x1),
                        }
                        first += size;
                    }
                }
            }
        }
    }
}
