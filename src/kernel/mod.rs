//! One file per algorithm: loop nests over validated geometry. A kernel checks nothing and cannot
//! panic: slices are walked in pieces, and a piece that is not there is passed over.

use core::iter::from_fn;
use core::mem::take;

pub(crate) mod arithmetic;
pub(crate) mod conv;
pub(crate) mod elementwise;
mod kahan;
pub(crate) mod pad;
pub(crate) mod pool;
pub(crate) mod registry;
pub(crate) mod resample;
pub(crate) mod runs;
pub(crate) mod weight_order;

/// `slice` in pieces of `length`, which is never zero in validated geometry. `chunks_exact` would do,
/// but for the panic that the compiler keeps once it has lost sight of where `length` comes from.
pub(crate) fn pieces<T>(slice: &[T], length: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = slice;
    from_fn(move || {
        let (piece, tail) = rest.split_at_checked(length.max(1))?;
        rest = tail;
        Some(piece)
    })
}

/// [`pieces`], to write into.
pub(crate) fn pieces_mut<T>(slice: &mut [T], length: usize) -> impl Iterator<Item = &mut [T]> {
    let mut rest = slice;
    from_fn(move || {
        let (piece, tail) = take(&mut rest).split_at_mut_checked(length.max(1))?;
        rest = tail;
        Some(piece)
    })
}

/// Row `index` of a plane whose rows have `width` elements.
pub(crate) fn row<T>(plane: &[T], index: usize, width: usize) -> &[T] {
    plane.get(index * width..).and_then(|rest| rest.get(..width)).unwrap_or(&[])
}
