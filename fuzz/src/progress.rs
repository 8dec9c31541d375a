//! What is printed on the way and at the end.

use std::io::{IsTerminal, Write, stderr};
use std::sync::OnceLock;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::draw::Cases;
use crate::shared::Shared;

/// A line that the next one replaces, on a terminal.
pub fn line(shared: &Shared) {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(Instant::now);
    if stderr().is_terminal() {
        let (cases, seconds) = (shared.cases(), start.elapsed().as_secs_f64());
        let rate = cases as f64 / seconds.max(0.1);
        eprint!("\r{cases} cases, {rate:.0} per second, {seconds:.0} s  ");
        // A terminal that is gone does not matter.
        let _ = stderr().flush();
    }
}

/// Ends such a line.
pub fn clear() {
    if stderr().is_terminal() {
        eprintln!();
    }
}

/// What ran of every operator.
pub fn table(cases: &Cases, shared: &Shared, time: Duration) {
    clear();
    println!("| operator | cases | refused | CPU s | worst error / typical | rarely more |");
    println!("|---|--:|--:|--:|--:|--:|");
    let (mut all, mut all_refused, mut all_seconds, mut all_rare) = (0, 0, 0.0, 0);
    for (name, counters) in cases.names().zip(&shared.counters) {
        let count = counters.cases.load(Relaxed);
        let refused = counters.refused.load(Relaxed);
        let seconds = counters.nanoseconds.load(Relaxed) as f64 / 1e9;
        let ratio = f64::from_bits(counters.ratio.load(Relaxed));
        let rare = counters.rare.load(Relaxed);
        let ratio = if name.ends_with("i8") { "exact".into() } else { format!("{ratio:.2}") };
        println!("| {name} | {count} | {refused} | {seconds:.1} | {ratio} | {rare} |");
        all += count;
        all_refused += refused;
        all_seconds += seconds;
        all_rare += rare;
    }
    println!("| all | {all} | {all_refused} | {all_seconds:.1} | | {all_rare} |");
    let seconds = time.as_secs_f64();
    println!("{all} cases in {seconds:.1} s, {:.0} per second", all as f64 / seconds.max(1e-3));
}
