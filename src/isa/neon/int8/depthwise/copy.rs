//! Copies of inputs with padding beside them.

use core::arch::aarch64::*;
use core::mem::transmute;

use crate::geometry::missing;
use crate::isa::neon::holds;
use crate::isa::neon::memory::{load_bytes, store_bytes};

/// Copies as many rows of `16 * STEP` elements as there is room for in `to`, out of rows of `width` elements that
/// begin with `x`, but for what is not number `first` up to `end` of a row, which becomes `border`. Does
/// nothing if the rows do not all lie in `x`.
#[inline(always)]
pub(crate) fn copy_rows<const STEP: usize>(
    x: &[i8],
    width: usize,
    [first, end]: [u8; 2],
    border: i8,
    to: &mut [[[i8; 16]; STEP]],
) {
    const NUMBERS: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    let Some(last) = to.len().checked_sub(1) else { return };
    if !holds(x.len(), [(last, width)], 16 * STEP) {
        return missing();
    }
    let mut x = x.as_ptr();
    // SAFETY: all rows lie in `x`, as just seen, and as many are written as there are; a register is sixteen numbers, and every processor
    // has the instructions.
    unsafe {
        let mut numbers = transmute::<[u8; 16], uint8x16_t>(NUMBERS);
        let border = vdupq_n_s8(border);
        let mut inside = [numbers; STEP];
        for inside in &mut inside {
            let after = vcgeq_u8(numbers, vdupq_n_u8(first));
            *inside = vandq_u8(after, vcltq_u8(numbers, vdupq_n_u8(end)));
            numbers = vaddq_u8(numbers, vdupq_n_u8(16));
        }
        for to in to {
            for (index, (to, &inside)) in to.iter_mut().zip(&inside).enumerate() {
                let kept = vbslq_s8(inside, load_bytes(x.add(16 * index)), border);
                store_bytes(to.as_mut_ptr(), kept);
            }
            x = x.wrapping_add(width);
        }
    }
}
