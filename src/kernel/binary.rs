//! Two tensors, element by element.

use crate::kernel::{pieces, pieces_mut};

/// What becomes of a pair of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Mul,
}

/// Combines two tensors of one shape.
pub(crate) fn same_shape(operation: Operation, first: &[f32], second: &[f32], y: &mut [f32]) {
    let elements = y.iter_mut().zip(first.iter().zip(second));
    match operation {
        Operation::Add => elements.for_each(|(y, (a, b))| *y = a + b),
        Operation::Mul => elements.for_each(|(y, (a, b))| *y = a * b),
    }
}

/// Combines every channel, a plane of `plane` elements, with one number of its own.
pub(crate) fn per_channel(
    operation: Operation,
    plane: usize,
    first: &[f32],
    second: &[f32],
    y: &mut [f32],
) {
    for ((y, a), b) in pieces_mut(y, plane).zip(pieces(first, plane)).zip(second) {
        let elements = y.iter_mut().zip(a);
        match operation {
            Operation::Add => elements.for_each(|(y, a)| *y = a + b),
            Operation::Mul => elements.for_each(|(y, a)| *y = a * b),
        }
    }
}
