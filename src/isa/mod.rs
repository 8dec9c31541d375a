//! Instruction sets behind small traits: a folder for each, what is written once over the traits in `generic`, and what
//! the processor has.
#![allow(unsafe_code)]

#[cfg(dsp)]
pub(crate) mod cortex_m;
pub(crate) mod detect;
pub(crate) mod dispatch;
pub(crate) mod generic;
#[cfg(neon)]
pub(crate) mod neon;
pub(crate) mod scalar;
// Scalar code has all of it, but kernels for vectors alone use some.
#[cfg_attr(not(vectors), allow(dead_code))]
pub(crate) mod traits;
#[cfg(x86_simd)]
mod x86;
