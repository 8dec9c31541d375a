//! Parts of one array, seen as tensors: one to write and others to read at the same time. The places are
//! types, so the compiler checks that they lie in the array and apart.
//!
//! A tensor is lent as one of any shape, and that this is its own is checked when code is generated: what a
//! wrong step of a network is told comes before that, in a sentence.

use core::marker::PhantomData;

use crate::tensor::{Tensor, Workspace};

/// Where a tensor of `C * H * W` elements lies in an arena.
#[derive(Clone, Copy)]
pub struct Place<T, const OFFSET: usize, const C: usize, const H: usize, const W: usize>(
    PhantomData<T>,
);

/// An arena but for the place of one tensor, `D * I * X` elements from `O` on, and the `M` elements from `P`
/// on.
pub struct Rest<
    'a,
    T,
    const N: usize,
    const O: usize,
    const D: usize,
    const I: usize,
    const X: usize,
    const P: usize,
    const M: usize,
> {
    arena: *mut T,
    lifetime: PhantomData<&'a mut [T; N]>,
}

impl<'a, T, const N: usize> Rest<'a, T, N, 0, 0, 0, 0, 0, 0> {
    /// All of an arena.
    #[inline(always)]
    pub fn all(arena: &'a mut [T; N]) -> Self {
        Self { arena: arena.as_mut_ptr(), lifetime: PhantomData }
    }
}

/// Whether `len` elements from `start` on have none in common with others.
const fn apart(start: usize, len: usize, other: usize, other_len: usize) -> bool {
    len == 0 || other_len == 0 || start + len <= other || other + other_len <= start
}

impl<'a, T, const N: usize, const O: usize, const D: usize, const I: usize, const X: usize>
    Rest<'a, T, N, O, D, I, X, 0, 0>
{
    /// Scratch memory at a place that must not touch the tensor that was taken, and what is left.
    #[inline(always)]
    pub fn scratch<const P: usize, const M: usize>(
        self,
    ) -> (&'a mut Workspace<M, T>, Rest<'a, T, N, O, D, I, X, P, M>) {
        const {
            assert!(P + M <= N, "the workspace reaches beyond the arena");
            assert!(
                apart(P, M, O, D * I * X),
                "the workspace overlaps with the tensor that is written"
            );
        };
        let Self { arena, lifetime } = self;
        // SAFETY: the elements from `P` on are in the arena and none of them belongs to the tensor that
        // was taken, both as checked above; a workspace is an array of them and needs no more alignment
        // than `T`. `Rest` held them exclusively, and what is left of it never reads them.
        let workspace = unsafe { &mut *arena.add(P).cast() };
        (workspace, Rest { arena, lifetime })
    }
}

impl<T, const OFFSET: usize, const C: usize, const H: usize, const W: usize>
    Place<T, OFFSET, C, H, W>
{
    /// The one value there is.
    pub const NEW: Self = Self(PhantomData);

    /// The tensor at this place, to write into, and what is left of the arena.
    #[inline(always)]
    pub fn take_from<'a, const N: usize>(
        &mut self,
        arena: &'a mut [T; N],
    ) -> (&'a mut Tensor<T, C, H, W>, Rest<'a, T, N, OFFSET, C, H, W, 0, 0>) {
        const { assert!(OFFSET + C * H * W <= N, "the tensor reaches beyond the arena") };
        let arena = arena.as_mut_ptr();
        // SAFETY: the elements from `OFFSET` on are in the arena, as checked above, lie one after the
        // other as the nested arrays have them, and need no more alignment than `T`. The exclusive
        // borrow of the arena passes to the tensor and to `Rest`, which never reads these elements.
        let tensor = unsafe { &mut *arena.add(OFFSET).cast() };
        (tensor, Rest { arena, lifetime: PhantomData })
    }

    /// The tensor at this place, which must touch neither the one that was taken nor the workspace.
    #[inline(always)]
    pub fn read<
        'a,
        const E: usize,
        const F: usize,
        const G: usize,
        const N: usize,
        const O: usize,
        const D: usize,
        const I: usize,
        const X: usize,
        const P: usize,
        const M: usize,
    >(
        &self,
        rest: &Rest<'a, T, N, O, D, I, X, P, M>,
    ) -> &'a Tensor<T, E, F, G> {
        const {
            assert!(OFFSET + C * H * W <= N, "the tensor reaches beyond the arena");
            assert!(
                apart(OFFSET, C * H * W, O, D * I * X),
                "the tensor overlaps with the one that is written"
            );
            assert!(apart(OFFSET, C * H * W, P, M), "the tensor overlaps with the workspace");
        };
        // SAFETY: the elements are in the arena and none of them belongs to the tensor or the workspace
        // that were taken, all as checked above; the borrow of the arena lasts for `'a`, and but for
        // these two nothing writes to it for as long. Layout and alignment as in `take_from`.
        let tensor: &Tensor<T, C, H, W> = unsafe { &*rest.arena.add(OFFSET).cast() };
        same_shape(tensor)
    }
}

/// A tensor as one of the same shape.
#[inline(always)]
pub fn same_shape<
    T,
    const C: usize,
    const H: usize,
    const W: usize,
    const D: usize,
    const I: usize,
    const X: usize,
>(
    tensor: &Tensor<T, C, H, W>,
) -> &Tensor<T, D, I, X> {
    const { assert!(C == D && H == I && W == X, "the shapes differ") };
    // SAFETY: it is the same type, as checked above.
    unsafe { &*core::ptr::from_ref(tensor).cast() }
}

/// The same of one to write into.
#[inline(always)]
pub fn same_shape_mut<
    T,
    const C: usize,
    const H: usize,
    const W: usize,
    const D: usize,
    const I: usize,
    const X: usize,
>(
    tensor: &mut Tensor<T, C, H, W>,
) -> &mut Tensor<T, D, I, X> {
    const { assert!(C == D && H == I && W == X, "the shapes differ") };
    // SAFETY: it is the same type, as checked above.
    unsafe { &mut *core::ptr::from_mut(tensor).cast() }
}
