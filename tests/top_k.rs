//! The largest scores, against a sort of all of them.

use core::cmp::Ordering;

use nchw::top_k;
use proptest::collection::vec;
use proptest::prelude::*;

/// Every score with its index, in the order of `before`; a stable sort keeps the lower index first.
fn sorted<T: Copy>(scores: &[T], before: impl Fn(&T, &T) -> Ordering) -> Vec<(usize, T)> {
    let mut all: Vec<_> = scores.iter().copied().enumerate().collect();
    all.sort_by(|(_, a), (_, b)| before(a, b));
    all
}

/// Descending, NaN first, zeros of both signs equal.
fn descending(a: &f32, b: &f32) -> Ordering {
    b.partial_cmp(a).unwrap_or(b.is_nan().cmp(&a.is_nan()))
}

/// With NaN as a number that equals itself.
fn bits(scores: &[(usize, f32)]) -> Vec<(usize, u32)> {
    scores.iter().map(|(index, score)| (*index, score.to_bits())).collect()
}

/// Few different numbers, so that many are equal, and all that are special.
fn score() -> impl Strategy<Value = f32> {
    prop_oneof![
        (-3..3_i8).prop_map(f32::from),
        any::<f32>(),
        Just(f32::NAN),
        Just(-f32::NAN),
        Just(f32::INFINITY),
        Just(f32::NEG_INFINITY),
        Just(-0.0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn of_i8_equals_a_sort(scores in vec(-8..8_i8, 0..40)) {
        let all = sorted(&scores, |a, b| b.cmp(a));
        prop_assert_eq!(&top_k::<1, i8>(&scores), &all[..all.len().min(1)]);
        prop_assert_eq!(&top_k::<5, i8>(&scores), &all[..all.len().min(5)]);
        prop_assert_eq!(&top_k::<40, i8>(&scores), &all[..]);
    }

    #[test]
    fn of_f32_equals_a_sort(scores in vec(score(), 0..40)) {
        let all = sorted(&scores, descending);
        prop_assert_eq!(bits(&top_k::<1, f32>(&scores)), bits(&all[..all.len().min(1)]));
        prop_assert_eq!(bits(&top_k::<5, f32>(&scores)), bits(&all[..all.len().min(5)]));
        prop_assert_eq!(bits(&top_k::<40, f32>(&scores)), bits(&all));
    }
}

#[test]
fn equal_scores_keep_their_order() {
    assert_eq!(top_k::<3, i8>(&[1, 2, 1, 2, 2]), [(1, 2), (3, 2), (4, 2)]);
    assert_eq!(top_k::<2, f32>(&[-0.0, 0.0, -1.0]), [(0, -0.0), (1, 0.0)]);
}

#[test]
fn a_nan_is_above_every_number() {
    let best = top_k::<3, f32>(&[1.0, f32::INFINITY, f32::NAN, 2.0, f32::NAN]);
    assert_eq!(best.iter().map(|best| best.0).collect::<Vec<_>>(), [2, 4, 1]);
}

#[test]
fn fewer_scores_than_asked_for() {
    assert_eq!(top_k::<4, i8>(&[-128, 127]), [(1, 127), (0, -128)]);
    assert!(top_k::<4, i8>(&[]).is_empty());
    assert!(top_k::<0, i8>(&[1, 2]).is_empty());
}
