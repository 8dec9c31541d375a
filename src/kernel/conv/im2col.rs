//! Direct convolution in i8 where sixteen taps are multiplied at a time.
//!
//! What the taps of sixteen neighbouring outputs meet is gathered once, with what padding holds where that lies
//! outside the input, and multiplied with the weights of every block of output channels: so all outputs that meet
//! the same taps ([`Phase`](crate::kernel::conv::phases::Phase)) are computed alike.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

use core::mem::MaybeUninit;

use crate::geometry::{divide, missing};
use crate::isa::neon::int8::gather::{Sources, in_fours};
use crate::isa::neon::int8::requantize::Scale;
use crate::isa::neon::int8::tile::{
    Blocks, CAPACITY, CHANNELS, Channels, Inputs, MASKS, OUTPUTS, Places, Row, Totals, Window,
};
use crate::isa::neon::int8::{Dots, Met, Planes, has_smallest, sum_of};
use crate::isa::neon::zeros::zero;
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::conv::patch::{Grid, Piece, Tile};
use crate::kernel::conv::problem::{Block, Convolution, Operands, Shape};
use crate::kernel::runs::Operator;
use crate::kernel::weight_order::{FOUR, Order, SIXTEEN, Sets};
use crate::kernel::{pieces, pieces_mut};
use crate::quant::{FixedPoint, Rounding};

// There is room for the taps of four channels beside what may be left over.
const _: () = assert!(FOUR * MASKS + SIXTEEN <= CAPACITY && CAPACITY.is_multiple_of(SIXTEEN));

/// Blocks of output channels that share what is gathered: of those whose taps are multiplied in one part, and of those
/// whose sums are kept from part to part.
const BLOCKS: usize = 32;
const KEPT: usize = 16;

/// Its largest buffers on the stack, in bytes.
pub(crate) const STACK: usize = size_of::<Window>()
    + size_of::<Inputs>()
    + size_of::<[Channels; BLOCKS]>()
    + size_of::<[Totals; KEPT]>();

/// A convolution and what it works on; portable code where there are no `dots`.
pub(crate) struct Tiles<'a, R> {
    pub(crate) dots: Option<Dots>,
    pub(crate) direct: &'a Convolution<Int8<R>>,
    pub(crate) operands: Operands<'a, i8, Int8Channels<'a>>,
}

/// Blocks that are computed together.
#[derive(Clone, Copy)]
struct Together {
    /// The first output channel, and its group.
    first: usize,
    group: usize,
    /// So many blocks of [`CHANNELS`], and so many of one channel behind them.
    fours: usize,
    single: usize,
}

impl Together {
    /// Each block.
    fn each(self) -> impl Iterator<Item = Block> {
        let Self { first, group, fours, single } = self;
        let of_four = (0..fours).map(move |index| (first + index * CHANNELS, CHANNELS));
        let behind = first + fours * CHANNELS;
        let singles = (0..single).map(move |index| (behind + index, 1));
        of_four.chain(singles).map(move |(first, size)| Block { first, group, size })
    }
}

/// What is worked on at a time.
struct Work<'a> {
    order: Order,
    /// Where the weights of the grid's set of taps begin, per output channel, and how many they are.
    set: (usize, usize),
    window: &'a mut Window,
    inputs: &'a mut Inputs,
    blocks: Together,
    channels: &'a mut [Channels; BLOCKS],
    totals: &'a mut [Totals; KEPT],
}

impl<R: Rescale> Tiles<'_, R> {
    /// Computes a whole output.
    #[inline(never)]
    pub(crate) fn run(mut self) {
        let Convolution { shape, operator, .. } = *self.direct;
        let order = Order {
            rows: Sets::of(&shape.rows, operator),
            columns: Sets::of(&shape.columns, operator),
            inputs: shape.channels.inputs,
            outputs: shape.channels.outputs,
        };
        // By themselves, so that they are not built in one place and copied to another.
        let mut window = MaybeUninit::uninit();
        let mut inputs = MaybeUninit::uninit();
        let mut channels = MaybeUninit::uninit();
        let mut totals = MaybeUninit::uninit();
        let mut work = Work {
            order,
            set: (0, 0),
            window: zero(&mut window),
            inputs: zero(&mut inputs),
            blocks: Together { first: 0, group: 0, fours: 0, single: 0 },
            channels: zero(&mut channels),
            totals: zero(&mut totals),
        };
        // No set has more taps than the first.
        let most = if order.set([0, 0]).1 <= CAPACITY { BLOCKS } else { KEPT };
        let mut blocks = self.direct.blocks(0).peekable();
        while let Some(&Block { first, group, .. }) = blocks.peek() {
            let (mut fours, mut single) = (0, 0);
            while fours + single < most
                && let Some(block) = blocks.next_if(|block| block.group == group)
            {
                *if block.size == CHANNELS { &mut fours } else { &mut single } += 1;
            }
            work.blocks = Together { first, group, fours, single };
            for (channels, block) in work.channels.iter_mut().zip(work.blocks.each()) {
                self.begin(block, &order, channels);
            }
            for rows in self.direct.along(shape.rows).in_phases() {
                for columns in self.direct.along(shape.columns).in_phases() {
                    let grid = Grid::new(rows, columns, operator);
                    if grid.taps() == 0 {
                        self.fill(&grid, &work);
                        continue;
                    }
                    work.set = order.set([rows.set, columns.set]);
                    for (channels, block) in work.channels.iter_mut().zip(work.blocks.each()) {
                        self.meet(block, work.set, channels);
                    }
                    work.window.forget();
                    for tile in grid.tiles() {
                        self.tile(&grid, tile, &mut work);
                    }
                    if self.has_outside() {
                        for (channels, block) in work.channels.iter_mut().zip(work.blocks.each()) {
                            self.outside(block, work.set, channels, i32::wrapping_add);
                        }
                    }
                }
            }
        }
    }

    /// A block's packed weights, all sets one behind the other.
    fn packed(&self, block: Block) -> &[i8] {
        let Shape { channels, .. } = self.direct.shape;
        let all = channels.inputs * self.direct.shape.kernel();
        let packed = self.operands.weight.get(block.first * all..).unwrap_or_default();
        packed.get(..block.size * all).unwrap_or_default()
    }

    /// Whether outputs meet other taps than others, of which all count in the packed bias with what padding holds.
    fn has_outside(&self) -> bool {
        self.direct.operator == Operator::Transposed && self.direct.arithmetic.border != 0
    }

    /// Adds to what sums start from, or subtracts, what a set of taps comes to in the padding.
    #[inline(never)]
    fn outside(
        &self,
        block: Block,
        (first, taps): (usize, usize),
        channels: &mut Channels,
        add: fn(i32, i32) -> i32,
    ) {
        let border = i32::from(self.direct.arithmetic.border);
        let weight = self.packed(block).get(first * block.size..).unwrap_or_default();
        for (start, sum) in channels.starts.iter_mut().zip(sums(weight, taps, block.size)) {
            *start = add(*start, sum.wrapping_mul(border));
        }
    }

    /// Fills in what belongs to a block whose outputs meet no tap.
    /// Not inlined, as `meet`, `places` and [`Grid::new`], so that what they need is on the stack no longer than they run.
    #[inline(never)]
    fn begin(&self, block: Block, order: &Order, channels: &mut Channels) {
        *channels = Channels::NONE;
        channels.right = R::ROUNDING == Rounding::FixedDouble;
        let factors = channels.multipliers.iter_mut().zip(&mut channels.shifts);
        let each = channels.starts.iter_mut().zip(factors).take(block.size);
        for (lane, (start, (multiplier, shift))) in each.enumerate() {
            let channel = Int8::<R>::channel(self.operands.parameters, block.first + lane);
            *start = self.direct.arithmetic.start(channel);
            (*multiplier, *shift) = (channel.1.multiplier, channel.1.limited_shift());
            channels.right &= *shift < 0;
        }
        if self.has_outside() {
            sets(order).for_each(|set| self.outside(block, set, channels, i32::wrapping_add));
        }
    }

    /// Fills in what belongs to a block whose outputs meet a set of taps.
    #[inline(never)]
    fn meet(&self, block: Block, (before, taps): (usize, usize), channels: &mut Channels) {
        let weight = self.packed(block).get(before * block.size..).unwrap_or_default();
        let weight = weight.get(..taps * block.size).unwrap_or_default();
        let (whole, rest) =
            weight.split_at_checked(taps / SIXTEEN * SIXTEEN * block.size).unwrap_or_default();
        if self.direct.operator == Operator::Transposed {
            // Of the set before.
            channels.rest = Channels::NONE.rest;
        }
        for (to, from) in channels.rest.iter_mut().zip(pieces(rest, taps % SIXTEEN)) {
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
        }
        channels.smallest = self.dots.is_some_and(|dots| !dots.has_dot_product())
            && (has_smallest(whole.as_chunks().0) || has_smallest(&channels.rest));
        if self.has_outside() {
            self.outside(block, (before, taps), channels, i32::wrapping_sub);
        }
    }

    /// Outputs that meet no tap, in all blocks that are worked on: a number for each channel.
    #[inline(never)]
    fn fill(&mut self, grid: &Grid, work: &Work<'_>) {
        let Convolution { shape, arithmetic, .. } = *self.direct;
        let Grid { rows, columns, .. } = grid;
        for (block, channels) in work.blocks.each().zip(work.channels.iter()) {
            let factors = channels.multipliers.iter().zip(&channels.shifts);
            let each = channels.starts.iter().zip(factors).enumerate().take(block.size);
            for (lane, (&start, (&multiplier, &shift))) in each {
                let output = arithmetic.finish((0, FixedPoint { multiplier, shift }), start);
                let plane = (block.first + lane) * shape.out_plane();
                for row in 0..rows.count {
                    let row = rows.output + row * rows.output_step;
                    let at = plane + row * shape.columns.output + columns.output;
                    let y = self.operands.y.get_mut(at..).unwrap_or_default();
                    let y = y.iter_mut().step_by(columns.output_step.max(1));
                    y.take(columns.count).for_each(|y| *y = output);
                }
            }
        }
    }

    /// A tile in all blocks that are worked on.
    fn tile(&mut self, grid: &Grid, tile: Tile, work: &mut Work<'_>) {
        let vectors = grid.window(tile, work.window).is_some();
        let places = self.places(grid, tile);
        let Convolution { shape, arithmetic: Int8 { zero_point, range, .. }, .. } = *self.direct;
        let scale = Scale { rounding: R::ROUNDING, zero_point, range };
        let (plane, weights) = (shape.out_plane(), shape.channels.inputs * shape.kernel());
        let (before, all) = work.set;
        // How many taps are multiplied, and how many more are gathered.
        let (mut done, mut held) = (0, 0);
        loop {
            held += self.gather(grid, tile, vectors, (done, held), work);
            let last = done + held >= all;
            let whole = held / SIXTEEN;
            let sixteens = if last { held.div_ceil(SIXTEEN) } else { whole };
            let rows = work.inputs.0.as_chunks_mut::<SIXTEEN>().0;
            let Some((rows, behind)) = rows.split_at_mut_checked(sixteens) else {
                return missing();
            };
            if let Some(dots) = self.dots {
                dots.arrange(tile.count, rows);
            }
            let met = Met { rows, whole, first: done == 0, outputs: tile.count };
            let kept = !(last && met.first);
            let left = held % SIXTEEN;
            let weight = self.operands.weight;
            let number = before + done;
            let mut part = |size, first, channels: &[Channels], totals: &mut [Totals]| {
                let y = self.operands.y.get_mut(first * plane..).unwrap_or_default();
                let blocks = Blocks {
                    size,
                    channels,
                    weight: weight.get(first * weights + number * size..).unwrap_or_default(),
                    to_next: weights * size,
                    totals,
                    kept,
                };
                let Some(dots) = self.dots else {
                    let tile = last.then_some((grid, tile, y));
                    return portable(self.direct, met, left, blocks, tile);
                };
                let planes = match &places {
                    Some(places) if last => Some(Planes { scale, places, y, plane }),
                    _ => None,
                };
                dots.multiply(met, blocks, planes);
            };
            let Together { first, fours, single, .. } = work.blocks;
            let (of_four, others) = work.channels.split_at_checked(fours).unwrap_or_default();
            if fours > 0 {
                part(CHANNELS, first, of_four, work.totals);
            }
            if single > 0 {
                let behind = if kept { fours } else { 0 };
                let totals = work.totals.get_mut(behind..).unwrap_or_default();
                part(1, first + fours * CHANNELS, others.get(..single).unwrap_or_default(), totals);
            }
            done += whole * SIXTEEN;
            if last || whole == 0 {
                break;
            }
            // Begins the next part.
            let behind = behind.first().copied();
            if let (Some(behind), Some(first)) = (behind, work.inputs.0.first_chunk_mut()) {
                *first = behind;
            }
            held = left;
        }
    }

    /// Gathers what the taps from a number on meet, as many as there is room for behind the rows that are `held`; says
    /// how many.
    fn gather(
        &self,
        grid: &Grid,
        tile: Tile,
        vectors: bool,
        (done, held): (usize, usize),
        work: &mut Work<'_>,
    ) -> usize {
        let Convolution { shape, arithmetic, .. } = *self.direct;
        let Work { order, set: (_, all), window, inputs, blocks, .. } = work;
        let (plane, border, taps) = (shape.in_plane(), arithmetic.border, grid.taps());
        let first = blocks.group * shape.channels.inputs * plane;
        let number = done + held;
        let left = all.saturating_sub(number);
        let to = inputs.0.get_mut(held..).unwrap_or_default();
        let mut count = to.len().min(left);
        if let (Some(dots), true) = (self.dots, vectors) {
            let channel = divide(number, taps);
            let mut channels = divide(left, taps);
            if to.len() < left {
                channels = divide(to.len(), FOUR * taps) * FOUR;
            }
            let in_fours = order.in_fours().saturating_sub(channel).min(channels);
            let first = first + channel * plane;
            let sources = Sources { first, plane, in_fours, single: channels - in_fours };
            count = channels * taps;
            if dots.gather(window, self.operands.x, sources, border, to) {
                return count;
            }
        }
        let x = self.operands.x.get(first..).unwrap_or_default();
        let to = to.get_mut(..count.next_multiple_of(FOUR)).unwrap_or_default();
        grid.by_element(tile, x, (order, number), border, to);
        if self.dots.is_some() {
            in_fours(to, count);
        }
        count
    }

    /// Where a tile's outputs are in a plane.
    #[inline(never)]
    fn places(&self, grid: &Grid, tile: Tile) -> Option<Places> {
        let Grid { rows, columns, .. } = grid;
        if tile.count == OUTPUTS && rows.output_step == 1 && columns.output_step == 1 {
            return Places::side_by_side(tile.first);
        }
        let mut places = [0; OUTPUTS];
        for Piece { lane, row, column, count } in grid.pieces(tile) {
            let mut at = (rows.output + row * rows.output_step) * self.direct.shape.columns.output
                + columns.output
                + column * columns.output_step;
            for place in places.iter_mut().skip(lane).take(count) {
                *place = at;
                at += columns.output_step;
            }
        }
        Places::apart(places.get(..tile.count)?)
    }
}

/// Adds products to the totals of blocks by portable code; writes them as the outputs of a tile, if there is one, to the
/// planes from `y` on.
#[inline(never)]
fn portable<R: Rescale>(
    direct: &Convolution<Int8<R>>,
    Met { rows, whole, first, .. }: Met<'_>,
    left: usize,
    blocks: Blocks<'_>,
    tile: Option<(&Grid, Tile, &mut [i8])>,
) {
    let Blocks { size, channels, weight, to_next, totals, kept } = blocks;
    let (rows, rest) = rows.split_at_checked(whole).unwrap_or_default();
    let mut tile =
        tile.map(|(grid, tile, y)| (grid, tile, pieces_mut(y, direct.shape.out_plane())));
    for (index, channels) in channels.iter().enumerate() {
        let Some(totals) = totals.get_mut(if kept { index } else { 0 }) else { return missing() };
        if first {
            totals.0 = [channels.starts.map(|start| [start; 4]); OUTPUTS / 4];
        }
        let weight = weight.get(index * to_next..).unwrap_or_default();
        add_products(rows, weight, (size, SIXTEEN), totals);
        if left > 0 {
            let weight = weight.get(whole * SIXTEEN * size..).unwrap_or_default();
            add_products(rest, weight, (size, left), totals);
        }
        let Some((grid, tile, planes)) = &mut tile else { continue };
        let factors = channels.multipliers.iter().zip(&channels.shifts);
        for (lane, (&multiplier, &shift)) in factors.enumerate().take(size) {
            let Some(y) = planes.next() else { return missing() };
            let mut sums = totals.0.iter().filter_map(|totals| totals.get(lane)).flatten();
            for Piece { row, column, count, .. } in grid.pieces(*tile) {
                let row = grid.rows.output + row * grid.rows.output_step;
                let column = grid.columns.output + column * grid.columns.output_step;
                let at = row * direct.shape.columns.output + column;
                let y = y.get_mut(at..).unwrap_or_default();
                let y = y.iter_mut().step_by(grid.columns.output_step.max(1)).take(count);
                for (y, &sum) in y.zip(&mut sums) {
                    *y = direct.arithmetic.finish((0, FixedPoint { multiplier, shift }), sum);
                }
            }
        }
    }
}

/// Where the weights of each set that has any begin, and how many they are.
fn sets(order: &Order) -> impl Iterator<Item = (usize, usize)> {
    let (rows, columns) = (order.rows.filled(), order.columns.filled());
    (0..rows).flat_map(move |row| (0..columns).map(move |column| order.set([row, column])))
}

/// The products of sixteens of taps, of each of which the first `taps` count, with `size` channels.
fn add_products(
    rows: &[[Row; SIXTEEN]],
    weight: &[i8],
    (size, taps): (usize, usize),
    totals: &mut Totals,
) {
    for (rows, weight) in rows.iter().zip(pieces(weight, taps * size)) {
        for (lane, weight) in pieces(weight, taps).enumerate().take(size) {
            for (row, &weight) in rows.iter().zip(weight) {
                for (totals, x) in totals.0.iter_mut().zip(row.0.as_chunks::<4>().0) {
                    let Some(totals) = totals.get_mut(lane) else { continue };
                    for (total, &x) in totals.iter_mut().zip(x) {
                        *total = total.wrapping_add(i32::from(weight) * i32::from(x));
                    }
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
            .wrapping_add(left.map(|&weight| i32::from(weight)).sum::<i32>());
    }
    sums
}
