//! What the targets share: bytes are the choices that a strategy makes.

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
    let rng = TestRng::from_seed(RngAlgorithm::PassThrough, &extended(data));
    let config = Config { failure_persistence: None, ..Config::default() };
    let case = operator.draw(&mut TestRunner::new_with_rng(config, rng));
    // For the report, should it end there.
    LAST.set(case.rust());
    case.test();
}

/// Choices that no byte is left for are any: of zeros alone some would never be made.
fn extended(data: &[u8]) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = core::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    data.iter().copied().chain(words.flatten().take(1 << 14)).collect()
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
