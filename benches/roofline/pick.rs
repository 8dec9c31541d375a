//! Whether the crate chooses the best algorithm.

use anyhow::{Context, Result, bail};
use nchw::Algorithm;
use nchw_benches::{ALGORITHMS, Case, Layer};

use crate::options::Options;
use crate::{case, measure_with_progress};

/// By how much another algorithm may be faster.
const TOLERANCE: f64 = 1.05;

/// How often a layer is measured again, beyond the times before, until the choice is right.
const ATTEMPTS: usize = 5;

/// A layer on one instruction set, with every way to compute it.
struct Choice {
    name: String,
    picked: Algorithm,
    cases: Vec<Case>,
}

impl Choice {
    fn best(&self) -> Option<&Case> {
        let seconds = |case: &&Case| case.subject.seconds();
        self.cases.iter().min_by(|a, b| seconds(a).total_cmp(&seconds(b)))
    }

    fn pick(&self) -> Option<&Case> {
        self.cases.iter().find(|case| case.algorithm == self.picked)
    }

    fn is_right(&self) -> bool {
        match (self.pick(), self.best()) {
            (Some(pick), Some(best)) => {
                pick.subject.seconds() <= TOLERANCE * best.subject.seconds()
            }
            _ => false,
        }
    }

    fn line(&self) -> String {
        let times = self.cases.iter().map(|case| {
            let (name, us) = (case.algorithm.name(), case.subject.seconds() * 1e6);
            format!("{name} {us:.1} us")
        });
        let times = times.collect::<Vec<_>>().join(", ");
        let verdict = if self.is_right() { "right" } else { "WRONG" };
        format!("{:<12} {:<10} {verdict}  {times}", self.name, self.picked.name())
    }
}

/// Measures every algorithm of every layer.
///
/// Noise makes a good choice look bad now and then, but only ever adds time: what looks wrong is measured
/// again, and the best times of all attempts count.
pub fn run(options: &Options, layers: &[Layer]) -> Result<()> {
    let mut choices = Vec::new();
    for layer in layers {
        for backend in options.backends() {
            let auto = case(options.dtype, layer, backend, Algorithm::Auto, 1)?;
            let picked = auto.context("every layer can be computed somehow")?.algorithm;
            let cases = ALGORITHMS
                .iter()
                .map(|&algorithm| case(options.dtype, layer, backend, algorithm, 1));
            let cases = cases.filter_map(Result::transpose).collect::<Result<_>>()?;
            choices.push(Choice {
                name: format!("{} {}", layer.id, backend.name()),
                picked,
                cases,
            });
        }
    }

    for _ in 0..ATTEMPTS {
        let unsure = |choice: &&mut Choice| choice.cases.len() > 1 && !choice.is_right();
        let cases = choices.iter_mut().filter(unsure).flat_map(|choice| &mut choice.cases);
        let mut subjects: Vec<_> = cases.map(|case| &mut case.subject).collect();
        if subjects.is_empty() {
            break;
        }
        measure_with_progress(&mut subjects, options.seconds);
    }

    println!("layer        pick");
    for choice in choices.iter().filter(|choice| choice.cases.len() > 1) {
        println!("{}", choice.line());
    }
    let only = choices.iter().filter(|choice| choice.cases.len() == 1).count();
    println!("{only} of {} have one algorithm only", choices.len());
    let wrong = choices.iter().filter(|choice| choice.cases.len() != 1 && !choice.is_right());
    let wrong: Vec<_> = wrong.map(|choice| choice.name.as_str()).collect();
    if !wrong.is_empty() {
        bail!(
            "another algorithm is more than 5 % faster than the crate's choice: {}",
            wrong.join(", ")
        );
    }
    Ok(())
}
