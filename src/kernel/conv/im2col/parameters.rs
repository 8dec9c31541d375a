//! What belongs to a weight panel beside its packed weights.

use super::Im2colGemm;
use crate::isa::generic::im2col::{CHANNELS, MicroKernel, PanelParameters, TAPS};
use crate::kernel::arithmetic::{Arithmetic, Int8, Rescale};
use crate::kernel::conv::problem::{Block, Shape};
use crate::kernel::pieces;
use crate::kernel::runs::Operator;
use crate::kernel::weight_order::Order;
use crate::quant::Rounding;

// Functions that run once for a panel are not inlined, so that what they need is on the stack no longer than they run.
impl<R: Rescale, K: MicroKernel> Im2colGemm<'_, R, K> {
    /// A panel's packed weights, all sets one behind the other.
    fn packed(&self, block: Block) -> &[i8] {
        let Shape { channels, .. } = self.convolution.shape;
        let all = channels.inputs * self.convolution.shape.kernel();
        let packed = self.operands.weight.get(block.first * all..).unwrap_or_default();
        packed.get(..block.size * all).unwrap_or_default()
    }

    /// Whether padding has to be added again: the packed bias takes off what all taps meet in it, but the outputs of a
    /// transposed convolution meet some of them.
    pub(super) fn has_padding_sums(&self) -> bool {
        self.convolution.operator == Operator::Transposed && self.convolution.arithmetic.border != 0
    }

    /// Adds to what sums start from, or subtracts, the products of a set of taps with the zero point.
    #[inline(never)]
    pub(super) fn add_padding(
        &self,
        block: Block,
        (first, taps): (usize, usize),
        parameters: &mut PanelParameters,
        add: fn(i32, i32) -> i32,
    ) {
        let border = i32::from(self.convolution.arithmetic.border);
        let weight = self.packed(block).get(first * block.size..).unwrap_or_default();
        let sums = weight_sums::<K>(weight, taps, block.size);
        for (start, sum) in parameters.starts.iter_mut().zip(sums) {
            *start = add(*start, sum.wrapping_mul(border));
        }
    }

    /// Fills in what belongs to a panel whose outputs meet no tap.
    #[inline(never)]
    pub(super) fn begin(&self, block: Block, order: &Order, parameters: &mut PanelParameters) {
        *parameters = PanelParameters::NONE;
        parameters.right_shift_only = R::ROUNDING == Rounding::FixedDouble;
        let factors = parameters.multipliers.iter_mut().zip(&mut parameters.shifts);
        let each = parameters.starts.iter_mut().zip(factors).take(block.size);
        for (lane, (start, (multiplier, shift))) in each.enumerate() {
            let channel = Int8::<R>::channel(self.operands.parameters, block.first + lane);
            *start = self.convolution.arithmetic.start(channel);
            (*multiplier, *shift) = (channel.1.multiplier, channel.1.limited_shift());
            parameters.right_shift_only &= *shift < 0;
        }
        if self.has_padding_sums() {
            let each = sets(order);
            each.for_each(|set| self.add_padding(block, set, parameters, i32::wrapping_add));
        }
    }

    /// Fills in what belongs to a panel whose outputs meet a set of taps.
    #[inline(never)]
    pub(super) fn begin_set(
        &self,
        block: Block,
        (before, taps): (usize, usize),
        parameters: &mut PanelParameters,
    ) {
        let weight = self.packed(block).get(before * block.size..).unwrap_or_default();
        let weight = weight.get(..taps * block.size).unwrap_or_default();
        let (whole, rest) =
            weight.split_at_checked(taps / TAPS * TAPS * block.size).unwrap_or_default();
        if self.convolution.operator == Operator::Transposed {
            // Of the set before.
            parameters.rest = PanelParameters::NONE.rest;
        }
        for (to, from) in parameters.rest.iter_mut().zip(pieces(rest, taps % TAPS)) {
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
        }
        parameters.i16_may_overflow = self.micro_kernel.i16_may_overflow(whole.as_chunks().0)
            || self.micro_kernel.i16_may_overflow(&parameters.rest);
        if self.has_padding_sums() {
            self.add_padding(block, (before, taps), parameters, i32::wrapping_sub);
        }
    }
}

/// Where the weights of each set that has any begin, and how many they are.
fn sets(order: &Order) -> impl Iterator<Item = (usize, usize)> {
    let (rows, columns) = (order.rows.filled(), order.columns.filled());
    (0..rows).flat_map(move |row| (0..columns).map(move |column| order.set([row, column])))
}

/// Each channel's sum of a sequence of `taps` weights for each of `size` channels.
fn weight_sums<K: MicroKernel>(weight: &[i8], taps: usize, size: usize) -> [i32; CHANNELS] {
    let mut sums = [0_i32; CHANNELS];
    let whole = taps / TAPS * TAPS;
    let (whole, rest) = weight.split_at_checked(whole * size).unwrap_or_default();
    let whole = whole.as_chunks::<TAPS>().0;
    for (lane, sum) in sums.iter_mut().enumerate().take(size) {
        let left = rest.iter().skip(lane * (taps % TAPS)).take(taps % TAPS);
        *sum = K::sum_of(whole.iter().skip(lane).step_by(size.max(1)))
            .wrapping_add(left.map(|&weight| i32::from(weight)).sum::<i32>());
    }
    sums
}
