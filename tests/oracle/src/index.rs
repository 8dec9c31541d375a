//! Flat positions in planar C,H,W data.

/// Position of element (c, y, x) in a flat slice of shape `[C, H, W]`.
pub(crate) fn at(shape: [usize; 3], c: usize, y: usize, x: usize) -> usize {
    (c * shape[1] + y) * shape[2] + x
}

/// Number of elements of a shape.
pub(crate) fn count(shape: [usize; 3]) -> usize {
    shape[0] * shape[1] * shape[2]
}
