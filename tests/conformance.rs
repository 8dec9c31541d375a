//! Every operator against recorded results of other implementations and against f64.
//!
//! One test per case, through the run-time door. What is behind the suites and where they are looked
//! for stands in `tests/data/conformance/README.md`; how far a result may be off in
//! `tests/support/src/tolerance.rs`. A suite that is not there is shown as ignored, and the table at
//! the end says how to provide it.

mod adapter;

use std::path::Path;
use std::sync::Mutex;

use libtest_mimic::{Arguments, Failed, Trial};
use nchw_oracle::Output;
use nchw_test_support::reference::widen;
use nchw_test_support::tolerance::{Bound, Worst, worst};
use nchw_test_support::{Case, Dtype, Lookup, Suite, find_suite};

/// The suites and how many f32 cases each has.
const SUITES: [(&str, usize); 6] =
    [("seed", 12), ("torch", 281), ("onnx", 115), ("webnn", 75), ("cmsis", 50), ("tflm", 37)];

/// What the cases that ran came to.
static MEASURED: Mutex<Vec<Measured>> = Mutex::new(Vec::new());

/// The worst element of a case.
struct Measured {
    suite: &'static str,
    case: String,
    /// Whether the bound is one of sums, so that it has a k.
    is_sum: bool,
    against_f64: Worst,
    against_golden: Worst,
}

fn main() {
    let arguments = Arguments::from_args();
    let (mut trials, mut missing) = (Vec::new(), Vec::new());
    for (suite, count) in SUITES {
        match find_suite(Path::new(env!("CARGO_MANIFEST_DIR")), suite) {
            Lookup::Found(path) => {
                let loaded = Suite::load(&path).unwrap_or_else(|error| panic!("{error}"));
                trials.extend(tests(suite, count, &loaded));
            }
            Lookup::Missing(message) => {
                missing.push((suite, message.clone()));
                let test = Trial::test(format!("{suite}/is_there"), || Err(message.into()));
                trials.push(test.with_ignored_flag(true));
            }
        }
    }
    let listed = arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !listed {
        summarize(&missing);
    }
    conclusion.exit();
}

/// A test for each f32 case of a suite, and one that they are all there.
fn tests(suite: &'static str, count: usize, loaded: &Suite) -> Vec<Trial> {
    let cases = loaded.cases().iter().filter(|case| case.dtype() == Dtype::F32).cloned();
    let mut trials: Vec<_> = cases
        .map(|case| Trial::test(format!("{suite}/{}", case.name), move || test(suite, &case)))
        .collect();
    let found = trials.len();
    trials.push(Trial::test(format!("{suite}/is_complete"), move || {
        if found == count { Ok(()) } else { Err(format!("{found} f32 cases, not {count}").into()) }
    }));
    trials
}

/// Every image of a case's output, against the recorded result and against the oracle's.
fn test(suite: &'static str, case: &Case) -> Result<(), Failed> {
    let recorded = case.f32("y");
    if case.batch() == 0 {
        return Err("no images".into());
    }
    for n in 0..case.batch() {
        let oracle = case.reference(n);
        let golden = Output { values: widen(recorded.image(n)), ..oracle.clone() };
        for got in adapter::run(case, n).map_err(|error| format!("image {n}: {error}"))? {
            if got.shape != oracle.shape || got.shape != recorded.image_shape() {
                let message = format!(
                    "image {n} has shape {:?}, not {:?} as recorded (f64: {:?})",
                    got.shape,
                    recorded.image_shape(),
                    oracle.shape
                );
                return Err(message.into());
            }
            let against_f64 = compare(case, None, n, &got.values, &oracle)?;
            let against_golden = compare(case, case.header.tolerance, n, &got.values, &golden)?;
            let is_sum = matches!(case.op().row().bound(), Bound::Sum { .. });
            let case = case.name.clone();
            let measured = Measured { suite, case, is_sum, against_f64, against_golden };
            MEASURED.lock().expect("a test panicked while it held the table").push(measured);
        }
    }
    Ok(())
}

/// The worst element, if it is within its bound; `tolerance` is the case's own.
fn compare(
    case: &Case,
    tolerance: Option<f64>,
    n: usize,
    got: &[f32],
    want: &Output,
) -> Result<Worst, Failed> {
    let mut worst = worst(case.op().row(), got, want).ok_or("no output")?;
    if let Some(tolerance) = tolerance {
        // Of all elements, as a flat bound may have another worst one.
        let share = |(got, want): (&f32, &f64)| {
            (f64::from(*got) - want).abs() / (tolerance * (1.0 + want.abs()))
        };
        worst.ratio = got.iter().zip(&want.values).map(share).fold(0.0, f64::max);
        // A NaN would have been passed over.
        if got.iter().any(|got| got.is_nan()) {
            worst.ratio = f64::INFINITY;
        }
        worst.allowed_k = 0.0;
    }
    if worst.ratio <= 1.0 {
        return Ok(worst);
    }
    let [_, height, width] = want.shape;
    let index = worst.index;
    Err(format!(
        "image {n}, c {}, y {}, x {}: {:e} instead of {:e}, {:.3} times what is allowed; {worst:?}; \
         {:?}",
        index / (height * width),
        index / width % height,
        index % width,
        worst.got,
        worst.want,
        worst.ratio,
        case.op()
    )
    .into())
}

/// The table of the suites.
fn summarize(missing: &[(&str, String)]) {
    let measured = MEASURED.lock().expect("a test panicked while it held the table");
    let (mut total, mut suites) = (0, 0);
    for (suite, count) in SUITES {
        if let Some((_, message)) = missing.iter().find(|(name, _)| *name == suite) {
            println!("suite {suite}: NOT RUN, {message}");
            continue;
        }
        let images: Vec<_> = measured.iter().filter(|image| image.suite == suite).collect();
        let mut cases: Vec<_> = images.iter().map(|image| image.case.as_str()).collect();
        cases.sort_unstable();
        cases.dedup();
        total += cases.len();
        suites += usize::from(!cases.is_empty());
        println!(
            "suite {suite}: {} of {count} cases run and right, worst k = {} against f64, {} against \
             the recorded results; other bounds used up to {:.0} %",
            cases.len(),
            worst_k(&images, |image| &image.against_f64),
            worst_k(&images, |image| &image.against_golden),
            100.0 * worst_share(&images)
        );
    }
    println!("total: {total} cases of {suites} suites run and right\n");
}

/// The largest k of the sums, and what is allowed there. Where results are so small that underflow
/// counts, k stands for the share of the bound.
fn worst_k(images: &[&Measured], against: impl Fn(&Measured) -> &Worst) -> String {
    let k = |image: &Measured| against(image).ratio * against(image).allowed_k;
    let sums = images.iter().filter(|image| image.is_sum && k(image) > 0.0);
    match sums.max_by(|a, b| k(a).total_cmp(&k(b))) {
        Some(image) => {
            format!("{:.2} of {:.2} ({})", k(image), against(image).allowed_k, image.case)
        }
        None => "0".to_owned(),
    }
}

/// The largest share of a bound that is not one of sums.
fn worst_share(images: &[&Measured]) -> f64 {
    let others = images.iter().filter(|image| !image.is_sum);
    others
        .flat_map(|image| [image.against_f64.ratio, image.against_golden.ratio])
        .fold(0.0, f64::max)
}
