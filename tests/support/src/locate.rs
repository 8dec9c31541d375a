//! Finds suites and models: in the repository, else where an environment variable points, else
//! beside the repository.

use std::path::{Path, PathBuf};

/// Where a file is, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Its path.
    Found(PathBuf),
    /// Where it was looked for and how to provide it, for the message of a test that is skipped.
    Missing(String),
}

/// The suite `NAME.safetensors`: `tests/data/NAME` or `tests/data/conformance` in the workspace
/// `root`, else the directory `NCHW_CONFORMANCE`, else `../shared/conformance` beside the root.
pub fn find_suite(root: &Path, name: &str) -> Lookup {
    let file = format!("{name}.safetensors");
    let own = root.join("tests/data").join(name).join(&file);
    if own.is_file() {
        return Lookup::Found(own);
    }
    find(root, &file, "conformance", "NCHW_CONFORMANCE")
}

/// The `model.json` of the network NAME (a folder, or folders joined by `/`): `tests/data/models`
/// in the workspace `root`, else the directory `NCHW_MODELS`, else `../shared/models` beside the
/// root.
pub fn find_model(root: &Path, name: &str) -> Lookup {
    find(root, &format!("{name}/model.json"), "models", "NCHW_MODELS")
}

fn find(root: &Path, file: &str, folder: &str, variable: &str) -> Lookup {
    let named = std::env::var_os(variable).map(PathBuf::from);
    search(root, file, folder, variable, named.as_deref())
}

fn search(root: &Path, file: &str, folder: &str, variable: &str, named: Option<&Path>) -> Lookup {
    let vendored = root.join("tests/data").join(folder);
    let beside = root.join("../shared").join(folder);
    let candidates: Vec<_> = [Some(vendored.as_path()), named, Some(&beside)]
        .into_iter()
        .flatten()
        .map(|directory| directory.join(file))
        .collect();
    match candidates.iter().find(|path| path.is_file()) {
        Some(path) => Lookup::Found(path.clone()),
        None => {
            let places: Vec<_> = candidates.iter().map(|path| path.display().to_string()).collect();
            Lookup::Missing(format!(
                "{file} is in none of {}; set {variable} to the directory that holds it",
                places.join(", ")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty directory with `root` in it.
    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("nchw-locate-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("root")).unwrap();
        path
    }

    fn create(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }

    #[test]
    fn the_repository_comes_before_the_variable_before_the_neighbour() {
        let base = directory("order");
        let (root, named) = (base.join("root"), base.join("named"));
        let look = || search(&root, "a.safetensors", "conformance", "VARIABLE", Some(&named));
        let places = [
            root.join("../shared/conformance/a.safetensors"),
            named.join("a.safetensors"),
            root.join("tests/data/conformance/a.safetensors"),
        ];
        for place in places {
            create(&place);
            assert_eq!(look(), Lookup::Found(place));
        }
    }

    #[test]
    fn a_suite_may_have_a_folder_of_its_own() {
        let root = directory("own").join("root");
        let own = root.join("tests/data/a/a.safetensors");
        create(&own);
        create(&root.join("tests/data/conformance/a.safetensors"));
        assert_eq!(find_suite(&root, "a"), Lookup::Found(own));
    }

    #[test]
    fn a_missing_file_says_where_and_how() {
        let root = directory("missing").join("root");
        let Lookup::Missing(message) = search(&root, "a", "models", "VARIABLE", Some(&root)) else {
            panic!("found")
        };
        for part in ["tests/data/models/a", "root/a", "../shared/models/a", "set VARIABLE"] {
            assert!(message.contains(part), "{message}");
        }
    }
}
