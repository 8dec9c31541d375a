//! Direct and transposed convolution in i8 where two products of sixteen bits are added at a time.
//!
//! What the taps of four outputs meet is gathered in pairs (im2col), with what padding holds where that lies outside the
//! input, and multiplied with the weights of all pairs of output channels. A reduction for which there is no room is cut
//! into parts, between which sums are kept.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

use crate::geometry::{divide, missing};
use crate::isa::cortex_m::gather::{Places, Taps};
use crate::isa::cortex_m::gemm::{Gemm, Outputs, Start, Sums, Weights};
use crate::isa::cortex_m::rescale::Scale;
use crate::isa::cortex_m::{OUTPUTS, Row};
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::conv::patch_pairs::{Grid, Part, Tile};
use crate::kernel::conv::problem::{Convolution, Operands, Shape};
use crate::kernel::pieces_mut;
use crate::kernel::runs::Operator;
use crate::kernel::weight_order::{Order, Sets};
use crate::padding::PaddingMode;
use crate::quant::FixedPoint;

/// Memory to work in.
pub(crate) struct Scratch<'a> {
    /// What is gathered.
    pub(crate) rows: &'a mut [Row],
    /// Sums of blocks of output channels, at least one.
    pub(crate) sums: &'a mut [Sums],
    pub(crate) places: &'a mut Places,
}

/// Rows for which there is room on the stack.
const ROWS: usize = 32;

/// Bytes on the stack.
pub(crate) const STACK: usize = size_of::<Stack>();

/// The most bytes of a workspace.
const WORKSPACE: usize = 4096;

/// The rows of the longest reduction: of a transposed convolution that of the first set of taps.
const fn most_rows(operator: Operator, shape: &Shape) -> usize {
    let Shape { rows, columns, channels } = shape;
    let [rows, columns] = [Sets::of(rows, operator), Sets::of(columns, operator)];
    (channels.inputs * rows.taps(0) * columns.taps(0)).div_ceil(2)
}

/// Bytes of the workspace with which a convolution need not gather its inputs again and again.
pub(crate) const fn workspace_len(operator: Operator, shape: &Shape) -> usize {
    let rows = most_rows(operator, shape);
    if rows <= ROWS {
        return 0;
    }
    // Less than a word is lost to alignment.
    let most = WORKSPACE / size_of::<Row>() - 1;
    if rows < most { rows * size_of::<Row>() + 3 } else { most * size_of::<Row>() + 3 }
}

/// Memory on the stack.
pub(crate) struct Stack {
    rows: [Row; ROWS],
    sums: [Sums; 4],
    places: Places,
}

impl Stack {
    pub(crate) const NEW: Self =
        Self { rows: [[0; OUTPUTS]; _], sums: [[[0; OUTPUTS]; 2]; _], places: Places::NONE };

    /// The memory for a layer: some of a workspace, if that is enough for more.
    pub(crate) fn scratch<'a>(
        &'a mut self,
        workspace: &'a mut [i32],
        operator: Operator,
        shape: &Shape,
    ) -> Scratch<'a> {
        let Self { rows, sums, places } = self;
        let all = most_rows(operator, shape);
        let words = workspace.len();
        if all <= rows.len() || words <= rows.as_flattened().len() {
            return Scratch { rows, sums, places };
        }
        if OUTPUTS * all <= words {
            return Scratch { rows: workspace.as_chunks_mut().0, sums, places };
        }
        // Sums of all blocks, if these take no more than a third.
        let blocks = shape.channels.outputs.div_ceil(2);
        let kept = (2 * OUTPUTS * blocks).min(words / 3);
        let (kept, workspace) = workspace.split_at_mut_checked(kept).unwrap_or_default();
        let kept = kept.as_chunks_mut::<OUTPUTS>().0.as_chunks_mut::<2>().0;
        let sums = if kept.len() > sums.len() { kept } else { sums };
        Scratch { rows: workspace.as_chunks_mut().0, sums, places }
    }
}

/// A convolution and what it works on, by assembly if `DSP`.
pub(crate) struct Im2col<'a, R, const DSP: bool> {
    pub(crate) direct: &'a Convolution<Int8<R>>,
    pub(crate) operands: Operands<'a, i8, Int8Channels<'a>>,
}

/// The most blocks whose outputs go to places that are not side by side, or whose sums start from something else than the
/// bias: these lie on the stack.
const STAGED: usize = 8;

/// Pairs of output channels, or the last one of an odd number, that are computed together.
#[derive(Clone, Copy)]
struct Blocks {
    /// The first channel.
    first: usize,
    pairs: usize,
    /// Whether another channel follows these.
    single: bool,
}

impl Blocks {
    fn count(self) -> usize {
        self.pairs + usize::from(self.single)
    }

    /// Some of them.
    fn part(self, first: usize, most: usize) -> Self {
        let pairs = self.pairs.saturating_sub(first);
        Self {
            first: self.first + 2 * first,
            pairs: pairs.min(most),
            single: self.single && pairs < most,
        }
    }
}

/// What tiles of a grid have in common.
struct Work<'a> {
    grid: &'a Grid,
    /// Where the weights of the grid's taps begin, per output channel, and how many they are.
    set: (usize, usize),
    /// All taps, if there is room for them.
    taps: &'a Taps,
    /// The first input channel's number.
    channel: usize,
    blocks: Blocks,
    /// What sums of these blocks start from, if not from the bias.
    starts: Option<&'a [i8]>,
    /// Whether assembly rounds.
    fast: bool,
}

impl<'a, R: Rescale, const DSP: bool> Im2col<'a, R, DSP> {
    /// Computes a whole output.
    #[inline(never)]
    pub(crate) fn run(mut self, mut scratch: Scratch<'_>) {
        let Convolution { shape, operator, arithmetic } = *self.direct;
        let Shape { channels, .. } = shape;
        let order = Order {
            rows: Sets::of(&shape.rows, operator),
            columns: Sets::of(&shape.columns, operator),
            inputs: channels.inputs,
            outputs: channels.outputs,
        };
        let fast = DSP && self.is_fast();
        let shifted = matches!(operator, Operator::Transposed) && arithmetic.border != 0;
        let mut taps = Taps::NONE;
        for rows in self.direct.along(shape.rows).in_phases() {
            for columns in self.direct.along(shape.columns).in_phases() {
                let mode = match operator {
                    Operator::Convolution(mode) => mode,
                    Operator::Transposed => PaddingMode::Zeros,
                };
                let grid = Grid::new(rows, columns, mode);
                grid.list(0..grid.taps(), &mut taps);
                let set = match grid.taps() {
                    0 => (0, 0),
                    _ => order.set([rows.set, columns.set]),
                };
                let most = match set.1.div_ceil(2) <= scratch.rows.len() {
                    true => usize::MAX,
                    false => scratch.sums.len(),
                };
                // What sums start from, and outputs that are not side by side, lie on the stack.
                let most = match !shifted && grid.is_dense() && grid.outputs() >= OUTPUTS {
                    true => most,
                    false => most.min(STAGED),
                };
                for group in 0..channels.groups {
                    let first = group * channels.outputs;
                    let (pairs, single) = (channels.outputs / 2, channels.outputs % 2 == 1);
                    let all = Blocks { first, pairs, single };
                    let mut done = 0;
                    while done < all.count() {
                        let blocks = all.part(done, most.max(1));
                        let mut starts = [0; 2 * STAGED * 4];
                        if shifted {
                            self.starts(blocks, &order, set, &mut starts);
                        }
                        let work = Work {
                            grid: &grid,
                            set,
                            taps: &taps,
                            channel: group * channels.inputs,
                            blocks,
                            starts: shifted.then_some(&starts),
                            fast,
                        };
                        self.tiles(&work, &mut scratch);
                        done += blocks.count();
                    }
                }
            }
        }
    }

    /// Whether assembly knows how to round the sums of all channels.
    fn is_fast(&self) -> bool {
        let Convolution { shape, arithmetic, .. } = *self.direct;
        let products = (shape.channels.inputs * shape.kernel()) as u64 * (1 << 14);
        let scale = self.scale();
        (0..shape.channels.all_outputs()).all(|index| {
            let (bias, factor) = Int8::<R>::channel(self.operands.parameters, index);
            let start =
                u64::from(bias.unsigned_abs()) + u64::from(arithmetic.offset.unsigned_abs());
            scale.is_fast(factor, start.saturating_add(products))
        })
    }

    fn scale(&self) -> Scale {
        let Int8 { zero_point, range, .. } = self.direct.arithmetic;
        Scale { rounding: R::ROUNDING, zero_point, range }
    }

    /// The packed weights of the channels from `first` on, of which `count` lie together, but for those of `before` taps.
    fn weights(&self, first: usize, count: usize, before: usize) -> &'a [i8] {
        let all = self.direct.shape.channels.inputs * self.direct.shape.kernel();
        self.operands.weight.get(first * all + count * before..).unwrap_or_default()
    }

    /// What sums of some blocks start from where outputs meet one set of taps: the bias counts all taps with what padding
    /// holds.
    #[inline(never)]
    fn starts(&self, blocks: Blocks, order: &Order, met: (usize, usize), starts: &mut [i8]) {
        let border = i32::from(self.direct.arithmetic.border);
        let all = order.inputs * self.direct.shape.kernel();
        let others = [(0, met.0), (met.0 + met.1, all)];
        let starts = starts.as_chunks_mut::<8>().0;
        for (index, to) in starts.iter_mut().enumerate().take(blocks.count()) {
            let together = if index < blocks.pairs { 2 } else { 1 };
            let channel = blocks.first + 2 * index;
            let mut sums = [0; 2];
            for (first, end) in others {
                let weight = self.weights(channel, together, first);
                let weight = weight.get(..together * (end - first)).unwrap_or_default();
                let sum = match together {
                    2 => sum_pairs(weight),
                    _ => [weight.iter().fold(0, |sum, &weight| sum + i32::from(weight)), 0],
                };
                sums = [sums[0] + sum[0], sums[1] + sum[1]];
            }
            for (lane, to) in to.as_chunks_mut::<4>().0.iter_mut().enumerate().take(together) {
                let bias = Int8::<R>::channel(self.operands.parameters, channel + lane).0;
                let sum = if lane == 0 { sums[0] } else { sums[1] };
                let bias = bias.wrapping_add(sum.wrapping_mul(border));
                *to = bias.to_ne_bytes().map(u8::cast_signed);
            }
        }
    }

    /// All outputs of a grid in some blocks.
    fn tiles(&mut self, work: &Work<'_>, scratch: &mut Scratch<'_>) {
        let in_one_part = work.set.1.div_ceil(2) <= scratch.rows.len();
        if DSP && work.fast && in_one_part && !work.blocks.single {
            return self.fast_tiles(work, scratch);
        }
        let all = work.grid.outputs();
        let count = all.min(OUTPUTS);
        let mut first = 0;
        while first < all {
            let tile = work.grid.tile(first.min(all - count), count);
            self.tile(work, &tile, scratch);
            first += OUTPUTS;
        }
    }

    /// The same, where the reduction is in one part and assembly rounds the sums of all blocks.
    fn fast_tiles(&mut self, work: &Work<'_>, scratch: &mut Scratch<'_>) {
        let Shape { columns, .. } = self.direct.shape;
        let plane = self.direct.shape.out_plane();
        let (grid, first) = (work.grid, work.blocks.first);
        let all = grid.outputs();
        let count = all.min(OUTPUTS);
        let (dense, step) = (grid.is_dense() && count == OUTPUTS, grid.step());
        let mut stage = [[0; OUTPUTS]; 2 * STAGED];
        let outputs = Outputs { scale: self.scale(), channels: self.factors(first) };
        let gemm = self.gemm(work, work.blocks, 0, (0, work.set.1), true);
        let Some(mut gemm) = gemm.and_then(|gemm| gemm.with_outputs(outputs)) else {
            return missing();
        };
        let whole = Part { taps: 0..grid.taps(), channels: 0..self.direct.shape.channels.inputs };
        let (direct, x) = (self.direct, self.operands.x);
        let y = self.operands.y.get_mut(first * plane..).unwrap_or_default();
        let mut next = 0;
        while next < all {
            let tile = grid.tile(next.min(all - count), count);
            gather::<R, DSP>(direct, x, work, (&tile, &whole), scratch);
            let from: (&[Row], &mut [Sums]) = (scratch.rows, &mut []);
            next += OUTPUTS;
            if dense || tile.is_in_row() {
                let at = if dense { tile.first } else { grid.place(&tile, columns.output) };
                let y = y.get_mut(at..).unwrap_or_default();
                if !gemm.write(R::ROUNDING, from, (y, plane, step)) {
                    missing();
                }
                continue;
            }
            if !gemm.write(R::ROUNDING, from, (stage.as_flattened_mut(), OUTPUTS, 1)) {
                missing();
            }
            let places = grid.places(&tile, columns.output);
            for (y, outputs) in pieces_mut(y, plane).zip(&stage).take(2 * work.blocks.pairs) {
                for (&place, &output) in places.iter().zip(outputs).take(count) {
                    if let Some(y) = y.get_mut(place) {
                        *y = output;
                    }
                }
            }
        }
    }

    /// Products of some blocks with `count` weights from number `from` of the set on; the blocks are those from number
    /// `done` on.
    fn gemm<'w>(
        &self,
        work: &Work<'w>,
        blocks: Blocks,
        done: usize,
        (from, count): (usize, usize),
        first: bool,
    ) -> Option<Gemm<'w>>
    where
        'a: 'w,
    {
        let weights = Weights {
            weight: self.weights(blocks.first, 2, work.set.0 + from),
            count,
            to_next: 2 * self.direct.shape.channels.inputs * self.direct.shape.kernel(),
            pairs: blocks.pairs,
        };
        let bias: Option<&'w [i8]> = match work.starts {
            Some(starts) => starts.get(8 * done..),
            None => self.operands.parameters.bias.get(4 * blocks.first..),
        };
        let start = match bias {
            Some(bias) if first => Start::Bias(bias, self.direct.arithmetic.offset),
            _ => Start::Sums,
        };
        Gemm::new(weights, start)
    }

    /// Multipliers and shifts from channel `first` on.
    fn factors(&self, first: usize) -> Int8Channels<'a> {
        let Int8Channels { multiplier, shift, .. } = self.operands.parameters;
        Int8Channels {
            bias: &[],
            multiplier: multiplier.get(4 * first..).unwrap_or_default(),
            shift: shift.get(first..).unwrap_or_default(),
        }
    }

    /// Four outputs in some blocks.
    #[inline(never)]
    fn tile(&mut self, work: &Work<'_>, tile: &Tile, scratch: &mut Scratch<'_>) {
        let Shape { channels, .. } = self.direct.shape;
        let (inputs, taps) = (channels.inputs, work.grid.taps());
        let room = 2 * scratch.rows.len();
        let mut part = Part { taps: 0..taps, channels: 0..inputs };
        if work.set.1 <= room {
            self.gather(work, tile, &part, scratch);
            return self.multiply(work, tile, (0, work.set.1), [true, true], scratch);
        }
        // As many taps as there is room for, or some channels of one.
        let (tap_step, step) = match divide(room, inputs) {
            0 => (1, room),
            taps => (taps, inputs),
        };
        let mut done = 0;
        while part.taps.start < taps {
            part.taps.end = taps.min(part.taps.start + tap_step);
            part.channels = 0..0;
            while part.channels.end < inputs {
                part.channels = part.channels.end..inputs.min(part.channels.end + step);
                let count = part.taps.len() * part.channels.len();
                let ends = [done == 0, done + count == work.set.1];
                self.gather(work, tile, &part, scratch);
                self.multiply(work, tile, (done, count), ends, scratch);
                done += count;
            }
            part.taps.start = part.taps.end;
        }
    }

    fn gather(&self, work: &Work<'_>, tile: &Tile, part: &Part, scratch: &mut Scratch<'_>) {
        gather::<R, DSP>(self.direct, self.operands.x, work, (tile, part), scratch);
    }

    /// Multiplies what has been gathered with all blocks' weights from number `from` of the set on, and writes outputs if
    /// those are the last.
    fn multiply(
        &mut self,
        work: &Work<'_>,
        tile: &Tile,
        (from, count): (usize, usize),
        [first, last]: [bool; 2],
        scratch: &mut Scratch<'_>,
    ) {
        let most = scratch.sums.len();
        let mut done = 0;
        while done < work.blocks.count() {
            let blocks = work.blocks.part(done, most);
            let kept = if first && last { 0 } else { done };
            let rows = &*scratch.rows;
            let Some(sums) = scratch.sums.get_mut(kept..) else { return missing() };
            if blocks.pairs > 0 {
                let part = (from, count);
                if DSP {
                    let gemm = self.gemm(work, blocks, done, part, first);
                    if last && work.fast && work.grid.is_dense() && tile.count == OUTPUTS {
                        self.write(gemm, blocks.first, tile, (rows, sums));
                        done += blocks.pairs;
                        continue;
                    }
                    if !gemm.is_some_and(|gemm| gemm.store(sums, R::ROUNDING, rows)) {
                        missing();
                    }
                } else {
                    self.add_products(work, blocks, (done, part), first, (rows, sums));
                }
                if last {
                    self.finish(blocks.first, 2 * blocks.pairs, (work.grid, tile), sums);
                }
            }
            if blocks.single {
                let channel = blocks.first + 2 * blocks.pairs;
                let starts = work.starts.and_then(|starts| starts.get(8 * (done + blocks.pairs)..));
                let Some(sums) = sums.get_mut(blocks.pairs..) else { return missing() };
                self.single(work, (rows, channel, starts), (from, count), first, sums);
                if last {
                    self.finish(channel, 1, (work.grid, tile), sums);
                }
            }
            done += blocks.count();
        }
    }

    /// The outputs of pairs of channels from `channel` on, which lie side by side.
    fn write(
        &mut self,
        gemm: Option<Gemm<'_>>,
        channel: usize,
        tile: &Tile,
        (rows, sums): (&[Row], &mut [Sums]),
    ) {
        let plane = self.direct.shape.out_plane();
        let outputs = Outputs { scale: self.scale(), channels: self.factors(channel) };
        let gemm = gemm.and_then(|gemm| gemm.with_outputs(outputs));
        let y = self.operands.y.get_mut(channel * plane + tile.first..).unwrap_or_default();
        let to = (y, plane, 1);
        if !gemm.is_some_and(|mut gemm| gemm.write(R::ROUNDING, (rows, sums), to)) {
            missing();
        }
    }

    /// Outputs of so many channels from `channel` on from their sums, by portable code.
    #[inline(never)]
    fn finish(
        &mut self,
        channel: usize,
        channels: usize,
        (grid, tile): (&Grid, &Tile),
        sums: &[Sums],
    ) {
        let Convolution { shape, arithmetic, .. } = *self.direct;
        let places = grid.places(tile, shape.columns.output);
        for (index, sums) in sums.as_flattened().iter().enumerate().take(channels) {
            let parameters = Int8::<R>::channel(self.operands.parameters, channel + index);
            let y = self.operands.y.get_mut((channel + index) * shape.out_plane()..);
            let Some(y) = y else { return missing() };
            for (&place, &sum) in places.iter().zip(sums).take(tile.count) {
                if let Some(y) = y.get_mut(place) {
                    *y = output(&arithmetic, parameters, sum);
                }
            }
        }
    }

    /// The sums of pairs of channels by portable code.
    #[inline(never)]
    fn add_products(
        &self,
        work: &Work<'_>,
        blocks: Blocks,
        (done, (from, count)): (usize, (usize, usize)),
        first: bool,
        (rows, sums): (&[Row], &mut [Sums]),
    ) {
        for (index, sums) in sums.iter_mut().enumerate().take(blocks.pairs) {
            let channel = blocks.first + 2 * index;
            let starts = work.starts.and_then(|starts| starts.get(8 * (done + index)..));
            for (lane, sums) in sums.iter_mut().enumerate().take(if first { 2 } else { 0 }) {
                let starts = starts.and_then(|starts| starts.get(4 * lane..));
                *sums = [self.start(channel + lane, starts); OUTPUTS];
            }
            let weight = self.weights(channel, 2, work.set.0 + from).get(..2 * count);
            let (weights, rest) = weight.unwrap_or_default().as_chunks::<4>();
            let last = rest.first_chunk::<2>().map(|&[a, b]| [a, b, 0, 0]);
            let [one, other] = sums;
            for (row, &[a, b, c, d]) in rows.iter().zip(weights.iter().chain(&last)) {
                add(one, row, a, c);
                add(other, row, b, d);
            }
        }
    }

    /// What the sums of a channel start from: the first of `starts`, if there are any.
    fn start(&self, channel: usize, starts: Option<&[i8]>) -> i32 {
        let start = starts.and_then(|starts| starts.first_chunk::<4>());
        let bias = match start {
            Some(start) => i32::from_ne_bytes(start.map(i8::cast_unsigned)),
            None => Int8::<R>::channel(self.operands.parameters, channel).0,
        };
        bias.wrapping_add(self.direct.arithmetic.offset)
    }

    /// The sums of a channel without another beside it.
    #[inline(never)]
    fn single(
        &self,
        work: &Work<'_>,
        (rows, channel, starts): (&[Row], usize, Option<&[i8]>),
        (from, count): (usize, usize),
        first: bool,
        sums: &mut [Sums],
    ) {
        let Some([sums, _]) = sums.first_mut() else { return missing() };
        if first {
            *sums = [self.start(channel, starts); OUTPUTS];
        }
        let weight = self.weights(channel, 1, work.set.0 + from);
        let (pairs, rest) = weight.get(..count).unwrap_or_default().as_chunks::<2>();
        let last = rest.first().map(|&weight| [weight, 0]);
        for (row, &[low, high]) in rows.iter().zip(pairs.iter().chain(&last)) {
            add(sums, row, low, high);
        }
    }
}

/// Adds the products of two inputs with two weights of a channel to each output's sum.
#[inline(always)]
fn add(sums: &mut [i32; OUTPUTS], row: &Row, low: i8, high: i8) {
    for (sum, &x) in sums.iter_mut().zip(row) {
        let (first, second) = (i32::from(x as i16), x >> 16);
        *sum = sum.wrapping_add(first.wrapping_mul(low.into()));
        *sum = sum.wrapping_add(second.wrapping_mul(high.into()));
    }
}

/// A sum as an output, by portable code. Not inlined: it is long, and rarely runs.
#[inline(never)]
pub(super) fn output<R: Rescale>(arithmetic: &Int8<R>, channel: (i32, FixedPoint), sum: i32) -> i8 {
    arithmetic.finish(channel, sum)
}

/// The sums of every other weight.
fn sum_pairs(weight: &[i8]) -> [i32; 2] {
    let (fours, rest) = weight.as_chunks::<4>();
    let mut sums = [0; 2];
    for &[a, b, c, d] in fours {
        sums = [sums[0] + i32::from(a) + i32::from(c), sums[1] + i32::from(b) + i32::from(d)];
    }
    if let Some(&[a, b]) = rest.first_chunk() {
        sums = [sums[0] + i32::from(a), sums[1] + i32::from(b)];
    }
    sums
}

/// Gathers what a part comes to for a tile.
#[inline(always)]
fn gather<R: Rescale, const DSP: bool>(
    direct: &Convolution<Int8<R>>,
    x: &[i8],
    work: &Work<'_>,
    (tile, part): (&Tile, &Part),
    scratch: &mut Scratch<'_>,
) {
    let plane = direct.shape.in_plane();
    let x = x.get(work.channel * plane..).unwrap_or_default();
    let Scratch { rows, places, .. } = scratch;
    let border = direct.arithmetic.border;
    work.grid.gather::<DSP>((x, plane), (tile, part), work.taps, border, places, rows);
}
