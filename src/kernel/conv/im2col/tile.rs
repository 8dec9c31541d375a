//! A tile of outputs: its patches are gathered in parts that there is room for, and multiplied with all weight panels.

use super::output_phase::{OutputPhase, RowSegment, Tile};
use super::{Im2colGemm, PanelBatch, Scratch};
use crate::geometry::{divide, missing};
use crate::isa::generic::im2col::{
    CHANNELS, MicroKernel, OUTPUTS, OutputPlaces, OutputPlanes, PatchChannels, PatchPanel, TAPS,
    WeightPanels,
};
use crate::kernel::arithmetic::Rescale;
use crate::kernel::conv::problem::Convolution;
use crate::kernel::weight_order::FOUR;

impl<R: Rescale, K: MicroKernel> Im2colGemm<'_, R, K> {
    /// A tile in all panels that are worked on.
    pub(super) fn tile(&mut self, phase: &OutputPhase, tile: Tile, scratch: &mut Scratch<'_>) {
        let located = phase.locate(tile, scratch.source).is_some();
        let places = self.places(phase, tile);
        let Convolution { shape, arithmetic, .. } = *self.convolution;
        let requantize = arithmetic.requantize_params();
        let (plane, weights) = (shape.out_plane(), shape.channels.inputs * shape.kernel());
        let (before, all) = scratch.set;
        // How many taps are multiplied, and how many more are gathered.
        let (mut done, mut held) = (0, 0);
        loop {
            held += self.gather(phase, tile, located, (done, held), scratch);
            let last = done + held >= all;
            let whole = held / TAPS;
            let sixteens = if last { held.div_ceil(TAPS) } else { whole };
            let rows = scratch.patches.0.as_chunks_mut::<TAPS>().0;
            let Some((rows, behind)) = rows.split_at_mut_checked(sixteens) else {
                return missing();
            };
            self.micro_kernel.arrange(tile.count, rows);
            let panel = PatchPanel { rows, whole, first: done == 0, outputs: tile.count };
            let spilled = !(last && panel.first);
            let mut multiply = |size, first, parameters: &[_], accumulators: &mut [_]| {
                let weight = self.operands.weight.get(first * weights + (before + done) * size..);
                let weights = WeightPanels {
                    size,
                    parameters,
                    weight: weight.unwrap_or_default(),
                    to_next: weights * size,
                    accumulators,
                    spilled,
                };
                let y = self.operands.y.get_mut(first * plane..).unwrap_or_default();
                let outputs = match &places {
                    Some(places) if last => Some(OutputPlanes { requantize, places, y, plane }),
                    _ => None,
                };
                self.micro_kernel.multiply(panel, weights, outputs);
            };
            let PanelBatch { first, panels_of_4, panels_of_1, .. } = scratch.batch;
            let parameters = scratch.parameters.split_at_checked(panels_of_4);
            let (of_4, others) = parameters.unwrap_or_default();
            if panels_of_4 > 0 {
                multiply(CHANNELS, first, of_4, scratch.accumulators);
            }
            if panels_of_1 > 0 {
                let behind = if spilled { panels_of_4 } else { 0 };
                let accumulators = scratch.accumulators.get_mut(behind..).unwrap_or_default();
                let of_1 = others.get(..panels_of_1).unwrap_or_default();
                multiply(1, first + panels_of_4 * CHANNELS, of_1, accumulators);
            }
            done += whole * TAPS;
            if last || whole == 0 {
                break;
            }
            // Begins the next part.
            let behind = behind.first().copied();
            if let (Some(behind), Some(first)) = (behind, scratch.patches.0.first_chunk_mut()) {
                *first = behind;
            }
            held %= TAPS;
        }
    }

    /// Gathers the inputs of the taps from a number on, as many as there is room for behind the rows that are `held`; says
    /// how many.
    fn gather(
        &self,
        phase: &OutputPhase,
        tile: Tile,
        located: bool,
        (done, held): (usize, usize),
        scratch: &mut Scratch<'_>,
    ) -> usize {
        let Convolution { shape, arithmetic, .. } = *self.convolution;
        let Scratch { order, set: (_, all), source, patches, batch, .. } = scratch;
        let (plane, border, taps) = (shape.in_plane(), arithmetic.border, phase.taps());
        let first = batch.group * shape.channels.inputs * plane;
        let number = done + held;
        let left = all.saturating_sub(number);
        let to = patches.0.get_mut(held..).unwrap_or_default();
        let mut count = to.len().min(left);
        if located {
            let channel = divide(number, taps);
            let mut channels = divide(left, taps);
            if to.len() < left {
                channels = divide(to.len(), FOUR * taps) * FOUR;
            }
            let in_fours = order.in_fours().saturating_sub(channel).min(channels);
            let first = first + channel * plane;
            let from = PatchChannels { first, plane, in_fours, single: channels - in_fours };
            count = channels * taps;
            if self.micro_kernel.gather(source, self.operands.x, from, border, to) {
                return count;
            }
        }
        let x = self.operands.x.get(first..).unwrap_or_default();
        let to = to.get_mut(..count.next_multiple_of(FOUR)).unwrap_or_default();
        phase.gather_by_element(tile, x, (order, number), border, to);
        self.micro_kernel.interleave(to, count);
        count
    }

    /// Where a tile's outputs are in a plane. Not inlined, so that what it needs is on the stack no longer than it runs.
    #[inline(never)]
    fn places(&self, phase: &OutputPhase, tile: Tile) -> Option<OutputPlaces> {
        let OutputPhase { rows, columns, .. } = phase;
        if tile.count == OUTPUTS && rows.output_step == 1 && columns.output_step == 1 {
            return OutputPlaces::side_by_side(tile.first);
        }
        let mut places = [0; OUTPUTS];
        for RowSegment { lane, row, column, count } in phase.segments(tile) {
            let mut at = (rows.output + row * rows.output_step)
                * self.convolution.shape.columns.output
                + columns.output
                + column * columns.output_step;
            for place in places.iter_mut().skip(lane).take(count) {
                *place = at;
                at += columns.output_step;
            }
        }
        OutputPlaces::scattered(places.get(..tile.count)?)
    }
}
