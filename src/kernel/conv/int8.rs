//! Layers with weights in i8: from the plan's choice to the kernel. Each kernel is a function for each rounding that is
//! neither generic nor inlined, so that it is compiled in this crate, once.

use crate::backend::Backend;
#[cfg(neon)]
use crate::geometry::missing;
#[cfg(neon)]
use crate::isa::dispatch::{self, Vectors};
#[cfg(neon)]
use crate::isa::generic::im2col::MicroKernel;
use crate::isa::scalar::Scalar;
use crate::kernel::arithmetic::{FixedDouble, FixedSingle, Int8, Int8Channels, OnnxFloat, Rescale};
#[cfg(neon)]
use crate::kernel::conv::depthwise_int8::DepthwiseInt8;
#[cfg(neon)]
use crate::kernel::conv::im2col::Im2colGemm;
use crate::kernel::conv::problem::{Convolution, Operands};
use crate::kernel::conv::winograd::int8::Int8Winograd;
use crate::kernel::registry::{Choice, ConvInt8};
#[cfg(neon)]
use crate::kernel::runs::Operator;

/// A layer and what it works on.
pub(crate) struct Int8Layer<'a, R> {
    /// Its shape is [flattened](crate::kernel::conv::problem::Shape::flattened).
    pub(crate) convolution: Convolution<Int8<R>>,
    pub(crate) operands: Operands<'a, i8, Int8Channels<'a>>,
    pub(crate) workspace: &'a mut [i8],
}

/// Computes a whole output of the layer that `kernel` was chosen for, or of some of its channels.
#[inline(always)]
pub(crate) fn run<R: Int8Kernels>(
    kernel: Choice<ConvInt8>,
    backend: Option<Backend>,
    layer: Int8Layer<'_, R>,
) {
    #[cfg(neon)]
    if let Some(neon) = dispatch::vectors(backend) {
        return match kernel.vectors {
            ConvInt8::Im2colGemm => R::im2col_gemm(backend, layer),
            ConvInt8::Depthwise => R::depthwise(backend, layer),
            ConvInt8::Winograd2InLanes => R::winograd2_in_lanes(neon, layer),
            ConvInt8::Winograd2 => missing(),
        };
    }
    match kernel.on(backend) {
        #[cfg(neon)]
        ConvInt8::Im2colGemm => R::portable_im2col_gemm(layer),
        #[cfg(not(neon))]
        ConvInt8::Direct => R::direct(layer),
        ConvInt8::Winograd2 => R::winograd2(layer),
        // Not without vectors.
        #[cfg(neon)]
        _ => missing(),
    }
}

/// The kernels with one rounding.
pub(crate) trait Int8Kernels: Rescale {
    #[cfg(not(neon))]
    fn direct(layer: Int8Layer<'_, Self>);

    fn winograd2(layer: Int8Layer<'_, Self>);

    #[cfg(neon)]
    fn im2col_gemm(backend: Option<Backend>, layer: Int8Layer<'_, Self>);

    #[cfg(neon)]
    fn portable_im2col_gemm(layer: Int8Layer<'_, Self>);

    #[cfg(neon)]
    fn depthwise(backend: Option<Backend>, layer: Int8Layer<'_, Self>);

    #[cfg(neon)]
    fn winograd2_in_lanes(neon: Vectors, layer: Int8Layer<'_, Self>);
}

macro_rules! kernels {
    ($($rounding:ident)*) => {$(
        impl Int8Kernels for $rounding {
            #[cfg(not(neon))]
            #[inline(never)]
            fn direct(Int8Layer { convolution, operands, .. }: Int8Layer<'_, Self>) {
                convolution.run(operands);
            }

            #[inline(never)]
            fn winograd2(layer: Int8Layer<'_, Self>) {
                layer.winograd().run(Scalar);
            }

            #[cfg(neon)]
            #[inline(never)]
            fn im2col_gemm(backend: Option<Backend>, layer: Int8Layer<'_, Self>) {
                let Some(neon) = dispatch::neon_int8(backend) else { return missing() };
                layer.im2col_gemm(neon);
            }

            #[cfg(neon)]
            #[inline(never)]
            fn portable_im2col_gemm(layer: Int8Layer<'_, Self>) {
                layer.im2col_gemm(Scalar);
            }

            #[cfg(neon)]
            #[inline(never)]
            fn depthwise(backend: Option<Backend>, layer: Int8Layer<'_, Self>) {
                let Int8Layer { convolution, operands, .. } = layer;
                let Operator::Convolution(mode) = convolution.operator else { return missing() };
                let Some(neon) = dispatch::neon_int8(backend) else { return missing() };
                DepthwiseInt8::new(neon, &convolution, mode, operands).run();
            }

            #[cfg(neon)]
            #[inline(never)]
            fn winograd2_in_lanes(neon: Vectors, layer: Int8Layer<'_, Self>) {
                layer.winograd().run(neon);
            }
        }
    )*};
}

kernels!(FixedDouble FixedSingle OnnxFloat);

impl<'a, R: Rescale> Int8Layer<'a, R> {
    fn winograd(self) -> Int8Winograd<'a, R> {
        let Self { convolution: Convolution { shape, arithmetic, .. }, operands, workspace } = self;
        Int8Winograd { shape, arithmetic, operands, workspace }
    }

    #[cfg(neon)]
    #[inline(always)]
    fn im2col_gemm(self, micro_kernel: impl MicroKernel) {
        let Self { convolution, operands, .. } = self;
        Im2colGemm { micro_kernel, convolution: &convolution, operands }.run();
    }
}
