//! Winograd's method, which in i8 is exact: sizes around the edges of tiles, of vectors and blocks of tiles, and of
//! blocks of channels.

use nchw::{
    Algorithm, Backend, Conv2d, Int8Parameters, Quantization, Requantization, Rounding, WeightScale,
};
use nchw_test_support::check;
use proptest::prelude::*;
use proptest::sample::select;

use crate::conv::{run, test};
use crate::geometry::{grouping, shrink, sides};
use crate::weighted::numbers_of_layer;

/// Multiplications that a case may take.
const BUDGET: usize = 200_000;

/// A height or width.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => 1..=13_usize,
        2 => select(vec![15, 16, 17, 18, 31, 32, 33, 34, 35]),
        1 => select(vec![47, 48, 49, 65, 127, 128, 129, 130, 131, 258]),
    ]
}

/// Groups, and input and output channels of each.
fn channels() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![
        3 => grouping(),
        2 => [1..=3_usize, 1..=20, 1..=20],
        1 => [1..=1_usize, 60..=140, 1..=9],
    ]
}

fn spec() -> impl Strategy<Value = Conv2d> {
    let dilation = prop_oneof![3 => Just([1, 1]), 1 => [1..=4_usize, 1..=4_usize]];
    (channels(), [size(), size()], sides(3), dilation).prop_map(
        |([groups, inputs, outputs], mut size, mut sides, dilation)| {
            shrink(9 * groups * inputs * outputs, BUDGET, &mut size);
            for axis in 0..2 {
                let padded = size[axis] + sides[axis] + sides[axis + 2];
                sides[axis] += (2 * dilation[axis] + 1).saturating_sub(padded);
            }
            Conv2d::new([groups * inputs, size[0], size[1]], groups * outputs, [3, 3])
                .padding_sides(sides)
                .groups(groups)
                .dilation(dilation)
                .algorithm(Algorithm::Winograd2)
        },
    )
}

#[test]
fn winograd() {
    check(10_000, (spec(), numbers_of_layer()), test);
}

/// Rows so long that they are taken apart, some parts of which lie outside the input.
#[test]
fn wide_padding() {
    let sides = [0..=3_usize, 0..=330, 0..=3, 0..=330];
    let spec = ([1..=3_usize, 1..=5], [1..=5_usize, 3..=170], sides).prop_map(
        |([inputs, outputs], [height, width], mut sides)| {
            sides[0] += 3_usize.saturating_sub(height);
            Conv2d::new([inputs, height, width], outputs, [3, 3])
                .padding_sides(sides)
                .algorithm(Algorithm::Winograd2)
        },
    );
    check(200, (spec, numbers_of_layer()), test);
}

/// The largest sums there can be, in the deepest convolution there is.
#[test]
fn the_deepest() {
    const DEEPEST: usize = 1820;
    // Whether numbers are positive, by row and column: what makes sums large at one or another position of a tile.
    let signs: [fn(usize, usize) -> bool; 6] = [
        |_, _| true,
        |_, _| false,
        |row, _| row % 4 < 2,
        |_, column| column % 4 < 2,
        |row, column| (row % 4 < 2) == (column % 4 < 2),
        |row, column| (row % 2 == 0) == (column % 2 == 0),
    ];
    let extreme = |positive| if positive { 127 } else { -128 };
    let numbers =
        [(0, Rounding::FixedDouble), (-128, Rounding::FixedSingle), (127, Rounding::OnnxFloat)];
    for (index, of_weight) in signs.into_iter().enumerate() {
        let (zero_point, rounding) = numbers[index % 3];
        let input = Quantization { scale: 1.0, zero_point };
        let output = Quantization { scale: 3e6, zero_point: 2 };
        let spec = Conv2d::new([DEEPEST, 4, 4], 5, [3, 3])
            .padding([1, 1])
            .requantization(Requantization::new(input, output).rounding(rounding));
        let weight: Vec<i8> =
            (0..5 * DEEPEST * 9).map(|at| extreme(of_weight(at % 9 / 3, at % 3))).collect();
        let bias = [5, -7, i32::MAX / 8, i32::MIN / 8, 0];
        let pack = |algorithm| {
            let plan = spec.algorithm(algorithm).plan::<i8>().unwrap();
            let mut packed = vec![0; plan.packed_len()];
            let scale = WeightScale::PerTensor(1.0);
            plan.pack(&weight, &Int8Parameters { bias: Some(&bias), scale }, &mut packed).unwrap();
            (plan, packed)
        };
        let (direct, winograd) = (pack(Algorithm::Direct), pack(Algorithm::Winograd2));
        for of_input in signs {
            let x: Vec<i8> =
                (0..DEEPEST * 16).map(|at| extreme(of_input(at % 16 / 4, at % 4))).collect();
            let want = run(&direct.0, &direct.1, &x);
            for backend in Backend::available() {
                let plan = winograd.0.backend(backend).unwrap();
                assert_eq!(run(&plan, &winograd.1, &x), want, "{backend:?} {rounding:?}");
            }
        }
    }
}
