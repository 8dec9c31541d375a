//! Direct convolution in i8 where instructions sum up four products at a time.
//!
//! Of a region ([`Region`]) sixteen neighbouring outputs at a time: what four taps meet is put side by side, for as
//! many taps as [`Taps`] hold, and then multiplied with the weights of every block of output channels.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

use core::array::from_fn;

use crate::arch::neon::int8::{Dots, has_smallest};
use crate::arch::quads::{CHANNELS, OUTPUTS, Quad, Rows, Scale, Totals, Weights};
use crate::arch::taps::{CAPACITY, Steps, Taps};
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::block::start;
use crate::kernel::direct::{Block, Direct, Operands, Region};
use crate::kernel::group::Place;

/// Blocks of output channels whose totals are on the stack.
const BLOCKS: usize = 8;

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

/// What the taps of some input channels meet.
struct Inputs {
    quads: [Quad; CAPACITY.div_ceil(4)],
    len: usize,
    /// The first channel, and the first tap of each, that are in `quads`.
    from: Option<(usize, usize)>,
}

impl<R: Rescale> Quads<'_, R> {
    /// Computes a whole output.
    pub(crate) fn run(mut self) {
        let shape = self.direct.shape;
        let mut taps = Taps::new(Steps { x: shape.in_plane(), weight: shape.kernel() });
        let smallest = has_smallest(self.operands.weight);
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
                self.direct.list(region, 0, shape.channels.inputs, &mut taps);
                for line in 0..lines {
                    let first = start.after(line, to_next);
                    let mut done = 0;
                    while done < length {
                        // The last tile ends with the line.
                        let at = done.min(length.saturating_sub(OUTPUTS));
                        let count = OUTPUTS.min(length);
                        let tile = Tile { region, place: first.after(at, step), step, count };
                        self.tile(tile, &mut taps, smallest);
                        done = at + count;
                    }
                }
            }
        }
    }

    /// A tile in all output channels, some blocks at a time.
    fn tile(&mut self, tile: Tile, taps: &mut Taps, smallest: bool) {
        let mut inputs = Inputs { quads: [Quad([[0; 4]; OUTPUTS]); _], len: 0, from: None };
        let direct = self.direct;
        let mut blocks = direct.blocks(0).peekable();
        let mut group = usize::MAX;
        while let Some(&first) = blocks.peek() {
            if first.group != group {
                group = first.group;
                inputs.from = None;
            }
            let mut some = [first; BLOCKS];
            let mut count = 0;
            for place in &mut some {
                if let Some(block) = blocks.next_if(|block| block.group == group) {
                    *place = block;
                    count += 1;
                }
            }
            let some = some.get(..count).unwrap_or_default();
            self.blocks(&tile, some, taps, &mut inputs, smallest);
        }
    }

    /// A tile in a few blocks.
    #[inline(always)]
    fn blocks(
        &mut self,
        tile: &Tile,
        blocks: &[Block],
        taps: &mut Taps,
        inputs: &mut Inputs,
        smallest: bool,
    ) {
        let direct = self.direct;
        let (shape, region) = (direct.shape, tile.region);
        let (channels, kernel) = (shape.channels.inputs, shape.kernel());
        let mut totals = [Totals([[0; OUTPUTS]; CHANNELS]); BLOCKS];
        for (totals, block) in totals.iter_mut().zip(blocks) {
            let weight = self.operands.weight.get(block.first * channels * kernel..).unwrap_or(&[]);
            macro_rules! start {
                ($size:literal) => {{
                    let channels: [_; $size] = from_fn(|lane| {
                        Int8::<R>::channel(self.operands.parameters, block.first + lane)
                    });
                    let sums = start(direct, &channels, region, weight);
                    for (totals, sum) in totals.0.iter_mut().zip(sums) {
                        *totals = [sum; OUTPUTS];
                    }
                }};
            }
            if block.size == CHANNELS { start!(4) } else { start!(1) }
        }
        let group = blocks.first().map_or(0, |block| block.group);
        let x = self.operands.x.get(group * channels * shape.in_plane()..).unwrap_or(&[]);
        let quads = tile.count.div_ceil(4);
        let per_channel = region.rows.taps.count * region.columns.taps.count;
        let at_once = taps.channels().max(1);
        for channel in (0..channels).step_by(at_once) {
            let count = at_once.min(channels - channel);
            for part in (0..per_channel).step_by(CAPACITY) {
                if per_channel > CAPACITY {
                    direct.list(region, part, 1, taps);
                }
                let (places, weights) = taps.offsets(count);
                if inputs.from != Some((channel, part)) {
                    inputs.from = Some((channel, part));
                    let x = x.get(channel * shape.in_plane() + tile.place.input..).unwrap_or(&[]);
                    inputs.read(self.dots, x, places, tile.step.input);
                }
                let quads_of = inputs.quads.get(..inputs.len).unwrap_or(&[]);
                let dense = weights.len().is_multiple_of(4)
                    && weights.iter().enumerate().all(|(index, &tap)| index == tap);
                for (totals, block) in totals.iter_mut().zip(blocks) {
                    let first = (block.first * channels + channel * block.size) * kernel;
                    let weight = self.operands.weight.get(first..).unwrap_or(&[]);
                    let weights = Weights { weight, taps: weights, dense, smallest };
                    match block.size {
                        CHANNELS => {
                            self.dots.add_products::<CHANNELS>(quads_of, &weights, quads, totals)
                        }
                        _ => self.dots.add_products::<1>(quads_of, &weights, quads, totals),
                    }
                }
            }
        }
        for (totals, block) in totals.iter().zip(blocks) {
            for (lane, totals) in totals.0.iter().enumerate().take(block.size) {
                let (_, factor) = Int8::<R>::channel(self.operands.parameters, block.first + lane);
                let Int8 { zero_point, range, .. } = direct.arithmetic;
                let scale = Scale { factor, rounding: R::ROUNDING, zero_point, range };
                let outputs = self.dots.finish(totals, &scale);
                let first = (block.first + lane) * shape.out_plane() + tile.place.output;
                let Some(y) = self.operands.y.get_mut(first..) else { return };
                match (tile.step.output, y.first_chunk_mut::<OUTPUTS>()) {
                    (1, Some(y)) if tile.count == OUTPUTS => *y = outputs,
                    (step, _) => {
                        let y = y.iter_mut().step_by(step.max(1));
                        y.zip(outputs).take(tile.count).for_each(|(y, output)| *y = output);
                    }
                }
            }
        }
    }
}

impl Inputs {
    /// Reads what taps at `places` meet, the first output's first input being the first of `x`.
    #[inline(always)]
    fn read(&mut self, dots: Dots, x: &[i8], places: &[usize], step: usize) {
        self.len = places.len().div_ceil(4);
        for (quad, places) in self.quads.iter_mut().zip(places.chunks(4)) {
            let mut four = [None; 4];
            for (place, &offset) in four.iter_mut().zip(places) {
                *place = Some(offset);
            }
            dots.interleave(&Rows { x, places: four }, step, quad);
        }
    }
}
