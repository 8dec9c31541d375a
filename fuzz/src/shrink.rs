//! Makes a case that fails as small as one can that fails as well.

use std::time::{Duration, Instant};

use crate::draw::Cases;
use crate::process::{Reason, run_case};
use crate::shared::Shared;

/// How long to try.
const TIME: Duration = Duration::from_secs(15);

/// Prints the smallest case like number `number` that fails, as Rust.
pub fn shrink(cases: &Cases, shared: &Shared, number: u64, reason: &Reason) {
    let start = Instant::now();
    let (_, mut case) = cases.draw(number);
    let (mut smallest, mut why) = (case.rust(), reason.clone());
    let mut more = case.simplify();
    while more && start.elapsed() < TIME {
        more = match run_case(&*case, shared) {
            Ok(()) => case.complicate(),
            Err(reason) => {
                (smallest, why) = (case.rust(), reason);
                case.simplify()
            }
        };
    }
    println!("smallest: {why}\n\n    {smallest}\n");
}
