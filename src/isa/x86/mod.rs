//! AVX2 with FMA, and AVX-512.

mod lanes;
mod pair;
mod transpose;

/// An instruction set: what is compiled with the features named, and its vectors. Each in a module of its own, so that the
/// compiler works on several at a time.
macro_rules! isa {
    ($(#[$doc:meta])* $isa:ident, $feature:literal, $x16_type:ty = $x16:expr, $widest:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $isa(());

        impl $isa {
            /// # Safety
            ///
            /// The processor has the instructions.
            pub(crate) const unsafe fn new() -> Self {
                Self(())
            }
        }

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

mod avx2;
mod avx512;

pub(crate) use avx2::Avx2;
pub(crate) use avx512::Avx512;
