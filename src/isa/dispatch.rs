//! From a [`Backend`] to the instruction set that it names.

use crate::backend::Backend;
#[cfg(neon)]
use crate::isa::neon::{Neon, int8::NeonInt8};
use crate::isa::scalar::Scalar;
use crate::isa::traits::{Isa, Operation};
#[cfg(x86_simd)]
use crate::isa::x86::{Avx2, Avx512};

/// Runs `operation` on `backend`, which is available, or on the best there is.
#[inline(always)]
pub(crate) fn run(backend: Option<Backend>, operation: impl Operation) {
    #[cfg(x86_simd)]
    {
        let wants = |this| backend.is_none_or(|backend| backend == this);
        if wants(Backend::Avx512) && Backend::Avx512.is_available() {
            // SAFETY: it is available.
            return unsafe { Avx512::new() }.run(operation);
        }
        if wants(Backend::Avx2) && Backend::Avx2.is_available() {
            // SAFETY: it is available.
            return unsafe { Avx2::new() }.run(operation);
        }
    }
    #[cfg(neon)]
    if let Some(neon) = neon(backend) {
        return neon.run(operation);
    }
    let _ = backend;
    Scalar.run(operation);
}

/// NEON, if it is `backend` or the best there is.
#[cfg(neon)]
pub(crate) fn neon(backend: Option<Backend>) -> Option<Neon> {
    (backend != Some(Backend::Scalar)).then(Neon::new)
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
