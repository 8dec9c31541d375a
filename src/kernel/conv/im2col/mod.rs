//! Direct convolution in i8 as a matrix product: of patches, gathered for 16 outputs at a time, and panels of weights (im2col, in
//! pieces that fit on the stack).
//!
//! The patches of 16 neighbouring outputs are gathered once, with what padding holds where taps lie outside the input,
//! and multiplied with the weights of all output channels of their group. So all outputs that meet the same taps
//! ([`OutputPhase`]) are computed alike, whatever the stride, the dilation and the padding.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

mod output_phase;
mod parameters;
#[cfg(test)]
mod tests;
mod tile;

use core::mem::MaybeUninit;

use self::output_phase::OutputPhase;
use crate::isa::generic::im2col::{
    Accumulators, CAPACITY, CHANNELS, MicroKernel, PanelParameters, PatchBuffer, PatchSource, TAPS,
};
use crate::kernel::arithmetic::{Int8, Int8Channels, Rescale};
use crate::kernel::conv::problem::{Block, Convolution, Operands};
use crate::kernel::pieces_mut;
use crate::kernel::runs::Operator;
use crate::kernel::weight_order::{FOUR, Order, SIXTEEN, Sets};
use crate::quant::FixedPoint;

// Packing cuts weights as micro-kernels read them.
const _: () = assert!(SIXTEEN == TAPS && FOUR == CHANNELS && CAPACITY.is_multiple_of(TAPS));

/// Weight panels that share what is gathered: of those whose taps are multiplied in one part, and of those whose sums are
/// kept from part to part.
const PANELS: usize = 32;
const SPILLED_PANELS: usize = 16;

/// Its largest buffers on the stack, in bytes.
#[cfg(neon)]
pub(crate) const STACK: usize = size_of::<PatchSource>()
    + size_of::<PatchBuffer>()
    + size_of::<[PanelParameters; PANELS]>()
    + size_of::<[Accumulators; SPILLED_PANELS]>();

/// A convolution, what it works on, and the instructions that compute it.
pub(crate) struct Im2colGemm<'a, R, K> {
    pub(crate) micro_kernel: K,
    pub(crate) convolution: &'a Convolution<Int8<R>>,
    pub(crate) operands: Operands<'a, i8, Int8Channels<'a>>,
}

/// Weight panels that are computed together.
#[derive(Clone, Copy)]
struct PanelBatch {
    /// The first output channel, and its group.
    first: usize,
    group: usize,
    /// So many panels of [`CHANNELS`], and so many of one channel behind them.
    panels_of_4: usize,
    panels_of_1: usize,
}

impl PanelBatch {
    /// The output channels of each panel.
    fn each(self) -> impl Iterator<Item = Block> {
        let Self { first, group, panels_of_4, panels_of_1 } = self;
        let of_4 = (0..panels_of_4).map(move |index| (first + index * CHANNELS, CHANNELS));
        let behind = first + panels_of_4 * CHANNELS;
        let of_1 = (0..panels_of_1).map(move |index| (behind + index, 1));
        of_4.chain(of_1).map(move |(first, size)| Block { first, group, size })
    }
}

/// What is worked on at a time.
struct Scratch<'a> {
    order: Order,
    /// Where the weights of the phase's set of taps begin, per output channel, and how many they are.
    set: (usize, usize),
    source: &'a mut PatchSource,
    patches: &'a mut PatchBuffer,
    batch: PanelBatch,
    parameters: &'a mut [PanelParameters; PANELS],
    accumulators: &'a mut [Accumulators; SPILLED_PANELS],
}

impl<R: Rescale, K: MicroKernel> Im2colGemm<'_, R, K> {
    /// Computes a whole output.
    #[inline(never)]
    pub(crate) fn run(mut self) {
        let Convolution { shape, operator, .. } = *self.convolution;
        let order = Order {
            rows: Sets::of(&shape.rows, operator),
            columns: Sets::of(&shape.columns, operator),
            inputs: shape.channels.inputs,
            outputs: shape.channels.outputs,
        };
        // By themselves, so that they are not built in one place and copied to another.
        let mut source = MaybeUninit::uninit();
        let mut patches = MaybeUninit::uninit();
        let mut parameters = MaybeUninit::uninit();
        let mut accumulators = MaybeUninit::uninit();
        let mut scratch = Scratch {
            order,
            set: (0, 0),
            source: K::zeroed(&mut source),
            patches: K::zeroed(&mut patches),
            batch: PanelBatch { first: 0, group: 0, panels_of_4: 0, panels_of_1: 0 },
            parameters: K::zeroed(&mut parameters),
            accumulators: K::zeroed(&mut accumulators),
        };
        // No set has more taps than the first.
        let most = if order.set([0, 0]).1 <= CAPACITY { PANELS } else { SPILLED_PANELS };
        let mut blocks = self.convolution.blocks(0).peekable();
        while let Some(&Block { first, group, .. }) = blocks.peek() {
            let (mut panels_of_4, mut panels_of_1) = (0, 0);
            while panels_of_4 + panels_of_1 < most
                && let Some(block) = blocks.next_if(|block| block.group == group)
            {
                *if block.size == CHANNELS { &mut panels_of_4 } else { &mut panels_of_1 } += 1;
            }
            scratch.batch = PanelBatch { first, group, panels_of_4, panels_of_1 };
            self.batch(&mut scratch);
        }
    }

    /// All outputs of the panels that are worked on.
    #[inline(always)]
    fn batch(&mut self, scratch: &mut Scratch<'_>) {
        let Convolution { shape, operator, .. } = *self.convolution;
        for (parameters, block) in scratch.parameters.iter_mut().zip(scratch.batch.each()) {
            self.begin(block, &scratch.order, parameters);
        }
        let Order { rows, columns, .. } = scratch.order;
        // There are as many phases as the stride is, and each set of taps is that of one.
        let gaps = rows.filled() < shape.rows.stride.get()
            || columns.filled() < shape.columns.stride.get();
        if operator == Operator::Transposed && gaps {
            self.fill(scratch);
        }
        for rows in self.convolution.along(shape.rows).in_phases() {
            for columns in self.convolution.along(shape.columns).in_phases() {
                if rows.taps == 0 || columns.taps == 0 {
                    continue;
                }
                let phase = OutputPhase::new(rows, columns, operator);
                scratch.set = scratch.order.set([rows.set, columns.set]);
                for (parameters, block) in scratch.parameters.iter_mut().zip(scratch.batch.each()) {
                    self.begin_set(block, scratch.set, parameters);
                }
                scratch.source.forget();
                for tile in phase.tiles() {
                    self.tile(&phase, tile, scratch);
                }
                if self.has_padding_sums() {
                    let each = scratch.parameters.iter_mut().zip(scratch.batch.each());
                    for (parameters, block) in each {
                        self.add_padding(block, scratch.set, parameters, i32::wrapping_add);
                    }
                }
            }
        }
    }

    /// Writes what outputs are that meet no tap, everywhere; others are written later.
    #[inline(never)]
    fn fill(&mut self, scratch: &Scratch<'_>) {
        let Convolution { shape, arithmetic, .. } = *self.convolution;
        let first = scratch.batch.first * shape.out_plane();
        let y = self.operands.y.get_mut(first..).unwrap_or_default();
        let lanes =
            scratch.batch.each().zip(scratch.parameters.iter()).flat_map(|(block, parameters)| {
                (0..block.size).map(move |lane| (parameters, lane))
            });
        for (y, (parameters, lane)) in pieces_mut(y, shape.out_plane()).zip(lanes) {
            let of = |each: &[i32; CHANNELS]| each.get(lane).copied().unwrap_or(0);
            let factor = FixedPoint {
                multiplier: of(&parameters.multipliers),
                shift: of(&parameters.shifts),
            };
            y.fill(arithmetic.finish((0, factor), of(&parameters.starts)));
        }
    }
}
