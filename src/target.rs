//! For which targets weights are packed.

/// The targets that read packed weights in one order, and for which [`Algorithm::Auto`](crate::Algorithm::Auto) is the same.
///
/// A plan is for the target that it is compiled for, unless it is told otherwise; a build script tells it. Packed weights
/// that are not transformed have one order everywhere in f32; in i8 it is another where kernels read sixteen of a channel at
/// a time. Packed i8 weights say in which order they are.
///
/// ```
/// use nchw::{Conv2d, Int8Parameters, Quantization, Target, WeightScale};
///
/// let q = Quantization { scale: 0.5, zero_point: 0 };
/// let plan = Conv2d::new([2, 4, 4], 4, [1, 1]).quantized(q, q).plan::<i8>()?;
/// // In a build script: std::env::var("TARGET").
/// let plan = plan.target(Target::of_triple("aarch64-unknown-none"));
///
/// let mut packed = vec![0; plan.packed_len()];
/// let parameters = Int8Parameters { bias: None, scale: WeightScale::PerTensor(0.5) };
/// plan.pack(&[4, 2, 1, 1], &[1, 2, 3, 4, 5, 6, 7, 8], &parameters, &mut packed)?;
/// assert_eq!(packed[36..44], [1, 2, 3, 4, 5, 6, 7, 8]); // channel by channel
/// let mut packed = vec![0; plan.packed_len()];
/// let plan = plan.target(Target::Microcontroller);
/// plan.pack(&[4, 2, 1, 1], &[1, 2, 3, 4, 5, 6, 7, 8], &parameters, &mut packed)?;
/// assert_eq!(packed[36..44], [1, 3, 5, 7, 2, 4, 6, 8]); // input by input
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Target {
    /// Every target but those below, and every target without the feature `simd` but microcontrollers.
    Portable,
    /// AArch64 with the feature `simd`.
    AArch64,
    /// Cortex-M and 32-bit RISC-V: flash and RAM are scarce.
    Microcontroller,
    /// Of these Cortex-M4 and M7 with the feature `simd`, and Cortex-M33 and its like if the compiler's flags name it
    /// (`-C target-cpu=cortex-m33`): their DSP instructions read weights in i8 of two channels in turn.
    CortexMDsp,
}

impl Target {
    /// The one that this is compiled for.
    pub const THIS: Self = if cfg!(neon) {
        Self::AArch64
    } else if cfg!(dsp) {
        Self::CortexMDsp
    } else if cfg!(microcontroller) {
        Self::Microcontroller
    } else {
        Self::Portable
    };

    /// The one of a target triple, as cargo has it in the variable `TARGET` of a build script, with the feature `simd` and without
    /// further flags.
    pub fn of_triple(triple: &str) -> Self {
        const MICROCONTROLLERS: [&str; 4] = ["thumbv6m", "thumbv7m", "thumbv8m", "riscv32"];
        if triple.starts_with("aarch64") {
            Self::AArch64
        } else if triple.starts_with("thumbv7em") {
            Self::CortexMDsp
        } else if MICROCONTROLLERS.iter().any(|architecture| triple.starts_with(architecture)) {
            Self::Microcontroller
        } else {
            Self::Portable
        }
    }

    /// Its name, as it is written here.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Portable => "Portable",
            Self::AArch64 => "AArch64",
            Self::Microcontroller => "Microcontroller",
            Self::CortexMDsp => "CortexMDsp",
        }
    }
}
