//! Every kernel with weights at the edges of its tiles, blocks and vectors: not at random, but each size with each.

use nchw::{Algorithm, Conv2d, ConvTranspose2d, Linear};
use nchw_cases::Outcome;
use nchw_cases::float::{conv, conv_transpose, linear};

/// Widths and channels: beside vectors of 4, 8 and 16, beside groups of 48 outputs, and primes.
const SIZES: [usize; 14] = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 47, 48, 49];

/// Pixels of planes that are one long row: beside strips of 64, and beside vectors at their ends.
const PIXELS: [usize; 13] = [1, 31, 63, 64, 65, 71, 72, 73, 79, 80, 81, 127, 129];

/// What makes a layer of input channels, output channels and a width.
enum Make {
    Conv(fn(usize, usize, usize) -> Conv2d),
    /// As many channels out as in.
    Depthwise(fn(usize, usize) -> Conv2d),
    Transposed(fn(usize, usize, usize) -> ConvTranspose2d),
}

use Make::{Conv, Depthwise, Transposed};

fn square(kernel: usize, inputs: usize, outputs: usize, width: usize) -> Conv2d {
    let padding = kernel / 2;
    Conv2d::new([inputs, 3, width], outputs, [kernel; 2]).padding([padding; 2])
}

fn depthwise(kernel: usize, stride: usize, channels: usize, width: usize) -> Conv2d {
    let spec = Conv2d::new([channels, 9, width], channels, [kernel; 2]).groups(channels);
    spec.padding([kernel / 2; 2]).stride([stride; 2])
}

/// Every kernel, by a name for the case that fails.
const KERNELS: &[(&str, &[usize], Make)] = &[
    ("direct", &SIZES, Conv(|i, o, w| square(3, i, o, w).algorithm(Algorithm::Direct))),
    ("direct, stride 2", &SIZES, Conv(|i, o, w| square(3, i, o, w).stride([2, 2]))),
    (
        "direct, dilation 2",
        &SIZES,
        Conv(|i, o, w| square(3, i, o, w).padding([2, 2]).dilation([2, 2])),
    ),
    ("pointwise", &PIXELS, Conv(|i, o, w| Conv2d::new([i, 1, w], o, [1, 1]))),
    ("winograd2", &SIZES, Conv(|i, o, w| square(3, i, o, w).algorithm(Algorithm::Winograd2))),
    ("winograd4", &SIZES, Conv(|i, o, w| square(3, i, o, w).algorithm(Algorithm::Winograd4))),
    ("depthwise 3x3", &SIZES, Depthwise(|c, w| depthwise(3, 1, c, w))),
    ("depthwise 3x3, stride 2", &SIZES, Depthwise(|c, w| depthwise(3, 2, c, w))),
    ("depthwise 5x5", &SIZES, Depthwise(|c, w| depthwise(5, 1, c, w))),
    ("depthwise 5x5, stride 2", &SIZES, Depthwise(|c, w| depthwise(5, 2, c, w))),
    (
        "transposed 2x2, stride 2",
        &SIZES,
        Transposed(|i, o, w| ConvTranspose2d::new([i, 2, w], o, [2, 2]).stride([2, 2])),
    ),
    (
        "transposed 3x3",
        &SIZES,
        Transposed(|i, o, w| ConvTranspose2d::new([i, 2, w], o, [3, 3]).padding([1, 1])),
    ),
];

fn conv(spec: Conv2d) -> Outcome {
    let (bias, special, seed) = (true, false, spec.input[2] as u64);
    conv::test(&conv::Case { spec, bias, input_norm: None, norm: None, special, seed })
}

fn transposed(spec: ConvTranspose2d) -> Outcome {
    let (bias, special, seed) = (true, false, spec.input[2] as u64);
    let (input_norm, norm) = (None, None);
    conv_transpose::test(&conv_transpose::Case { spec, bias, input_norm, norm, special, seed })
}

#[test]
fn kernels_at_the_edges_of_their_tiles() {
    for (name, widths, make) in KERNELS {
        for &channels in &SIZES {
            for &width in *widths {
                println!("{name}: {channels} channels, width {width}");
                let outcomes = match make {
                    Conv(make) => [conv(make(2, channels, width)), conv(make(channels, 5, width))],
                    Depthwise(make) => [conv(make(channels, width)); 2],
                    Transposed(make) => {
                        [transposed(make(2, channels, width)), transposed(make(channels, 5, width))]
                    }
                };
                assert!(outcomes == [Outcome::Ran; 2], "{name} was refused");
            }
            // What was at its edge in one direction meets what was in the other.
            for &outputs in &SIZES {
                println!("{name}: {channels} to {outputs} channels");
                let outcome = match make {
                    Conv(make) => conv(make(channels, outputs, 6)),
                    Depthwise(_) => continue,
                    Transposed(make) => transposed(make(channels, outputs, 6)),
                };
                assert!(outcome == Outcome::Ran, "{name} was refused");
            }
        }
    }
}

#[test]
fn linear_layers_at_the_edges_of_their_blocks() {
    for inputs in SIZES.into_iter().chain([71, 72, 73, 143, 145]) {
        for outputs in SIZES {
            println!("{inputs} to {outputs} features");
            let (spec, seed) = (Linear::new([inputs, 1, 1], outputs), inputs as u64);
            let case = linear::Case {
                spec,
                bias: true,
                input_norm: None,
                norm: None,
                special: false,
                seed,
            };
            assert!(linear::test(&case) == Outcome::Ran, "refused");
        }
    }
}

/// Beside what one chunk of input channels holds, so that what a pass adds to outputs that are there already, in whole
/// and in part vectors, is met too.
#[test]
fn many_input_channels_at_the_edges() {
    for inputs in [71, 72, 73, 144, 145, 147, 148] {
        for width in [16, 17, 23, 28, 31, 64, 67, 79] {
            println!("{inputs} channels, width {width}");
            let outcomes = [
                conv(Conv2d::new([inputs, 1, width], 17, [1, 1])),
                transposed(ConvTranspose2d::new([inputs, 1, width], 9, [2, 2]).stride([2, 2])),
            ];
            assert!(outcomes == [Outcome::Ran; 2], "refused");
        }
        // Beside rows of twelve tiles.
        for tiles in [1, 2, 3, 4, 5, 11, 12, 13, 14, 15, 24, 25, 37] {
            println!("{inputs} channels, {tiles} tiles");
            let square = |width| Conv2d::new([inputs, 2, width], 17, [3, 3]).padding([1, 1]);
            let outcomes = [
                conv(square(2 * tiles).algorithm(Algorithm::Winograd2)),
                conv(square(4 * tiles).algorithm(Algorithm::Winograd4)),
            ];
            assert!(outcomes == [Outcome::Ran; 2], "refused");
        }
    }
}
