//! The space of layers that the tests of `nchw` draw from: what there is of every operator, and what each of them has
//! to compute.
//!
//! The property tests take a fixed sequence of cases from it, the fuzzer (`fuzz/`) as many as there is time for, and
//! its coverage-guided targets those that bytes describe. So there is one description of shapes, of PyTorch's rules,
//! and of results.
//!
//! - [`space`]: sizes and windows, at the edges of tiles and far beyond; which of them PyTorch takes.
//! - [`float`], [`int8`]: a type of case for every operator, its strategy, and its test against the oracle.

//! - [`other`]: layers in jobs, buffers of wrong lengths, weights that mean nothing, files, plans of memory.
//! - [`operators`]: all of them, behind one type.
//! - [`rust`]: a case as a line of Rust.
//! - [`export`]: cases for other machines.
//! - [`watch`]: what a case is doing, and how long that may take.

pub mod export;
pub mod float;
pub mod int8;
pub mod met;
pub mod operators;
pub mod other;

pub mod rust;
pub mod space;
pub mod watch;

use core::cell::Cell;
use core::fmt::Debug;

use proptest::strategy::Strategy;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran, and its result is right.
    Ran,
    /// It was refused, and rightly so.
    Refused,
}

/// A layer with what goes into it.
pub trait Case: Clone + Debug {
    /// Runs it on every back-end.
    ///
    /// # Panics
    ///
    /// If there is anything wrong with it.
    fn test(&self) -> Outcome;

    /// Itself as Rust.
    fn rust(&self) -> String;
}

/// Runs `cases` cases, or as many as the environment asks for, of which at least three in four have to be valid.
#[track_caller]
pub fn check<S>(cases: u32, strategy: S)
where
    S: Strategy,
    S::Value: Case,
{
    let (all, ran) = (Cell::new(0_u32), Cell::new(0_u32));
    nchw_test_support::check(cases, strategy, |case| {
        let outcome = case.test();
        all.set(all.get() + 1);
        ran.set(ran.get() + u32::from(outcome == Outcome::Ran));
    });
    let (all, ran) = (all.get(), ran.get());
    println!("{ran} of {all} cases are valid");
    assert!(ran >= all / 4 * 3, "only {ran} of {all} cases are valid");
}
