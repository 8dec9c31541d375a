//! What the compiler tells a user who made a mistake.
//!
//! Every file in `tests/compile_fail/` is a program of its own. Each `//~ TEXT` line in it is a text
//! that has to appear in what `cargo build` prints, and the program must not build. A program without
//! such a line has to build, without a warning: it shows that the others fail for their reason alone.
//!
//! It is `cargo build` and not `cargo check`, because the compiler meets some of the mistakes only
//! when it generates code.

use core::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use nchw_test_support::package::Package;

/// Marks a text that the compiler has to print.
const MARK: &str = "//~ ";

#[test]
fn mistakes_are_explained() {
    let cases = Cases::prepare();
    let mut failures = String::new();
    let (mut good, mut bad) = (0, 0);
    for path in &cases.paths {
        let name = name(path);
        let source = fs::read_to_string(path).unwrap();
        let expected: Vec<&str> =
            source.lines().filter_map(|line| line.trim().strip_prefix(MARK)).collect();
        let output = cases.build(name);
        let printed = String::from_utf8_lossy(&output.stderr);

        let mut report = |problem: &str| {
            writeln!(failures, "\n==== {name}: {problem}\n{printed}").unwrap();
        };
        if expected.is_empty() {
            good += 1;
            if !output.status.success() {
                report("does not build");
            } else if printed.contains("warning: ") {
                report("builds with warnings");
            }
        } else {
            bad += 1;
            if output.status.success() {
                report("builds, but should not");
            }
            for text in expected.into_iter().filter(|text| !printed.contains(text)) {
                report(&format!("the compiler does not say \"{text}\""));
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(good > 0 && bad > 0, "{good} programs that build and {bad} that do not");
}

/// A package with a binary for each case, outside of the workspace.
struct Cases {
    paths: Vec<PathBuf>,
    package: Package,
}

impl Cases {
    fn prepare() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths: Vec<PathBuf> = fs::read_dir(root.join("tests/compile_fail"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .collect();
        paths.sort();

        let mut programs = String::new();
        for path in &paths {
            write!(programs, "[[bin]]\nname = {:?}\npath = {path:?}\n", name(path)).unwrap();
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail");
        Self { paths, package: Package::new(folder, root, &["libm"], &programs) }
    }

    fn build(&self, name: &str) -> Output {
        self.package.cargo(&["build", "--bin", name])
    }
}

fn name(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap()
}
