//! AVX2 with FMA.

use crate::arch::isa::{Isa, Operation};
use crate::arch::pair::Pair;
use crate::arch::x86::lanes::{F32x1, F32x4, F32x8};
use crate::arch::x86::transpose::{interleave, transpose};

isa!(
    /// AVX2 and FMA.
    Avx2,
    "avx2,fma",
    Pair<F32x8> = Pair(F32x8(())),
    F32x8
);
