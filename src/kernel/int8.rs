//! Layers in i8, for each rounding a function that is not generic: so they are compiled in this crate, once, not in
//! every program.

use crate::arch::backend::Backend;
use crate::kernel::arithmetic::{FixedDouble, FixedSingle, Int8, Int8Channels, OnnxFloat, Rescale};
use crate::kernel::direct::{Direct, Operands};
use crate::kernel::winograd::int8::Int8Winograd;

/// What layers are computed with.
pub(crate) trait Int8Layers: Rescale {
    fn direct(
        direct: &Direct<Int8<Self>>,
        backend: Option<Backend>,
        operands: Operands<'_, i8, Int8Channels<'_>>,
    );

    fn winograd(winograd: Int8Winograd<'_, Self>, backend: Option<Backend>);
}

macro_rules! layers {
    ($($rounding:ident)*) => {$(
        impl Int8Layers for $rounding {
            #[inline(never)]
            fn direct(
                direct: &Direct<Int8<Self>>,
                backend: Option<Backend>,
                operands: Operands<'_, i8, Int8Channels<'_>>,
            ) {
                direct.int8(backend, operands);
            }

            #[inline(never)]
            fn winograd(winograd: Int8Winograd<'_, Self>, backend: Option<Backend>) {
                winograd.run(backend);
            }
        }
    )*};
}

layers!(FixedDouble FixedSingle OnnxFloat);
