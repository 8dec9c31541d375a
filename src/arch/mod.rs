//! Instruction sets behind small traits, and the borrowing of slices as tensors: the only code of the
//! crate that may be `unsafe`.
#![allow(unsafe_code)]

pub(crate) mod arena;
pub(crate) mod backend;
pub(crate) mod bytes;
pub(crate) mod edge;
pub(crate) mod isa;
#[cfg(neon)]
pub(crate) mod neon;
#[cfg_attr(not(x86_simd), allow(dead_code))]
mod pair;
pub(crate) mod panel;
pub(crate) mod rows;
pub(crate) mod scalar;
pub(crate) mod strip;
pub(crate) mod taps;
#[cfg(neon)]
pub(crate) mod tile;
mod view;
pub(crate) mod window;
pub(crate) mod winograd_int8;
#[cfg(x86_simd)]
mod x86;
