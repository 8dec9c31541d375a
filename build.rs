//! Short names for what a target has, so that sources ask for one word.
//!
//! - `neon`: AArch64's vectors, unless its ABI is without them
//! - `x86_simd`: x86-64, unless its ABI is without SSE2
//! - `vectors`: any of these
//! - `microcontroller`: Cortex-M and 32-bit RISC-V without an operating system, which have little flash and RAM
//! - `dsp`: of these the ones with DSP instructions, which stable Rust has no name for: Cortex-M4 and M7, and where the
//!   flags name a processor that has them, as `-C target-cpu=cortex-m33`
//! - `bands_i8`, `bands_f32`: portable code takes depthwise layers by bands; not where vectors or DSP instructions have another
//!   way, nor in f32 on a microcontroller whose triple says nothing of an FPU
//!
//! `neon`, `x86_simd`, `vectors` and `dsp` with the feature `simd` alone.

use std::env;

/// Processors of Armv8-M that LLVM takes to have DSP instructions.
const PROCESSORS: [&str; 5] = ["cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85", "star-mc1"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let simd = env::var_os("CARGO_FEATURE_SIMD").is_some();
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    println!("cargo::rustc-check-cfg=cfg(vectors, microcontroller, dsp, bands_i8, bands_f32)");
    let target = env::var("TARGET").unwrap_or_default();
    let microcontroller = ["thumbv6m", "thumbv7m", "thumbv7em", "thumbv8m", "riscv32"]
        .iter()
        .any(|architecture| target.starts_with(architecture));
    if microcontroller {
        println!("cargo::rustc-cfg=microcontroller");
    }
    // What tells the assembler that there are DSP instructions, where the triple does not.
    let directive = match target.split('-').next() {
        Some("thumbv7em") => Some(String::new()),
        Some("thumbv8m.main") => processor_with_dsp().map(|cpu| format!(".cpu {cpu}")),
        _ => None,
    };
    let dsp = directive.filter(|_| simd);
    let mut vectors = false;
    for (name, of, feature) in [("neon", "aarch64", "neon"), ("x86_simd", "x86_64", "sse2")] {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if simd && arch == of && features.split(',').any(|one| one == feature) {
            vectors = true;
            println!("cargo::rustc-cfg={name}");
            println!("cargo::rustc-cfg=vectors");
        }
    }
    if dsp.is_none() && !(vectors && arch == "aarch64") {
        println!("cargo::rustc-cfg=bands_i8");
    }
    if !vectors && (!microcontroller || has_fpu(&target)) {
        println!("cargo::rustc-cfg=bands_f32");
    }
    if let Some(directive) = dsp {
        println!("cargo::rustc-cfg=dsp");
        println!("cargo::rustc-env=NCHW_CPU={directive}");
    }
}

/// Whether the triple of a microcontroller says that it has an FPU.
fn has_fpu(target: &str) -> bool {
    let architecture = target.split('-').next().unwrap_or_default();
    let extensions = architecture.strip_prefix("riscv32").unwrap_or_default();
    target.ends_with("hf") || extensions.contains(['f', 'g'])
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
