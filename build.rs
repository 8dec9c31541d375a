//! Short names for what a target has, so that sources ask for one word.
//!
//! - `neon`: AArch64's vectors, unless its ABI is without them
//! - `x86_simd`: x86-64, unless its ABI is without SSE2
//! - `vectors`: any of these
//! - `microcontroller`: Cortex-M and 32-bit RISC-V without an operating system, which have little flash and RAM
//! - `dsp`: of these the ones with DSP instructions, which stable Rust has no name for: Cortex-M4 and M7, and where the
//!   flags name a processor that has them, as `-C target-cpu=cortex-m33`
//!
//! All but `microcontroller` with the feature `simd` alone.

use std::env;

/// Processors of Armv8-M that LLVM takes to have DSP instructions.
const PROCESSORS: [&str; 5] = ["cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85", "star-mc1"];

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
    // What tells the assembler that there are DSP instructions, where the triple does not.
    let directive = match target.split('-').next() {
        Some("thumbv7em") => Some(String::new()),
        Some("thumbv8m.main") => processor_with_dsp().map(|cpu| format!(".cpu {cpu}")),
        _ => None,
    };
    if simd && let Some(directive) = directive {
        println!("cargo::rustc-cfg=dsp");
        println!("cargo::rustc-env=NCHW_CPU={directive}");
    }
    for (name, of, feature) in [("neon", "aarch64", "neon"), ("x86_simd", "x86_64", "sse2")] {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if simd && arch == of && features.split(',').any(|one| one == feature) {
            println!("cargo::rustc-cfg={name}");
            println!("cargo::rustc-cfg=vectors");
        }
    }
}

/// The processor of Armv8-M with DSP instructions that the compiler's flags name, if they do not take these away.
fn processor_with_dsp() -> Option<String> {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").ok()?;
    // `-C name=value` is one argument or two.
    let values = |name: &'static str| {
        flags.split('\x1f').filter_map(move |flag| {
            flag.strip_prefix("-C").unwrap_or(flag).strip_prefix(name)?.strip_prefix('=')
        })
    };
    let taken =
        values("target-feature").flat_map(|value| value.split(',')).any(|one| one == "-dsp");
    let cpu = values("target-cpu").next_back().filter(|cpu| PROCESSORS.contains(cpu) && !taken)?;
    Some(cpu.to_owned())
}
