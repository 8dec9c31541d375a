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
use crate::kernel::direct::{Block, Direct, Operands, Region};
use crate::kernel::group::Place;

/// Blocks of output channels whose totals are on the stack.
const BLOCKS: usize = 8;

/// Quads of taps at a time.
const QUADS: usize = CAPACITY.div_ceil(4);

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
struct Work {
    taps: Taps,
    /// Whether the taps are dense, see [`Weights`].
    dense: bool,
    lookup: [Lookup; QUADS],
    inputs: [Quad; QUADS],
    /// The input channel, counted through all groups, and the tap from which on they are there.
    from: Option<(usize, usize)>,
    totals: [Totals; BLOCKS],
    /// Whether a weight may be -128.
    smallest: bool,
}

impl<R: Rescale> Quads<'_, R> {
    /// Computes a whole output.
    #[inline(never)]
    pub(crate) fn run(mut self) {
        let shape = self.direct.shape;
        let mut work = Work {
            taps: Taps::new(Steps { x: shape.in_plane(), weight: shape.kernel() }),
            dense: false,
            lookup: [Lookup { first: usize::MAX, index: [0; 16] }; QUADS],
            inputs: [Quad([[0; 4]; OUTPUTS]); QUADS],
            from: None,
            totals: [Totals([[0; OUTPUTS]; CHANNELS]); BLOCKS],
            smallest: has_smallest(self.operands.weight),
        };
        for rows in self.direct.along(shape.rows).runs() {
            for columns in self.direct.along(shape.columns).runs() {
                let region = Region { rows, columns };
                let (width, out_width) = (shape.columns.input, shape.columns.output);
                let start = Place {
                    input: rows.input * width + columns.input,
                    output: rows.output * out_width + columns.output,
                };
                let down =
                    Place { input: rows.input_step * width, output: rows.output_step * out_width };
                let across = Place { input: columns.input_step, output: columns.output_step };
                let upright = columns.count < OUTPUTS.min(rows.count);
                let ((lines, to_next), (length, step)) = match upright {
                    true => ((columns.count, across), (rows.count, down)),
                    false => ((rows.count, down), (columns.count, across)),
                };
                self.list(region, 0, shape.channels.inputs, &mut work);
                for line in 0..lines {
                    let first = start.after(line, to_next);
                    let mut done = 0;
                    while done < length {
                        // The last tile ends with the line.
                        let at = done.min(length.saturating_sub(OUTPUTS));
                        let count = OUTPUTS.min(length);
                        self.tile(
                            &Tile { region, place: first.after(at, step), step, count },
                            &mut work,
                        );
                        done = at + count;
                    }
                }
            }
        }
    }

    /// Lists a region's taps, and where they find their weights.
    fn list(&self, region: Region, first: usize, channels: usize, work: &mut Work) {
        self.direct.list(region, first, channels, &mut work.taps);
        let (_, taps) = work.taps.offsets(channels);
        work.dense = taps.iter().enumerate().all(|(index, &tap)| index == tap);
        if !work.dense {
            for (lookup, taps) in work.lookup.iter_mut().zip(taps.chunks(4)) {
                *lookup = Lookup::new(taps);
            }
        }
    }

    /// A tile in all output channels, some blocks at a time.
    fn tile(&mut self, tile: &Tile, work: &mut Work) {
        work.from = None;
        let mut blocks = self.direct.blocks(0);
        let mut next = blocks.next();
        while let Some(first) = next {
            let mut some = [first; BLOCKS];
            let mut count = 0;
            for place in &mut some {
                if let Some(block) = next
                    && block.group == first.group
                {
                    *place = block;
                    count += 1;
                    next = blocks.next();
                }
            }
            self.blocks(tile, some.get(..count).unwrap_or_default(), work);
        }
    }

    /// A tile in a few blocks of a group.
    #[inline(always)]
    fn blocks(&mut self, tile: &Tile, blocks: &[Block], work: &mut Work) {
        let shape = self.direct.shape;
        let (channels, kernel) = (shape.channels.inputs, shape.kernel());
        let group = blocks.first().map_or(0, |block| block.group) * channels;
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
                let len = places.len().div_ceil(4);
                let Some(inputs) = work.inputs.get_mut(..len) else { continue };
                if work.from != Some((group + channel, part)) {
                    work.from = Some((group + channel, part));
                    let first = (group + channel) * shape.in_plane() + tile.place.input;
                    let x = self.operands.x.get(first..).unwrap_or(&[]);
                    self.dots.interleave(x, places, tile.step.input, inputs);
                }
                for (totals, block) in work.totals.iter_mut().zip(blocks) {
                    let first = (block.first * channels + channel * block.size) * kernel;
                    let weight = self.operands.weight.get(first..).unwrap_or(&[]);
                    let (dense, smallest, lookup) = (work.dense, work.smallest, &work.lookup);
                    let weights = Weights { weight, taps, dense, lookup, smallest };
                    let first = channel == 0 && part == 0;
                    match block.size {
                        CHANNELS => self
                            .dots
                            .add_products::<CHANNELS>(inputs, &weights, quads, first, totals),
                        _ => self.dots.add_products::<1>(inputs, &weights, quads, first, totals),
                    }
                }
            }
        }
        for (totals, block) in work.totals.iter().zip(blocks) {
            match block.size {
                CHANNELS => self.finish::<CHANNELS>(tile, block, totals),
                _ => self.finish::<1>(tile, block, totals),
            }
        }
    }

    /// Writes the totals of a block as outputs.
    #[inline(always)]
    fn finish<const C: usize>(&mut self, tile: &Tile, block: &Block, totals: &Totals) {
        let (direct, shape) = (self.direct, self.direct.shape);
        let parameters = self.operands.parameters;
        let channels: [_; C] = from_fn(|lane| Int8::<R>::channel(parameters, block.first + lane));
        let first = block.first * shape.channels.inputs * shape.kernel();
        let weight = self.operands.weight.get(first..).unwrap_or(&[]);
        let starts = start(direct, &channels, tile.region, weight);
        let lanes = channels.into_iter().zip(starts).zip(&totals.0);
        for (lane, (((_, factor), start), totals)) in lanes.enumerate() {
            let Int8 { zero_point, range, .. } = direct.arithmetic;
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
