//! What the processor has beside NEON.
//!
//! Without an operating system, the registers that say so are read, which may be done at every exception level but
//! the lowest. Systems other than Linux are asked nothing: there, the target has to say so.

/// What a register of features holds.
#[cfg(target_os = "none")]
macro_rules! features {
    ($register:literal) => {{
        let features: u64;
        // SAFETY: reads a register.
        unsafe {
            core::arch::asm!(concat!("mrs {}, ", $register), out(reg) features,
                options(pure, nomem, nostack, preserves_flags));
        }
        features
    }};
}

/// Whether the processor has the dot product of i8.
pub(crate) fn has_dot_product() -> bool {
    if cfg!(target_feature = "dotprod") {
        return true;
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        /// `HWCAP_ASIMDDP`.
        const DOT_PRODUCT: u64 = 1 << 20;
        cpufeatures::aarch64::getauxval_hwcap() & DOT_PRODUCT != 0
    }
    #[cfg(target_os = "none")]
    {
        features!("id_aa64isar0_el1") >> 44 & 0xF != 0
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "none")))]
    false
}

/// Whether the processor has the matrix product of i8.
pub(crate) fn has_matrix_product() -> bool {
    if cfg!(target_feature = "i8mm") {
        return true;
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use core::ffi::c_ulong;

        /// `AT_HWCAP2` and `HWCAP2_I8MM`.
        const MORE: c_ulong = 26;
        const MATRIX_PRODUCT: c_ulong = 1 << 13;
        // SAFETY: the C library has it, and any number may be asked for.
        unsafe extern "C" {
            safe fn getauxval(of: c_ulong) -> c_ulong;
        }
        getauxval(MORE) & MATRIX_PRODUCT != 0
    }
    #[cfg(target_os = "none")]
    {
        features!("id_aa64isar1_el1") >> 52 & 0xF != 0
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "none")))]
    false
}
