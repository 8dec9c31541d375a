//! Direct convolution in i8 where sixteen taps are multiplied at a time.
//!
//! What the taps of sixteen neighbouring outputs meet is gathered once, with what padding holds where that lies
//! outside the input, and multiplied with the weights of every block of output channels: so all outputs that meet
//! the same taps ([`Phase`](crate::kernel::phases::Phase)) are computed alike.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

use core::ops::Range;

use crate::arch::neon::int8::{Dots, Weights, has_smallest, sum_of};
use crate::arch::neon::requantize::Scale;
use crate::arch::tile::{
    CAPACITY, CHANNELS, Inputs, MASKS, Mask, OUTPUTS, Places, Row, Totals, Window,
};
use crate::geometry::divide;
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::direct::{Block, Direct, Operands, Shape};
use crate::kernel::gather::{Grid, Piece, Tile};
use crate::kernel::order::{Order, SIXTEEN, Sets};
use crate::kernel::runs::Operator;
use crate::kernel::{pieces, pieces_mut};
use crate::quant::FixedPoint;

/// Blocks of output channels that share what is gathered.
const BLOCKS: usize = 16;

/// The fewest columns of outputs with which a group of fewer channels than a block is computed here.
const COLUMNS: usize = 24;

/// Whether a layer is computed here: if weights are in another order than elsewhere, or enough of a tile is filled.
pub(crate) fn fits(operator: Operator, shape: &Shape) -> bool {
    operator == Operator::Transposed
        || shape.channels.outputs >= CHANNELS
        || shape.columns.output >= COLUMNS
}

/// A convolution and what it works on; portable code where there are no `dots`.
pub(crate) struct Tiles<'a, R> {
    pub(crate) dots: Option<Dots>,
    pub(crate) direct: &'a Direct<Int8<R>>,
    pub(crate) operands: Operands<'a, i8, Int8Channels<'a>>,
}

/// A block of output channels.
#[derive(Clone, Copy)]
struct Channels {
    block: Block,
    /// Where its weights begin.
    weight: usize,
    /// Whether sums of two of its products may need more than sixteen bits.
    smallest: bool,
    /// What the sums start from.
    starts: [i32; CHANNELS],
    factors: [FixedPoint; CHANNELS],
}

/// What is worked on at a time.
struct Work<'a> {
    /// Where the weights of the grid's set of taps begin, per output channel, and how many they are.
    set: (usize, usize),
    window: &'a mut Window,
    inputs: &'a mut Inputs,
    blocks: [Channels; BLOCKS],
    totals: &'a mut [Totals; BLOCKS],
}

/// What is multiplied at a time.
struct Products<'a> {
    /// What taps meet, in sixteens: so many whole ones, and perhaps one of which fewer taps count.
    rows: &'a [[Row; SIXTEEN]],
    whole: usize,
    left: usize,
    /// The number of the first tap.
    number: usize,
    /// How many outputs count.
    outputs: usize,
}

impl<R: Rescale> Tiles<'_, R> {
    /// Computes a whole output.
    #[inline(never)]
    pub(crate) fn run(mut self) {
        let Direct { shape, operator, .. } = *self.direct;
        let order = Order {
            rows: Sets::of(&shape.rows, operator),
            columns: Sets::of(&shape.columns, operator),
            inputs: shape.channels.inputs,
        };
        let nothing = Channels {
            block: Block { first: 0, group: 0, size: 0 },
            weight: 0,
            smallest: false,
            starts: [0; CHANNELS],
            factors: [FixedPoint { multiplier: 0, shift: 0 }; CHANNELS],
        };
        // By themselves, so that they are not built in one place and copied to another.
        let mut window = Window {
            taps: [0; 2],
            to_next: [0; 2],
            step: 1,
            from: [0; OUTPUTS],
            pieces: 0,
            masks: [Mask::NONE; MASKS],
            masked: false,
        };
        let mut inputs = Inputs([Row([0; OUTPUTS]); CAPACITY]);
        let mut totals = [Totals([[0; OUTPUTS]; CHANNELS]); BLOCKS];
        let mut work = Work {
            set: (0, 0),
            window: &mut window,
            inputs: &mut inputs,
            blocks: [nothing; BLOCKS],
            totals: &mut totals,
        };
        for rows in self.direct.along(shape.rows).in_phases() {
            for columns in self.direct.along(shape.columns).in_phases() {
                let grid = Grid::new(rows, columns, operator);
                work.set = order.set([rows.set, columns.set]);
                if grid.taps() == 0 {
                    work.set = (0, 0);
                }
                let mut blocks = self.direct.blocks(0).peekable();
                while let Some(first) = blocks.peek().copied() {
                    let mut count = 0;
                    for place in &mut work.blocks {
                        if let Some(block) = blocks.next_if(|block| block.group == first.group) {
                            *place = self.channels(block, work.set);
                            count += 1;
                        }
                    }
                    for tile in grid.tiles() {
                        self.tile(&grid, tile, count, &mut work);
                    }
                }
            }
        }
    }

    /// What a block's sums over a set of taps start from, and its factors. The packed bias accounts for what lies
    /// outside at all taps.
    fn channels(&self, block: Block, (before, taps): (usize, usize)) -> Channels {
        let Direct { shape, arithmetic, .. } = *self.direct;
        let nothing = FixedPoint { multiplier: 0, shift: 0 };
        let all = shape.channels.inputs * shape.kernel();
        let mut channels = Channels {
            block,
            weight: block.first * all,
            smallest: false,
            starts: [0; CHANNELS],
            factors: [nothing; CHANNELS],
        };
        let weight = self.operands.weight.get(channels.weight + before * block.size..);
        let weight = weight.and_then(|weight| weight.get(..taps * block.size)).unwrap_or_default();
        let (whole, rest) =
            weight.split_at_checked(taps / SIXTEEN * SIXTEEN * block.size).unwrap_or_default();
        channels.smallest = has_smallest(whole.as_chunks().0) || rest.contains(&i8::MIN);
        let each = channels.starts.iter_mut().zip(&mut channels.factors).take(block.size);
        for (lane, (start, factor)) in each.enumerate() {
            let channel = Int8::<R>::channel(self.operands.parameters, block.first + lane);
            let FixedPoint { multiplier, shift } = channel.1;
            *start = arithmetic.start(channel);
            *factor = FixedPoint { multiplier, shift: shift.clamp(-31, 30) };
        }
        if let Some(border) = arithmetic.border()
            && taps < all
        {
            // Of the other sets, of which each is a sequence of its own, in which order does not matter.
            let weight = self.operands.weight.get(channels.weight..).unwrap_or_default();
            let (behind, all_sets) = (before + taps, self.sets());
            for (first, taps) in all_sets.filter(|&(first, _)| first < before || first >= behind) {
                let weight = weight.get(first * block.size..).unwrap_or_default();
                let sums = sums(weight, taps, block.size);
                for (start, sum) in channels.starts.iter_mut().zip(sums) {
                    *start = start.wrapping_add(sum.wrapping_mul(i32::from(border)));
                }
            }
        }
        channels
    }

    /// Where the weights of each set of taps begin, and how many they are.
    fn sets(&self) -> impl Iterator<Item = (usize, usize)> {
        let Direct { shape, operator, .. } = *self.direct;
        let (rows, columns) = (Sets::of(&shape.rows, operator), Sets::of(&shape.columns, operator));
        let order = Order { rows, columns, inputs: shape.channels.inputs };
        (0..rows.step())
            .flat_map(move |row| (0..columns.step()).map(move |column| order.set([row, column])))
    }

    /// A tile in the first `blocks` blocks, all of one group.
    fn tile(&mut self, grid: &Grid, tile: Tile, blocks: usize, work: &mut Work<'_>) {
        let vectors = grid.window(tile, work.window).is_some();
        for (totals, channels) in work.totals.iter_mut().zip(&work.blocks).take(blocks) {
            totals.fill(&channels.starts);
        }
        let (before, all) = work.set;
        let group = work.blocks.first().map_or(0, |channels| channels.block.group);
        // How many taps are multiplied, and how many more are gathered.
        let (mut done, mut held) = (0, 0);
        while done < all {
            let free = work.inputs.0.get_mut(held..).unwrap_or_default();
            let window = vectors.then_some(&*work.window);
            held += self.gather(grid, tile, window, group, done + held..all, free);
            let last = done + held >= all;
            let whole = held / SIXTEEN;
            let left = held - whole * SIXTEEN;
            let sixteens = if last { held.div_ceil(SIXTEEN) } else { whole };
            let rows = work.inputs.0.as_chunks_mut::<SIXTEEN>().0;
            let Some((rows, behind)) = rows.split_at_mut_checked(sixteens) else { return };
            if let Some(dots) = self.dots {
                dots.arrange(rows);
            }
            let products =
                Products { rows, whole, left, number: before + done, outputs: tile.count };
            let blocks = work.blocks.get(..blocks).unwrap_or_default();
            self.multiply(&products, blocks, work.totals);
            done += whole * SIXTEEN;
            if last {
                break;
            }
            // Begins the next part.
            let behind = behind.first().copied();
            if let (Some(behind), Some(first)) = (behind, work.inputs.0.first_chunk_mut()) {
                *first = behind;
            }
            held = left;
        }
        let blocks = work.blocks.get(..blocks).unwrap_or_default();
        self.finish(grid, tile, blocks, work.totals);
    }

    /// Gathers what some of the taps `numbers` meet, channel by channel, as many as there is room for; says how many.
    fn gather(
        &self,
        grid: &Grid,
        tile: Tile,
        window: Option<&Window>,
        group: usize,
        numbers: Range<usize>,
        to: &mut [Row],
    ) -> usize {
        let Direct { shape, arithmetic, .. } = *self.direct;
        let (plane, border) = (shape.in_plane(), arithmetic.border);
        let first = group * shape.channels.inputs * plane;
        let room = to.len().min(numbers.len());
        if let (Some(dots), Some(window)) = (self.dots, window) {
            let channels = divide(room, grid.taps());
            let first = first + divide(numbers.start, grid.taps()) * plane;
            dots.gather(window, self.operands.x, (first, plane, channels), border, to);
            return channels * grid.taps();
        }
        let x = self.operands.x.get(first..).unwrap_or_default();
        let to = to.get_mut(..room).unwrap_or_default();
        grid.by_element(tile, x, numbers.start, border, to);
        room
    }

    /// Adds products to the totals of blocks. Not inlined, as `finish`, so that addresses stay in registers.
    #[inline(never)]
    fn multiply(&self, products: &Products<'_>, blocks: &[Channels], totals: &mut [Totals]) {
        let Products { rows, whole, left, number, outputs } = *products;
        let (now, rest) = rows.split_at_checked(whole).unwrap_or_default();
        for (totals, channels) in totals.iter_mut().zip(blocks) {
            let size = channels.block.size;
            let first = channels.weight + number * size;
            let weight = self.operands.weight.get(first..).unwrap_or_default();
            let weights = Weights { weight, channels: size, smallest: channels.smallest };
            match self.dots {
                Some(dots) => dots.add_products(now, weights, outputs, totals),
                None => portable(now, weights, SIXTEEN, totals),
            }
            if rest.is_empty() {
                continue;
            }
            let weight = weight.get(whole * SIXTEEN * size..).unwrap_or_default();
            match self.dots {
                Some(dots) => {
                    let padded = dots.pad(weight, left, size);
                    let weights = Weights { weight: &padded.0, ..weights };
                    dots.add_products(rest, weights, outputs, totals);
                }
                None => portable(rest, Weights { weight, ..weights }, left, totals),
            }
        }
    }

    /// Where a whole tile's outputs are in a plane.
    fn places(&self, grid: &Grid, tile: Tile) -> Option<Places> {
        let Grid { rows, columns, .. } = grid;
        let width = self.direct.shape.columns.output;
        if tile.count < OUTPUTS {
            return None;
        }
        if rows.output_step == 1 && columns.output_step == 1 {
            let last = tile.first + (OUTPUTS - 1);
            return Some(Places { first: tile.first, to_next: None, last });
        }
        let mut to_next = [columns.output_step; OUTPUTS];
        let (mut first, mut last) = (None, 0);
        for Piece { lane, row, column, count } in grid.pieces(tile) {
            let at = (rows.output + row * rows.output_step) * width
                + columns.output
                + column * columns.output_step;
            if let Some(before) = lane.checked_sub(1).and_then(|lane| to_next.get_mut(lane)) {
                *before = at - last;
            }
            first = first.or(Some(at));
            last = at + (count - 1) * columns.output_step;
        }
        Some(Places { first: first?, to_next: Some(to_next), last })
    }

    /// Writes the outputs of blocks.
    #[inline(never)]
    fn finish(&mut self, grid: &Grid, tile: Tile, blocks: &[Channels], totals: &[Totals]) {
        let Direct { shape, arithmetic, .. } = *self.direct;
        let Int8 { zero_point, range, .. } = arithmetic;
        let scale = Scale { rounding: R::ROUNDING, zero_point, range };
        let plane = shape.out_plane();
        let places = self.places(grid, tile);
        for (totals, Channels { block, factors, .. }) in totals.iter().zip(blocks) {
            let Some(y) = self.operands.y.get_mut(block.first * plane..) else { return };
            let factors = factors.get(..block.size).unwrap_or_default();
            match (self.dots, &places) {
                (Some(dots), Some(places)) => {
                    dots.write(totals, factors, &scale, places, (y, plane));
                }
                _ => self.finish_each(grid, tile, (block.first, factors), totals),
            }
        }
    }

    /// Writes the outputs of a block one by one.
    #[inline(never)]
    fn finish_each(
        &mut self,
        grid: &Grid,
        tile: Tile,
        (first, factors): (usize, &[FixedPoint]),
        totals: &Totals,
    ) {
        let Direct { shape, arithmetic, .. } = *self.direct;
        let Int8 { zero_point, range, .. } = arithmetic;
        let scale = Scale { rounding: R::ROUNDING, zero_point, range };
        let plane = shape.out_plane();
        let Some(y) = self.operands.y.get_mut(first * plane..) else { return };
        for ((totals, &factor), y) in totals.0.iter().zip(factors).zip(pieces_mut(y, plane)) {
            let outputs = match self.dots {
                Some(dots) => dots.finish(totals, factor, &scale).to_row(),
                None => arithmetic.row(factor, totals),
            };
            for Piece { lane, row, column, count } in grid.pieces(tile) {
                let row = grid.rows.output + row * grid.rows.output_step;
                let column = grid.columns.output + column * grid.columns.output_step;
                let y = y.get_mut(row * shape.columns.output + column..).unwrap_or_default();
                let y = y.iter_mut().step_by(grid.columns.output_step.max(1)).take(count);
                y.zip(outputs.0.iter().skip(lane)).for_each(|(y, &output)| *y = output);
            }
        }
    }
}

impl<R: Rescale> Int8<R> {
    /// Sums of a channel as outputs, by portable code.
    #[inline(never)]
    fn row(self, factor: FixedPoint, totals: &[i32; OUTPUTS]) -> Row {
        Row(totals.map(|total| self.finish((0, factor), total)))
    }
}

/// The products of sixteens of taps, of each of which the first `taps` count, in portable code.
#[inline(never)]
fn portable(
    rows: &[[Row; SIXTEEN]],
    Weights { weight, channels, .. }: Weights<'_>,
    taps: usize,
    totals: &mut Totals,
) {
    for (rows, weight) in rows.iter().zip(pieces(weight, taps * channels)) {
        for (totals, weight) in totals.0.iter_mut().zip(pieces(weight, taps)) {
            for (row, &weight) in rows.iter().zip(weight) {
                for (total, &x) in totals.iter_mut().zip(&row.0) {
                    *total = total.wrapping_add(i32::from(weight) * i32::from(x));
                }
            }
        }
    }
}

/// Each channel's sum of a sequence of `taps` weights for each of `size` channels.
fn sums(weight: &[i8], taps: usize, size: usize) -> [i32; CHANNELS] {
    let mut sums = [0_i32; CHANNELS];
    let whole = taps / SIXTEEN * SIXTEEN;
    let (whole, rest) = weight.split_at_checked(whole * size).unwrap_or_default();
    let whole = whole.as_chunks::<SIXTEEN>().0;
    for (lane, sum) in sums.iter_mut().enumerate().take(size) {
        let left = rest.iter().skip(lane * (taps % SIXTEEN)).take(taps % SIXTEEN);
        *sum = sum_of(whole.iter().skip(lane).step_by(size.max(1)))
            + left.map(|&weight| i32::from(weight)).sum::<i32>();
    }
    sums
}
