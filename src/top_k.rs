//! The largest scores of a classifier.

use core::mem;

use heapless::Vec;

use crate::tensor::Element;

/// The `K` largest of `scores` and their indices, the largest first; PyTorch's `torch.topk`. All of them
/// if there are fewer than `K`.
///
/// Equal scores keep their order: the lower index comes first. A NaN counts as larger than every
/// number, as in PyTorch, so that it shows; several of them are equal. i8 scores of one
/// [`Quantization`](crate::Quantization) are in the order of what they mean.
///
/// Takes one comparison per score, and up to `K` steps for each that is among the largest so far. With
/// the feature `heapless`, whose `Vec` it returns. Iterate over a reference to it: its iterator by value
/// links a panic.
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.topk.html>.
///
/// ```
/// use nchw::{Tensor, top_k};
///
/// let scores = Tensor([[[0.1]], [[0.6]], [[0.1]], [[0.2]]]);
/// assert_eq!(top_k::<2, f32>(scores.as_slice()), [(1, 0.6), (3, 0.2)]);
///
/// for (class, score) in &top_k::<5, i8>(&[-100, 90, -100]) {
///     println!("class {class}: {score}"); // 1: 90, 0: -100, 2: -100
/// }
/// ```
pub fn top_k<const K: usize, T: Element + PartialOrd>(scores: &[T]) -> Vec<(usize, T), K> {
    let mut best = Vec::<(usize, T), K>::new();
    for (index, &score) in scores.iter().enumerate() {
        if best.is_full() && best.last().is_none_or(|&(_, last)| !is_above(score, last)) {
            continue;
        }
        let place = best.iter().take_while(|&&(_, other)| !is_above(score, other)).count();
        // Everything from `place` on moves back by one, and the last falls out if there is no room.
        let mut moved = (index, score);
        best.iter_mut().skip(place).for_each(|other| mem::swap(other, &mut moved));
        let _ = best.push(moved);
    }
    best
}

/// `a > b`, where a NaN is above every number and equal to itself.
fn is_above<T: PartialOrd>(a: T, b: T) -> bool {
    match a.partial_cmp(&b) {
        Some(order) => order.is_gt(),
        // Only a number equals itself.
        None => b.partial_cmp(&b).is_some(),
    }
}
