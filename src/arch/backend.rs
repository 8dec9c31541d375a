//! Which instruction set runs: known to the compiler, or asked of the processor.

use crate::arch::isa::{Isa, Operation};
#[cfg(neon)]
use crate::arch::neon::{Neon, detect, int8::Dots};
use crate::arch::scalar::Scalar;
#[cfg(x86_simd)]
use crate::arch::x86::{Avx2, Avx512};
use crate::error::Error;

/// The instructions that kernels are made of.
///
/// A plan takes the best that the processor has, which is known to the compiler or found out at run
/// time; `plan.backend(..)` takes another, for tests and comparisons.
///
/// ```
/// use nchw::{Backend, Conv2d};
///
/// let plan = Conv2d::new([8, 28, 28], 16, [3, 3]).plan::<f32>()?.backend(Backend::Scalar)?;
/// assert!(Backend::available().any(|backend| backend == Backend::best()));
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Backend {
    /// Portable code; all there is without the feature `simd`.
    Scalar,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX-512 F, AVX2 and FMA.
    Avx512,
    /// AArch64.
    Neon,
    /// AArch64 with the dot product of i8, which Armv8.2 may and Armv8.4 must have. Whether it is there
    /// is asked of Linux or, without an operating system, of the processor, which answers at any exception level
    /// but EL0; elsewhere it has to be in the target's features.
    NeonDot,
    /// AArch64 with the matrix product of i8, too, which Armv8.2 may and Armv8.6 must have, found out alike.
    NeonMatrix,
}

#[cfg(x86_simd)]
cpufeatures::new!(avx2, "avx2", "fma");
#[cfg(x86_simd)]
cpufeatures::new!(avx512, "avx512f", "avx2", "fma");

impl Backend {
    const ALL: [Self; 6] =
        [Self::Avx512, Self::Avx2, Self::NeonMatrix, Self::NeonDot, Self::Neon, Self::Scalar];

    /// Whether this build has it and the processor runs it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(x86_simd)]
            Self::Avx2 => avx2::get(),
            #[cfg(x86_simd)]
            Self::Avx512 => avx512::get(),
            #[cfg(neon)]
            Self::Neon => true,
            #[cfg(neon)]
            Self::NeonDot => detect::has_dot_product(),
            #[cfg(neon)]
            Self::NeonMatrix => detect::has_dot_product() && detect::has_matrix_product(),
            _ => false,
        }
    }

    /// All that are available, the best first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|backend| backend.is_available())
    }

    /// What plans take by themselves.
    pub fn best() -> Self {
        Self::available().next().unwrap_or(Self::Scalar)
    }

    /// Its name in lower case, as command lines spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
            Self::NeonDot => "neon-dot",
            Self::NeonMatrix => "neon-matrix",
        }
    }

    /// `self`, or [`Error::BackendUnavailable`].
    pub(crate) fn check(self) -> Result<Self, Error> {
        if self.is_available() { Ok(self) } else { Err(Error::BackendUnavailable(self)) }
    }
}

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
pub(crate) fn dots(backend: Option<Backend>) -> Option<Dots> {
    match backend {
        None | Some(Backend::NeonMatrix) if Backend::NeonMatrix.is_available() => {
            // SAFETY: it is available.
            Some(unsafe { Dots::with_matrix_product() })
        }
        None | Some(Backend::NeonDot) if Backend::NeonDot.is_available() => {
            // SAFETY: it is available.
            Some(unsafe { Dots::with_dot_product() })
        }
        Some(Backend::Scalar) => None,
        _ => Some(Dots::new()),
    }
}
