//! What assembly is not there for: channels without another beside them, other roundings, and `Backend::Scalar`.

use super::grid::{Grid, Tile};
use super::{Blocks, Im2col, Work};
use crate::geometry::missing;
use crate::isa::cortex_m::gemm::Sums;
use crate::isa::cortex_m::{OUTPUTS, Row};
use crate::kernel::arithmetic::{Arithmetic, Int8, Rescale};
use crate::kernel::conv::problem::Convolution;
use crate::quant::FixedPoint;

impl<R: Rescale, const DSP: bool> Im2col<'_, R, DSP> {
    /// Outputs of so many channels from `channel` on from their sums, by portable code.
    #[inline(never)]
    pub(super) fn finish(
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
    pub(super) fn add_products(
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
    pub(super) fn single(
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
pub(crate) fn output<R: Rescale>(arithmetic: &Int8<R>, channel: (i32, FixedPoint), sum: i32) -> i8 {
    arithmetic.finish(channel, sum)
}
