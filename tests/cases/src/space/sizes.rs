//! Sizes at, below or above the edges of vectors, tiles, blocks and chunks.

use proptest::prelude::*;
use proptest::sample::select;

/// Beside vectors of 4 to 16 elements, tiles and pairs of them.
const TILES: [usize; 18] = [10, 11, 12, 13, 15, 16, 17, 19, 23, 24, 25, 27, 29, 31, 32, 33, 35, 37];

/// Beside groups of 48 outputs, strips of 64, and sums of 72 and 147.
const STRIPS: [usize; 22] =
    [47, 48, 49, 53, 63, 64, 65, 71, 72, 73, 79, 80, 81, 95, 96, 97, 127, 128, 129, 139, 147, 148];

/// A height or width.
pub fn edge() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![
        8 => 1..=9_usize,
        4 => select(&TILES[..]),
        2 => select(&STRIPS[..]),
        1 => 1..=140_usize,
    ]
}

/// A number of channels.
pub fn channels() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![
        12 => 1..=5_usize,
        5 => select(&[7, 8, 9][..]),
        2 => select(&TILES[..]),
        1 => select(&STRIPS[..]),
    ]
}

/// `[height, width]`, at times of one row or one column, or of few long rows.
pub fn plane() -> impl Strategy<Value = [usize; 2]> + Clone {
    prop_oneof![
        6 => [edge(), edge()],
        1 => (1..=2_usize, select(&STRIPS[..])).prop_map(|(height, width)| [height, width]),
        1 => edge().prop_map(|width| [1, width]),
        1 => edge().prop_map(|height| [height, 1]),
    ]
}

/// `[channels, height, width]` of some thousand elements at most.
pub fn shape() -> impl Strategy<Value = [usize; 3]> + Clone {
    (channels(), plane(), budget(), any::<u8>()).prop_map(|(channels, plane, budget, order)| {
        let mut shape = [channels, plane[0], plane[1]];
        fit(&mut shape, budget / 8, order);
        shape
    })
}

/// Multiplications of a case, seldom many.
pub fn budget() -> impl Strategy<Value = usize> + Clone {
    prop_oneof![8 => Just(6_000), 6 => Just(20_000), 1 => Just(100_000)]
}

/// Makes sizes smaller, one after the other from `order` on, until their product is within `budget`.
pub fn fit(sizes: &mut [usize], budget: usize, order: u8) {
    for turn in 0..sizes.len() {
        let at = (usize::from(order) + turn) % sizes.len();
        let others = sizes.iter().enumerate().filter(|(other, _)| *other != at);
        let others: usize = others.map(|(_, size)| *size).product();
        // What is 0 stays so.
        sizes[at] = sizes[at].min((budget / others.max(1)).max(1));
    }
}

/// Groups, and input and output channels of each.
pub fn grouping() -> impl Strategy<Value = [usize; 3]> + Clone {
    prop_oneof![
        5 => (channels(), channels()).prop_map(|(inputs, outputs)| [1, inputs, outputs]),
        2 => (2..=4_usize, 1..=5_usize, 1..=9_usize)
            .prop_map(|(groups, inputs, outputs)| [groups, inputs, outputs]),
        3 => (channels(), prop_oneof![3 => Just(1), 1 => 2..=5_usize])
            .prop_map(|(groups, multiplier)| [groups, 1, multiplier]),
    ]
}

/// Two of `values`.
pub fn pair(
    values: impl Strategy<Value = usize> + Clone,
) -> impl Strategy<Value = [usize; 2]> + Clone {
    [values.clone(), values]
}

/// Four sides, often none, often all the same.
pub fn sides(largest: usize) -> impl Strategy<Value = [usize; 4]> + Clone {
    prop_oneof![
        2 => Just([0; 4]),
        2 => (0..=largest).prop_map(|side| [side; 4]),
        4 => [0..=largest, 0..=largest, 0..=largest, 0..=largest],
        1 => ([0..=largest, 0..=largest]).prop_map(|[h, w]| [h, w, h, w]),
    ]
}

/// True in `of` of 32 cases.
pub fn rarely(of: u32) -> impl Strategy<Value = bool> + Clone {
    (0..32_u32).prop_map(move |n| n >= 32 - of)
}

/// How a window slides, `[height, width]` each.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
}

/// A window, with a dilation or without.
pub fn window(dilated: bool) -> impl Strategy<Value = Window> + Clone {
    let size = || {
        prop_oneof![
            3 => Just(1_usize),
            3 => Just(3),
            4 => 1..=7_usize,
            1 => 8..=13_usize,
        ]
    };
    let kernel = prop_oneof![
        12 => [size(), size()],
        3 => Just([1, 1]),
        5 => Just([3, 3]),
        2 => Just([5, 5]),
        2 => Just([2, 2]),
        1 => size().prop_map(|width| [1, width]),
        1 => size().prop_map(|height| [height, 1]),
        1 => prop_oneof![Just([31, 1]), Just([1, 31]), Just([13, 13])],
    ];
    let step =
        || prop_oneof![5 => Just(1_usize), 3 => Just(2), 2 => 3..=5_usize, 1 => 6..=40_usize];
    let stride = prop_oneof![2 => Just([1, 1]), 2 => Just([2, 2]), 4 => [step(), step()]];
    let spread = prop_oneof![3 => Just([1, 1]), 2 => [step(), step()]];
    let dilation = spread.prop_map(move |dilation| if dilated { dilation } else { [1, 1] });
    (kernel, stride, dilation).prop_map(|(kernel, stride, dilation)| Window {
        kernel,
        stride,
        dilation,
    })
}

impl Window {
    /// What the dilated kernel covers.
    pub fn extent(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1) + 1
    }
}
