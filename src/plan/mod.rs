//! What a specification becomes once it is known to be right: an algorithm, the sizes of its
//! buffers, the packing of its weights, and `run`.
//!
//! `run` is inlined always: with a plan known to the compiler only the kernel and the activation
//! that it names are linked.

pub(crate) mod binary;
pub(crate) mod conv;
mod cost;
mod int8_parameters;
mod lanes;
pub(crate) mod layout;
mod linear;
mod meaning;
mod pack;
mod pack_int8;
mod per_channel;
mod quantize;
mod split;
mod table;
pub(crate) mod unary;
mod weight_shape;
mod winograd;

pub use binary::BinaryPlan;
pub use conv::ConvPlan;
pub use int8_parameters::{Int8Parameters, WeightScale};
pub use linear::LinearPlan;
pub use pack::Parameters;
pub use per_channel::{BatchNorm2dPlan, PreluPlan};
pub use quantize::{DequantizePlan, QuantizePlan};
pub use split::{Job, Jobs};
pub use table::{ActivatePlan, SoftmaxPlan};
pub use unary::UnaryPlan;

use crate::activation::Activation;
use crate::error::{Buffer, Error};
use crate::geometry::tri;
use crate::quant::Requantization;
use crate::target::Target;
use crate::tensor::{Dtype, Element};

/// Checks the lengths of an operator's input and output.
const fn check_io<X, Y>(x: &[X], x_len: usize, y: &[Y], y_len: usize) -> Result<(), Error> {
    tri!(Buffer::Input.check(x.len(), x_len));
    Buffer::Output.check(y.len(), y_len)
}

/// Runs `$body` with the i8 arithmetic of `$io` as `$arithmetic`, whose type says how it rounds, so that
/// only one way is linked where `$io` is known to the compiler.
macro_rules! with_rounding {
    ($io:expr, $arithmetic:ident => $body:expr) => {
        match $io.rounding {
            $crate::quant::Rounding::FixedDouble => {
                let $arithmetic = $crate::kernel::arithmetic::Int8::new(
                    $io,
                    $crate::kernel::arithmetic::FixedDouble,
                );
                $body
            }
            $crate::quant::Rounding::FixedSingle => {
                let $arithmetic = $crate::kernel::arithmetic::Int8::new(
                    $io,
                    $crate::kernel::arithmetic::FixedSingle,
                );
                $body
            }
            $crate::quant::Rounding::OnnxFloat => {
                let $arithmetic = $crate::kernel::arithmetic::Int8::new(
                    $io,
                    $crate::kernel::arithmetic::OnnxFloat,
                );
                $body
            }
        }
    };
}
use with_rounding;

/// How the plans of layers with weights pack them.
macro_rules! packing_methods {
    ($plan:ident) => {
        impl $plan<f32> {
            /// Folds `parameters` into `weight` and packs both. Runs in the compiler, in a build
            /// script, or at start-up; the result is the same to the bit.
            ///
            /// `weight` is in PyTorch's order. `weight_shape` is the shape it has where it comes from, and is
            /// held against [`weight_shape`](Self::weight_shape).
            ///
            /// # Errors
            ///
            /// [`Error::WeightRank`] and [`Error::WeightShape`] for a weight of another shape,
            /// [`Error::Length`] for a slice of the wrong length, [`Error::Missing`] and
            /// [`Error::Unexpected`] for the slopes of a PReLU, [`Error::InexactFold`] for a batch norm
            /// in front of the layer that it cannot absorb. For numbers that are none
            /// [`Error::NotFinite`], [`Error::InvalidVariance`], [`Error::ZeroVariance`],
            /// [`Error::InvalidEps`] and [`Error::FoldOverflow`]. `packed` is then untouched.
            pub const fn pack(
                &self,
                weight_shape: &[usize],
                weight: &[f32],
                parameters: &$crate::Parameters<'_>,
                packed: &mut [f32],
            ) -> Result<(), Error> {
                tri!($crate::plan::weight_shape::check(&self.weight_shape(), weight_shape));
                $crate::plan::pack::pack(&self.packing_layout(), weight, parameters, packed)
            }
        }

        impl $plan<i8> {
            /// Packs ready-made weights. Runs in the compiler, in a build script, or at start-up; the
            /// result is the same to the bit.
            ///
            /// `weight` is in PyTorch's order. `weight_shape` is the shape it has where it comes from, and is
            /// held against [`weight_shape`](Self::weight_shape).
            ///
            /// # Errors
            ///
            /// [`Error::WeightRank`] and [`Error::WeightShape`] for a weight of another shape,
            /// [`Error::Length`] for a slice of the wrong length, [`Error::InvalidScale`],
            /// [`Error::InvalidWeightScale`], [`Error::InvalidMultiplier`],
            /// [`Error::AccumulatorOverflow`]. `packed` is then untouched.
            pub const fn pack(
                &self,
                weight_shape: &[usize],
                weight: &[i8],
                parameters: &$crate::Int8Parameters<'_>,
                packed: &mut [i8],
            ) -> Result<(), Error> {
                let weights = $crate::plan::pack_int8::Weights::Ready(weight, parameters);
                self.pack_weights(weight_shape, weights, packed)
            }

            /// Folds `parameters` into f32 weights, quantizes the result symmetrically, one scale per
            /// output channel, and packs it. The largest weight of a channel becomes 127, unless its
            /// bias is so much larger that in this scale it would not fit into i32: the scale is then
            /// the smallest in which it does.
            ///
            /// # Errors
            ///
            /// As `pack` in f32, and [`Error::AccumulatorOverflow`]. `packed` is then untouched.
            pub const fn quantize(
                &self,
                weight_shape: &[usize],
                weight: &[f32],
                parameters: &$crate::Parameters<'_>,
                packed: &mut [i8],
            ) -> Result<(), Error> {
                let weights = $crate::plan::pack_int8::Weights::Float(weight, parameters);
                self.pack_weights(weight_shape, weights, packed)
            }

            /// Whether `packed` is packed for this plan: as long, and in its order. For weights that a build script has
            /// packed; [`run`](Self::run) checks it as well.
            ///
            /// # Errors
            ///
            /// [`Error::Length`], [`Error::OtherOrder`].
            pub const fn check_packed(&self, packed: &[i8]) -> Result<(), Error> {
                tri!(crate::error::Buffer::Packed.check(packed.len(), self.packed_len()));
                self.layout().check_order(packed)
            }

            const fn pack_weights(
                &self,
                weight_shape: &[usize],
                weights: $crate::plan::pack_int8::Weights<'_>,
                packed: &mut [i8],
            ) -> Result<(), Error> {
                tri!($crate::plan::weight_shape::check(&self.weight_shape(), weight_shape));
                match &self.quantization {
                    Some(io) => {
                        $crate::plan::pack_int8::pack(&self.packing_layout(), io, weights, packed)
                    }
                    None => Err(Error::MissingQuantization),
                }
            }
        }
    };
}
use packing_methods;

/// How plans take other instructions than the best there are.
macro_rules! backend_method {
    ($plan:ident) => {
        impl<T: Element> $plan<T> {
            /// This plan on `backend` instead of the best there is.
            ///
            /// # Errors
            ///
            /// [`Error::BackendUnavailable`] if the processor or this build does not have it.
            pub fn backend(mut self, backend: $crate::Backend) -> Result<Self, Error> {
                if !backend.is_available() {
                    return Err(Error::BackendUnavailable(backend));
                }
                self.backend = Some(backend);
                Ok(self)
            }
        }
    };
}
use backend_method;

/// [`Error::OtherTarget`] for a plan that packs for another target than this one.
const fn check_target(target: Target) -> Result<(), Error> {
    if target as u8 == Target::THIS as u8 { Ok(()) } else { Err(Error::OtherTarget(target)) }
}

/// The sizes of a plan whose output has the shape of its input, `self.shape`.
macro_rules! same_shape_methods {
    () => {
        /// `[channels, height, width]` of the input.
        pub const fn input_shape(&self) -> [usize; 3] {
            self.shape
        }

        /// `[channels, height, width]` of the output, the same as the input's.
        pub const fn output_shape(&self) -> [usize; 3] {
            self.shape
        }

        /// Elements of the input.
        pub const fn input_len(&self) -> usize {
            self.shape[0] * self.shape[1] * self.shape[2]
        }

        /// Elements of the output, as many as of the input.
        pub const fn output_len(&self) -> usize {
            self.input_len()
        }
    };
}
use same_shape_methods;

/// What a plan over `T` keeps of a specification's quantization: for i8 the numbers, checked, and with
/// the fused activation in their range.
const fn requantization<T: Element>(
    io: Option<Requantization>,
    activation: Activation,
) -> Result<Option<Requantization>, Error> {
    match (T::DTYPE, io) {
        (Dtype::F32, _) => Ok(None),
        (Dtype::I8, None) => Err(Error::MissingQuantization),
        (Dtype::I8, Some(mut io)) => {
            tri!(io.input.validate());
            tri!(io.output.validate());
            io.range = tri!(activation.quantized_range(io.output, io.range));
            Ok(Some(io))
        }
    }
}
