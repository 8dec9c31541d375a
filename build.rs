//! Short names for what a target has, so that sources ask for one word.
//!
//! - `neon`: AArch64's vectors, unless its ABI is without them
//! - `x86_simd`: x86-64, unless its ABI is without SSE2
//! - `vectors`: any of these
//! - `microcontroller`: Cortex-M and 32-bit RISC-V without an operating system, which have little flash and RAM
//! - `dsp`: of these Cortex-M4 and M7, whose DSP instructions stable Rust has no name for, in builds with `--cfg nchw_dsp`
//!
//! All but `microcontroller` with the feature `simd` alone.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let simd = env::var_os("CARGO_FEATURE_SIMD").is_some();
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    println!("cargo::rustc-check-cfg=cfg(vectors, microcontroller, dsp)");
    let target = env::var("TARGET").unwrap_or_default();
    if target.starts_with("thumbv6m")
        || target.starts_with("thumbv7m")
        || target.starts_with("thumbv7em")
        || target.starts_with("thumbv8m")
        || target.starts_with("riscv32")
    {
        println!("cargo::rustc-cfg=microcontroller");
    }
    if simd && target.starts_with("thumbv7em") && env::var_os("CARGO_CFG_NCHW_DSP").is_some() {
        println!("cargo::rustc-cfg=dsp");
    }
    for (name, of, feature) in [("neon", "aarch64", "neon"), ("x86_simd", "x86_64", "sse2")] {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if simd && arch == of && features.split(',').any(|one| one == feature) {
            println!("cargo::rustc-cfg={name}");
            println!("cargo::rustc-cfg=vectors");
        }
    }
}
