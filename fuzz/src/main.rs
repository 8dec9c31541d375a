//! Runs random layers until one is wrong, makes that one small and prints it as Rust: see README.md.

mod calibration;
mod draw;
mod export;
mod process;
mod progress;
mod shared;
mod shrink;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Parser;
use nchw_cases::operators::operators;

use crate::draw::Cases;
use crate::process::{End, run_cases};
use crate::shared::Shared;

/// Runs random layers on every back-end of this machine, against an oracle, until one is wrong.
#[derive(Parser)]
struct Arguments {
    /// Chooses the sequence of cases.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many cases to run; without it and --minutes, until one fails.
    #[arg(long)]
    cases: Option<u64>,
    /// How long to run.
    #[arg(long, value_name = "M")]
    minutes: Option<f64>,
    /// Operators to run, by their names or parts of them; all by default.
    #[arg(long, value_name = "NAME")]
    operator: Vec<String>,
    /// Runs this case alone, and prints it and what became of it.
    #[arg(long, value_name = "NUMBER")]
    case: Option<u64>,
    /// Goes on after a failure, up to this many of them.
    #[arg(long, value_name = "N", default_value_t = 1)]
    failures: u64,
    /// Writes the layers that are right to this file, for `targets/firmware`.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Prints the operators' names and their shares of the cases.
    #[arg(long)]
    list: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut operators = operators();
    let wanted = |name: &str| {
        let parts = &arguments.operator;
        parts.is_empty() || parts.iter().any(|part| name.contains(part.as_str()))
    };
    operators.retain(|operator| wanted(operator.name));
    ensure!(!operators.is_empty(), "no operator is called {}", arguments.operator.join(" or "));
    if arguments.list {
        for operator in &operators {
            println!("{:22} {:3}", operator.name, operator.weight);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let cases = Cases::new(arguments.seed, operators);
    let shared = Shared::new().context("no memory to share with processes")?;
    nchw_cases::watch::limit(calibration::operation());
    nchw_cases::watch::observe(shared::observe);
    nchw_cases::watch::count_rare();
    if let Some(path) = &arguments.export {
        export::to(path).with_context(|| path.display().to_string())?;
    }

    if let Some(number) = arguments.case {
        return replay(&cases, shared, number);
    }
    let minutes = arguments.minutes.map(|minutes| Duration::from_secs_f64(60.0 * minutes));
    let last = arguments.cases.unwrap_or(u64::MAX);
    let (mut first, mut failures) = (0, 0);
    let start = std::time::Instant::now();
    while failures < arguments.failures {
        let left = minutes.map(|minutes| minutes.saturating_sub(start.elapsed()));
        match run_cases(&cases, shared, first..last, left) {
            End::Done => break,
            End::Failed { number, reason } => {
                progress::clear();
                let seconds = start.elapsed().as_secs_f64();
                println!("case {number} failed after {seconds:.1} s: {reason}");
                println!("  {}", cases.draw(number).1.rust());
                println!("again: {}", command(&arguments, number));
                shrink::shrink(&cases, shared, number, &reason);
                (first, failures) = (number + 1, failures + 1);
            }
        }
    }
    progress::table(&cases, shared, start.elapsed());
    if arguments.export.is_some() {
        println!("{} layers exported", shared.exported.load(Relaxed));
    }
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn command(arguments: &Arguments, number: u64) -> String {
    let operators = arguments.operator.iter().map(|name| format!(" --operator {name}"));
    format!("nchw-fuzz --seed {} --case {number}{}", arguments.seed, operators.collect::<String>())
}

fn replay(cases: &Cases, shared: &Shared, number: u64) -> anyhow::Result<ExitCode> {
    let (operator, case) = cases.draw(number);
    println!("{}: {}", cases.name(operator), case.rust());
    match run_cases(cases, shared, number..number + 1, None) {
        End::Done => {
            println!("{}", if shared.refused() == 0 { "is right" } else { "is refused" });
            Ok(ExitCode::SUCCESS)
        }
        End::Failed { reason, .. } => {
            println!("fails: {reason}");
            shrink::shrink(cases, shared, number, &reason);
            Ok(ExitCode::FAILURE)
        }
    }
}
