//! NEON as an [`Isa`]: which lanes it has, and what it does in its own way.

use crate::isa::neon::lanes::Floats;
use crate::isa::neon::{Neon, f32, memory};
use crate::isa::scalar;
use crate::isa::traits::{Depthwise3, Isa, Operation};

impl Isa for Neon {
    type X16 = Floats<2>;
    type Row = Floats<3>;
    type X8 = Floats<2>;
    type X4 = Floats<1>;
    type X1 = scalar::Floats<1>;
    type Widest = Floats<1>;
    type Short = Floats<1>;

    #[inline(always)]
    fn x16(self) -> Floats<2> {
        Floats(())
    }

    #[inline(always)]
    fn row(self) -> Floats<3> {
        Floats(())
    }

    #[inline(always)]
    fn x8(self) -> Floats<2> {
        Floats(())
    }

    #[inline(always)]
    fn x4(self) -> Floats<1> {
        Floats(())
    }

    #[inline(always)]
    fn x1(self) -> scalar::Floats<1> {
        scalar::Floats
    }

    #[inline(always)]
    fn widest(self) -> Floats<1> {
        Floats(())
    }

    #[inline(always)]
    fn short(self) -> Floats<1> {
        Floats(())
    }

    const HAS_VECTORS: bool = true;

    #[inline(always)]
    fn map(self, values: &mut [f32], function: impl Fn(f32) -> f32) {
        memory::each_part(values, |values| {
            for value in values {
                *value = function(*value);
            }
        });
    }

    #[inline(always)]
    fn run<O: Operation>(self, operation: O) {
        operation.run_outlined(self);
    }

    #[inline(always)]
    fn transpose<const B: usize>(
        self,
        totals: &[[f32; B]],
        y: &mut [f32],
        plane: usize,
        step: usize,
    ) {
        // SAFETY: every processor has NEON.
        unsafe { f32::transpose::transpose(totals, y, plane, step) }
    }

    const HAS_DEPTHWISE3: bool = true;

    #[inline(always)]
    fn depthwise3<const N: usize, const STEP: usize>(
        self,
        window: &Depthwise3<'_, N>,
        x: &[f32],
        y: &mut [f32],
    ) {
        self.widest().depthwise3::<N, STEP>(window, x, y);
    }
}
