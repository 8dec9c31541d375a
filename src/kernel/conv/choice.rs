//! Which kernel computes a layer with weights, convolution, transposed convolution or linear: decided by the plan, so
//! that a program links the kernels that its layers take, and no other.
//!
//! A kernel computes a whole layer and calls no other kernel. Here each is a function that is neither generic nor
//! inlined, so that it is compiled in this crate, once.

use crate::backend::Backend;
use crate::geometry::missing;
#[cfg(not(neon))]
use crate::isa::dispatch;
#[cfg(neon)]
use crate::isa::neon::Neon;
#[cfg(neon)]
use crate::isa::scalar::Scalar;
use crate::isa::traits::Isa;
#[cfg(not(neon))]
use crate::isa::traits::Operation;
use crate::kernel::arithmetic::Float;
#[cfg(neon)]
use crate::kernel::conv::band::{Bands, layout::Layout};
use crate::kernel::conv::depthwise::{self, Depthwise};
use crate::kernel::conv::pointwise::{self, OverPixels};
use crate::kernel::conv::problem::{Convolution, Operands, Shape};
use crate::kernel::runs::Operator;
use crate::padding::PaddingMode;

/// The kernels in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kernel {
    /// Any layer: output channels in vectors.
    Direct,
    /// One input channel for each output: neighbouring outputs in vectors.
    Depthwise,
    /// One tap for each output: neighbouring outputs in vectors.
    Pointwise,
    /// Rows of inputs are copied: neighbouring outputs in vectors.
    #[cfg(neon)]
    RowBands,
}

impl Kernel {
    /// The one for a layer with the instructions `I`.
    const fn on<I: Isa>(operator: Operator, shape: &Shape) -> Self {
        let zeros = matches!(operator, Operator::Convolution(PaddingMode::Zeros));
        if I::HAS_VECTORS && zeros && depthwise::fits(shape) {
            return Self::Depthwise;
        }
        if I::HAS_VECTORS && pointwise::fits::<I>(operator, shape) {
            return Self::Pointwise;
        }
        #[cfg(neon)]
        if I::HAS_VECTORS && Layout::new(operator, shape).is_some() {
            return Self::RowBands;
        }
        Self::Direct
    }
}

/// A layer in f32 and what it works on.
struct Layer<'a> {
    shape: Shape,
    operator: Operator,
    operands: Operands<'a, f32, &'a [f32]>,
}

/// The choice for a layer in f32, made where the processor's instructions are known to the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FloatKernel {
    #[cfg(neon)]
    neon: Kernel,
}

impl FloatKernel {
    /// For layers of one pixel.
    pub(crate) const DIRECT: Self = Self {
        #[cfg(neon)]
        neon: Kernel::Direct,
    };

    pub(crate) const fn choose(operator: Operator, shape: &Shape) -> Self {
        let _ = (operator, shape);
        Self {
            #[cfg(neon)]
            neon: Kernel::on::<Neon>(operator, shape),
        }
    }

    /// Computes a whole output of the layer that it was chosen for, or of some of its channels.
    #[inline(always)]
    pub(crate) fn run(
        self,
        backend: Option<Backend>,
        shape: Shape,
        operator: Operator,
        operands: Operands<'_, f32, &[f32]>,
    ) {
        let layer = Layer { shape, operator, operands };
        #[cfg(neon)]
        match (backend, self.neon) {
            (Some(Backend::Scalar), _) => portable(layer),
            (_, Kernel::Direct) => direct(layer),
            (_, Kernel::Depthwise) => depthwise(layer),
            (_, Kernel::Pointwise) => pointwise(layer),
            (_, Kernel::RowBands) => row_bands(layer),
        }
        #[cfg(not(neon))]
        best(backend, layer);
    }
}

#[cfg(neon)]
#[inline(never)]
fn portable(layer: Layer<'_>) {
    layer.direct(Scalar);
}

#[cfg(neon)]
#[inline(never)]
fn direct(layer: Layer<'_>) {
    layer.direct(Neon::new());
}

#[cfg(neon)]
#[inline(never)]
fn depthwise(Layer { shape, operands, .. }: Layer<'_>) {
    Neon::new().run(Depthwise { shape, operands });
}

#[cfg(neon)]
#[inline(never)]
fn pointwise(layer: Layer<'_>) {
    layer.pointwise(Neon::new());
}

#[cfg(neon)]
#[inline(never)]
fn row_bands(layer: Layer<'_>) {
    let Layer { shape, operator, operands } = layer;
    let Some(layout) = Layout::new(operator, &shape) else { return missing() };
    let direct = Convolution { shape, operator, arithmetic: Float(Neon::new()) };
    Bands { direct, operands, layout }.run();
}

/// With the instructions that the processor turns out to have.
#[cfg(not(neon))]
#[inline(never)]
fn best(backend: Option<Backend>, layer: Layer<'_>) {
    dispatch::run(backend, layer);
}

#[cfg(not(neon))]
impl Operation for Layer<'_> {
    fn run<I: Isa>(self, isa: I) {
        match Kernel::on::<I>(self.operator, &self.shape) {
            Kernel::Direct => self.direct(isa),
            Kernel::Depthwise if const { I::HAS_VECTORS } => {
                isa.run(Depthwise { shape: self.shape, operands: self.operands });
            }
            Kernel::Pointwise if const { I::HAS_VECTORS } => self.pointwise(isa),
            // Not without vectors.
            Kernel::Depthwise | Kernel::Pointwise => missing(),
        }
    }
}

impl Layer<'_> {
    fn direct<I: Isa>(self, isa: I) {
        let Self { shape, operator, operands } = self;
        Convolution { shape, operator, arithmetic: Float(isa) }.run(operands);
    }

    fn pointwise<I: Isa>(self, isa: I) {
        let Self { shape, operator, operands } = self;
        let direct = Convolution { shape, operator, arithmetic: Float(isa) };
        isa.run(OverPixels { direct, operands });
    }
}
