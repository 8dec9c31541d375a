//! The largest errors seen, beside what is allowed.

use core::fmt;

use nchw::Backend;
use nchw_oracle::Output;
use nchw_test_support::tolerance::{Bound, Worst, worst};
use nchw_test_support::{Random, Row};

/// What is computed with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Data {
    BothSigns,
    OneSign,
    /// Where a running sum errs in the same direction every time.
    Equal,
    /// From minus to plus this.
    Within(f32),
}

/// All but equal numbers.
pub(crate) const RANDOM: [Data; 2] = [Data::BothSigns, Data::OneSign];

impl Data {
    fn values(self, random: &mut Random, len: usize) -> Vec<f32> {
        match self {
            Self::BothSigns => random.f32s(len),
            Self::OneSign => random.f32s_in(len, 0.0, 1.0),
            Self::Equal => vec![random.f32s_in(1, 0.5, 1.0)[0]; len],
            Self::Within(largest) => random.f32s_in(len, -largest, largest),
        }
    }
}

/// Seeds per case and kind of data.
const SEEDS: u64 = 3;

/// The least share of what is allowed that the worst case has to come to.
const LEAST: f64 = 0.25;

/// What an operator computed from values that it took, on a back-end if it has several, and what it should
/// have.
pub(crate) type Run<'a> =
    &'a dyn Fn(Backend, &mut dyn FnMut(usize) -> Vec<f32>) -> (Vec<f32>, Output);

/// An operator by an algorithm, on every back-end, the best first.
struct Line {
    name: &'static str,
    algorithm: &'static str,
    row: Row,
    seen: Vec<Worst>,
}

/// The worst case of every operator and algorithm.
#[derive(Default)]
pub(crate) struct Table(Vec<Line>);

impl Table {
    /// Runs an operator on every back-end and kind of data.
    pub(crate) fn run(
        &mut self,
        [name, algorithm]: [&'static str; 2],
        row: Row,
        data: &[Data],
        run: Run<'_>,
    ) {
        let seen = Backend::available().map(|backend| {
            let cases = data.iter().flat_map(|&data| (0..SEEDS).map(move |seed| (data, seed)));
            let worst = cases.map(|(data, seed)| {
                let mut random = Random::new(seed);
                let (got, want) = run(backend, &mut |len| data.values(&mut random, len));
                worst(row, &got, &want).expect("no output")
            });
            worst.reduce(worse).expect("no data")
        });
        let seen: Vec<Worst> = seen.collect();
        let same =
            |line: &&mut Line| (line.name, line.algorithm, line.row) == (name, algorithm, row);
        match self.0.iter_mut().find(same) {
            Some(line) => {
                line.seen = line.seen.iter().zip(seen).map(|(&a, b)| worse(a, b)).collect();
            }
            None => self.0.push(Line { name, algorithm, row, seen }),
        }
    }

    /// Panics where an error is larger than allowed, or all are much smaller.
    pub(crate) fn check(&self) {
        for Line { name, algorithm, row, seen } in &self.0 {
            for (worst, backend) in seen.iter().zip(Backend::available()) {
                let what = format!("{name}, {algorithm}, {}", backend.name());
                // A NaN is no ratio.
                assert!(worst.ratio <= 1.0, "{what}: more than is allowed: {worst:?}");
                let exact = row.typical() == Bound::Exact;
                assert!(exact || worst.ratio >= LEAST, "{what}: much is allowed: {worst:?}");
            }
        }
    }
}

pub(crate) fn worse(a: Worst, b: Worst) -> Worst {
    // A NaN is worse than any number.
    if a.ratio.is_nan() || a.ratio > b.ratio { a } else { b }
}

/// Each error in units of what the bound counts in, of how many are allowed.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<18} {:<17} {:<20}", "operator", "algorithm", "allowed")?;
        for backend in Backend::available() {
            write!(f, " {:>17}", backend.name())?;
        }
        for Line { name, algorithm, row, seen } in &self.0 {
            write!(f, "\n{name:<18} {algorithm:<17} {:<20}", row.typical().to_string())?;
            for Worst { ratio, seen_k, allowed_k, .. } in seen {
                match row.typical() {
                    Bound::Exact => {
                        write!(f, " {:>17}", if *ratio == 0.0 { "exact" } else { "-" })?
                    }
                    Bound::Ulps { .. } => write!(f, " {:>16.0}%", 100.0 * ratio)?,
                    _ => write!(f, " {:>17}", format!("{seen_k:.2} of {allowed_k:.2}"))?,
                }
            }
        }
        Ok(())
    }
}
