//! How properties are run.

use core::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::random::cases;

/// Runs `test` on `count` values of `strategy`, or as many as the environment asks for, always the same ones
/// unless `PROPTEST_RNG_SEED` chooses others.
///
/// # Panics
///
/// If `test` does, with the smallest value found on which it does.
#[track_caller]
pub fn check<S>(count: u32, strategy: S, test: impl Fn(&S::Value))
where
    S: Strategy,
    S::Value: Clone + Debug,
{
    let default = Config::default();
    let config = Config {
        cases: cases(count),
        failure_persistence: None,
        rng_seed: match default.rng_seed {
            RngSeed::Random => RngSeed::Fixed(1),
            fixed => fixed,
        },
        ..default
    };
    let result = TestRunner::new(config).run(&strategy, |case| {
        test(&case);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
