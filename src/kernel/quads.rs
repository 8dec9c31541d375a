//! Direct convolution in i8 where instructions sum up four products at a time.
//!
//! Of a region ([`Region`]) sixteen neighbouring outputs at a time: what four taps meet is put side by side, for as
//! many taps as [`Taps`] hold, and then multiplied with the weights of some blocks of output channels.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

use core::array::from_fn;

use crate::arch::neon::int8::{Dots, has_smallest};
use crate::arch::quads::{CHANNELS, Lookup, OUTPUTS, Quad, Scale, Totals, Weights};
use crate::arch::taps::{CAPACITY, Steps, Taps};
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::block::start;
use crate::kernel::direct::{Block, Direct, Operands, Region, Shape};
use crate::kernel::group::Place;
use crate::quant::FixedPoint;

/// Blocks of output channels whose totals are on the stack.
const BLOCKS: usize = 4;

/// Quads of taps at a time.
const QUADS: usize = CAPACITY.div_ceil(4);

/// The fewest columns of outputs with which a group of fewer channels than a block is computed here.
const COLUMNS: usize = 24;

/// Whether a layer fills enough of what is computed at a time.
pub(crate) fn fits(shape: &Shape) -> bool {
    shape.channels.outputs >= CHANNELS || shape.columns.output >= COLUMNS
}

/// A convolution and what it works on.
pub(crate) struct Quads<'a, R> {
    pub(crate) dots: Dots,
    pub(crate) direct: &'a Direct<Int8<R>>,
    pub(crate) operands: Operands<'a, i8, Int8Channels<'a>>,
}

/// At most [`OUTPUTS`] neighbours of a region.
#[derive(Clone, Copy)]
struct Tile {
    region: Region,
    place: Place,
    step: Place,
    count: usize,
}

/// What is worked on at a time.
struct Work<'a> {
    taps: &'a mut Taps,
    /// Whether the taps are dense, see [`Weights`].
    dense: bool,
    lookup: &'a mut [Lookup; QUADS],
    inputs: &'a mut [Quad; QUADS],
    blocks: [Block; BLOCKS],
    totals: &'a mut [Totals; BLOCKS],
    /// What the sums of each block start from, and the factors of their channels.
    starts: [[i32; CHANNELS]; BLOCKS],
    factors: [[FixedPoint; CHANNELS]; BLOCKS],
    /// Whether a weight may be -128.
    smallest: bool,
}

impl<R: Rescale> Quads<'_, R> {
    /// Computes a whole output.
    #[inline(never)]
    pub(crate) fn run(mut self) {
        let shape = self.direct.shape;
        let nothing = FixedPoint { multiplier: 0, shift: 0 };
        // By themselves, so that they are not built in one place and copied to another.
        let mut taps = Taps::new(Steps { x: shape.in_plane(), weight: shape.kernel() });
        let mut lookup = [Lookup { first: usize::MAX, index: [0; 16] }; QUADS];
        let mut inputs = [Quad([[0; 4]; OUTPUTS]); QUADS];
        let mut totals = [Totals([[0; OUTPUTS]; CHANNELS]); BLOCKS];
        let mut work = Work {
            taps: &mut taps,
            dense: false,
            lookup: &mut lookup,
            inputs: &mut inputs,
            blocks: [Block { first: 0, group: 0, size: 0 }; BLOCKS],
            totals: &mut totals,
            starts: [[0; CHANNELS]; BLOCKS],
            factors: [[nothing; CHANNELS]; BLOCKS],
            smallest: has_smallest(self.operands.weight),
        };
        for rows in self.direct.along(shape.rows).runs() {
            for columns in self.direct.along(shape.columns).runs() {
                let region = Region { rows, columns };
                self.list(region, 0, shape.channels.inputs, &mut work);
                let mut blocks = self.direct.blocks(0).peekable();
                while let Some(first) = blocks.peek().copied() {
                    let mut count = 0;
                    for place in &mut work.blocks {
                        if let Some(block) = blocks.next_if(|block| block.group == first.group) {
                            *place = block;
                            count += 1;
                        }
                    }
                    self.region(region, count, &mut work);
                }
            }
        }
    }

    /// Lists a region's taps, and where they find their weights.
    fn list(&self, region: Region, first: usize, channels: usize, work: &mut Work<'_>) {
        self.direct.list(region, first, channels, work.taps);
        let (_, taps) = work.taps.offsets(channels);
        work.dense = taps.iter().enumerate().all(|(index, &tap)| index == tap);
        if !work.dense {
            for (lookup, taps) in work.lookup.iter_mut().zip(taps.chunks(4)) {
                *lookup = Lookup::new(taps);
            }
        }
    }

    /// A region in the first `blocks` blocks, all of one group; tiles lie along its longer side.
    fn region(&mut self, region: Region, blocks: usize, work: &mut Work<'_>) {
        let Region { rows, columns } = region;
        let shape = self.direct.shape;
        let each = work.starts.iter_mut().zip(&mut work.factors).zip(&work.blocks);
        for ((starts, factors), block) in each.take(blocks) {
            match block.size {
                CHANNELS => self.start::<CHANNELS>(region, block, starts, factors),
                _ => self.start::<1>(region, block, starts, factors),
            }
        }
        let (width, out_width) = (shape.columns.input, shape.columns.output);
        let start = Place {
            input: rows.input * width + columns.input,
            output: rows.output * out_width + columns.output,
        };
        let down = Place { input: rows.input_step * width, output: rows.output_step * out_width };
        let across = Place { input: columns.input_step, output: columns.output_step };
        let upright = columns.count < OUTPUTS.min(rows.count);
        let ((lines, to_next), (length, step)) = match upright {
            true => ((columns.count, across), (rows.count, down)),
            false => ((rows.count, down), (columns.count, across)),
        };
        let count = OUTPUTS.min(length);
        for line in 0..lines {
            let first = start.after(line, to_next);
            for at in (0..length).step_by(OUTPUTS) {
                // The last tile ends with the line.
                let place = first.after(at.min(length - count), step);
                self.tile(&Tile { region, place, step, count }, blocks, work);
            }
        }
    }

    /// What the sums of a block start from, and its factors.
    #[inline(always)]
    fn start<const C: usize>(
        &self,
        region: Region,
        block: &Block,
        starts: &mut [i32; CHANNELS],
        factors: &mut [FixedPoint; CHANNELS],
    ) {
        let shape = self.direct.shape;
        let parameters = self.operands.parameters;
        let channels: [_; C] = from_fn(|lane| Int8::<R>::channel(parameters, block.first + lane));
        let first = block.first * shape.channels.inputs * shape.kernel();
        let weight = self.operands.weight.get(first..).unwrap_or(&[]);
        let sums = start(self.direct, &channels, region, weight);
        for (start, sum) in starts.iter_mut().zip(sums) {
            *start = sum;
        }
        for (place, (_, factor)) in factors.iter_mut().zip(channels) {
            *place = factor;
        }
    }

    /// A tile in the first `blocks` blocks.
    fn tile(&mut self, tile: &Tile, blocks: usize, work: &mut Work<'_>) {
        let shape = self.direct.shape;
        let (channels, kernel) = (shape.channels.inputs, shape.kernel());
        let group = work.blocks.first().map_or(0, |block| block.group) * channels;
        let quads = tile.count.div_ceil(4);
        let per_channel = tile.region.rows.taps.count * tile.region.columns.taps.count;
        let at_once = work.taps.channels().max(1);
        for channel in (0..channels).step_by(at_once) {
            let count = at_once.min(channels - channel);
            // Once where there is no tap at all, as totals have to be set.
            for part in (0..per_channel.max(1)).step_by(CAPACITY) {
                if per_channel > CAPACITY {
                    self.list(tile.region, part, 1, work);
                }
                let (places, taps) = work.taps.offsets(count);
                let Some(inputs) = work.inputs.get_mut(..places.len().div_ceil(4)) else { return };
                let first = (group + channel) * shape.in_plane() + tile.place.input;
                let x = self.operands.x.get(first..).unwrap_or(&[]);
                self.dots.interleave(x, places, tile.step.input, inputs);
                for (totals, block) in work.totals.iter_mut().zip(&work.blocks).take(blocks) {
                    let first = (block.first * channels + channel * block.size) * kernel;
                    let weight = self.operands.weight.get(first..).unwrap_or(&[]);
                    let (dense, smallest, lookup) =
                        (work.dense, work.smallest, work.lookup.as_slice());
                    let weights = Weights { weight, taps, dense, lookup, smallest };
                    let first = channel == 0 && part == 0;
                    let Self { dots, .. } = *self;
                    match block.size {
                        CHANNELS => dots.add_products::<4>(inputs, &weights, quads, first, totals),
                        _ => dots.add_products::<1>(inputs, &weights, quads, first, totals),
                    }
                }
            }
        }
        let each = work.totals.iter().zip(&work.starts).zip(&work.factors).zip(&work.blocks);
        for (((totals, starts), factors), block) in each.take(blocks) {
            let each = totals.0.iter().zip(starts).zip(factors).take(block.size);
            for (lane, ((totals, &start), &factor)) in each.enumerate() {
                let Int8 { zero_point, range, .. } = self.direct.arithmetic;
                let scale = Scale { factor, rounding: R::ROUNDING, zero_point, range };
                let outputs = self.dots.finish(totals, start, &scale);
                let first = (block.first + lane) * shape.out_plane() + tile.place.output;
                let Some(y) = self.operands.y.get_mut(first..) else { return };
                match y.first_chunk_mut::<OUTPUTS>() {
                    Some(y) if tile.count == OUTPUTS && tile.step.output == 1 => *y = outputs,
                    _ => {
                        let y = y.iter_mut().step_by(tile.step.output.max(1));
                        y.zip(outputs).take(tile.count).for_each(|(y, output)| *y = output);
                    }
                }
            }
        }
    }
}
