//! Direct convolution in f32 with neighbouring outputs of a row in a vector, for layers that are
//! pointwise.
//!
//! Memory contract: reads the input and the packed weights; adds to every output once per part of the taps.

use core::array::from_fn;

use crate::arch::isa::{F32Lanes, Isa, Lanes, Operation};
use crate::arch::rows::Rows;
use crate::kernel::arithmetic::{Arithmetic, Float};
use crate::kernel::direct::{Block, Direct, OperandsOf, Shape};

/// Columns that go through all output channels before the next ones do, so that their inputs stay in the
/// first-level cache.
const COLUMNS: usize = 64;

/// The most input channels whose products are summed up in registers, and whose inputs that cache holds. It
/// bounds the rounding error as [`CAPACITY`](crate::arch::taps::CAPACITY) does.
const CHANNELS: usize = 72;

/// Output channels that share each loaded vector of inputs.
const fn channels_at_once<L: Lanes>(block: usize) -> usize {
    match (block, L::REGISTERS) {
        (8.., 32..) => 8,
        (16.., _) => 6,
        (4.., _) => 4,
        _ => 1,
    }
}

/// Whether a layer is pointwise over one long row, in which pixels fill vectors as well as output channels do
/// and come out in the order in which they are stored.
pub(crate) fn fits(shape: &Shape) -> bool {
    shape.kernel() == 1 && shape.rows.output == 1 && shape.columns.output >= COLUMNS
}

/// Computes a whole output.
pub(crate) struct OverPixels<'a, I: Isa> {
    pub(crate) direct: Direct<Float<I>>,
    pub(crate) operands: OperandsOf<'a, Float<I>>,
}

impl<I: Isa> Operation for OverPixels<'_, I> {
    #[inline(always)]
    fn run<J: Isa>(mut self, _isa: J) {
        let Shape { channels, columns, .. } = self.direct.shape;
        let (inputs, pixels) = (channels.inputs, columns.output);
        for channel in (0..inputs).step_by(CHANNELS) {
            let count = CHANNELS.min(inputs - channel);
            let pass = Pass { channel, count, once: count == inputs };
            for group in 0..channels.groups {
                for first in (0..pixels).step_by(COLUMNS) {
                    let end = pixels.min(first + COLUMNS);
                    // No less than a whole vector, where some outputs may be written twice.
                    let first = if pass.once { first.min(end.saturating_sub(16)) } else { first };
                    let x = (group * inputs + channel) * pixels + first;
                    let strip = Strip { x, y: first, pixels: end - first };
                    let direct = self.direct;
                    let blocks = direct.blocks(group * channels.outputs);
                    for block in blocks.take_while(|block| block.group == group) {
                        self.block(strip, block, pass);
                    }
                }
            }
        }
    }
}

/// One way through the outputs with a part of the input channels.
#[derive(Clone, Copy)]
struct Pass {
    /// The first input channel and how many.
    channel: usize,
    count: usize,
    /// Whether there is no other pass.
    once: bool,
}

impl<I: Isa> OverPixels<'_, I> {
    #[inline(always)]
    fn block(&mut self, strip: Strip, block: Block, pass: Pass) {
        let mut lane = 0;
        while lane < block.size {
            let most = channels_at_once::<I::X16>(block.size).min(block.size - lane);
            let channels = match most {
                8 => self.strip::<8, 2>(strip, block, lane, pass),
                6 => self.strip::<6, 1>(strip, block, lane, pass),
                4 => self.strip::<4, 1>(strip, block, lane, pass),
                _ => self.strip::<1, 4>(strip, block, lane, pass),
            };
            lane += channels;
        }
    }

    /// `R` output channels from `lane` of the block on, vectors of `V` times 16 outputs first. Returns `R`.
    #[inline(always)]
    fn strip<const R: usize, const V: usize>(
        &mut self,
        strip: Strip,
        block: Block,
        lane: usize,
        pass: Pass,
    ) -> usize {
        let (inputs, plane) = (self.direct.shape.channels.inputs, self.direct.shape.out_plane());
        let first = block.first + lane;
        let weight = block.first * inputs + pass.channel * block.size;
        let (Some(x), Some(weight), Some(y)) = (
            self.operands.x.get(strip.x..),
            self.operands.weight.get(weight..),
            self.operands.y.get_mut(first * plane + strip.y..),
        ) else {
            return R;
        };
        let bias = |channel| Float::<I>::channel(self.operands.parameters, first + channel);
        let start = (pass.channel == 0).then(|| from_fn(bias));
        let Block { size: block, .. } = block;
        let rows = Rows::<R> { inputs: pass.count, weight, lane, block, plane, start };
        let outputs = Outputs { rows, once: pass.once, x, y };
        outputs.run::<I, V>(self.direct.arithmetic.0, strip.pixels);
        R
    }
}

/// Neighbouring outputs, in every channel.
#[derive(Clone, Copy)]
struct Strip {
    /// Where the first output's input is.
    x: usize,
    /// Where the outputs begin within a plane.
    y: usize,
    pixels: usize,
}

/// A strip in `R` channels.
struct Outputs<'a, const R: usize> {
    rows: Rows<'a, R>,
    /// Whether they are written once.
    once: bool,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl<const R: usize> Outputs<'_, R> {
    #[inline(always)]
    fn run<I: Isa, const V: usize>(mut self, isa: I, columns: usize) {
        let mut done = 0;
        done = self.vectors::<_, V>(isa.x16(), done, columns);
        done = self.vectors::<_, 1>(isa.x16(), done, columns);
        // Outputs that are written once may be written twice.
        if self.once && done < columns && columns >= 16 {
            done = self.vectors::<_, 1>(isa.x16(), columns - 16, columns);
        }
        done = self.vectors::<_, 1>(isa.x8(), done, columns);
        done = self.vectors::<_, 1>(isa.x4(), done, columns);
        self.vectors::<_, 1>(isa.x1(), done, columns);
    }

    /// As many of the outputs from `done` on as make `V` vectors at a time; returns the end of them.
    #[inline(always)]
    fn vectors<L: F32Lanes, const V: usize>(
        &mut self,
        lanes: L,
        mut done: usize,
        columns: usize,
    ) -> usize {
        while done + V * L::LANES <= columns {
            let (Some(x), Some(y)) = (self.x.get(done..), self.y.get_mut(done..)) else {
                return columns;
            };
            self.rows.write::<L, V>(lanes, x, y);
            done += V * L::LANES;
        }
        done
    }
}
