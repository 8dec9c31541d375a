//! What is asked of packed weights.

use core::arch::aarch64::*;

use crate::isa::neon::memory::load_bytes;

/// The sum of all weights.
#[inline(always)]
pub(super) fn sum_of<'a>(weights: impl Iterator<Item = &'a [i8; 16]>) -> i32 {
    // SAFETY: every processor has the instructions, and sixteen elements are read.
    unsafe {
        let mut sums = vdupq_n_s32(0);
        for weights in weights {
            sums = vpadalq_s16(sums, vpaddlq_s8(load_bytes(weights.as_ptr())));
        }
        vaddvq_s32(sums)
    }
}

/// Whether two of sixteen weights that are eight apart, whose products are added in i16, are both -128.
pub(super) fn i16_may_overflow(weights: &[[i8; 16]]) -> bool {
    // SAFETY: every processor has the instructions, and sixteen elements are read.
    unsafe {
        let mut both = vdup_n_u8(0);
        for weights in weights {
            let smallest = vceqq_s8(load_bytes(weights.as_ptr()), vdupq_n_s8(i8::MIN));
            let pairs = vand_u8(vget_low_u8(smallest), vget_high_u8(smallest));
            both = vorr_u8(both, pairs);
        }
        vmaxv_u8(both) != 0
    }
}
