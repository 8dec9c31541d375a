//! Direct and transposed convolution in i8 where two products of sixteen bits are added at a time.
//!
//! What the taps of four outputs meet is gathered in pairs (im2col), with what padding holds where that lies outside the
//! input, and multiplied with the weights of all pairs of output channels. A reduction for which there is no room is cut
//! into parts, between which sums are kept.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

use crate::geometry::{divide, missing};
use crate::isa::cortex_m::gemm::{Factors, Outputs, Start, Sums};
use crate::isa::cortex_m::rescale::Scale;
use crate::isa::cortex_m::{OUTPUTS, Row, gather::Taps, gemm};
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::conv::patch_pairs::{Grid, Part, Tile};
use crate::kernel::conv::problem::{Convolution, Operands, Shape};
use crate::kernel::runs::Operator;
use crate::kernel::weight_order::{Order, Sets};
use crate::padding::PaddingMode;

/// Memory to work in.
pub(crate) struct Scratch<'a> {
    /// What is gathered.
    pub(crate) rows: &'a mut [Row],
    /// Sums of blocks of output channels, at least one.
    pub(crate) sums: &'a mut [Sums],
}

/// Rows for which there is room on the stack.
const STACK: usize = 44;

/// The most bytes of a workspace.
const WORKSPACE: usize = 4096;

/// Bytes of the workspace with which a convolution need not gather its inputs again and again.
pub(crate) const fn workspace_len(shape: &Shape) -> usize {
    let rows = (shape.channels.inputs * shape.kernel()).div_ceil(2);
    if rows <= STACK {
        return 0;
    }
    // Less than a word is lost to alignment.
    let most = WORKSPACE / size_of::<Row>() - 1;
    if rows < most { rows * size_of::<Row>() + 3 } else { most * size_of::<Row>() + 3 }
}

/// Memory on the stack.
pub(crate) struct Stack {
    rows: [Row; STACK],
    sums: [Sums; 4],
}

impl Stack {
    pub(crate) const NEW: Self = Self { rows: [[0; OUTPUTS]; _], sums: [[[0; OUTPUTS]; 2]; _] };

    /// The memory for a layer: some of a workspace, if that is enough for more.
    pub(crate) fn scratch<'a>(
        &'a mut self,
        workspace: &'a mut [i32],
        shape: &Shape,
    ) -> Scratch<'a> {
        let Self { rows, sums } = self;
        let all = (shape.channels.inputs * shape.kernel()).div_ceil(2);
        let words = workspace.len();
        if all <= rows.len() || words <= rows.as_flattened().len() {
            return Scratch { rows, sums };
        }
        if OUTPUTS * all <= words {
            return Scratch { rows: workspace.as_chunks_mut().0, sums };
        }
        // Sums of all blocks, if these take no more than a third.
        let blocks = shape.channels.outputs.div_ceil(2);
        let kept = (2 * OUTPUTS * blocks).min(words / 3);
        let (kept, workspace) = workspace.split_at_mut_checked(kept).unwrap_or_default();
        let kept = kept.as_chunks_mut::<OUTPUTS>().0.as_chunks_mut::<2>().0;
        let sums = if kept.len() > sums.len() { kept } else { sums };
        Scratch { rows: workspace.as_chunks_mut().0, sums }
    }
}

/// A convolution and what it works on.
pub(crate) struct Im2col<'a, R> {
    /// Whether with assembly.
    pub(crate) dsp: bool,
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

impl<'a, R: Rescale> Im2col<'a, R> {
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
        let fast = self.dsp && self.is_fast();
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
                let most = if shifted { most.min(STAGED) } else { most };
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
        let met = met.0..met.0 + met.1;
        let starts = starts.as_chunks_mut::<4>().0.iter_mut();
        let channels = 2 * blocks.pairs + usize::from(blocks.single);
        for (start, index) in starts.zip(0..channels) {
            let channel = blocks.first + index;
            let together = if index < 2 * blocks.pairs { 2 } else { 1 };
            let weight = self.weights(channel - index % 2, 1, 0);
            let weight = weight.iter().skip(index % 2).step_by(together).take(all).enumerate();
            let mut sum = 0_i32;
            for (number, &weight) in weight {
                if !met.contains(&number) {
                    sum += i32::from(weight);
                }
            }
            let bias = Int8::<R>::channel(self.operands.parameters, channel).0;
            let bias = bias.wrapping_add(sum.wrapping_mul(border));
            *start = bias.to_ne_bytes().map(u8::cast_signed);
        }
    }

    /// All outputs of a grid in some blocks.
    fn tiles(&mut self, work: &Work<'_>, scratch: &mut Scratch<'_>) {
        let all = work.grid.outputs();
        let count = all.min(OUTPUTS);
        let mut first = 0;
        while first < all {
            let tile = work.grid.tile(first.min(all - count), count);
            self.tile(work, &tile, scratch);
            first += OUTPUTS;
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
            self.gather(work, tile, &part, scratch.rows);
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
                self.gather(work, tile, &part, scratch.rows);
                self.multiply(work, tile, (done, count), ends, scratch);
                done += count;
            }
            part.taps.start = part.taps.end;
        }
    }

    fn gather(&self, work: &Work<'_>, tile: &Tile, part: &Part, rows: &mut [Row]) {
        let Convolution { shape, arithmetic, .. } = *self.direct;
        let plane = shape.in_plane();
        let x = self.operands.x.get(work.channel * plane..).unwrap_or_default();
        work.grid.gather((x, plane), (tile, part), work.taps, (self.dsp, arithmetic.border), rows);
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
        let side_by_side = work.grid.is_dense() && tile.count == OUTPUTS;
        let most = match (last && work.fast, side_by_side) {
            (true, true) => usize::MAX,
            (true, false) => STAGED,
            _ => scratch.sums.len(),
        };
        let mut done = 0;
        while done < work.blocks.count() {
            let blocks = work.blocks.part(done, most);
            let kept = if first && last { 0 } else { done };
            let sums = scratch.sums.get_mut(kept..).unwrap_or_default();
            let starts = work.starts.and_then(|starts| starts.get(8 * done..));
            let rows = &*scratch.rows;
            if blocks.pairs > 0 {
                let factors = Factors {
                    rows,
                    count,
                    weight: self.weights(blocks.first, 2, work.set.0 + from),
                    to_next: 2 * self.direct.shape.channels.inputs * self.direct.shape.kernel(),
                    pairs: blocks.pairs,
                };
                let bias = self.operands.parameters.bias.get(4 * blocks.first..);
                let start = match starts.or(bias) {
                    Some(bias) if first => Start::Bias(bias, self.direct.arithmetic.offset),
                    _ => Start::Sums,
                };
                if last && work.fast {
                    self.outputs((factors, start), blocks.first, (work.grid, tile), sums);
                } else {
                    if self.dsp {
                        if !gemm::sums(factors, start, sums) {
                            missing();
                        }
                    } else {
                        add_products(factors, start, sums);
                    }
                    if last {
                        self.finish(blocks.first, 2 * blocks.pairs, (work.grid, tile), sums);
                    }
                }
            }
            if blocks.single {
                let at = if first && last && work.fast { 0 } else { blocks.pairs };
                let channel = blocks.first + 2 * blocks.pairs;
                let starts = starts.and_then(|starts| starts.get(8 * blocks.pairs..));
                if let Some(sums) = scratch.sums.get_mut(kept + at..) {
                    let rows = &*scratch.rows;
                    self.single(work, (rows, channel, starts), (from, count), first, sums);
                    if last {
                        self.finish(channel, 1, (work.grid, tile), sums);
                    }
                }
            }
            done += blocks.count();
        }
    }

    /// The outputs of pairs of channels from `channel` on.
    fn outputs(
        &mut self,
        (factors, start): (Factors<'_>, Start<'_>),
        channel: usize,
        (grid, tile): (&Grid, &Tile),
        sums: &mut [Sums],
    ) {
        let Int8Channels { multiplier, shift, .. } = self.operands.parameters;
        let channels = Int8Channels {
            bias: &[],
            multiplier: multiplier.get(4 * channel..).unwrap_or_default(),
            shift: shift.get(channel..).unwrap_or_default(),
        };
        let (scale, plane) = (self.scale(), self.direct.shape.out_plane());
        let width = self.direct.shape.columns.output;
        // The weights are borrowed, and the outputs are not among them.
        let y = self.operands.y.get_mut(channel * plane..).unwrap_or_default();
        if grid.is_dense() && tile.count == OUTPUTS {
            let y = y.get_mut(tile.first..).unwrap_or_default();
            if !gemm::outputs(factors, start, sums, Outputs { scale, channels, y, plane }) {
                missing();
            }
            return;
        }
        let mut staged = [[0; OUTPUTS]; 2 * STAGED];
        let to = Outputs { scale, channels, y: staged.as_flattened_mut(), plane: OUTPUTS };
        if !gemm::outputs(factors, start, sums, to) {
            return missing();
        }
        for (index, outputs) in staged.iter().enumerate().take(2 * factors.pairs) {
            let y = y.get_mut(index * plane..).unwrap_or_default();
            for (place, &output) in grid.places(tile, width).zip(outputs) {
                if let Some(y) = y.get_mut(place) {
                    *y = output;
                }
            }
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
        for (index, sums) in sums.as_flattened().iter().enumerate().take(channels) {
            let parameters = Int8::<R>::channel(self.operands.parameters, channel + index);
            let y = self.operands.y.get_mut((channel + index) * shape.out_plane()..);
            let Some(y) = y else { return missing() };
            for (place, &sum) in grid.places(tile, shape.columns.output).zip(sums) {
                if let Some(y) = y.get_mut(place) {
                    *y = arithmetic.finish(parameters, sum);
                }
            }
        }
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
            let bias = Int8::<R>::channel(self.operands.parameters, channel).0;
            let start = starts.and_then(|starts| starts.first_chunk::<4>());
            let bias = start.map_or(bias, |start| i32::from_ne_bytes(start.map(i8::cast_unsigned)));
            *sums = [bias.wrapping_add(self.direct.arithmetic.offset); OUTPUTS];
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
        let (first, second) = (i32::from(x as i16), x as i32 >> 16);
        *sum = sum.wrapping_add(first.wrapping_mul(low.into()));
        *sum = sum.wrapping_add(second.wrapping_mul(high.into()));
    }
}

/// [`gemm::sums`] by portable code.
#[inline(never)]
fn add_products(factors: Factors<'_>, start: Start<'_>, sums: &mut [Sums]) {
    let Factors { rows, count, weight, to_next, pairs } = factors;
    for (index, sums) in sums.iter_mut().enumerate().take(pairs) {
        if let Start::Bias(bias, offset) = start {
            let bias = bias.as_chunks::<4>().0.iter().skip(2 * index);
            for (sums, bias) in sums.iter_mut().zip(bias) {
                let bias = i32::from_ne_bytes(bias.map(i8::cast_unsigned));
                *sums = [bias.wrapping_add(offset); OUTPUTS];
            }
        }
        let weight = weight.get(index * to_next..).and_then(|rest| rest.get(..2 * count));
        let (weights, rest) = weight.unwrap_or_default().as_chunks::<4>();
        let last = rest.first_chunk::<2>().map(|&[a, b]| [a, b, 0, 0]);
        let [first, second] = sums;
        for (row, &[a, b, c, d]) in rows.iter().zip(weights.iter().chain(&last)) {
            add(first, row, a, c);
            add(second, row, b, d);
        }
    }
}
