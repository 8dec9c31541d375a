//! Which instruction sets there are: known to the compiler, or asked of the processor.

use crate::backend::Backend;
#[cfg(neon)]
use crate::isa::neon::detect;

#[cfg(x86_simd)]
cpufeatures::new!(avx2, "avx2", "fma");
#[cfg(x86_simd)]
cpufeatures::new!(avx512, "avx512f", "avx2", "fma");

impl Backend {
    const ALL: [Self; 7] = [
        Self::Avx512,
        Self::Avx2,
        Self::NeonMatrix,
        Self::NeonDot,
        Self::Neon,
        Self::Dsp,
        Self::Scalar,
    ];

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
            #[cfg(dsp)]
            Self::Dsp => true,
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
}
