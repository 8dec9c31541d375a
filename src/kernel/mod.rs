//! One file per algorithm: loop nests over validated geometry. A kernel checks nothing and cannot
//! panic: slices are walked in pieces, and a piece that is not there is passed over.

pub(crate) mod arithmetic;
pub(crate) mod binary;
pub(crate) mod direct;
pub(crate) mod linear;
pub(crate) mod pool;
pub(crate) mod scale_shift;
pub(crate) mod softmax;
pub(crate) mod table;
pub(crate) mod upsample;
pub(crate) mod zero_pad;

/// `slice` in pieces of `length`; an empty piece cannot occur in validated geometry.
pub(crate) fn pieces<T>(slice: &[T], length: usize) -> impl Iterator<Item = &[T]> {
    slice.chunks_exact(length.max(1))
}

/// [`pieces`], to write into.
pub(crate) fn pieces_mut<T>(slice: &mut [T], length: usize) -> impl Iterator<Item = &mut [T]> {
    slice.chunks_exact_mut(length.max(1))
}

/// Row `index` of a plane whose rows have `width` elements.
pub(crate) fn row<T>(plane: &[T], index: usize, width: usize) -> &[T] {
    plane.get(index * width..).and_then(|rest| rest.get(..width)).unwrap_or(&[])
}
