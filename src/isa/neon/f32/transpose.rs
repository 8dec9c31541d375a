//! From pixels of several channels to planes, four by four.

use core::arch::aarch64::*;

use crate::isa::neon::memory;
use crate::isa::scalar::transpose_lanes;

/// Four pixels of four channels at a time, the last of them once more where fewer are left; one by one where
/// there are not four.
#[target_feature(enable = "neon")]
#[inline]
pub(in crate::isa::neon) fn transpose<const B: usize>(
    totals: &[[f32; B]],
    y: &mut [f32],
    plane: usize,
    step: usize,
) {
    let mut lanes = 0;
    while lanes + 4 <= B && step > 0 && squares(totals.len(), step, lanes, plane, y.len()) {
        for first in starts(totals.len()) {
            // SAFETY: four pixels from `first` on, with four channels from `lanes` on in as many planes; in each,
            // the last pixel lies `3 * step` behind the first.
            unsafe {
                let from = totals.as_ptr().add(first).cast::<f32>().add(lanes);
                let to = y.as_mut_ptr().add(lanes * plane + first * step);
                let rows = [0, 1, 2, 3].map(|pixel| memory::load::<1>(from.add(pixel * B)));
                let rows = transpose4(rows);
                for (lane, row) in [0, 1, 2, 3].into_iter().zip(rows) {
                    store(to.add(lane * plane), step, row);
                }
            }
        }
        lanes += 4;
    }
    transpose_lanes(totals, lanes..B, y, plane, step);
}

/// Writes four elements `step` apart.
///
/// # Safety
///
/// The elements from `at` to the last may be written.
#[target_feature(enable = "neon")]
#[inline]
unsafe fn store(at: *mut f32, step: usize, x: float32x4_t) {
    // SAFETY: the caller's.
    unsafe {
        if step == 1 {
            memory::store(at, [x]);
        } else {
            vst1q_lane_f32::<0>(at, x);
            vst1q_lane_f32::<1>(at.add(step), x);
            vst1q_lane_f32::<2>(at.add(2 * step), x);
            vst1q_lane_f32::<3>(at.add(3 * step), x);
        }
    }
}

/// Whether there are four pixels, and all of them, `step` apart, in the four planes from `lanes` on of a slice.
#[inline]
fn squares(pixels: usize, step: usize, lanes: usize, plane: usize, len: usize) -> bool {
    let within = pixels.saturating_sub(1).checked_mul(step);
    let end = plane
        .checked_mul(lanes + 3)
        .zip(within)
        .and_then(|(last, within)| last.checked_add(within)?.checked_add(1));
    pixels >= 4 && end.is_some_and(|end| end <= len)
}

/// Where fours of `pixels` pixels, of which there are four, begin.
#[inline]
fn starts(pixels: usize) -> impl Iterator<Item = usize> {
    (0..pixels).step_by(4).map(move |first| first.min(pixels - 4))
}

/// Four rows of four as four columns.
#[target_feature(enable = "neon")]
#[inline]
fn transpose4([[a], [b], [c], [d]]: [[float32x4_t; 1]; 4]) -> [float32x4_t; 4] {
    let pairs = |a, b| {
        let (even, odd) = (vtrn1q_f32(a, b), vtrn2q_f32(a, b));
        [vreinterpretq_f64_f32(even), vreinterpretq_f64_f32(odd)]
    };
    let ([ab_even, ab_odd], [cd_even, cd_odd]) = (pairs(a, b), pairs(c, d));
    [
        vreinterpretq_f32_f64(vtrn1q_f64(ab_even, cd_even)),
        vreinterpretq_f32_f64(vtrn1q_f64(ab_odd, cd_odd)),
        vreinterpretq_f32_f64(vtrn2q_f64(ab_even, cd_even)),
        vreinterpretq_f32_f64(vtrn2q_f64(ab_odd, cd_odd)),
    ]
}
