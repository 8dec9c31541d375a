//! Softmax over the channels of every pixel.

use crate::kernel::{pieces, pieces_mut};

/// `exp(x - max) / sum(exp(x - max))` along the channels, `plane` elements apart.
pub(crate) fn run(plane: usize, x: &[f32], y: &mut [f32]) {
    for pixel in 0..plane {
        let channels = || pieces(x, plane).filter_map(|channel| channel.get(pixel));
        let max = channels().fold(f32::NEG_INFINITY, |max, &x| if x > max { x } else { max });
        let mut sum = 0.0;
        for (y, x) in pieces_mut(y, plane).zip(channels()) {
            if let Some(y) = y.get_mut(pixel) {
                *y = libm::expf(x - max);
                sum += *y;
            }
        }
        for y in pieces_mut(y, plane).filter_map(|channel| channel.get_mut(pixel)) {
            *y /= sum;
        }
    }
}
