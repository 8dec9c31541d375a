//! Instruction sets behind small traits, and the borrowing of slices as tensors: the only code of the
//! crate that may be `unsafe`.
#![allow(unsafe_code)]

pub(crate) mod arena;
pub(crate) mod backend;
pub(crate) mod bytes;
pub(crate) mod edge;
pub(crate) mod isa;
#[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
pub(crate) mod neon;
#[cfg_attr(
    not(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")),
    allow(dead_code)
)]
mod pair;
pub(crate) mod panel;
pub(crate) mod rows;
pub(crate) mod scalar;
pub(crate) mod strip;
pub(crate) mod taps;
#[cfg(all(feature = "simd", target_arch = "aarch64", target_feature = "neon"))]
pub(crate) mod tile;
mod view;
pub(crate) mod window;
pub(crate) mod winograd_int8;
#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
mod x86;
