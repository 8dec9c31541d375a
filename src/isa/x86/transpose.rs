//! Pixels of some channels each to planes of a tensor, and back, eight by eight.

use core::arch::x86_64::*;
use core::array;

use crate::isa::scalar::{interleave_lanes, transpose_lanes};

#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn transpose<const B: usize>(
    totals: &[[f32; B]],
    y: &mut [f32],
    plane: usize,
    step: usize,
) {
    match step {
        1 => transpose_neighbours(totals, y, plane),
        2 => transpose_every_second(totals, y, plane),
        _ => transpose_lanes(totals, 0..B, y, plane, step),
    }
}

/// Eight pixels of eight channels at a time, the last of them once more where fewer are left; one by one
/// where there are not eight.
#[target_feature(enable = "avx")]
#[inline]
fn transpose_neighbours<const B: usize>(totals: &[[f32; B]], y: &mut [f32], plane: usize) {
    let mut lanes = 0;
    while lanes + 8 <= B && squares(totals.len(), lanes, plane, y.len()) {
        for first in starts(totals.len()) {
            // SAFETY: eight pixels from `first` on, with eight channels from `lanes` on in as many planes.
            unsafe {
                let from = totals.as_ptr().add(first).cast::<f32>().add(lanes);
                let to = y.as_mut_ptr().add(lanes * plane + first);
                let rows = array::from_fn(|pixel| _mm256_loadu_ps(from.add(pixel * B)));
                for (lane, row) in transpose8(rows).into_iter().enumerate() {
                    _mm256_storeu_ps(to.add(lane * plane), row);
                }
            }
        }
        lanes += 8;
    }
    transpose_lanes(totals, lanes..B, y, plane, 1);
}

/// Eight pixels of eight channels at a time; what is left, one by one.
#[target_feature(enable = "avx2")]
#[inline]
fn transpose_every_second<const B: usize>(totals: &[[f32; B]], y: &mut [f32], plane: usize) {
    let (eights, rest) = totals.as_chunks::<8>();
    let lanes = B / 8 * 8;
    for (index, pixels) in eights.iter().enumerate() {
        let y = y.get_mut(16 * index..).unwrap_or_default();
        for first in (0..lanes).step_by(8) {
            let rows = pixels.each_ref().map(|pixel| {
                match pixel.get(first..).and_then(|rest| rest.first_chunk::<8>()) {
                    // SAFETY: eight elements.
                    Some(lanes) => unsafe { _mm256_loadu_ps(lanes.as_ptr()) },
                    None => _mm256_setzero_ps(),
                }
            });
            for (lane, row) in transpose8(rows).into_iter().enumerate() {
                store_every_second(y.get_mut((first + lane) * plane..).unwrap_or_default(), row);
            }
        }
    }
    let done = 16 * eights.len();
    transpose_lanes(rest, 0..B, y.get_mut(done..).unwrap_or_default(), plane, 2);
    transpose_lanes(eights.as_flattened(), lanes..B, y, plane, 2);
}

#[target_feature(enable = "avx")]
#[inline]
fn store8(y: &mut [f32; 8], x: __m256) {
    // SAFETY: eight elements.
    unsafe { _mm256_storeu_ps(y.as_mut_ptr(), x) };
}

/// Writes elements 0, 2, .. 14 and leaves those in between as they are.
#[target_feature(enable = "avx2")]
#[inline]
fn store_every_second(y: &mut [f32], x: __m256) {
    // Every lane twice, the lower four and the upper four.
    let low = _mm256_permutevar8x32_ps(x, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
    let high = _mm256_permutevar8x32_ps(x, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7));
    match y.as_chunks_mut::<8>().0 {
        [first, second, ..] => {
            for (y, x) in [(first, low), (second, high)] {
                // SAFETY: eight elements.
                let old = unsafe { _mm256_loadu_ps(y.as_ptr()) };
                store8(y, _mm256_blend_ps::<0b0101_0101>(old, x));
            }
        }
        _ => {
            let mut lanes = [0.0; 8];
            store8(&mut lanes, x);
            y.iter_mut().step_by(2).zip(lanes).for_each(|(y, x)| *y = x);
        }
    }
}

/// [`transpose`] the other way round.
#[target_feature(enable = "avx")]
#[inline]
pub(super) fn interleave<const B: usize>(x: &[f32], plane: usize, pixels: &mut [[f32; B]]) {
    let mut lanes = 0;
    while lanes + 8 <= B && squares(pixels.len(), lanes, plane, x.len()) {
        for first in starts(pixels.len()) {
            // SAFETY: as in `transpose`.
            unsafe {
                let from = x.as_ptr().add(lanes * plane + first);
                let to = pixels.as_mut_ptr().add(first).cast::<f32>().add(lanes);
                let rows = array::from_fn(|lane| _mm256_loadu_ps(from.add(lane * plane)));
                for (pixel, row) in transpose8(rows).into_iter().enumerate() {
                    _mm256_storeu_ps(to.add(pixel * B), row);
                }
            }
        }
        lanes += 8;
    }
    interleave_lanes(x, plane, lanes..B, pixels);
}

/// Whether there are eight pixels, and all of them in the eight planes from `lanes` on of a slice.
#[inline]
fn squares(pixels: usize, lanes: usize, plane: usize, len: usize) -> bool {
    let end = plane.checked_mul(lanes + 7).and_then(|last| last.checked_add(pixels));
    pixels >= 8 && end.is_some_and(|end| end <= len)
}

/// Where eights of `pixels` pixels, of which there are eight, begin.
#[inline]
fn starts(pixels: usize) -> impl Iterator<Item = usize> {
    (0..pixels).step_by(8).map(move |first| first.min(pixels - 8))
}

/// Eight rows of eight as eight columns.
#[target_feature(enable = "avx")]
#[inline]
fn transpose8(rows: [__m256; 8]) -> [__m256; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let pairs = |a, b, c, d| {
        let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0x44>(ab_low, cd_low),
            _mm256_shuffle_ps::<0xEE>(ab_low, cd_low),
            _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
            _mm256_shuffle_ps::<0xEE>(ab_high, cd_high),
        ]
    };
    let (top, bottom) = (pairs(a, b, c, d), pairs(e, f, g, h));
    let low = |i: usize| _mm256_permute2f128_ps::<0x20>(top[i], bottom[i]);
    let high = |i: usize| _mm256_permute2f128_ps::<0x31>(top[i], bottom[i]);
    [low(0), low(1), low(2), low(3), high(0), high(1), high(2), high(3)]
}
