//! A package outside of the workspace, made by a test that looks at what the compiler says to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// A folder with a `Cargo.toml`, and what is to be built.
#[derive(Debug)]
pub struct Package {
    folder: PathBuf,
    offline: bool,
}

impl Package {
    /// Writes the manifest of a package in `folder` that depends on the crate in `root` with these features, and is
    /// otherwise as `rest` says.
    pub fn new(folder: PathBuf, root: &Path, features: &[&str], rest: &str) -> Self {
        fs::create_dir_all(&folder).unwrap();
        let manifest = format!(
            "[package]\nname = \"cases\"\nedition = \"2024\"\n[workspace]\n\
             [dependencies]\nnchw = {{ path = {root:?}, features = {features:?} }}\n{rest}"
        );
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        // The versions that this test itself was built with; they are on the machine already.
        let _ = fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"));
        let mut package = Self { folder, offline: true };
        package.offline = package.cargo(&["metadata", "--format-version=1"]).status.success();
        package
    }

    /// The folder it lies in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What cargo says to these arguments.
    pub fn cargo(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).current_dir(&self.folder);
        if self.offline {
            command.arg("--offline");
        }
        // What is set for the build of the tests is not meant for what they build.
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            command.env_remove(variable);
        }
        command
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TARGET_DIR", self.folder.join("target"));
        command.output().unwrap()
    }
}
