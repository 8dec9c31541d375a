//! f32: inner loops with what NEON alone has, lanes as factors and loads that take rows apart.

pub(crate) mod band;
mod columns;
pub(crate) mod copy;
pub(super) mod depthwise3;
pub(crate) mod gemm;
pub(super) mod gemm_8x12;
mod gemv_16;
mod panel;
pub(super) mod transpose;
pub(crate) mod winograd;
