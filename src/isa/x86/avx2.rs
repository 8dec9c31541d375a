//! AVX2 with FMA.

use crate::isa::traits::{Isa, Operation};
use crate::isa::x86::lanes::{F32x1, F32x4, F32x8};
use crate::isa::x86::pair::Pair;
use crate::isa::x86::transpose::{interleave, transpose};

isa!(
    /// AVX2 and FMA.
    Avx2,
    "avx2,fma",
    Pair<F32x8> = Pair(F32x8(())),
    F32x8
);
