//! Direct convolution in f32 with neighbouring outputs of a row in a vector, for layers that are
//! pointwise.
//!
//! Memory contract: reads the input and the packed weights; adds to every output once per part of the taps.

use core::array::from_fn;

use crate::arch::isa::{F32Lanes, Isa, Lanes, Operation};
use crate::arch::taps::{Steps, Taps};
use crate::kernel::arithmetic::{Arithmetic, Float};
use crate::kernel::direct::{Block, Direct, OperandsOf, Shape};

/// Columns that go through all output channels before the next ones do, so that their inputs stay in the
/// first-level cache.
const COLUMNS: usize = 64;

/// Output channels that share each loaded vector of inputs.
const fn channels_at_once<L: Lanes>(block: usize) -> usize {
    match (block, L::REGISTERS) {
        (8.., _) if L::SCALARS > 1 => 8,
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
        let mut taps = Taps::new(Steps { x: pixels, weight: 1 });
        taps.push(0, 0);
        taps.repeat(inputs);
        let at_once = taps.channels().max(1);
        for channel in (0..inputs).step_by(at_once) {
            let count = at_once.min(inputs - channel);
            let pass = Pass { taps: &taps, channel, count, once: at_once >= inputs };
            for group in 0..channels.groups {
                for first in (0..pixels).step_by(COLUMNS) {
                    let x = (group * inputs + channel) * pixels + first;
                    let strip = Strip { x, y: first, pixels: COLUMNS.min(pixels - first) };
                    let direct = self.direct;
                    let blocks = direct.blocks(group * channels.outputs);
                    for block in blocks.take_while(|block| block.group == group) {
                        self.block(strip, block, &pass);
                    }
                }
            }
        }
    }
}

/// One way through the outputs with a part of the input channels.
struct Pass<'a> {
    taps: &'a Taps,
    /// The first input channel and how many.
    channel: usize,
    count: usize,
    /// Whether there is no other pass.
    once: bool,
}

impl<I: Isa> OverPixels<'_, I> {
    #[inline(always)]
    fn block(&mut self, strip: Strip, block: Block, pass: &Pass<'_>) {
        let mut lane = 0;
        while lane < block.size {
            let most = channels_at_once::<I::X16>(block.size).min(block.size - lane);
            let channels = match most {
                8 if I::Row::SCALARS > 1 => self.strip::<8, 1>(strip, block, lane, pass),
                8 => self.strip::<8, 2>(strip, block, lane, pass),
                6 if I::Row::SCALARS == 1 => self.strip::<6, 1>(strip, block, lane, pass),
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
        pass: &Pass<'_>,
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
        let rows = Rows::<R> { pass, weight: (weight, lane, block.size), x, start, y, plane };
        rows.run::<I, V>(self.direct.arithmetic.0, strip.pixels);
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
struct Rows<'a, const R: usize> {
    pass: &'a Pass<'a>,
    weight: (&'a [f32], usize, usize),
    x: &'a [f32],
    start: Option<[f32; R]>,
    y: &'a mut [f32],
    plane: usize,
}

impl<const R: usize> Rows<'_, R> {
    #[inline(always)]
    fn run<I: Isa, const V: usize>(mut self, isa: I, columns: usize) {
        let mut done = 0;
        done = self.vectors::<_, V>(isa.row(), done, columns);
        done = self.vectors::<_, 1>(isa.x16(), done, columns);
        // Outputs that are written once may be written twice.
        if self.pass.once && columns >= 8 {
            if done < columns {
                done = self.vectors::<_, 1>(isa.x8(), done.min(columns - 8), columns);
            }
            if done < columns {
                self.vectors::<_, 1>(isa.x8(), columns - 8, columns);
            }
            return;
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
            let Pass { taps, count, .. } = *self.pass;
            let y = (y, self.plane);
            taps.rows_of_products::<L, R, V>(lanes, count, self.weight, x, self.start, y);
            done += V * L::LANES;
        }
        done
    }
}
