//! A factor and a shift per channel.

use crate::kernel::{pieces, pieces_mut};

/// `y = x * factor + shift` for every channel, a plane of `plane` elements.
pub(crate) fn run(plane: usize, factor: &[f32], shift: &[f32], x: &[f32], y: &mut [f32]) {
    let parameters = factor.iter().zip(shift);
    for ((x, y), (factor, shift)) in pieces(x, plane).zip(pieces_mut(y, plane)).zip(parameters) {
        for (x, y) in x.iter().zip(y) {
            *y = x * factor + shift;
        }
    }
}
