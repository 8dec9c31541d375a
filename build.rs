//! Short names for what a target has, so that sources ask for one word.
//!
//! - `neon`: AArch64's vectors, unless its ABI is without them
//! - `x86_simd`: x86-64, unless its ABI is without SSE2
//! - `vectors`: any of these
//!
//! All with the feature `simd` alone.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let simd = env::var_os("CARGO_FEATURE_SIMD").is_some();
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    println!("cargo::rustc-check-cfg=cfg(vectors)");
    for (name, of, feature) in [("neon", "aarch64", "neon"), ("x86_simd", "x86_64", "sse2")] {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if simd && arch == of && features.split(',').any(|one| one == feature) {
            println!("cargo::rustc-cfg={name}");
            println!("cargo::rustc-cfg=vectors");
        }
    }
}
