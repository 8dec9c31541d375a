//! CNN inference kernels for bare metal.
#![no_std]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;

mod activation;
mod algorithm;
mod arch;
mod batch_norm;
mod error;
mod geometry;
mod kernel;
mod layer;
mod message;
mod padding;
mod plan;
mod spec;
mod tensor;

pub use activation::Activation;
pub use algorithm::Algorithm;
pub use batch_norm::BatchNorm;
pub use error::{Buffer, Direction, Error, Parameter};
pub use padding::{Padding, PaddingMode};
pub use plan::{
    BatchNorm2dPlan, BinaryPlan, ConvPlan, LinearPlan, Parameters, PreluPlan, UnaryPlan,
};
#[cfg(feature = "libm")]
pub use spec::Softmax;
pub use spec::{
    Activate, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm2d, Concat, Conv2d,
    ConvTranspose2d, Linear, MaxPool2d, Mul, Prelu, Upsample, UpsampleMode, ZeroPad2d,
};
pub use tensor::{Element, Tensor, Workspace, max};
