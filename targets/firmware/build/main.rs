//! Memory map and linker script of the board, and the self-test's cases.

mod cases;
mod computed;
mod float;
mod int8;
#[path = "../../../examples/packed/build.rs"]
mod packed;
mod specs;

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=memory");
    println!("cargo:rustc-check-cfg=cfg(firmware_mps3, firmware_v6m)");
    let target = env::var("TARGET").unwrap();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let (memory, script) = match target.split('-').next().unwrap() {
        "aarch64" => ("virt.x", "memory.x"),
        riscv if riscv.starts_with("riscv32") => ("virt_riscv.x", "memory.x"),
        "thumbv8m.base" | "thumbv8m.main" => {
            println!("cargo:rustc-cfg=firmware_mps3");
            ("mps3.x", "link.x")
        }
        architecture => {
            if architecture == "thumbv6m" {
                println!("cargo:rustc-cfg=firmware_v6m");
            }
            ("mps2.x", "link.x")
        }
    };
    fs::copy(Path::new("memory").join(memory), out.join("memory.x")).unwrap();
    fs::copy("memory/sections.x", out.join("sections.x")).unwrap();
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-T{script}");
    // A page of 64 kB would leave holes in the file.
    println!("cargo:rustc-link-arg-bins=--nmagic");
    if env::var_os("CARGO_FEATURE_DEFMT").is_some() {
        println!("cargo:rustc-link-arg-bin=telemetry=-Tdefmt.x");
    }

    if env::var_os("CARGO_FEATURE_PACKED").is_some() {
        packed::main().unwrap_or_else(|error| panic!("{error}"));
    }

    let data = Path::new("../../tests/data");
    println!("cargo:rerun-if-changed={}", data.display());
    fs::write(out.join("cases.rs"), cases::cases(data)).unwrap();
}
