//! For which targets weights are packed.

/// The targets that read packed weights in one order.
///
/// A plan packs for the target that it is compiled for, unless it is told otherwise; a build script tells it. Packed f32
/// weights have one order everywhere, those of i8 layers another where kernels read sixteen of a channel at a time.
///
/// ```
/// use nchw::{Conv2d, Int8Parameters, Quantization, Target, WeightScale};
///
/// let q = Quantization { scale: 0.5, zero_point: 0 };
/// let plan = Conv2d::new([2, 4, 4], 4, [1, 1]).quantized(q, q).plan::<i8>()?;
/// // In a build script: std::env::var("CARGO_CFG_TARGET_ARCH").
/// let plan = plan.target(Target::of_arch("aarch64"));
///
/// let mut packed = vec![0; plan.packed_len()];
/// let parameters = Int8Parameters { bias: None, scale: WeightScale::PerTensor(0.5) };
/// plan.pack(&[4, 2, 1, 1], &[1, 2, 3, 4, 5, 6, 7, 8], &parameters, &mut packed)?;
/// assert_eq!(packed[36..], [1, 2, 3, 4, 5, 6, 7, 8]); // channel by channel
/// let mut packed = vec![0; plan.packed_len()];
/// let plan = plan.target(Target::Portable);
/// plan.pack(&[4, 2, 1, 1], &[1, 2, 3, 4, 5, 6, 7, 8], &parameters, &mut packed)?;
/// assert_eq!(packed[36..], [1, 3, 5, 7, 2, 4, 6, 8]); // input by input
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Target {
    /// Every target but those below, and every target without the feature `simd`.
    Portable,
    /// AArch64 with the feature `simd`.
    AArch64,
    /// Cortex-M4 and M7 with the feature `simd`.
    CortexMDsp,
}

impl Target {
    /// The one that this is compiled for.
    pub const THIS: Self = if cfg!(neon) {
        Self::AArch64
    } else if cfg!(dsp) {
        Self::CortexMDsp
    } else {
        Self::Portable
    };

    /// That of an architecture with the feature `simd`, by the name that `target_arch` has for it. That name does not tell
    /// Cortex-M4 from M3: where it is `arm`, ask [`of_triple`](Self::of_triple).
    pub fn of_arch(arch: &str) -> Self {
        if arch == "aarch64" { Self::AArch64 } else { Self::Portable }
    }

    /// That of a triple with the feature `simd`, in a build script the variable `TARGET`.
    ///
    /// ```
    /// use nchw::Target;
    ///
    /// assert_eq!(Target::of_triple("thumbv7em-none-eabihf"), Target::CortexMDsp);
    /// assert_eq!(Target::of_triple("thumbv7m-none-eabi"), Target::Portable);
    /// assert_eq!(Target::of_triple("aarch64-unknown-linux-gnu"), Target::AArch64);
    /// ```
    pub fn of_triple(triple: &str) -> Self {
        match triple.split('-').next() {
            Some("thumbv7em") => Self::CortexMDsp,
            Some(arch) => Self::of_arch(arch),
            None => Self::Portable,
        }
    }

    /// Its name, as it is written here.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Portable => "Portable",
            Self::AArch64 => "AArch64",
            Self::CortexMDsp => "CortexMDsp",
        }
    }
}
