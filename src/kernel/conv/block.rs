//! A group of outputs in one block of output channels: its totals on the stack, summed up a tile at a time.

use core::array::from_fn;

use crate::geometry::missing;
use crate::isa::generic::taps::{BlockTaps, Taps};
use crate::isa::traits::{Isa, Lanes, Operation};
use crate::kernel::arithmetic::Arithmetic;
use crate::kernel::conv::direct::Region;
use crate::kernel::conv::group::Group;
use crate::kernel::conv::problem::{Block, Convolution, OperandsOf};
use crate::kernel::pieces;
use crate::tuning::{CACHED_WEIGHTS, GROUP, PREFETCHES, TAPS, TILES_OF_ANY_SIZE};

/// Computes `group` in the `B` output channels of `block`.
pub(crate) struct GroupOfBlock<'a, 'p, A: Arithmetic, L, const B: usize> {
    pub(crate) direct: &'a Convolution<A>,
    pub(crate) lanes: L,
    pub(crate) region: Region,
    pub(crate) group: &'a Group,
    pub(crate) block: Block,
    /// The region's taps, or as many as there is room for.
    pub(crate) taps: &'a mut Taps,
    pub(crate) operands: &'a mut OperandsOf<'p, A>,
}

impl<A, L, const B: usize> Operation for GroupOfBlock<'_, '_, A, L, B>
where
    A: Arithmetic,
    L: Lanes<Element = A::Element, Total = A::Total>,
{
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { direct, lanes, region, group, block, taps, operands } = self;
        let (shape, Block { first, .. }) = (direct.shape, block);
        let inputs = shape.channels.inputs;
        let (plane, kernel, out_plane) = (shape.in_plane(), shape.kernel(), shape.out_plane());
        let x = operands.x.get(block.group * inputs * plane..).unwrap_or_default();
        let weight = operands.weight.get(first * inputs * kernel..).unwrap_or_default();
        let Some(y) = operands.y.get_mut(first * out_plane..) else { return missing() };

        // Outputs that no second-level cache holds are on their way while their sums are computed.
        let prefetches = PREFETCHES && L::LANES >= 8;
        if prefetches && shape.channels.all_outputs() * out_plane > 2 * CACHED_WEIGHTS {
            // Each output, or every sixteenth of neighbours.
            let step = group.step.output;
            for (output, outputs) in group.segments() {
                for index in (0..outputs * step).step_by(step.max(16)) {
                    for lane in 0..B {
                        let at = y.as_ptr().wrapping_add(lane * out_plane + output + index);
                        lanes.prefetch(at);
                    }
                }
            }
        }

        let per_channel = region.rows.taps.count * region.columns.taps.count;
        let channels: [_; B] = from_fn(|lane| A::channel(operands.parameters, first + lane));
        let mut totals = [start(direct, &channels, region, weight); GROUP];
        let at_once = taps.channels().max(1);
        for channel in (0..inputs).step_by(at_once) {
            let count = at_once.min(inputs - channel);
            let x = x.get(channel * plane..).unwrap_or_default();
            let weight = weight.get(channel * kernel * B..).unwrap_or_default();
            for part in (0..per_channel).step_by(TAPS) {
                if per_channel > TAPS {
                    direct.list(region, part, 1, taps);
                }
                let Some(taps) = taps.of_block::<_, B>(count, weight) else { continue };
                let mut rest = totals.as_mut_slice();
                for (input, outputs) in group.tiles() {
                    let x = (x.get(input..).unwrap_or_default(), group.step.input);
                    tile(lanes, &taps, x, outputs, rest);
                    rest = rest.get_mut(outputs..).unwrap_or_default();
                }
            }
        }
        let mut rest = totals.as_slice();
        for (output, outputs) in group.segments() {
            let Some((now, later)) = rest.split_at_checked(outputs) else { return missing() };
            let Some(y) = y.get_mut(output..) else { return missing() };
            direct.arithmetic.write(&channels, now, y, out_plane, group.step.output);
            rest = later;
        }
    }
}

/// The totals before the first product: the bias, and for every tap that finds padding what the padding
/// holds.
pub(super) fn start<A: Arithmetic, const B: usize>(
    direct: &Convolution<A>,
    channels: &[A::Channel; B],
    Region { rows, columns }: Region,
    weight: &[A::Element],
) -> [A::Total; B] {
    let (height, width) = (direct.shape.rows.kernel, direct.shape.columns.kernel);
    let mut totals = channels.map(|channel| direct.arithmetic.start(channel));
    let Some(border) = direct.arithmetic.border() else { return totals };
    if rows.taps.count == height && columns.taps.count == width {
        return totals;
    }
    for weight in pieces(weight, height * width * B).take(direct.shape.channels.inputs) {
        for (row_tap, weight) in pieces(weight, width * B).enumerate() {
            let met = rows.taps.contains(row_tap);
            for (tap, weight) in weight.as_chunks::<B>().0.iter().enumerate() {
                if !(met && columns.taps.contains(tap)) {
                    for (total, &weight) in totals.iter_mut().zip(weight) {
                        *total = A::add_product(*total, weight, border);
                    }
                }
            }
        }
    }
    totals
}

/// The most outputs that a tile of sums in `L` may have, beside a vector of weights and one of inputs.
pub(crate) const fn most_outputs<L: Lanes>() -> usize {
    match L::REGISTERS {
        14.. => 12,
        3.. => L::REGISTERS - 2,
        _ => 1,
    }
}

/// Whether tiles may have any number of outputs up to [`most_outputs`], so that none is left with the one or two that
/// do not hide the latency of their sums; elsewhere the code is not worth it.
pub(super) const fn any_size<L: Lanes>() -> bool {
    TILES_OF_ANY_SIZE && L::REGISTERS >= 14
}

/// Adds the products over `taps` to the totals of `outputs` outputs.
#[inline(always)]
fn tile<L: Lanes, const B: usize>(
    lanes: L,
    taps: &BlockTaps<'_, L::Element, B>,
    x: (&[L::Element], usize),
    outputs: usize,
    totals: &mut [[L::Total; B]],
) {
    for lane in (0..B).step_by(L::LANES) {
        macro_rules! outputs {
            ($outputs:literal) => {
                taps.add_products::<L, $outputs>(lanes, lane, x, totals)
            };
        }
        match outputs {
            1 => outputs!(1),
            2 => outputs!(2),
            3 if most_outputs::<L>() >= 3 => outputs!(3),
            4 if most_outputs::<L>() >= 4 => outputs!(4),
            5 if most_outputs::<L>() >= 5 => outputs!(5),
            6 if most_outputs::<L>() >= 6 => outputs!(6),
            7 if any_size::<L>() => outputs!(7),
            8 if most_outputs::<L>() >= 8 => outputs!(8),
            9 if any_size::<L>() => outputs!(9),
            10 if most_outputs::<L>() >= 10 => outputs!(10),
            11 if any_size::<L>() => outputs!(11),
            12 if most_outputs::<L>() >= 12 => outputs!(12),
            _ => missing(),
        }
    }
}
