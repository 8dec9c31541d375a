//! The Rust in the README compiles as it is printed, each block in a module of its own. Its project for a Cortex-M is
//! built and run by `targets/readme.sh`.

use core::fmt::Write;
use std::fs;
use std::path::Path;

use nchw_test_support::package::Package;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The fenced blocks of a language, without the fences.
fn blocks(language: &str) -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let fence = format!("\n```{language}\n");
    let rests = readme.split(&fence).skip(1);
    rests.map(|rest| rest.split("\n```\n").next().unwrap().to_owned()).collect()
}

#[test]
fn every_block_compiles() {
    let mut modules = "#![allow(dead_code)]\n".to_owned();
    // The project's main file has an entry point of its own.
    let blocks = blocks("rust").into_iter().filter(|block| !block.contains("#[entry]"));
    let mut count = 0;
    for block in blocks {
        count += 1;
        writeln!(modules, "mod block_{count} {{\n{block}\n}}").unwrap();
    }
    assert!(count >= 3, "{count} blocks");

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let features = ["libm", "heapless", "defmt"];
    let package = Package::new(folder, root(), &features, "defmt = \"1.0\"\n");
    let parameters = root().join("tests/data/readme/net.safetensors");
    fs::copy(parameters, package.folder().join("net.safetensors")).unwrap();
    fs::create_dir_all(package.folder().join("src")).unwrap();
    fs::write(package.folder().join("src/lib.rs"), modules).unwrap();
    let output = package.cargo(&["build"]);
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    assert!(!printed.contains("warning: "), "{printed}");
}

/// A part of an example is one, line by line.
#[test]
fn steps_are_those_of_the_example() {
    let [steps] = &blocks("rust,ignore")[..] else { panic!("one part of an example") };
    let example = fs::read_to_string(root().join("examples/segment/network.rs")).unwrap();
    let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    let (steps, example) = (lines(steps), lines(&example));
    assert!(example.windows(steps.len()).any(|part| part == steps), "{steps:?}");
}
