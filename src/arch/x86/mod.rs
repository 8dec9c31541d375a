//! AVX2 with FMA, and AVX-512: the two instruction sets.

mod lanes;
mod transpose;

use crate::arch::isa::{Isa, Operation};
use crate::arch::pair::Pair;
use crate::arch::x86::lanes::{F32x1, F32x4, F32x8, F32x16};
use crate::arch::x86::transpose::{interleave, transpose};

/// AVX2 and FMA.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

/// AVX-512 F, and AVX2 and FMA for what is narrower.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx2 {
    /// # Safety
    ///
    /// The processor has AVX2 and FMA.
    pub(crate) const unsafe fn new() -> Self {
        Self(())
    }
}

impl Avx512 {
    /// # Safety
    ///
    /// The processor has AVX-512 F, AVX2 and FMA.
    pub(crate) const unsafe fn new() -> Self {
        Self(())
    }
}

/// Implements [`Isa`]: what is compiled with the features named, and its vectors.
macro_rules! isa {
    ($isa:ident, $feature:literal, $x16_type:ty = $x16:expr, $widest:ident) => {
        impl Isa for $isa {
            type X16 = $x16_type;
            type Row = $x16_type;
            type X8 = F32x8;
            type X4 = F32x4;
            type X1 = F32x1;
            type Widest = $widest;
            type Short = F32x8;

            #[inline(always)]
            fn x16(self) -> $x16_type {
                $x16
            }

            #[inline(always)]
            fn row(self) -> $x16_type {
                $x16
            }

            #[inline(always)]
            fn x8(self) -> F32x8 {
                F32x8(())
            }

            #[inline(always)]
            fn x4(self) -> F32x4 {
                F32x4(())
            }

            #[inline(always)]
            fn x1(self) -> F32x1 {
                F32x1(())
            }

            #[inline(always)]
            fn widest(self) -> $widest {
                $widest(())
            }

            #[inline(always)]
            fn short(self) -> F32x8 {
                F32x8(())
            }

            const HAS_VECTORS: bool = true;

            #[inline(always)]
            fn run<O: Operation>(self, operation: O) {
                #[target_feature(enable = $feature)]
                fn with_features<O: Operation>(isa: $isa, operation: O) {
                    operation.run(isa);
                }
                // SAFETY: `self` proves that the processor has the features.
                unsafe { with_features(self, operation) }
            }

            #[inline(always)]
            fn transpose<const B: usize>(
                self,
                totals: &[[f32; B]],
                y: &mut [f32],
                plane: usize,
                step: usize,
            ) {
                // SAFETY: `self` proves that the processor has AVX2.
                unsafe { transpose(totals, y, plane, step) }
            }

            #[inline(always)]
            fn interleave<const B: usize>(self, x: &[f32], plane: usize, pixels: &mut [[f32; B]]) {
                // SAFETY: `self` proves that the processor has AVX.
                unsafe { interleave(x, plane, pixels) }
            }
        }
    };
}

isa!(Avx2, "avx2,fma", Pair<F32x8> = Pair(F32x8(())), F32x8);
isa!(Avx512, "avx512f,avx2,fma", F32x16 = F32x16(()), F32x16);
