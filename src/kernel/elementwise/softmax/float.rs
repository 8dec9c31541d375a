//! Softmax in f32: `exp(x - max) / sum(exp(x - max))` along the channels of a pixel.
//!
//! Memory contract: reads the inputs twice, writes every output twice.

use crate::backend::Backend;
#[cfg(vectors)]
use crate::isa::dispatch;
use crate::isa::scalar::Scalar;
use crate::isa::traits::Isa;
use crate::kernel::elementwise::math::exp;
#[cfg(vectors)]
use crate::kernel::elementwise::softmax::lanes;
use crate::kernel::kahan::add_compensated;
use crate::kernel::{pieces, pieces_mut};

/// Every pixel of `y` from its channels in `x`, `plane` elements apart.
#[inline(always)]
pub(crate) fn run(backend: Option<Backend>, plane: usize, x: &[f32], y: &mut [f32]) {
    #[cfg(vectors)]
    if let Some(vectors) = dispatch::vectors(backend) {
        return lanes::run(vectors, plane, x, y);
    }
    let _ = backend;
    by_pixels(plane, x, y);
}

#[inline(never)]
fn by_pixels(plane: usize, x: &[f32], y: &mut [f32]) {
    (0..plane).for_each(|pixel| normalize_pixel::<Scalar>(pixel, plane, x, y));
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
