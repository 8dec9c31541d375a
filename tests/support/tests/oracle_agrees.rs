//! The f64 oracle against the known results of every f32 case.

use std::path::Path;

use nchw_test_support::tolerance::worst;
use nchw_test_support::{Case, Dtype, Lookup, Suite, find_suite};

/// Runs every f32 case of a suite that should have `count` of them.
fn agrees(name: &str, count: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = match find_suite(&root, name) {
        Lookup::Found(path) => path,
        Lookup::Missing(message) => return eprintln!("skipped: {message}"),
    };
    let suite = Suite::load(&path).unwrap();
    let cases: Vec<_> = suite.cases().iter().filter(|c| c.dtype() == Dtype::F32).collect();
    assert_eq!(cases.len(), count);
    let failures: Vec<_> = cases.into_iter().filter_map(|case| check(case).err()).collect();
    assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.join("\n"));
}

/// Compares every image of the case's result with the oracle's.
fn check(case: &Case) -> Result<(), String> {
    let y = case.f32("y");
    for n in 0..case.batch() {
        let want = case.reference(n);
        if want.shape != y.image_shape() {
            return Err(format!("{}: {:?}, not {:?}", case.name, want.shape, y.image_shape()));
        }
        let worst = worst(case.op().row(), y.image(n), &want).unwrap();
        let passes = match case.header.tolerance {
            Some(tolerance) => {
                let error = (f64::from(worst.got) - worst.want).abs();
                error <= tolerance * (1.0 + worst.want.abs())
            }
            None => worst.ratio <= 1.0,
        };
        if !passes {
            return Err(format!("{} image {n} {:?}: {worst:?}", case.name, case.op()));
        }
    }
    Ok(())
}

#[test]
fn seed() {
    agrees("seed", 12);
}

#[test]
fn onnx() {
    agrees("onnx", 115);
}

#[test]
fn webnn() {
    agrees("webnn", 75);
}

#[test]
fn cmsis() {
    agrees("cmsis", 50);
}

#[test]
fn tflm() {
    agrees("tflm", 37);
}

#[test]
fn torch() {
    agrees("torch", 281);
}
