//! Data from a seed.

use std::ops::RangeInclusive;

/// A generator whose output depends on its seed alone.
#[derive(Clone, Debug)]
pub struct Random(fastrand::Rng);

impl Random {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// `len` values in [-1, 1).
    pub fn f32s(&mut self, len: usize) -> Vec<f32> {
        self.f32s_in(len, -1.0, 1.0)
    }

    /// `len` values from `low` to `high`, such as variances, which must be positive.
    pub fn f32s_in(&mut self, len: usize, low: f32, high: f32) -> Vec<f32> {
        (0..len).map(|_| low + (high - low) * self.0.f32()).collect()
    }

    /// `len` values over the whole range of i8.
    pub fn i8s(&mut self, len: usize) -> Vec<i8> {
        (0..len).map(|_| self.0.i8(..)).collect()
    }

    /// `len` values in `range`.
    pub fn i32s(&mut self, len: usize, range: RangeInclusive<i32>) -> Vec<i32> {
        (0..len).map(|_| self.0.i32(range.clone())).collect()
    }

    /// A size or parameter in `range`.
    pub fn size(&mut self, range: RangeInclusive<usize>) -> usize {
        self.0.usize(range)
    }

    /// One of `choices`.
    pub fn choice<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.usize(..choices.len())]
    }
}

/// How many cases a property runs: `cases`, or as many more as `NCHW_CASES` asks for, and no more than
/// `NCHW_CASES_AT_MOST`, which is for slow machines.
///
/// # Panics
///
/// If one of them is set, and not to a number.
pub fn cases(cases: u32) -> u32 {
    let number = |name| -> Option<u32> {
        let text = std::env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
    };
    let cases = cases.max(number("NCHW_CASES").unwrap_or(0));
    cases.min(number("NCHW_CASES_AT_MOST").unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_sequence() {
        assert_eq!(Random::new(7).f32s(100), Random::new(7).f32s(100));
        assert_ne!(Random::new(7).f32s(100), Random::new(8).f32s(100));
    }

    #[test]
    fn values_fill_their_range() {
        let mut random = Random::new(1);
        let values = random.f32s(1000);
        assert!(values.iter().all(|v| (-1.0..=1.0).contains(v)));
        assert!(values.iter().any(|v| *v < -0.9) && values.iter().any(|v| *v > 0.9));
        assert!(random.f32s_in(1000, 0.5, 2.0).iter().all(|v| (0.5..=2.0).contains(v)));
        let bytes = random.i8s(10_000);
        assert!(bytes.contains(&i8::MIN) && bytes.contains(&i8::MAX));
        assert!(random.i32s(1000, -3..=4).iter().all(|v| (-3..=4).contains(v)));
        assert!((0..1000).all(|_| (2..=5).contains(&random.size(2..=5))));
        assert!((0..100).all(|_| [3, 9].contains(&random.choice(&[3, 9]))));
    }
}
