//! AVX-512.

use crate::isa::traits::{Isa, Operation};
use crate::isa::x86::lanes::{F32x1, F32x4, F32x8, F32x16};
use crate::isa::x86::transpose::{interleave, transpose};

isa!(
    /// AVX-512 F, and AVX2 and FMA for what is narrower.
    Avx512,
    "avx512f,avx2,fma",
    F32x16 = F32x16(()),
    F32x16
);
