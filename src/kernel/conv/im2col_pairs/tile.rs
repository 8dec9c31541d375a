//! A tile of four outputs in some pairs of output channels.

use super::grid::{Part, Tile};
use super::scratch::Scratch;
use super::{Blocks, Im2col, STAGED, Work};
use crate::geometry::{divide, missing};
use crate::isa::cortex_m::gemm::{Gemm, Outputs, Start, Sums, Weights};
use crate::isa::cortex_m::{OUTPUTS, Row};
use crate::kernel::arithmetic::{Int8, Int8Channels, Rescale};
use crate::kernel::conv::problem::{Convolution, Shape};
use crate::kernel::pieces_mut;

impl<'a, R: Rescale, const DSP: bool> Im2col<'a, R, DSP> {
    /// All outputs of a grid in some blocks, where the reduction is in one part and assembly rounds the sums of all blocks.
    pub(super) fn fast_tiles(&mut self, work: &Work<'_>, scratch: &mut Scratch<'_>) {
        let Shape { columns, .. } = self.direct.shape;
        let plane = self.direct.shape.out_plane();
        let (grid, first) = (work.grid, work.blocks.first);
        let all = grid.outputs();
        let count = all.min(OUTPUTS);
        let (dense, step) = (grid.is_dense() && count == OUTPUTS, grid.step());
        let mut stage = [[0; OUTPUTS]; 2 * STAGED];
        let outputs = Outputs {
            requantize: self.direct.arithmetic.requantize_params(),
            channels: self.factors(first),
        };
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
    pub(super) fn tile(&mut self, work: &Work<'_>, tile: &Tile, scratch: &mut Scratch<'_>) {
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
        let outputs = Outputs {
            requantize: self.direct.arithmetic.requantize_params(),
            channels: self.factors(channel),
        };
        let gemm = gemm.and_then(|gemm| gemm.with_outputs(outputs));
        let y = self.operands.y.get_mut(channel * plane + tile.first..).unwrap_or_default();
        let to = (y, plane, 1);
        if !gemm.is_some_and(|mut gemm| gemm.write(R::ROUNDING, (rows, sums), to)) {
            missing();
        }
    }
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
