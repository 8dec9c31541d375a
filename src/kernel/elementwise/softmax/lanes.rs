//! Softmax in f32 of many pixels at a time.

use crate::isa::dispatch::Vectors;
use crate::isa::traits::{Isa, Operation};
use crate::kernel::elementwise::math::exp;
use crate::kernel::kahan::Sums;

/// How many numbers are at work side by side: pixels, or channels where a plane is one pixel.
const LANES: usize = 64;

#[inline(never)]
pub(super) fn run(vectors: Vectors, plane: usize, x: &[f32], y: &mut [f32]) {
    vectors.run(PixelsInLanes { plane, x, y });
}

struct PixelsInLanes<'a> {
    plane: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Operation for PixelsInLanes<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { plane, x, y } = self;
        // Channels of one pixel lie next to each other: they are taken for rows of pixels whose maxima and
        // sums are one.
        let (length, one) = if plane == 1 { (LANES, true) } else { (plane, false) };
        for first in (0..length).step_by(LANES) {
            Lanes { length, first }.normalize::<I>(one, x, y);
        }
    }
}

/// Elements `first..first + LANES` of every row of `length`.
#[derive(Clone, Copy)]
struct Lanes {
    length: usize,
    first: usize,
}

impl Lanes {
    #[inline(always)]
    fn of(self, x: &[f32]) -> impl Iterator<Item = &[f32]> {
        x.chunks(self.length.max(1)).map(move |row| {
            let rest = row.get(self.first..).unwrap_or_default();
            rest.get(..LANES).unwrap_or(rest)
        })
    }

    #[inline(always)]
    fn of_mut(self, y: &mut [f32]) -> impl Iterator<Item = &mut [f32]> {
        y.chunks_mut(self.length.max(1)).map(move |row| {
            let rest = row.get_mut(self.first..).unwrap_or_default();
            let count = rest.len().min(LANES);
            rest.get_mut(..count).unwrap_or_default()
        })
    }

    /// Computes the softmax of every lane, or, if they are `one`, of all together.
    #[inline(always)]
    fn normalize<I: Isa>(self, one: bool, x: &[f32], y: &mut [f32]) {
        let mut max = [f32::NEG_INFINITY; LANES];
        for x in self.of(x) {
            for (max, &x) in max.iter_mut().zip(x) {
                *max = if x > *max { x } else { *max };
            }
        }
        if one {
            max = [max.iter().fold(f32::NEG_INFINITY, |max, &x| if x > max { x } else { max });
                LANES];
        }
        let mut sums = Sums::<LANES>::ZERO;
        for (x, y) in self.of(x).zip(self.of_mut(y)) {
            for ((y, &x), &max) in y.iter_mut().zip(x).zip(&max) {
                *y = exp::<I>(x - max);
            }
            sums.add(y);
        }
        let sums = if one { [sums.total(); LANES] } else { *sums.sums() };
        for y in self.of_mut(y) {
            for (y, &sum) in y.iter_mut().zip(&sums) {
                *y /= sum;
            }
        }
    }
}
