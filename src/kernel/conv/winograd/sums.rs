//! Sums over the input channels, at each position of the transformed tiles.

use crate::geometry::rounded_up;
use crate::isa::generic::panel::{Totals, products};
use crate::isa::traits::{F32Lanes, Isa, Operation};
use crate::kernel::conv::block::most_outputs;
use crate::kernel::conv::winograd::blocking::Blocking;
use crate::kernel::{pieces, pieces_mut};

/// The most products that are summed up in registers before they are added to the totals. It bounds the
/// rounding error, and the weights stay in the first-level cache for all tiles of a block.
const PRODUCTS: usize = 64;

/// Multiplies the transformed inputs of a block of `tiles` tiles with the weights of a block of `B` output
/// channels.
pub(crate) struct Sums<'a, L, const B: usize> {
    pub(crate) lanes: L,
    pub(crate) blocking: Blocking,
    pub(crate) tiles: usize,
    /// Input channels.
    pub(crate) inputs: usize,
    /// Position by position: channel by channel.
    pub(crate) weight: &'a [[f32; B]],
    /// Position by position: tile by tile, the channels of each.
    pub(crate) x: &'a [f32],
    /// Position by position: tile by tile.
    pub(crate) to: &'a mut [f32],
}

impl<L, const B: usize> Operation for Sums<'_, L, B>
where
    L: F32Lanes,
{
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { lanes, blocking, tiles, inputs, weight, x, to } = self;
        let positions = pieces(x, blocking.input_step()).zip(pieces_mut(to, blocking.sums_step()));
        for (position, (x, to)) in positions.enumerate() {
            let weight = weight.get(position * inputs..).unwrap_or_default();
            let totals = to.as_chunks_mut::<B>().0;
            for first in (0..inputs).step_by(PRODUCTS) {
                let end = inputs.min(first + PRODUCTS);
                let next = weight.get(end..).unwrap_or_default();
                let weight = weight.get(first..end).unwrap_or_default();
                let how = if first == 0 { Totals::Set } else { Totals::Add };
                let mut done = 0;
                while done < tiles {
                    // Panels of about the same size.
                    let left = tiles - done;
                    let count = rounded_up(left, rounded_up(left, most_outputs::<L>()));
                    let x = x.get(done * blocking.depth + first..).unwrap_or_default();
                    let totals = totals.get_mut(done..).unwrap_or_default();
                    panel(lanes, count, weight, next, (x, blocking.depth), totals, how);
                    done += count;
                }
            }
        }
    }
}

/// The products of `count` tiles.
#[inline(always)]
fn panel<L: F32Lanes, const B: usize>(
    lanes: L,
    count: usize,
    weight: &[[f32; B]],
    next: &[[f32; B]],
    x: (&[f32], usize),
    totals: &mut [[f32; B]],
    how: Totals,
) {
    for lane in (0..B).step_by(L::LANES) {
        macro_rules! tiles {
            ($tiles:literal) => {
                products::<L, $tiles, B>(lanes, (weight, lane), next, x, totals, how)
            };
        }
        match count {
            1 => tiles!(1),
            2 => tiles!(2),
            3 if most_outputs::<L>() >= 3 => tiles!(3),
            4 if most_outputs::<L>() >= 4 => tiles!(4),
            5 if most_outputs::<L>() >= 5 => tiles!(5),
            6 if most_outputs::<L>() >= 6 => tiles!(6),
            7 if most_outputs::<L>() >= 7 => tiles!(7),
            8 if most_outputs::<L>() >= 8 => tiles!(8),
            9 if most_outputs::<L>() >= 9 => tiles!(9),
            10 if most_outputs::<L>() >= 10 => tiles!(10),
            11 if most_outputs::<L>() >= 11 => tiles!(11),
            12 if most_outputs::<L>() >= 12 => tiles!(12),
            _ => {}
        }
    }
}
