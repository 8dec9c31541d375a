//! Every operator against recorded results of other implementations: in f32 within the bounds, and
//! against f64 as well, in i8 byte for byte.
//!
//! One test per case, through the run-time door. What is behind the suites and where they are looked
//! for stands in `tests/data/conformance/README.md`; how far a result may be off in
//! `tests/support/src/tolerance.rs`. A suite that is not there is shown as ignored, and the table at
//! the end says how to provide it.

mod adapter;

use core::sync::atomic::{AtomicU64, Ordering};
use std::path::Path;
use std::sync::Mutex;

use libtest_mimic::{Arguments, Failed, Trial};
use nchw_oracle::Output;
use nchw_test_support::reference::widen;
use nchw_test_support::tolerance::{Bound, Worst, worst};
use nchw_test_support::{Case, Dtype, Lookup, Row, Suite, find_suite};

/// The suites and how many cases of f32 and of i8 each has.
const SUITES: [(&str, [usize; 2]); 7] = [
    ("seed", [12, 0]),
    ("torch", [281, 0]),
    ("onnx", [115, 4]),
    ("webnn", [75, 0]),
    ("cmsis", [50, 39]),
    ("tflm", [37, 120]),
    ("qlinear", [0, 60]),
];

const DTYPES: [Dtype; 2] = [Dtype::F32, Dtype::I8];

/// How many suites were found to be complete.
static COMPLETE: AtomicU64 = AtomicU64::new(0);

/// What the f32 cases that ran and were right came to.
static MEASURED: Mutex<Vec<Measured>> = Mutex::new(Vec::new());

/// The i8 cases that ran and were equal.
static EQUAL: Mutex<Vec<Equal>> = Mutex::new(Vec::new());

/// The worst element of an image of an f32 case.
struct Measured {
    suite: &'static str,
    case: String,
    /// Whether the bound is one of sums, so that it has a k.
    is_sum: bool,
    against_f64: Worst,
    against_golden: Worst,
}

/// An i8 case.
struct Equal {
    suite: &'static str,
    /// Outputs compared: images, times the ways to compute them.
    outputs: usize,
    elements: usize,
}

fn main() {
    let arguments = Arguments::from_args();
    let (mut trials, mut missing) = (Vec::new(), Vec::new());
    for (suite, counts) in SUITES {
        match find_suite(Path::new(env!("CARGO_MANIFEST_DIR")), suite) {
            Lookup::Found(path) => {
                let loaded = Suite::load(&path).unwrap_or_else(|error| panic!("{error}"));
                trials.extend(tests(suite, counts, &loaded));
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
        let right = summarize(&missing);
        let passed = right + COMPLETE.load(Ordering::Relaxed);
        if passed != conclusion.num_passed {
            println!(
                "the table does not add up: {passed} passed by its count, {} tests did",
                conclusion.num_passed
            );
            std::process::exit(1);
        }
    }
    conclusion.exit();
}

/// A test for each case of a suite, and one that they are all there.
fn tests(suite: &'static str, counts: [usize; 2], loaded: &Suite) -> Vec<Trial> {
    let trial = |case: &Case| {
        let case = case.clone();
        Trial::test(format!("{suite}/{}", case.name), move || match case.dtype() {
            Dtype::F32 => test(suite, &case),
            Dtype::I8 => test_int8(suite, &case),
        })
    };
    let mut trials: Vec<_> = loaded.cases().iter().map(trial).collect();
    let found = DTYPES.map(|dtype| loaded.cases().iter().filter(|c| c.dtype() == dtype).count());
    trials.push(Trial::test(format!("{suite}/is_complete"), move || {
        if found == counts {
            COMPLETE.fetch_add(1, Ordering::Relaxed);
            Ok(())
        } else {
            Err(format!("{found:?} cases of f32 and i8, not {counts:?}").into())
        }
    }));
    trials
}

/// Every image of an f32 case's output, against the recorded result and against the oracle's.
fn test(suite: &'static str, case: &Case) -> Result<(), Failed> {
    let recorded = case.f32("y");
    if case.batch() == 0 {
        return Err("no images".into());
    }
    let mut images = Vec::new();
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
            let row = got.row.unwrap_or(case.op().row());
            let against_f64 = compare(case, row, None, n, &got.values, &oracle)?;
            let tolerance = case.header.tolerance;
            let against_golden = compare(case, row, tolerance, n, &got.values, &golden)?;
            let is_sum = matches!(row.typical(), Bound::Sum { .. });
            let case = case.name.clone();
            images.push(Measured { suite, case, is_sum, against_f64, against_golden });
        }
    }
    // A case is right if all of its images are.
    MEASURED.lock().expect("a test panicked while it held the table").append(&mut images);
    Ok(())
}

/// Every image of an i8 case's output, in every way to compute it, against the recorded result.
fn test_int8(suite: &'static str, case: &Case) -> Result<(), Failed> {
    let recorded = case.i8("y");
    let mut equal = Equal { suite, outputs: 0, elements: 0 };
    for n in 0..case.batch() {
        let operands = ["x", "x2"].into_iter().filter_map(|role| case.optional_i8(role));
        let inputs: Vec<_> = operands.map(|x| (x.image_shape(), x.image(n))).collect();
        let outputs = adapter::int8::run(&case.int8(), &inputs);
        for got in outputs.map_err(|error| format!("image {n}: {error}"))? {
            equal_bytes(&got, recorded.image_shape(), recorded.image(n))
                .map_err(|error| format!("image {n}, {}: {error}; {:?}", got.way, case.op()))?;
            equal.outputs += 1;
            equal.elements += got.values.len();
        }
    }
    if equal.elements == 0 {
        return Err("nothing to compare".into());
    }
    EQUAL.lock().expect("a test panicked while it held the table").push(equal);
    Ok(())
}

/// Compares shape and bytes.
fn equal_bytes(got: &adapter::int8::Output, shape: [usize; 3], want: &[i8]) -> Result<(), String> {
    if got.shape != shape {
        return Err(format!("shape {:?}, not {shape:?} as recorded", got.shape));
    }
    let differing = || (0..want.len()).filter(|index| got.values[*index] != want[*index]);
    let Some(index) = differing().next() else { return Ok(()) };
    let [_, height, width] = shape;
    Err(format!(
        "{} of {} bytes differ, by {} at most; first at c {}, y {}, x {}: {} instead of {}",
        differing().count(),
        want.len(),
        differing().map(|index| got.values[index].abs_diff(want[index])).max().unwrap_or(0),
        index / (height * width),
        index / width % height,
        index % width,
        got.values[index],
        want[index],
    ))
}

/// The worst element, if it is within its bound; `tolerance` is the case's own.
fn compare(
    case: &Case,
    row: Row,
    tolerance: Option<f64>,
    n: usize,
    got: &[f32],
    want: &Output,
) -> Result<Worst, Failed> {
    let mut worst = worst(row, got, want).ok_or("no output")?;
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

/// Prints the table of the suites; returns how many cases were right.
fn summarize(missing: &[(&str, String)]) -> u64 {
    let mut totals = [0, 0];
    for (suite, counts) in SUITES {
        if let Some((_, message)) = missing.iter().find(|(name, _)| *name == suite) {
            println!("suite {suite}: NOT RUN, {message}");
            continue;
        }
        for (index, dtype) in DTYPES.into_iter().enumerate().filter(|(index, _)| counts[*index] > 0)
        {
            let (run, result) = match dtype {
                Dtype::F32 => summary(suite),
                Dtype::I8 => summary_int8(suite),
            };
            totals[index] += run;
            println!(
                "suite {suite}, {dtype:?}: {run} of {} cases run and right, {result}",
                counts[index]
            );
        }
    }
    let [f32s, i8s] = totals;
    println!("total: {f32s} cases of f32 and {i8s} of i8 run and right\n");
    (f32s + i8s) as u64
}

/// How many f32 cases of a suite were right, and how near they came to their bounds.
fn summary(suite: &str) -> (usize, String) {
    let measured = MEASURED.lock().expect("a test panicked while it held the table");
    let images: Vec<_> = measured.iter().filter(|image| image.suite == suite).collect();
    let mut cases: Vec<_> = images.iter().map(|image| image.case.as_str()).collect();
    cases.sort_unstable();
    cases.dedup();
    let result = format!(
        "worst k = {} against f64, {} against the recorded results; other bounds used up to {:.0} %",
        worst_k(&images, |image| &image.against_f64),
        worst_k(&images, |image| &image.against_golden),
        100.0 * worst_share(&images)
    );
    (cases.len(), result)
}

/// How many i8 cases of a suite were right, and how much was compared.
fn summary_int8(suite: &str) -> (usize, String) {
    let equal = EQUAL.lock().expect("a test panicked while it held the table");
    let cases: Vec<_> = equal.iter().filter(|case| case.suite == suite).collect();
    let outputs: usize = cases.iter().map(|case| case.outputs).sum();
    let elements: usize = cases.iter().map(|case| case.elements).sum();
    (cases.len(), format!("all {elements} bytes of {outputs} outputs equal"))
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
