//! What the targets share: the first byte chooses an operator, others are the seed of its case.

use nchw_cases::operators::{Operator, operators};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Operators whose names contain one of these.
pub fn family(names: &[&str]) -> Vec<Operator> {
    let mut family = operators();
    family.retain(|operator| names.iter().any(|name| operator.name.contains(name)));
    family
}

/// Runs the case that bytes describe, of the operator that the first of them says.
pub fn run(family: &[Operator], data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let operator = &family[usize::from(*first) % family.len()];
    // proptest's generator that passes bytes through halves what is left of them at every choice between strategies, and
    // does not end when there are none; so they are a seed, and what coverage leads to is which seeds to keep.
    let mut seed = [1; 16];
    seed.iter_mut().zip(data).for_each(|(seed, byte)| *seed ^= byte);
    let rng = TestRng::from_seed(RngAlgorithm::XorShift, &seed);
    let config = Config { failure_persistence: None, ..Config::default() };
    let case = operator.draw(&mut TestRunner::new_with_rng(config, rng));
    // For the report, should it end there.
    LAST.set(case.rust());
    case.test();
}

thread_local! {
    static LAST: core::cell::RefCell<String> = const { core::cell::RefCell::new(String::new()) };
}

/// Prints the case as Rust when a panic ends it.
pub fn print_panics() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        LAST.with_borrow(|case| eprintln!("{case}"));
        hook(panic);
    }));
}

/// A target: a family of operators.
#[macro_export]
macro_rules! target {
    ($($name:literal),*) => {
        use nchw_cases::operators::Operator;

        thread_local! {
            static FAMILY: Vec<Operator> = $crate::family(&[$($name),*]);
        }

        libfuzzer_sys::fuzz_target!(init: $crate::print_panics(), |data: &[u8]| {
            FAMILY.with(|family| $crate::run(family, data));
        });
    };
}
