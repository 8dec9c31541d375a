//! From a [`Backend`] to the instruction set that it names.

#[cfg(neon)]
pub(crate) use crate::isa::neon::Neon as Vectors;

use crate::backend::Backend;
#[cfg(neon)]
use crate::isa::neon::{Neon, int8::NeonInt8};
use crate::isa::scalar::Scalar;
use crate::isa::traits::{Isa, Operation};
#[cfg(x86_simd)]
use crate::isa::x86::{Avx2, Avx512};

/// The vectors that the processor has.
#[cfg(x86_simd)]
#[derive(Clone, Copy)]
pub(crate) enum Vectors {
    Avx2(Avx2),
    Avx512(Avx512),
}

#[cfg(x86_simd)]
impl Vectors {
    #[inline(always)]
    pub(crate) fn run(self, operation: impl Operation) {
        match self {
            Self::Avx2(isa) => isa.run(operation),
            Self::Avx512(isa) => isa.run(operation),
        }
    }
}

/// Gives `operation` the instruction set, but does not yet enter a function that is compiled for it: for operations that run
/// their inner loops in such.
#[inline(always)]
#[cfg(vectors)]
pub(crate) fn give(vectors: Vectors, operation: impl Operation) {
    #[cfg(x86_simd)]
    match vectors {
        Vectors::Avx2(isa) => operation.run(isa),
        Vectors::Avx512(isa) => operation.run(isa),
    }
    #[cfg(neon)]
    operation.run(vectors);
}

/// The vectors of `backend`, which is available, or the best there are; `None` is portable code.
#[cfg(x86_simd)]
#[inline(always)]
pub(crate) fn vectors(backend: Option<Backend>) -> Option<Vectors> {
    let wants = |this| backend.is_none_or(|backend| backend == this);
    if wants(Backend::Avx512) && Backend::Avx512.is_available() {
        // SAFETY: it is available.
        return Some(Vectors::Avx512(unsafe { Avx512::new() }));
    }
    if wants(Backend::Avx2) && Backend::Avx2.is_available() {
        // SAFETY: it is available.
        return Some(Vectors::Avx2(unsafe { Avx2::new() }));
    }
    None
}

/// NEON, unless `backend` is portable code.
#[cfg(neon)]
#[inline(always)]
pub(crate) fn vectors(backend: Option<Backend>) -> Option<Vectors> {
    (backend != Some(Backend::Scalar)).then(Neon::new)
}

/// Runs `operation` on `backend`, which is available, or on the best there is.
#[inline(always)]
pub(crate) fn run(backend: Option<Backend>, operation: impl Operation) {
    #[cfg(vectors)]
    if let Some(vectors) = vectors(backend) {
        return vectors.run(operation);
    }
    let _ = backend;
    Scalar.run(operation);
}

/// What i8 is computed by on `backend`, or on the best there is; `None` is portable code.
#[cfg(neon)]
pub(crate) fn neon_int8(backend: Option<Backend>) -> Option<NeonInt8> {
    match backend {
        None | Some(Backend::NeonMatrix) if Backend::NeonMatrix.is_available() => {
            // SAFETY: it is available.
            Some(unsafe { NeonInt8::with_matrix_product() })
        }
        None | Some(Backend::NeonDot) if Backend::NeonDot.is_available() => {
            // SAFETY: it is available.
            Some(unsafe { NeonInt8::with_dot_product() })
        }
        Some(Backend::Scalar) => None,
        _ => Some(NeonInt8::new()),
    }
}
