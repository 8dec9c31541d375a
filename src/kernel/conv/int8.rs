//! Which kernel computes a layer with weights in i8, as [`choice`](crate::kernel::conv::choice) does in f32: for each rounding
//! functions that are not generic.

use crate::backend::Backend;
#[cfg(neon)]
use crate::geometry::missing;
#[cfg(neon)]
use crate::isa::{dispatch, scalar::Scalar};
use crate::kernel::arithmetic::{FixedDouble, FixedSingle, Int8, Int8Channels, OnnxFloat, Rescale};
#[cfg(neon)]
use crate::kernel::conv::depthwise_int8::{self, DepthwiseInt8};
#[cfg(neon)]
use crate::kernel::conv::im2col::Im2colGemm;
use crate::kernel::conv::problem::{Convolution, Operands, Shape};
use crate::kernel::conv::winograd::int8::Int8Winograd;
use crate::kernel::runs::Operator;

/// The kernels with vectors.
#[cfg(neon)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kernel {
    /// Any layer: inputs are gathered for a tile of outputs.
    Tiles,
    /// One input channel for each output.
    Depthwise,
}

/// The choice for a layer, made where the processor's instructions are known to the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Int8Kernel {
    #[cfg(neon)]
    vectors: Kernel,
}

/// What layers read and write.
type OperandsInt8<'a> = Operands<'a, i8, Int8Channels<'a>>;

impl Int8Kernel {
    pub(crate) const fn choose(operator: Operator, shape: &Shape) -> Self {
        let _ = (operator, shape);
        Self {
            #[cfg(neon)]
            vectors: match operator {
                Operator::Convolution(_) if depthwise_int8::fits(shape) => Kernel::Depthwise,
                _ => Kernel::Tiles,
            },
        }
    }

    /// Computes a whole output of the layer that it was chosen for, or of some of its channels.
    #[inline(always)]
    pub(crate) fn run<R: Int8Layers>(
        self,
        backend: Option<Backend>,
        direct: &Convolution<Int8<R>>,
        operands: OperandsInt8<'_>,
    ) {
        #[cfg(neon)]
        match (backend, self.vectors) {
            // Weights are in the order that vectors take.
            (Some(Backend::Scalar), _) => R::portable_tiles(direct, operands),
            (_, Kernel::Depthwise) => R::depthwise(direct, backend, operands),
            (_, Kernel::Tiles) => R::tiles(direct, backend, operands),
        }
        #[cfg(not(neon))]
        {
            let _ = backend;
            R::direct(direct, operands);
        }
    }
}

/// What layers are computed with.
pub(crate) trait Int8Layers: Rescale {
    #[cfg(not(neon))]
    fn direct(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>);

    #[cfg(neon)]
    fn portable_tiles(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>);

    #[cfg(neon)]
    fn tiles(
        direct: &Convolution<Int8<Self>>,
        backend: Option<Backend>,
        operands: OperandsInt8<'_>,
    );

    #[cfg(neon)]
    fn depthwise(
        direct: &Convolution<Int8<Self>>,
        backend: Option<Backend>,
        operands: OperandsInt8<'_>,
    );

    fn winograd(winograd: Int8Winograd<'_, Self>, backend: Option<Backend>);
}

macro_rules! layers {
    ($($rounding:ident)*) => {$(
        impl Int8Layers for $rounding {
            #[cfg(not(neon))]
            #[inline(never)]
            fn direct(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>) {
                direct.run(operands);
            }

            #[cfg(neon)]
            #[inline(never)]
            fn portable_tiles(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>) {
                Im2colGemm { micro_kernel: Scalar, convolution: direct, operands }.run();
            }

            #[cfg(neon)]
            #[inline(never)]
            fn tiles(
                direct: &Convolution<Int8<Self>>,
                backend: Option<Backend>,
                operands: OperandsInt8<'_>,
            ) {
                let Some(micro_kernel) = dispatch::neon_int8(backend) else { return missing() };
                Im2colGemm { micro_kernel, convolution: direct, operands }.run();
            }

            #[cfg(neon)]
            #[inline(never)]
            fn depthwise(
                direct: &Convolution<Int8<Self>>,
                backend: Option<Backend>,
                operands: OperandsInt8<'_>,
            ) {
                let Operator::Convolution(mode) = direct.operator else { return missing() };
                let Some(neon) = dispatch::neon_int8(backend) else { return missing() };
                DepthwiseInt8::new(neon, direct, mode, operands).run();
            }

            #[inline(never)]
            fn winograd(winograd: Int8Winograd<'_, Self>, backend: Option<Backend>) {
                winograd.run(backend);
            }
        }
    )*};
}

layers!(FixedDouble FixedSingle OnnxFloat);
