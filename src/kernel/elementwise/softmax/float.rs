//! Softmax in f32: `exp(x - max) / sum(exp(x - max))` along the channels of a pixel.
//!
//! Memory contract: reads the inputs twice, writes every output twice.

use crate::backend::Backend;
use crate::isa::dispatch;
use crate::isa::traits::{Isa, Operation};
use crate::kernel::elementwise::math::exp;
use crate::kernel::kahan::{Sums, add_compensated};
use crate::kernel::{pieces, pieces_mut};

/// How many numbers are at work side by side: pixels, or channels where a plane is one pixel.
const LANES: usize = 64;

/// Every pixel of `y` from its channels in `x`, `plane` elements apart.
#[inline(never)]
pub(crate) fn run(backend: Option<Backend>, plane: usize, x: &[f32], y: &mut [f32]) {
    dispatch::run(backend, Float { plane, x, y });
}

struct Float<'a> {
    plane: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Operation for Float<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { plane, x, y } = self;
        if !I::HAS_VECTORS {
            return (0..plane).for_each(|pixel| normalize_pixel::<I>(pixel, plane, x, y));
        }
        // Channels of one pixel lie next to each other: they are taken for rows of pixels whose maxima and
        // sums are one.
        let (length, one) = if plane == 1 { (LANES, true) } else { (plane, false) };
        for first in (0..length).step_by(LANES) {
            Lanes { length, first }.normalize::<I>(one, x, y);
        }
    }
}

/// Computes the softmax of one pixel.
#[inline(always)]
fn normalize_pixel<I: Isa>(pixel: usize, plane: usize, x: &[f32], y: &mut [f32]) {
    let channels = || pieces(x, plane).filter_map(|channel| channel.get(pixel));
    let max = channels().fold(f32::NEG_INFINITY, |max, &x| if x > max { x } else { max });
    let (mut sum, mut excess) = (0.0_f32, 0.0_f32);
    for (y, x) in pieces_mut(y, plane).zip(channels()) {
        if let Some(y) = y.get_mut(pixel) {
            *y = exp::<I>(x - max);
            add_compensated(&mut sum, &mut excess, *y);
        }
    }
    for y in pieces_mut(y, plane).filter_map(|channel| channel.get_mut(pixel)) {
        *y /= sum;
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
