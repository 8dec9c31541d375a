//! The instruction sets, by name.

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
    /// The DSP instructions of Cortex-M4 and M7, and of Cortex-M33 and its like where the compiler's flags name it
    /// (`-C target-cpu=cortex-m33`), for i8.
    Dsp,
}

impl Backend {
    /// Its name in lower case, as command lines spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
            Self::NeonDot => "neon-dot",
            Self::NeonMatrix => "neon-matrix",
            Self::Dsp => "dsp",
        }
    }
}
