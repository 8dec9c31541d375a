//! Layers with weights in f32: from the plan's choice to the kernel. Each kernel is a function that is neither generic nor
//! inlined, so that it is compiled in this crate, once.

use crate::backend::Backend;
#[cfg(any(vectors, bands_f32))]
use crate::geometry::missing;
#[cfg(vectors)]
use crate::isa::dispatch::{self, Vectors};
use crate::isa::scalar::Scalar;
use crate::isa::traits::{Isa, Operation};
use crate::kernel::arithmetic::Float;
#[cfg(neon)]
use crate::kernel::conv::band::{RowBandConv, layout::Layout};
#[cfg(vectors)]
use crate::kernel::conv::depthwise::Depthwise;
#[cfg(bands_f32)]
use crate::kernel::conv::depthwise_band::portable::{FLOATS, PortableBand};
#[cfg(vectors)]
use crate::kernel::conv::pointwise::OverPixels;
use crate::kernel::conv::problem::{Convolution, Operands, Shape};
use crate::kernel::conv::winograd::{Tile2, Tile4, Winograd, each_nest};
use crate::kernel::registry::{Choice, ConvFloat};
use crate::kernel::runs::Operator;

/// A layer and what it works on.
pub(crate) struct FloatLayer<'a> {
    pub(crate) shape: Shape,
    pub(crate) operator: Operator,
    pub(crate) operands: Operands<'a, f32, &'a [f32]>,
    pub(crate) workspace: &'a mut [f32],
}

/// Computes a whole output of the layer that `kernel` was chosen for, or of some of its channels.
#[inline(always)]
pub(crate) fn run(kernel: Choice<ConvFloat>, backend: Option<Backend>, layer: FloatLayer<'_>) {
    #[cfg(vectors)]
    if let Some(vectors) = dispatch::vectors(backend) {
        return match kernel.tuned {
            ConvFloat::Direct => direct(vectors, layer),
            ConvFloat::Depthwise => depthwise(vectors, layer),
            ConvFloat::Pointwise => pointwise(vectors, layer),
            #[cfg(neon)]
            ConvFloat::RowBands => row_bands(vectors, layer),
            #[cfg(neon)]
            ConvFloat::Winograd2InLanes => winograd2(vectors, layer),
            #[cfg(neon)]
            ConvFloat::Winograd4InLanes => winograd4(vectors, layer),
            #[cfg(neon)]
            ConvFloat::Winograd2 | ConvFloat::Winograd4 => missing(),
            #[cfg(not(neon))]
            ConvFloat::Winograd2 => winograd2(vectors, layer),
            #[cfg(not(neon))]
            ConvFloat::Winograd4 => winograd4(vectors, layer),
        };
    }
    let _ = backend;
    match kernel.portable {
        #[cfg(bands_f32)]
        ConvFloat::DepthwiseBand => depthwise_band(layer),
        ConvFloat::Direct => portable_direct(layer),
        ConvFloat::Winograd2 => portable_winograd2(layer),
        ConvFloat::Winograd4 => portable_winograd4(layer),
        // Not without vectors.
        #[cfg(vectors)]
        _ => missing(),
    }
}

/// Kernels `name(vectors, layer)`, and `name(layer)` of portable code.
macro_rules! kernels {
    ($($(#[cfg($on:meta)])? $name:ident($layer:ident $(, $isa:ident: $vectors:ty)?) $run:expr;)*) => {$(
        $(#[cfg($on)])?
        #[inline(never)]
        fn $name($($isa: $vectors,)? $layer: FloatLayer<'_>) {
            $run
        }
    )*};
}

kernels! {
    portable_direct(layer) Direct(layer).run(Scalar);
    #[cfg(bands_f32)]
    depthwise_band(layer) layer.depthwise_band();
    portable_winograd2(layer) each_nest::<Tile2, 2, 4>(layer.winograd(), |nest| Scalar.run(nest));
    portable_winograd4(layer) each_nest::<Tile4, 4, 6>(layer.winograd(), |nest| Scalar.run(nest));
    #[cfg(vectors)]
    direct(layer, vectors: Vectors) dispatch::give(vectors, Direct(layer));
    #[cfg(vectors)]
    depthwise(layer, vectors: Vectors) dispatch::give(vectors, layer.depthwise());
    #[cfg(vectors)]
    pointwise(layer, vectors: Vectors) dispatch::give(vectors, Pointwise(layer));
    #[cfg(neon)]
    row_bands(layer, neon: Vectors) layer.row_bands(neon);
    #[cfg(x86_simd)]
    winograd2(layer, vectors: Vectors) {
        each_nest::<Tile2, 2, 4>(layer.winograd(), |nest| dispatch::give(vectors, nest));
    };
    #[cfg(x86_simd)]
    winograd4(layer, vectors: Vectors) {
        each_nest::<Tile4, 4, 6>(layer.winograd(), |nest| dispatch::give(vectors, nest));
    };
    #[cfg(neon)]
    winograd2(layer, neon: Vectors) {
        each_nest::<Tile2, 2, 4>(layer.winograd(), |nest| nest.tiles_in_lanes(neon));
    };
    #[cfg(neon)]
    winograd4(layer, neon: Vectors) {
        each_nest::<Tile4, 4, 6>(layer.winograd(), |nest| nest.tiles_in_lanes(neon));
    };
}

struct Direct<'a>(FloatLayer<'a>);

impl Operation for Direct<'_> {
    fn run<I: Isa>(self, isa: I) {
        let FloatLayer { shape, operator, operands, .. } = self.0;
        Convolution { shape, operator, arithmetic: Float(isa) }.run(operands);
    }
}

#[cfg(vectors)]
struct Pointwise<'a>(FloatLayer<'a>);

#[cfg(vectors)]
impl Operation for Pointwise<'_> {
    fn run<I: Isa>(self, isa: I) {
        let FloatLayer { shape, operator, operands, .. } = self.0;
        let direct = Convolution { shape, operator, arithmetic: Float(isa) };
        isa.run(OverPixels { direct, operands });
    }
}

impl<'a> FloatLayer<'a> {
    #[cfg(vectors)]
    fn depthwise(self) -> Depthwise<'a> {
        Depthwise { shape: self.shape, operands: self.operands }
    }

    #[cfg(bands_f32)]
    fn depthwise_band(self) {
        let Self { shape, operator, operands, .. } = self;
        let Operator::Convolution(mode) = operator else { return missing() };
        let convolution = &Convolution { shape, operator, arithmetic: Float(Scalar) };
        PortableBand { convolution, mode, border: 0.0, operands }.run::<FLOATS>();
    }

    fn winograd(self) -> Winograd<'a> {
        let Self { shape, operands, workspace, .. } = self;
        Winograd { shape, operands, workspace }
    }

    #[cfg(neon)]
    fn row_bands(self, neon: Vectors) {
        let Self { shape, operator, operands, .. } = self;
        let Some(layout) = Layout::new(operator, &shape) else { return missing() };
        let direct = Convolution { shape, operator, arithmetic: Float(neon) };
        RowBandConv { direct, operands, layout }.run();
    }
}
