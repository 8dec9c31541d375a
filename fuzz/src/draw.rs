//! Which case a number means.

use nchw_cases::operators::{Drawn, Operator};
use nchw_test_support::region::{self, Side};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// All cases of a seed.
pub struct Cases {
    seed: u64,
    operators: Vec<Operator>,
    /// The operators of consecutive cases, again and again.
    turns: Vec<usize>,
}

impl Cases {
    pub fn new(seed: u64, operators: Vec<Operator>) -> Self {
        // In turn, as long as their weights last.
        let most = operators.iter().map(|operator| operator.weight).max().unwrap_or(0);
        let turns = (0..most)
            .flat_map(|turn| (0..operators.len()).map(move |operator| (turn, operator)))
            .filter(|(turn, operator)| *turn < operators[*operator].weight)
            .map(|(_, operator)| operator)
            .collect();
        Self { seed, operators, turns }
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.operators.iter().map(|operator| operator.name)
    }

    pub fn name(&self, operator: usize) -> &'static str {
        self.operators[operator].name
    }

    /// The operator and the case of a number, whose buffers from now on lie beside a page that may not be accessed, in
    /// turn before and behind it.
    pub fn draw(&self, number: u64) -> (usize, Box<dyn Drawn>) {
        let turns = self.turns.len() as u64;
        let operator = self.turns[(number % turns) as usize];
        let side = if (number / turns).is_multiple_of(2) { Side::Behind } else { Side::Before };
        region::place(Some(side));

        let bytes: Vec<u8> = [self.seed, number].iter().flat_map(|n| mixed(*n)).collect();
        let rng = TestRng::from_seed(RngAlgorithm::XorShift, &bytes);
        let config = Config { failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, rng);
        (operator, self.operators[operator].draw(&mut runner))
    }
}

/// Bytes all of which depend on all of a number, which a generator without a good seed needs (SplitMix64).
fn mixed(number: u64) -> [u8; 8] {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ mixed >> 31).to_le_bytes()
}
