//! Parts of one array, seen as tensors: one to write and others to read at the same time. The places are
//! types, so the compiler checks that they lie in the array and apart.

use core::marker::PhantomData;

use crate::tensor::Tensor;

/// Where a tensor of `C * H * W` elements lies in an arena.
#[derive(Clone, Copy)]
pub struct Place<T, const OFFSET: usize, const C: usize, const H: usize, const W: usize>(
    PhantomData<T>,
);

/// An arena but for the place of one tensor.
pub struct Rest<
    'a,
    T,
    const N: usize,
    const OFFSET: usize,
    const C: usize,
    const H: usize,
    const W: usize,
> {
    arena: *const T,
    lifetime: PhantomData<&'a [T; N]>,
}

impl<'a, T, const N: usize> Rest<'a, T, N, 0, 0, 0, 0> {
    /// All of an arena.
    #[inline(always)]
    pub fn all(arena: &'a [T; N]) -> Self {
        Self { arena: arena.as_ptr(), lifetime: PhantomData }
    }
}

impl<T, const OFFSET: usize, const C: usize, const H: usize, const W: usize>
    Place<T, OFFSET, C, H, W>
{
    /// The one value there is.
    pub const NEW: Self = Self(PhantomData);

    /// The tensor at this place, to write into, and what is left of the arena.
    #[inline(always)]
    pub fn take<'a, const N: usize>(
        &mut self,
        arena: &'a mut [T; N],
    ) -> (&'a mut Tensor<T, C, H, W>, Rest<'a, T, N, OFFSET, C, H, W>) {
        const { assert!(OFFSET + C * H * W <= N, "the tensor reaches beyond the arena") };
        let arena = arena.as_mut_ptr();
        // SAFETY: the elements from `OFFSET` on are in the arena, as checked above, lie one after the
        // other as the nested arrays have them, and need no more alignment than `T`. The exclusive
        // borrow of the arena passes to the tensor and to `Rest`, which never reads these elements.
        let tensor = unsafe { &mut *arena.add(OFFSET).cast() };
        (tensor, Rest { arena, lifetime: PhantomData })
    }

    /// The tensor at this place, which must not touch the one that was taken.
    #[inline(always)]
    pub fn read<
        'a,
        const N: usize,
        const O: usize,
        const D: usize,
        const I: usize,
        const X: usize,
    >(
        &self,
        rest: &Rest<'a, T, N, O, D, I, X>,
    ) -> &'a Tensor<T, C, H, W> {
        const {
            assert!(OFFSET + C * H * W <= N, "the tensor reaches beyond the arena");
            assert!(
                OFFSET + C * H * W <= O || O + D * I * X <= OFFSET,
                "the tensor overlaps with the one that is written"
            );
        };
        // SAFETY: the elements are in the arena and none of them belongs to the tensor that was taken,
        // both as checked above; the borrow of the arena lasts for `'a`, and but for that tensor nothing
        // writes to it for as long. Layout and alignment as in `take`.
        unsafe { &*rest.arena.add(OFFSET).cast() }
    }
}
