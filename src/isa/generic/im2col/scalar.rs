//! The micro-kernel in portable code. Rows of patches stay as they are gathered, tap by tap.

use super::{
    Accumulators, MicroKernel, OUTPUTS, OutputPlanes, PatchChannels, PatchPanel, PatchRow,
    PatchSource, TAPS, WeightPanels, is_complete,
};
use crate::geometry::missing;
use crate::isa::scalar::Scalar;
use crate::quant::FixedPoint;

impl MicroKernel for Scalar {
    fn gather(
        self,
        source: &PatchSource,
        x: &[i8],
        channels: PatchChannels,
        border: i8,
        to: &mut [PatchRow],
    ) -> bool {
        let PatchChannels { first, plane, in_fours, single } = channels;
        let [rows, columns] = source.taps();
        let channels = in_fours.checked_add(single);
        let count = channels.and_then(|channels| channels.checked_mul(source.tap_count()));
        if count.is_none_or(|count| count == 0 || to.len() < count) || !in_fours.is_multiple_of(4) {
            return false;
        }
        let fours = (0..in_fours).step_by(4).map(|first| (first, 4));
        let singles = (in_fours..in_fours + single).map(|first| (first, 1));
        let mut next = to.iter_mut();
        for (channel, count) in fours.chain(singles) {
            for tap in (0..rows).flat_map(|row| (0..columns).map(move |column| [row, column])) {
                for (channel, to) in (channel..channel + count).zip(&mut next) {
                    let x = x.get(channel.saturating_mul(plane).saturating_add(first)..);
                    *to = patch_row(source, x.unwrap_or_default(), tap, border);
                }
            }
        }
        true
    }

    fn interleave(self, _rows: &mut [PatchRow], _count: usize) {}

    fn arrange(self, _outputs: usize, _rows: &mut [[PatchRow; TAPS]]) {}

    #[inline(always)]
    fn multiply(
        self,
        panel: PatchPanel<'_>,
        weights: WeightPanels<'_>,
        mut outputs: Option<OutputPlanes<'_>>,
    ) {
        if !is_complete(&panel, &weights, outputs.as_ref()) {
            return missing();
        }
        let WeightPanels { size, parameters, weight, to_next, accumulators, spilled } = weights;
        let (rows, rest) = panel.rows.split_at_checked(panel.whole).unwrap_or_default();
        for (index, parameters) in parameters.iter().enumerate() {
            let kept = if spilled { index } else { 0 };
            let Some(sums) = accumulators.get_mut(kept) else { return missing() };
            if panel.first {
                sums.0 = [parameters.starts.map(|start| [start; 4]); OUTPUTS / 4];
            }
            let weight = weight.get(index * to_next..).unwrap_or_default();
            add_products(rows, weight.as_chunks().0, size, sums);
            add_products(rest, &parameters.rest, size, sums);
            let Some(outputs) = &mut outputs else { continue };
            let factors = parameters.multipliers.iter().zip(&parameters.shifts);
            for (lane, (&multiplier, &shift)) in factors.enumerate().take(size) {
                let y = outputs.y.get_mut((index * size + lane) * outputs.plane..);
                let y = y.unwrap_or_default();
                let each = outputs.places.each();
                for (output, place) in each.skip(OUTPUTS.saturating_sub(panel.outputs)) {
                    if let Some(y) = y.get_mut(place)
                        && let Some(sums) = sums.0.get(output / 4)
                        && let Some(sum) = sums.get(lane).and_then(|sums| sums.get(output % 4))
                    {
                        let factor = FixedPoint { multiplier, shift };
                        *y = outputs.requantize.requantize(*sum, factor);
                    }
                }
            }
        }
    }

    fn sum_of<'a>(weights: impl Iterator<Item = &'a [i8; TAPS]>) -> i32 {
        weights.flatten().fold(0_i32, |sum, &weight| sum.wrapping_add(i32::from(weight)))
    }

    fn i16_may_overflow(self, _weights: &[[i8; TAPS]]) -> bool {
        false
    }
}

/// What the outputs of a tile meet of a plane through a tap.
fn patch_row(source: &PatchSource, x: &[i8], [row, column]: [usize; 2], border: i8) -> PatchRow {
    let ([_, columns], [down, across]) = (source.taps(), source.to_next());
    let tap = down.wrapping_mul(row as isize).wrapping_add(across.wrapping_mul(column as isize));
    let masks = source.masks().iter().skip(row * columns + column);
    let is_masked = source.pieces() > 1 || source.masked().wrapping_shr(column as u32) & 1 != 0;
    let mut gathered = [border; OUTPUTS];
    for (from, mask) in source.from().iter().zip(masks.step_by(source.tap_count().max(1))) {
        for (lane, (to, mask)) in gathered.iter_mut().zip(mask.0).enumerate() {
            let place = from.wrapping_add(tap).wrapping_add((lane * source.step()) as isize);
            let x = usize::try_from(place).ok().and_then(|place| x.get(place));
            if let Some(&x) = x
                && (mask != 0 || !is_masked)
            {
                *to = x;
            }
        }
    }
    PatchRow(gathered)
}

/// Adds the products of sixteens of taps with `size` channels.
#[inline(always)]
fn add_products(
    rows: &[[PatchRow; TAPS]],
    weight: &[[i8; TAPS]],
    size: usize,
    sums: &mut Accumulators,
) {
    for (index, rows) in rows.iter().enumerate() {
        let weight = weight.iter().skip(index * size).take(size);
        for (lane, weight) in weight.enumerate() {
            for (row, &weight) in rows.iter().zip(weight) {
                for (sums, x) in sums.0.iter_mut().zip(row.0.as_chunks::<4>().0) {
                    let Some(sums) = sums.get_mut(lane) else { continue };
                    for (sum, &x) in sums.iter_mut().zip(x) {
                        *sum = sum.wrapping_add(i32::from(weight) * i32::from(x));
                    }
                }
            }
        }
    }
}
