//! i8: the largest input or the sum of a whole plane, as it lies.

use core::arch::aarch64::*;
use core::mem::transmute;

use super::fold::LANES;
use crate::isa::neon::memory::load_bytes;

const NUMBERS: [u8; LANES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The largest of `count` elements from `first` on; `None` if there are fewer, or fewer than a vector in all of `x`.
#[inline(always)]
pub(crate) fn largest(x: &[i8], first: usize, count: usize) -> Option<i8> {
    let (vectors, mut largest) = vectors(x, first, count, i8::MIN)?;
    // SAFETY: as many elements are read, and every processor has the instructions.
    unsafe {
        for x in vectors {
            largest = vmaxq_s8(largest, load_bytes(x.as_ptr()));
        }
        Some(vmaxvq_s8(largest))
    }
}

/// The sum of `count` elements from `first` on; `None` as in [`largest`].
#[inline(always)]
pub(crate) fn sum(x: &[i8], first: usize, count: usize) -> Option<i32> {
    let (vectors, rest) = vectors(x, first, count, 0)?;
    // SAFETY: as many elements are read, and every processor has the instructions.
    unsafe {
        let mut sums = vpaddlq_s16(vpaddlq_s8(rest));
        for x in vectors {
            sums = vpadalq_s16(sums, vpaddlq_s8(load_bytes(x.as_ptr())));
        }
        Some(vaddvq_s32(sums))
    }
}

/// As many elements as whole vectors hold, and a vector of the rest, whose other lanes are `other`.
#[inline(always)]
fn vectors(x: &[i8], first: usize, count: usize, other: i8) -> Option<(&[[i8; LANES]], int8x16_t)> {
    let (vectors, rest) = x.get(first..)?.get(..count)?.as_chunks();
    let behind = first + LANES * vectors.len();
    // At the end of `x` the rest are not a vector's first lanes.
    let from = behind.min(x.len().checked_sub(LANES)?);
    let last = x.get(from..)?.first_chunk::<LANES>()?;
    let first = behind - from;
    // SAFETY: as many elements are read, and every processor has the instructions; a register is sixteen numbers.
    let rest = unsafe {
        let lane = transmute::<[u8; LANES], uint8x16_t>(NUMBERS);
        let is_not_before = vcgeq_u8(lane, vdupq_n_u8(first as u8));
        let is_rest =
            vandq_u8(is_not_before, vcltq_u8(lane, vdupq_n_u8((first + rest.len()) as u8)));
        vbslq_s8(is_rest, load_bytes(last.as_ptr()), vdupq_n_s8(other))
    };
    Some((vectors, rest))
}
