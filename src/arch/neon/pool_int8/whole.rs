//! i8: the largest input or the sum of a whole plane, as it lies.

use core::arch::aarch64::*;

use crate::arch::neon::int8::load_bytes;
use crate::arch::neon::pool_int8::LANES;

/// The largest of sixteen or more elements.
#[inline(always)]
pub(crate) fn largest(x: &[i8]) -> Option<i8> {
    let last = x.last_chunk::<LANES>()?;
    // SAFETY: as many elements are read, and every processor has the instructions.
    unsafe {
        let mut largest = load_bytes(last.as_ptr());
        for x in x.as_chunks::<LANES>().0 {
            largest = vmaxq_s8(largest, load_bytes(x.as_ptr()));
        }
        Some(vmaxvq_s8(largest))
    }
}

/// The sum of sixteen or more elements.
#[inline(always)]
pub(crate) fn sum(x: &[i8]) -> Option<i32> {
    const NUMBERS: [i8; LANES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    let last = x.last_chunk::<LANES>()?;
    let (chunks, rest) = x.as_chunks::<LANES>();
    // SAFETY: as many elements are read, and every processor has the instructions.
    unsafe {
        let before = vdupq_n_s8((LANES - rest.len()) as i8);
        let is_rest = vcgeq_s8(load_bytes(NUMBERS.as_ptr()), before);
        let rest = vandq_s8(load_bytes(last.as_ptr()), vreinterpretq_s8_u8(is_rest));
        let mut sums = vpaddlq_s16(vpaddlq_s8(rest));
        for x in chunks {
            sums = vpadalq_s16(sums, vpaddlq_s8(load_bytes(x.as_ptr())));
        }
        Some(vaddvq_s32(sums))
    }
}
