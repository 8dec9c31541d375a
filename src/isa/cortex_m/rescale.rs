//! From sums to outputs.

use crate::isa::generic::requantize::RequantizeParams;
use crate::quant::{FixedPoint, Rounding};

/// Whether assembly knows how to round the sums of a channel. `sum` is what the absolute value of none exceeds.
pub(crate) fn is_fast(requantize: &RequantizeParams, factor: FixedPoint, sum: u64) -> bool {
    let FixedPoint { multiplier, shift } = factor;
    // Where the doubled sum and what is added before shifts fit into thirty-two bits.
    multiplier >= 0
        && match requantize.rounding {
            Rounding::FixedDouble => (-22..=0).contains(&shift) && sum < 1 << 30,
            Rounding::FixedSingle => (-23..=-1).contains(&shift),
            Rounding::OnnxFloat => false,
        }
}

/// An output from the sum in register `$sum`, with the multiplier in r2 and a right shift in r3, rounded twice: the upper half
/// of the product with twice the sum; one less, if that is negative, as halves are rounded away from zero; and the shift. In
/// r12 are a half and the zero point, both shifted left as much, so that the shift leaves the zero point.
macro_rules! rescale_double {
    (shifted $sum:literal) => {
        rescale_double!(@ $sum, concat!("add ", $sum, ", ", $sum, ", ", $sum, ", asr #31\n"),
            concat!("asr ", $sum, ", ", $sum, ", r3\n"))
    };
    (unshifted $sum:literal) => {
        rescale_double!(@ $sum, "", "")
    };
    (@ $sum:literal, $away:expr, $shift:expr) => {
        concat!(
            "add ", $sum, ", ", $sum, ", ", $sum, "\n",
            "smmulr ", $sum, ", ", $sum, ", r2\n",
            $away,
            "add ", $sum, ", ", $sum, ", r12\n",
            $shift,
            "ssat ", $sum, ", #8, ", $sum, "\n",
        )
    };
}

/// The same rounded once.
macro_rules! rescale_single {
    (shifted $sum:literal) => {
        concat!(
            "smmul ", $sum, ", ", $sum, ", r2\n", "add ", $sum, ", ", $sum, ", r12\n", "asr ",
            $sum, ", ", $sum, ", r3\n", "ssat ", $sum, ", #8, ", $sum, "\n",
        )
    };
    (unshifted $sum:literal) => {
        concat!(
            "smmulr ", $sum, ", ", $sum, ", r2\n", "add ", $sum, ", ", $sum, ", r12\n", "ssat ",
            $sum, ", #8, ", $sum, "\n",
        )
    };
}

/// The outputs in r4 to r7 as a word in r4, none less than those in r2 and none more than those in r3.
macro_rules! limit {
    () => {
        "pkhbt r4, r4, r6, lsl #16
        pkhbt r5, r5, r7, lsl #16
        uxtb16 r4, r4
        uxtb16 r5, r5
        orr r4, r4, r5, lsl #8
        ssub8 r5, r4, r2
        sel r4, r4, r2
        ssub8 r5, r3, r4
        sel r4, r4, r3"
    };
}

pub(super) use {limit, rescale_double, rescale_single};
