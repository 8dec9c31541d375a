//! Convolution by Winograd's method: sizes around the edges of tiles, of segments and blocks of tiles, and
//! of blocks of channels.

use nchw::{Algorithm, Conv2d, Padding};
use proptest::prelude::*;
use proptest::sample::select;

use crate::common::{Norm, activation, check, norm, sides};
use crate::conv::{Case, test};

/// Multiplications that a case may take.
const BUDGET: usize = 400_000;

/// A height or width.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 1..=13_usize,
        2 => select(vec![15, 16, 17, 19, 23, 24, 25, 29]),
        // Segments have 32 outputs.
        2 => 30..=37_usize,
        1 => select(vec![63, 64, 65, 66, 67, 127, 130]),
    ]
}

/// Channels in and out of a group; 16 are transformed and 64 summed up at a time.
fn channels() -> impl Strategy<Value = usize> {
    prop_oneof![
        5 => 1..=9_usize,
        3 => select(vec![11, 13, 15, 16, 17, 24, 29, 31, 32, 33]),
        1 => select(vec![63, 64, 65, 127, 129, 130]),
    ]
}

fn spec() -> impl Strategy<Value = Conv2d> {
    let groups = prop_oneof![3 => Just(1_usize), 1 => 2..=5_usize];
    let channels = (groups, channels(), channels());
    let algorithm = select(vec![Algorithm::Winograd2, Algorithm::Winograd4]);
    let dilation = prop_oneof![3 => Just([1, 1]), 1 => [1..=4_usize, 1..=4_usize]];
    let window = (sides(4), any::<bool>(), dilation);
    (channels, [size(), size()], window, algorithm, activation(true)).prop_map(
        |(
            (groups, inputs, mut outputs),
            mut size,
            (mut sides, same, dilation),
            algorithm,
            activation,
        )| {
            // Few outputs rather than few inputs or a small plane.
            while outputs > 1 && 9 * groups * inputs * outputs * size[0] * size[1] > BUDGET {
                outputs = outputs.div_ceil(2);
            }
            while 9 * groups * inputs * outputs * size[0] * size[1] > BUDGET && size != [1, 1] {
                let longer = usize::from(size[0] < size[1]);
                size[longer] = size[longer].div_ceil(2);
            }
            for axis in 0..2 {
                let padded = size[axis] + sides[axis] + sides[axis + 2];
                sides[axis] += (2 * dilation[axis] + 1).saturating_sub(padded);
            }
            let spec = Conv2d::new([groups * inputs, size[0], size[1]], groups * outputs, [3, 3])
                .groups(groups)
                .dilation(dilation)
                .algorithm(algorithm)
                .activation(activation);
            Conv2d { padding: if same { Padding::Same } else { Padding::Sides(sides) }, ..spec }
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    (spec(), any::<bool>(), norm(), norm(), any::<u64>()).prop_map(
        |(spec, bias, norm, input_norm, seed)| {
            let padded = spec.padding != Padding::VALID;
            let input_norm = input_norm.map(|norm| if padded { Norm::Unshifted } else { norm });
            Case { spec, bias, input_norm, norm, special: false, seed }
        },
    )
}

#[test]
fn winograd() {
    check(6_000, case(), test);
}
