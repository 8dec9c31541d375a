//! AVX-512.

use crate::arch::isa::{Isa, Operation};
use crate::arch::x86::lanes::{F32x1, F32x4, F32x8, F32x16};
use crate::arch::x86::transpose::{interleave, transpose};

isa!(
    /// AVX-512 F, and AVX2 and FMA for what is narrower.
    Avx512,
    "avx512f,avx2,fma",
    F32x16 = F32x16(()),
    F32x16
);
