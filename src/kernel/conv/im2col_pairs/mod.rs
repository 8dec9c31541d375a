//! Direct and transposed convolution in i8 where two products of sixteen bits are added at a time.
//!
//! What the taps of four outputs meet is gathered in pairs (im2col), with what padding holds where that lies outside the
//! input, and multiplied with the weights of all pairs of output channels. A reduction for which there is no room is cut
//! into parts, between which sums are kept.
//!
//! Memory contract: reads the input and the packed weights; writes every element of the output, some twice.

mod grid;
pub(crate) mod portable;
pub(crate) mod scratch;
mod tile;

use self::grid::Grid;
use self::scratch::Scratch;
use crate::isa::cortex_m::OUTPUTS;
use crate::isa::cortex_m::gather::Taps;
use crate::isa::cortex_m::rescale::is_fast;
use crate::kernel::arithmetic::{Arithmetic, Int8, Int8Channels, Rescale};
use crate::kernel::conv::problem::{Convolution, Operands, Shape};
use crate::kernel::runs::Operator;
use crate::kernel::weight_order::{Order, Sets};

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
                let grid = Grid::new(rows, columns, operator.padding_mode());
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
        let requantize = arithmetic.requantize_params();
        (0..shape.channels.all_outputs()).all(|index| {
            let (bias, factor) = Int8::<R>::channel(self.operands.parameters, index);
            let start =
                u64::from(bias.unsigned_abs()) + u64::from(arithmetic.offset.unsigned_abs());
            is_fast(&requantize, factor, start.saturating_add(products))
        })
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
