//! Which kernel computes a layer with weights in i8, as [`choice`](crate::kernel::conv::choice) does in f32: for each rounding
//! functions that are not generic.

use crate::backend::Backend;
#[cfg(any(neon, dsp))]
use crate::geometry::missing;
#[cfg(dsp)]
use crate::isa::cortex_m::words;
#[cfg(neon)]
use crate::isa::dispatch;
use crate::kernel::arithmetic::{FixedDouble, FixedSingle, Int8, Int8Channels, OnnxFloat, Rescale};
#[cfg(dsp)]
use crate::kernel::conv::depthwise_band::{self, DepthwiseBand};
#[cfg(neon)]
use crate::kernel::conv::depthwise_int8::{self, DepthwiseInt8};
#[cfg(neon)]
use crate::kernel::conv::im2col::Tiles;
#[cfg(dsp)]
use crate::kernel::conv::im2col_pairs::{self, Im2col, Stack};
use crate::kernel::conv::problem::{Convolution, Operands, Shape};
use crate::kernel::conv::winograd::int8::Int8Winograd;
use crate::kernel::runs::Operator;

/// The kernels with vectors.
#[cfg(any(neon, dsp))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kernel {
    /// Any layer: inputs are gathered for a tile of outputs.
    Im2col,
    /// One input channel for each output.
    Depthwise,
}

/// The choice for a layer, made where the processor's instructions are known to the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Int8Kernel {
    #[cfg(any(neon, dsp))]
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
                _ => Kernel::Im2col,
            },
            #[cfg(dsp)]
            vectors: match operator {
                Operator::Convolution(_) if depthwise_band::fits(shape) => Kernel::Depthwise,
                _ => Kernel::Im2col,
            },
        }
    }

    /// Bytes of scratch memory that are of use.
    pub(crate) const fn workspace_len(self, operator: Operator, shape: &Shape) -> usize {
        #[cfg(dsp)]
        return match self.vectors {
            Kernel::Im2col => im2col_pairs::workspace_len(operator, shape),
            Kernel::Depthwise => 0,
        };
        #[cfg(not(dsp))]
        {
            let _ = (operator, shape);
            0
        }
    }

    /// Computes a whole output of the layer that it was chosen for, or of some of its channels.
    #[inline(always)]
    pub(crate) fn run<R: Int8Layers>(
        self,
        backend: Option<Backend>,
        direct: &Convolution<Int8<R>>,
        operands: OperandsInt8<'_>,
        workspace: &mut [i8],
    ) {
        let _ = &workspace;
        #[cfg(neon)]
        match (backend, self.vectors) {
            // Weights are in the order that vectors take.
            (Some(Backend::Scalar), _) => R::portable_tiles(direct, operands),
            (_, Kernel::Depthwise) => R::depthwise(direct, backend, operands),
            (_, Kernel::Im2col) => R::tiles(direct, backend, operands),
        }
        #[cfg(dsp)]
        match (backend, self.vectors) {
            // Weights are in the order of pairs.
            (Some(Backend::Scalar), _) => R::portable_im2col(direct, operands),
            (_, Kernel::Depthwise) => R::depthwise(direct, operands),
            (_, Kernel::Im2col) => R::im2col(direct, operands, workspace),
        }
        #[cfg(not(any(neon, dsp)))]
        {
            let _ = backend;
            R::direct(direct, operands);
        }
    }
}

/// What layers are computed with.
pub(crate) trait Int8Layers: Rescale {
    #[cfg(not(any(neon, dsp)))]
    fn direct(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>);

    #[cfg(dsp)]
    fn portable_im2col(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>);

    #[cfg(dsp)]
    fn depthwise(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>);

    #[cfg(dsp)]
    fn im2col(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>, workspace: &mut [i8]);

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
            #[cfg(dsp)]
            #[inline(never)]
            fn portable_im2col(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>) {
                let mut stack = Stack::NEW;
                let scratch = stack.scratch(&mut [], direct.operator, &direct.shape);
                Im2col { dsp: false, direct, operands }.run(scratch);
            }

            #[cfg(dsp)]
            #[inline(never)]
            fn depthwise(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>) {
                let Operator::Convolution(mode) = direct.operator else { return missing() };
                DepthwiseBand::new(direct, mode, operands).run();
            }

            #[cfg(dsp)]
            #[inline(never)]
            fn im2col(
                direct: &Convolution<Int8<Self>>,
                operands: OperandsInt8<'_>,
                workspace: &mut [i8],
            ) {
                let mut stack = Stack::NEW;
                let scratch = stack.scratch(words(workspace), direct.operator, &direct.shape);
                Im2col { dsp: true, direct, operands }.run(scratch);
            }

            #[cfg(not(any(neon, dsp)))]
            #[inline(never)]
            fn direct(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>) {
                direct.run(operands);
            }

            #[cfg(neon)]
            #[inline(never)]
            fn portable_tiles(direct: &Convolution<Int8<Self>>, operands: OperandsInt8<'_>) {
                Tiles { dots: None, direct, operands }.run();
            }

            #[cfg(neon)]
            #[inline(never)]
            fn tiles(
                direct: &Convolution<Int8<Self>>,
                backend: Option<Backend>,
                operands: OperandsInt8<'_>,
            ) {
                Tiles { dots: dispatch::dots(backend), direct, operands }.run();
            }

            #[cfg(neon)]
            #[inline(never)]
            fn depthwise(
                direct: &Convolution<Int8<Self>>,
                backend: Option<Backend>,
                operands: OperandsInt8<'_>,
            ) {
                let Operator::Convolution(mode) = direct.operator else { return missing() };
                let Some(dots) = dispatch::dots(backend) else { return missing() };
                DepthwiseInt8::new(dots, direct, mode, operands).run();
            }

            #[inline(never)]
            fn winograd(winograd: Int8Winograd<'_, Self>, backend: Option<Backend>) {
                winograd.run(backend);
            }
        }
    )*};
}

layers!(FixedDouble FixedSingle OnnxFloat);
