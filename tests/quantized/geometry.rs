//! Sizes, at, below or above the edges of tiles of 8 columns and blocks of 4 channels.

use proptest::prelude::*;
use proptest::sample::select;

/// A height or width.
pub(crate) fn edge() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => select(vec![1, 2, 3, 4, 5, 7, 8, 9]),
        2 => select(vec![11, 13, 15, 16, 17, 19]),
    ]
}

/// A number of channels.
pub(crate) fn channels() -> impl Strategy<Value = usize> {
    prop_oneof![5 => 1..=5_usize, 2 => select(vec![7, 8, 9]), 1 => select(vec![15, 16, 17])]
}

/// `[channels, height, width]`.
pub(crate) fn shape() -> impl Strategy<Value = [usize; 3]> {
    (channels(), edge(), edge()).prop_map(|(channels, height, width)| [channels, height, width])
}

/// Groups, and input and output channels of each.
pub(crate) fn grouping() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![
        5 => (channels(), channels()).prop_map(|(inputs, outputs)| [1, inputs, outputs]),
        2 => [2..=4_usize, 1..=5, 1..=9],
        3 => (channels(), 1..=5_usize).prop_map(|(groups, multiplier)| [groups, 1, multiplier]),
    ]
}

/// Four sides, often none.
pub(crate) fn sides(largest: usize) -> impl Strategy<Value = [usize; 4]> {
    prop_oneof![
        2 => Just([0; 4]),
        1 => (0..=largest).prop_map(|side| [side; 4]),
        4 => [0..=largest, 0..=largest, 0..=largest, 0..=largest],
    ]
}

/// How a window slides, `[height, width]` each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
}

pub(crate) fn window(dilations: Vec<usize>) -> impl Strategy<Value = Window> {
    let kernel =
        || prop_oneof![2 => Just(1_usize), 3 => Just(3), 3 => 1..=5_usize, 1 => 6..=7_usize];
    let stride = || select(vec![1_usize, 1, 1, 2, 2, 3, 4]);
    let dilation = || select(dilations.clone());
    ([kernel(), kernel()], [stride(), stride()], [dilation(), dilation()])
        .prop_map(|(kernel, stride, dilation)| Window { kernel, stride, dilation })
}

impl Window {
    /// What the dilated kernel covers.
    pub(crate) fn extent(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1) + 1
    }
}

/// Halves height and width until `per_pixel` times the pixels is no more than `budget`.
pub(crate) fn shrink(per_pixel: usize, budget: usize, size: &mut [usize; 2]) {
    // Wide inputs matter more than tall ones.
    while per_pixel * size[0] * size[1] > budget && *size != [1, 1] {
        let longer = usize::from(size[0] == 1);
        size[longer] = size[longer].div_ceil(2);
    }
}
