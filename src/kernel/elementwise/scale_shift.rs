//! A factor and a shift per channel.

use crate::backend::Backend;
use crate::isa::dispatch;
use crate::isa::traits::{Isa, Operation};
use crate::kernel::{pieces, pieces_mut};

/// `y = x * factor + shift` for every channel, a plane of `plane` elements.
#[inline(never)]
pub(crate) fn run(
    backend: Option<Backend>,
    plane: usize,
    factor: &[f32],
    shift: &[f32],
    x: &[f32],
    y: &mut [f32],
) {
    dispatch::run(backend, ScaleShift { plane, factor, shift, x, y });
}

struct ScaleShift<'a> {
    plane: usize,
    factor: &'a [f32],
    shift: &'a [f32],
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Operation for ScaleShift<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let Self { plane, factor, shift, x, y } = self;
        let planes = pieces(x, plane).zip(pieces_mut(y, plane));
        for ((x, y), (factor, shift)) in planes.zip(factor.iter().zip(shift)) {
            for (x, y) in x.iter().zip(y) {
                *y = x * factor + shift;
            }
        }
    }
}
