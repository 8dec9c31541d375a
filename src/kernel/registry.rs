//! Every kernel that a plan can choose, once: for which operators and numbers it is, on which instruction sets, and for
//! which layers it is taken. The choice, `plan.kernel()`, the page `KERNELS.md` and the tests that look for kernels that no
//! test or bench meets all follow from these tables.
//!
//! A kernel computes a whole layer and calls no other. It is chosen when a layer is planned, by `const` functions, so that a
//! program links those that its layers take.

use crate::algorithm::Algorithm;
use crate::backend::Backend::{self, Avx2, Avx512, Dsp, Neon, NeonDot, NeonMatrix, Scalar};
#[cfg(vectors)]
use crate::isa::dispatch;
#[cfg(any(bands_f32, bands_i8))]
use crate::kernel::conv::depthwise_band::portable;
#[cfg(dsp)]
use crate::kernel::conv::problem::Shape;
#[cfg(neon)]
use crate::kernel::conv::{band, depthwise_int8, im2col};
#[cfg(vectors)]
use crate::kernel::conv::{depthwise, pointwise};
#[cfg(dsp)]
use crate::kernel::conv::{depthwise_band::pairs, gemv, im2col_pairs};
use crate::kernel::conv::{direct, problem::ConvLayer};
use crate::kernel::pool::Pool;
#[cfg(neon)]
use crate::kernel::pool::lines;
#[cfg(dsp)]
use crate::kernel::runs::Operator;
use crate::tensor::Dtype;
use crate::tuning::SMALL_STACK;

/// What is known of a kernel, for tests and pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The operators whose layers it computes.
    pub operators: &'static str,
    /// What it computes with.
    pub dtype: Dtype,
    /// Its name, as `plan.kernel()` says it.
    pub name: &'static str,
    /// Where it may be taken.
    pub backends: &'static [Backend],
    /// Whether this build has it.
    pub here: bool,
    /// Which layers it is taken for.
    pub when: &'static str,
    /// The order of its packed weights.
    pub weight_order: &'static str,
    /// Its largest buffers on the stack, in bytes: on 32-bit Arm, and on others.
    pub stack: [usize; 2],
}

/// A kernel of a table for each kind of instructions that a build has, chosen by a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice<K> {
    /// With [`Backend::Scalar`], or where the processor has nothing better.
    pub(crate) portable: K,
    /// With the instructions that the build is for.
    #[cfg(any(vectors, dsp))]
    pub(crate) tuned: K,
}

impl<K: Copy> Choice<K> {
    /// The one that runs on `backend`, or on the best there is.
    #[inline(always)]
    pub(crate) fn on(self, backend: Option<Backend>) -> K {
        #[cfg(vectors)]
        if dispatch::vectors(backend).is_some() {
            return self.tuned;
        }
        #[cfg(dsp)]
        if backend != Some(Scalar) {
            return self.tuned;
        }
        let _ = backend;
        self.portable
    }
}

/// A table of kernels, of which a layer takes the first that `fits`. Rows with a `cfg` are there in builds for their
/// targets alone, but listed everywhere.
macro_rules! kernels {
    (
        $(#[$doc:meta])*
        $table:ident: $operators:literal, $dtype:ident, by $layer:ty;
        $(
            $(#[cfg($on:meta)])?
            $kernel:ident on [$($backend:ident)*] $(if $fits:path)?, when $when:literal
            $(, weights $order:literal)? $(, stack $small:literal $large:literal of $stack:expr)?;
        )*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $table {
            $($(#[cfg($on)])? $kernel,)*
        }

        $(
            $(#[cfg($on)])?
            const _: () = kernels!(@holds $($small, $large, $stack)?);
        )*

        impl $table {
            /// Those of this build.
            const ALL: &[Self] = &[$($(#[cfg($on)])? Self::$kernel,)*];

            pub(crate) const ROWS: &[Kernel] = &[$(Kernel {
                operators: $operators,
                dtype: Dtype::$dtype,
                name: stringify!($kernel),
                backends: &[$($backend),*],
                here: true $(&& cfg!($on))?,
                when: $when,
                weight_order: concat!($($order)?),
                stack: [0 $(+ $small)?, 0 $(+ $large)?],
            },)*];

            /// The kernels of a layer.
            pub(crate) const fn choose(layer: &$layer) -> Choice<Self> {
                Choice {
                    portable: Self::first(layer, false),
                    #[cfg(any(vectors, dsp))]
                    tuned: Self::first(layer, true),
                }
            }

            const fn first(layer: &$layer, tuned: bool) -> Self {
                let _ = layer;
                $(
                    $(#[cfg($on)])?
                    if runs(&[$($backend),*], tuned) $(&& $fits(layer))? {
                        return Self::$kernel;
                    }
                )*
                // The last one fits every layer.
                Self::ALL[Self::ALL.len() - 1]
            }

            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $($(#[cfg($on)])? Self::$kernel => stringify!($kernel),)*
                }
            }
        }
    };
    (@holds) => { () };
    (@holds $small:literal, $large:literal, $stack:expr) => {
        assert!($stack <= if SMALL_STACK { $small } else { $large })
    };
}

/// Whether a kernel for `backends` is one for the instructions of this build, if they are `tuned`, or else of portable code. That
/// runs with these as well, where there is nothing better.
const fn runs(backends: &[Backend], tuned: bool) -> bool {
    let mut index = 0;
    while index < backends.len() {
        let here = match backends[index] {
            Scalar => true,
            Avx2 | Avx512 => tuned && cfg!(x86_simd),
            Neon | NeonDot | NeonMatrix => tuned && cfg!(neon),
            Dsp => tuned && cfg!(dsp),
        };
        if here {
            return true;
        }
        index += 1;
    }
    false
}

kernels! {
    /// Layers with weights in f32.
    ConvFloat: "Conv2d, ConvTranspose2d, Linear", F32, by ConvLayer;
    #[cfg(neon)]
    Winograd4InLanes on [Neon NeonDot NeonMatrix] if winograd4, when "`Algorithm::Winograd4`",
        weights "transformed, input by input in panels of 16, 8, 4 and 1 outputs";
    #[cfg(neon)]
    Winograd2InLanes on [Neon NeonDot NeonMatrix] if winograd2, when "`Algorithm::Winograd2`",
        weights "transformed, input by input in panels of 16, 8, 4 and 1 outputs";
    Winograd4 on [Scalar Avx2 Avx512] if winograd4, when "`Algorithm::Winograd4`",
        weights "transformed, input by input in panels of 16, 8, 4 and 1 outputs";
    Winograd2 on [Scalar Avx2 Avx512] if winograd2, when "`Algorithm::Winograd2`",
        weights "transformed, input by input in panels of 16, 8, 4 and 1 outputs";
    #[cfg(vectors)]
    Depthwise on [Avx2 Avx512 Neon NeonDot NeonMatrix] if depthwise::fits,
        when "one input channel and at most 3 output channels in a group, 3x3 or 5x5, stride 1 or 2, padding with zeros",
        weights "output by output";
    #[cfg(vectors)]
    Pointwise on [Avx2 Avx512 Neon NeonDot NeonMatrix] if pointwise::fits,
        when "1x1 with stride 1 over 64 pixels and more; on x86-64 also transposed 2x2 with stride 2",
        weights "input by input in panels of 16, 8, 4 and 1 outputs";
    #[cfg(neon)]
    RowBands on [Neon NeonDot NeonMatrix] if band::fits,
        when "rows of 4 outputs and more whose copies fit, and taps that make up for the copying",
        weights "input by input in panels of 16, 8, 4 and 1 outputs", stack 16640 16640 of band::STACK;
    #[cfg(bands_f32)]
    DepthwiseBand on [Scalar] if portable::fits_float,
        when "without vectors but with an FPU, a convolution with one input channel and at most 3 output channels in a group, at most 72 taps, and rows of 4 outputs that fit into 256 elements",
        weights "output by output", stack 1024 1024 of size_of::<[f32; portable::FLOATS]>();
    Direct on [Scalar Avx2 Avx512 Neon NeonDot NeonMatrix], when "everything else",
        weights "input by input in panels of 16, 8, 4 and 1 outputs", stack 2304 6400 of direct::STACK;
}

kernels! {
    /// Layers with weights in i8.
    ConvInt8: "Conv2d, ConvTranspose2d, Linear", I8, by ConvLayer;
    #[cfg(neon)]
    Winograd2InLanes on [Neon NeonDot NeonMatrix] if winograd2, when "`Algorithm::Winograd2`",
        weights "transformed, as i16";
    Winograd2 on [Scalar Avx2 Avx512] if winograd2, when "`Algorithm::Winograd2`", weights "transformed, as i16";
    #[cfg(neon)]
    Depthwise on [Neon NeonDot NeonMatrix] if depthwise_int8::fits,
        when "a convolution with one input channel and at most 3 output channels in a group",
        weights "16 taps of one output after the other", stack 4128 4128 of depthwise_int8::STACK;
    #[cfg(neon)]
    Im2colGemm on [Scalar Neon NeonDot NeonMatrix], when "everything else on AArch64",
        weights "16 taps of one output after the other", stack 15360 15360 of im2col::STACK;
    #[cfg(dsp)]
    Gemv on [Dsp] if gemv::fits, when "`Linear`, and 1x1 over a plane of one pixel",
        weights "one of each of two outputs in turn", stack 640 640 of gemv::STACK;
    #[cfg(dsp)]
    DepthwiseBand on [Dsp] if pairs::fits,
        when "a convolution with one input channel and at most 3 output channels in a group, at most 64 taps, and rows of 4 outputs that fit into 768 bytes",
        weights "one of each of two outputs in turn", stack 832 832 of pairs::STACK;
    #[cfg(dsp)]
    Im2colPairs on [Scalar Dsp], when "everything else on Cortex-M with DSP instructions",
        weights "one of each of two outputs in turn", stack 976 976 of im2col_pairs::scratch::STACK;
    #[cfg(bands_i8)]
    DepthwiseBand on [Scalar Avx2 Avx512] if portable::fits_int8,
        when "a convolution with one input channel and at most 3 output channels in a group, and rows of 4 outputs that fit into 768 bytes",
        weights "output by output", stack 768 768 of portable::BYTES;
    #[cfg(not(any(neon, dsp)))]
    Direct on [Scalar Avx2 Avx512], when "everything else",
        weights "input by input in panels of 4 and 1 outputs", stack 2304 6400 of direct::STACK;
}

kernels! {
    /// Pools in f32.
    PoolFloat: "MaxPool2d, AvgPool2d, AdaptiveMaxPool2d, AdaptiveAvgPool2d", F32, by Pool;
    #[cfg(vectors)]
    Global on [Avx2 Avx512 Neon NeonDot NeonMatrix] if Pool::is_global,
        when "one window over the whole plane";
    #[cfg(vectors)]
    Sliding on [Avx2 Avx512 Neon NeonDot NeonMatrix] if Pool::slides,
        when "other windows of one size";
    Windows on [Scalar Avx2 Avx512 Neon NeonDot NeonMatrix], when "everything else";
}

kernels! {
    /// Pools in i8.
    PoolInt8: "MaxPool2d, AvgPool2d, AdaptiveMaxPool2d, AdaptiveAvgPool2d", I8, by Pool;
    #[cfg(neon)]
    Global on [Neon NeonDot NeonMatrix] if lines::fits_global,
        when "one window over the whole plane of 16 elements and more";
    #[cfg(neon)]
    Lines on [Neon NeonDot NeonMatrix] if lines::fits,
        when "other windows of one size; averages of up to 255 elements", stack 1184 1184 of lines::STACK;
    Windows on [Scalar Avx2 Avx512 Neon NeonDot NeonMatrix], when "everything else";
}

/// Kernels that depend on the instruction set alone. Plain loops are compiled for each, and the compiler makes vectors of them.
const OTHERS: &[Kernel] = &[
    other("Activate, Prelu, fused activations", Dtype::F32, "EachElement", ALL),
    other("Activate", Dtype::I8, "LookUpInLanes", NEON),
    other("Activate", Dtype::I8, "LookUp", PORTABLE_INT8),
    other("Add, Mul", Dtype::F32, "EachPair", ALL),
    other("Add, Mul", Dtype::I8, "PairsInLanes", NEON),
    other("Add, Mul", Dtype::I8, "EachPair", PORTABLE_INT8),
    other("BatchNorm2d", Dtype::F32, "ScaleShift", ALL),
    other("Concat", Dtype::I8, "Rescale", ALL),
    other("Concat, ZeroPad2d", Dtype::F32, "Copy", ALL),
    other("Dequantize", Dtype::I8, "Dequantize", ALL),
    other("Quantize", Dtype::F32, "Quantize", ALL),
    other("Softmax", Dtype::F32, "PixelsInLanes", VECTORS),
    other("Softmax", Dtype::F32, "Pixels", &[Scalar]),
    other("Softmax", Dtype::I8, "Pixels", ALL),
    other("Upsample, bilinear", Dtype::F32, "BilinearRows", VECTORS),
    other("Upsample, bilinear", Dtype::F32, "BilinearPixels", &[Scalar]),
    other("Upsample, nearest", Dtype::F32, "NearestRows", VECTORS),
    other("Upsample, nearest", Dtype::F32, "NearestPixels", &[Scalar]),
    other("Upsample, nearest", Dtype::I8, "NearestPixels", ALL),
    other("ZeroPad2d", Dtype::I8, "Copy", ALL),
];

const ALL: &[Backend] = &[Scalar, Avx2, Avx512, Neon, NeonDot, NeonMatrix];
const VECTORS: &[Backend] = &[Avx2, Avx512, Neon, NeonDot, NeonMatrix];
const NEON: &[Backend] = &[Neon, NeonDot, NeonMatrix];
const PORTABLE_INT8: &[Backend] = &[Scalar, Avx2, Avx512];

const fn other(
    operators: &'static str,
    dtype: Dtype,
    name: &'static str,
    backends: &'static [Backend],
) -> Kernel {
    Kernel {
        operators,
        dtype,
        name,
        backends,
        here: true,
        when: "",
        weight_order: "",
        stack: [0; 2],
    }
}

#[cfg(dsp)]
impl ConvInt8 {
    /// Bytes of scratch memory that are of use to a direct convolution.
    pub(crate) const fn workspace_len(self, operator: Operator, shape: &Shape) -> usize {
        match self {
            Self::Im2colPairs => im2col_pairs::scratch::workspace_len(operator, shape),
            Self::Gemv | Self::DepthwiseBand | Self::Winograd2 => 0,
        }
    }
}

/// All kernels, those that this build does not have included.
pub fn kernels() -> impl Iterator<Item = &'static Kernel> {
    let tables = [ConvFloat::ROWS, ConvInt8::ROWS, PoolFloat::ROWS, PoolInt8::ROWS, OTHERS];
    tables.into_iter().flatten()
}

const fn winograd2(layer: &ConvLayer) -> bool {
    matches!(layer.algorithm, Algorithm::Winograd2)
}

const fn winograd4(layer: &ConvLayer) -> bool {
    matches!(layer.algorithm, Algorithm::Winograd4)
}
