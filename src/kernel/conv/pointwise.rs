//! Direct convolution in f32 with neighbouring inputs of a row in a vector, where every output meets one tap:
//! pointwise layers, and transposed ones of 2x2 with a stride of 2, whose rows come two at a time.
//!
//! Memory contract: reads the input and the packed weights; adds to every output once per part of the input
//! channels.

use crate::geometry::{Axis, Channels, missing};
use crate::isa::generic::rows::{Rows, Start};
use crate::isa::traits::{F32Lanes, Isa, Lanes, Operation};
use crate::kernel::arithmetic::Float;
use crate::kernel::conv::problem::{Block, ConvLayer, Convolution, OperandsOf, Shape};
use crate::kernel::runs::Operator;
use crate::tuning::FACTORS_IN_LANES;

/// Columns that go through all output channels before the next ones do, so that their inputs stay in the
/// first-level cache.
const COLUMNS: usize = 64;

/// Inputs of a row that a transposed layer needs, a vector of them.
const VECTOR: usize = 16;

/// The most input channels whose products are summed up in registers, and whose inputs that cache holds. It
/// bounds the rounding error as [`TAPS`](crate::tuning::TAPS) does.
const CHANNELS: usize = 72;

/// How many of the `left` output channels of a block share each loaded vector of inputs, `P` outputs each.
const fn channels_at_once<L: Lanes, const P: usize>(block: usize, left: usize) -> usize {
    let most = match (P, L::REGISTERS) {
        (1, _) if L::SCALARS > 1 && block >= 8 => 8,
        (_, _) if L::SCALARS > 1 => 4,
        (1, 32..) => 8,
        (1, _) if block >= 16 => 6,
        (1, _) | (_, 32..) => 4,
        _ => 3,
    };
    match left {
        // Rather than 3 + 1.
        4 if most == 3 => 2,
        _ if left < most => left,
        _ => most,
    }
}

/// Whether every output of a layer meets the one input at its own place in one long row, in which pixels fill vectors as
/// well as output channels do and come out in the order in which they are stored.
const fn is_pointwise(operator: Operator, shape: &Shape) -> bool {
    matches!(operator, Operator::Convolution(_))
        && shape.in_place()
        && shape.rows.input == 1
        && shape.columns.input >= COLUMNS
}

/// Whether a transposed layer makes two by two outputs of each input, in rows that fill a vector.
const fn doubles(operator: Operator, shape: &Shape) -> bool {
    matches!(operator, Operator::Transposed)
        && doubled(shape.rows)
        && doubled(shape.columns)
        && shape.columns.input >= VECTOR
}

/// Whether every input makes two outputs.
const fn doubled(axis: Axis) -> bool {
    let Axis { input, output, kernel, stride, dilation, before, .. } = axis;
    let doubles = kernel == 2 && stride.get() == 2 && dilation.get() == 1;
    doubles && before == 0 && output == 2 * input
}

/// Whether this is for a layer. With factors from lanes another nest is as fast for transposed layers.
pub(crate) const fn fits(layer: &ConvLayer) -> bool {
    let ConvLayer { operator, shape, .. } = layer;
    is_pointwise(*operator, shape) || !FACTORS_IN_LANES && doubles(*operator, shape)
}

/// Computes a whole output.
pub(crate) struct OverPixels<'a, I: Isa> {
    pub(crate) direct: Convolution<Float<I>>,
    pub(crate) operands: OperandsOf<'a, Float<I>>,
}

impl<I: Isa> Operation for OverPixels<'_, I> {
    #[inline(always)]
    fn run<J: Isa>(mut self, _isa: J) {
        match self.direct.operator {
            Operator::Convolution(_) => self.passes::<1>(),
            Operator::Transposed if const { I::X16::SCALARS == 1 } => self.passes::<2>(),
            // Not for this instruction set, see `fits`.
            Operator::Transposed => missing(),
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
    /// Everything, where each input meets `P` by `P` taps.
    #[inline(always)]
    fn passes<const P: usize>(&mut self) {
        let shape = self.direct.shape;
        let Channels { groups, inputs, outputs } = shape.channels;
        let strip = const { COLUMNS / I::Row::LANES * I::Row::LANES };
        for channel in (0..inputs).step_by(CHANNELS) {
            let count = CHANNELS.min(inputs - channel);
            let pass = Pass { channel, count, once: count == inputs };
            for group in 0..groups {
                let plane = (group * inputs + channel) * shape.in_plane();
                for row in 0..P * shape.rows.input {
                    let (input, tap) = (row / P, row % P * P);
                    let start = plane + input * shape.columns.input;
                    let mut first = 0;
                    while first < shape.columns.input {
                        let left = shape.columns.input - first;
                        // What does not fill a vector belongs to the strip before it.
                        let pixels = if left < strip + I::Row::LANES { left } else { strip };
                        let y = row * shape.columns.output + P * first;
                        let strip = Strip { x: start + first, y, tap, pixels };
                        let direct = self.direct;
                        let blocks = direct.blocks(group * outputs);
                        for block in blocks.take_while(|block| block.group == group) {
                            self.block::<P>(strip, block, pass);
                        }
                        first += pixels;
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn block<const P: usize>(&mut self, strip: Strip, block: Block, pass: Pass) {
        let mut lane = 0;
        while lane < block.size {
            let left = block.size - lane;
            let channels = match channels_at_once::<I::X16, P>(block.size, left) {
                8 if const { P == 1 && I::Row::SCALARS > 1 } => {
                    self.strip::<8, P, 1>(strip, block, lane, pass)
                }
                8 if const { P == 1 } => self.strip::<8, P, 2>(strip, block, lane, pass),
                6 if const { P == 1 && I::Row::SCALARS == 1 } => {
                    self.strip::<6, P, 1>(strip, block, lane, pass)
                }
                4 if const { P == 1 } => self.strip::<4, P, 1>(strip, block, lane, pass),
                4 => self.strip::<4, P, 2>(strip, block, lane, pass),
                3 if const { P > 1 } => self.strip::<3, P, 1>(strip, block, lane, pass),
                2 if const { P > 1 } => self.strip::<2, P, 1>(strip, block, lane, pass),
                _ if const { P > 1 } => self.strip::<1, P, 2>(strip, block, lane, pass),
                _ => self.strip::<1, P, 4>(strip, block, lane, pass),
            };
            lane += channels;
        }
    }

    /// `R` output channels from `lane` of the block on, vectors of `V` times 16 inputs first. Returns `R`.
    #[inline(always)]
    fn strip<const R: usize, const P: usize, const V: usize>(
        &mut self,
        strip: Strip,
        block: Block,
        lane: usize,
        pass: Pass,
    ) -> usize {
        let shape = self.direct.shape;
        let (first, kernel, out_plane) = (block.first + lane, shape.kernel(), shape.out_plane());
        let weight = (block.first * shape.channels.inputs + pass.channel * block.size) * kernel;
        let bias = self.operands.parameters.get(first..);
        let (Some(x), Some(weight), Some(bias), Some(y)) = (
            self.operands.x.get(strip.x..),
            self.operands.weight.get(weight..),
            bias.and_then(|bias| bias.first_chunk::<R>()),
            self.operands.y.get_mut(first * out_plane + strip.y..),
        ) else {
            missing();
            return R;
        };
        let rows = Rows::<R, P> {
            inputs: pass.count,
            weight,
            next_input: kernel * block.size,
            lane: strip.tap * block.size + lane,
            next_output: block.size,
            in_plane: shape.in_plane(),
            out_plane,
            start: if pass.channel == 0 { Start::Bias(bias) } else { Start::Output },
        };
        let outputs = Outputs { rows, once: pass.once, x, y };
        outputs.run::<I, V>(self.direct.arithmetic.0, strip.pixels);
        R
    }
}

/// Neighbouring inputs, and what they come to in a row of outputs, in every channel.
#[derive(Clone, Copy)]
struct Strip {
    /// Where the inputs begin.
    x: usize,
    /// Where the outputs begin within a plane.
    y: usize,
    /// The first output's tap.
    tap: usize,
    pixels: usize,
}

/// A strip in `R` channels.
struct Outputs<'a, const R: usize, const P: usize> {
    rows: Rows<'a, R, P>,
    /// Whether they are written once.
    once: bool,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl<const R: usize, const P: usize> Outputs<'_, R, P> {
    #[inline(always)]
    fn run<I: Isa, const V: usize>(mut self, isa: I, columns: usize) {
        let mut done = 0;
        done = self.vectors::<_, V>(isa.row(), done, columns);
        let once = self.once && done < columns;
        // Outputs that are written once may be written twice.
        if const { I::X4::SCALARS > 1 } && once && done + 4 >= columns && columns >= 4 {
            done = self.vectors::<_, 1>(isa.x4(), columns - 4, columns);
        }
        done = self.vectors::<_, 1>(isa.x16(), done, columns);
        if once && done < columns && columns >= I::X16::LANES {
            done = self.vectors::<_, 1>(isa.x16(), columns - I::X16::LANES, columns);
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
            let (Some(x), Some(y)) = (self.x.get(done..), self.y.get_mut(P * done..)) else {
                return columns;
            };
            self.rows.write::<L, V>(lanes, x, y);
            done += V * L::LANES;
        }
        done
    }
}
