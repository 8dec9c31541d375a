//! Layers with weights in i8: from the plan's choice to the kernel. Each kernel is a function for each rounding that is
//! neither generic nor inlined, so that it is compiled in this crate, once.

use crate::backend::Backend;
use crate::geometry::missing;
#[cfg(dsp)]
use crate::isa::cortex_m::words;
#[cfg(neon)]
use crate::isa::dispatch::{self, Vectors};
use crate::isa::scalar::Scalar;
use crate::kernel::arithmetic::{FixedDouble, FixedSingle, Int8, Int8Channels, OnnxFloat, Rescale};
#[cfg(dsp)]
use crate::kernel::conv::depthwise_band::pairs::DepthwiseBand;
#[cfg(bands_i8)]
use crate::kernel::conv::depthwise_band::portable::{BYTES, PortableBand};
#[cfg(neon)]
use crate::kernel::conv::depthwise_int8::DepthwiseInt8;
#[cfg(dsp)]
use crate::kernel::conv::gemv::Gemv;
#[cfg(neon)]
use crate::kernel::conv::im2col::Im2colGemm;
#[cfg(dsp)]
use crate::kernel::conv::im2col_pairs::{Im2col, scratch::Stack};
use crate::kernel::conv::problem::{Convolution, Operands};
use crate::kernel::conv::winograd::int8::Int8Winograd;
use crate::kernel::registry::{Choice, ConvInt8};
use crate::kernel::runs::Operator;

/// A layer and what it works on.
pub(crate) struct Int8Layer<'a, R> {
    /// Its shape is [flattened](crate::kernel::conv::problem::Shape::flattened).
    pub(crate) convolution: Convolution<Int8<R>>,
    pub(crate) operands: Int8Operands<'a>,
    pub(crate) workspace: &'a mut [i8],
}

/// What a layer reads and writes.
type Int8Operands<'a> = Operands<'a, i8, Int8Channels<'a>>;

/// Computes a whole output of the layer that `kernel` was chosen for, or of some of its channels.
#[inline(always)]
pub(crate) fn run<R: Int8Kernels>(
    kernel: Choice<ConvInt8>,
    backend: Option<Backend>,
    Int8Layer { convolution, operands, workspace }: Int8Layer<'_, R>,
) {
    let Convolution { shape, arithmetic, .. } = convolution;
    #[cfg(neon)]
    if let Some(neon) = dispatch::vectors(backend) {
        return match kernel.tuned {
            ConvInt8::Im2colGemm => R::im2col_gemm(backend, &convolution, operands),
            ConvInt8::Depthwise => R::depthwise(backend, &convolution, operands),
            ConvInt8::Winograd2InLanes => {
                R::winograd2_in_lanes(
                    neon,
                    Int8Winograd { shape, arithmetic, operands, workspace },
                );
            }
            ConvInt8::Winograd2 => missing(),
        };
    }
    match kernel.on(backend) {
        #[cfg(dsp)]
        ConvInt8::Im2colPairs if backend == Some(Backend::Scalar) => {
            R::portable_im2col_pairs(&convolution, operands);
        }
        #[cfg(dsp)]
        ConvInt8::Im2colPairs => R::im2col_pairs(&convolution, operands, workspace),
        #[cfg(dsp)]
        ConvInt8::Gemv => R::gemv(&convolution, operands),
        #[cfg(dsp)]
        ConvInt8::DepthwiseBand => R::depthwise_band(&convolution, operands),
        #[cfg(neon)]
        ConvInt8::Im2colGemm => R::portable_im2col_gemm(&convolution, operands),
        #[cfg(bands_i8)]
        ConvInt8::DepthwiseBand => R::portable_depthwise_band(&convolution, operands),
        #[cfg(not(any(neon, dsp)))]
        ConvInt8::Direct => R::direct(&convolution, operands),
        ConvInt8::Winograd2 => {
            R::winograd2(Int8Winograd { shape, arithmetic, operands, workspace });
        }
        // Not without vectors.
        #[cfg(neon)]
        _ => missing(),
    }
}

/// Declares the kernels, and implements them for each rounding by functions of their own.
macro_rules! kernels {
    (
        $roundings:tt
        $($(#[cfg($on:meta)])? fn $name:ident($($argument:ident: $type:ty),*) $run:block)*
    ) => {
        /// The kernels with one rounding.
        pub(crate) trait Int8Kernels: Rescale {$(
            $(#[cfg($on)])?
            fn $name($($argument: $type),*);
        )*}

        kernels! { @each $roundings { $(
            $(#[cfg($on)])?
            #[inline(never)]
            fn $name($($argument: $type),*) $run
        )* } }
    };
    (@each [$($rounding:ident)*] $kernels:tt) => {
        $(kernels! { @one $rounding $kernels })*
    };
    (@one $rounding:ident { $($kernels:tt)* }) => {
        impl Int8Kernels for $rounding { $($kernels)* }
    };
}

kernels! {
    [FixedDouble FixedSingle OnnxFloat]

    #[cfg(dsp)]
    fn im2col_pairs(
        convolution: &Convolution<Int8<Self>>, operands: Int8Operands<'_>, workspace: &mut [i8]
    ) {
        let mut stack = Stack::NEW;
        let words = words(workspace);
        let scratch = stack.scratch(words, convolution.operator, &convolution.shape);
        Im2col::<_, true> { direct: convolution, operands }.run(scratch);
    }

    #[cfg(dsp)]
    fn portable_im2col_pairs(
        convolution: &Convolution<Int8<Self>>, operands: Int8Operands<'_>
    ) {
        let mut stack = Stack::NEW;
        let scratch = stack.scratch(&mut [], convolution.operator, &convolution.shape);
        Im2col::<_, false> { direct: convolution, operands }.run(scratch);
    }

    #[cfg(dsp)]
    fn gemv(convolution: &Convolution<Int8<Self>>, operands: Int8Operands<'_>) {
        Gemv { convolution, operands }.run();
    }

    #[cfg(dsp)]
    fn depthwise_band(
        convolution: &Convolution<Int8<Self>>, operands: Int8Operands<'_>
    ) {
        let Operator::Convolution(mode) = convolution.operator else { return missing() };
        DepthwiseBand::new(convolution, mode, operands).run();
    }

    #[cfg(bands_i8)]
    fn portable_depthwise_band(
        convolution: &Convolution<Int8<Self>>, operands: Int8Operands<'_>
    ) {
        let Operator::Convolution(mode) = convolution.operator else { return missing() };
        let border = convolution.arithmetic.border;
        PortableBand { convolution, mode, border, operands }.run::<BYTES>();
    }

    #[cfg(not(any(neon, dsp)))]
    fn direct(convolution: &Convolution<Int8<Self>>, operands: Int8Operands<'_>) {
        convolution.run(operands);
    }

    fn winograd2(winograd: Int8Winograd<'_, Self>) {
        winograd.run(Scalar);
    }

    #[cfg(neon)]
    fn im2col_gemm(
        backend: Option<Backend>, convolution: &Convolution<Int8<Self>>, operands: Int8Operands<'_>
    ) {
        let Some(micro_kernel) = dispatch::neon_int8(backend) else { return missing() };
        Im2colGemm { micro_kernel, convolution, operands }.run();
    }

    #[cfg(neon)]
    fn portable_im2col_gemm(
        convolution: &Convolution<Int8<Self>>, operands: Int8Operands<'_>
    ) {
        Im2colGemm { micro_kernel: Scalar, convolution, operands }.run();
    }

    #[cfg(neon)]
    fn depthwise(
        backend: Option<Backend>, convolution: &Convolution<Int8<Self>>, operands: Int8Operands<'_>
    ) {
        let Operator::Convolution(mode) = convolution.operator else { return missing() };
        let Some(neon) = dispatch::neon_int8(backend) else { return missing() };
        DepthwiseInt8::new(neon, convolution, mode, operands).run();
    }

    #[cfg(neon)]
    fn winograd2_in_lanes(neon: Vectors, winograd: Int8Winograd<'_, Self>) {
        winograd.run(neon);
    }
}
