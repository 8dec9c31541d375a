//! Every i8 kernel with weights at the edges of its tiles and blocks: not at random, but each size with each.

use nchw::{Conv2d, ConvTranspose2d, Linear, Quantization, Rounding};
use nchw_cases::Case;
use nchw_cases::int8::common::Fused;
use nchw_cases::int8::io::Io;
use nchw_cases::int8::weighted::{Bias, Numbers, Scaling};
use nchw_cases::int8::{conv, conv_transpose, linear};

/// Widths and channels: beside vectors of 4, 8, 16 and 32, beside groups of 48 outputs, and primes.
const SIZES: [usize; 16] = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49];

/// Numbers of a layer, with each rounding in turn.
fn numbers(seed: usize) -> Numbers {
    let roundings = [Rounding::FixedDouble, Rounding::FixedSingle, Rounding::OnnxFloat];
    let [input, output] =
        [(0.05, -3), (0.4, 7)].map(|(scale, zero_point)| Quantization { scale, zero_point });
    let io = Io::new(input, output, roundings[seed % roundings.len()]);
    let (scaling, bias, fused) = (Scaling::PerChannel, Bias::Moderate, Fused::None);
    Numbers { io, fused, scaling, bias, reach: 60.0, seed: seed as u64 }
}

#[test]
fn kernels_at_the_edges_of_their_tiles() {
    let square = |i, o, w| Conv2d::new([i, 3, w], o, [3, 3]).padding([1, 1]);
    let pointwise = |i, o, w| Conv2d::new([i, 1, w], o, [1, 1]);
    let depthwise = |c, k, w| Conv2d::new([c, 3, w], c, [k, k]).padding([k / 2; 2]).groups(c);
    let plane = |h, w| Conv2d::new([2, h, w], 2, [3, 3]).padding([1, 1]).groups(2);
    let transposed = |i, o, w| ConvTranspose2d::new([i, 2, w], o, [3, 3]).stride([2, 2]);
    for first in SIZES {
        for second in SIZES {
            // As channels in and out, and as channels and width.
            for [i, o, w] in [[first, second, 5], [2, first, second], [first, 5, second]] {
                println!("{i} to {o} channels, width {w}");
                let numbers = numbers(i + o + w);
                for spec in [square(i, o, w), square(i, o, w).stride([2, 2]), pointwise(i, o, w)] {
                    conv::Case { spec, numbers: numbers.clone() }.test();
                }
                conv_transpose::Case { spec: transposed(i, o, w), numbers }.test();
            }
            println!("depthwise, {first} channels, width {second}");
            for spec in [depthwise(first, 3, second), depthwise(first, 5, second)] {
                for spec in [spec, spec.stride([2, 2])] {
                    conv::Case { spec, numbers: numbers(first + second) }.test();
                }
            }
            println!("depthwise, {first} rows, width {second}");
            for spec in [plane(first, second), plane(first, second).stride([2, 2])] {
                conv::Case { spec, numbers: numbers(first + second) }.test();
                let spec = spec.padding_sides([2, 3, 1, 4]);
                conv::Case { spec, numbers: numbers(first) }.test();
            }
            println!("{first} to {second} features");
            let mut numbers = numbers(first + second);
            numbers.io.weight_zero_point = 5;
            linear::Case { spec: Linear::new([first, 1, 1], second), numbers }.test();
        }
    }
}

/// Planes so wide that several columns of sixteen outputs lie side by side, whatever the stride.
#[test]
fn wide_depthwise_planes() {
    for width in [33, 34, 49, 50, 51, 56, 64, 65, 96] {
        for height in [3, 4, 6] {
            for sides in [[0; 4], [1; 4], [2, 0, 1, 1], [0, 1, 2, 3]] {
                println!("{height} rows, width {width}, padding {sides:?}");
                let plane = Conv2d::new([2, height, width], 2, [3, 3]).padding_sides(sides);
                for spec in [plane, plane.stride([2, 2])] {
                    conv::Case { spec: spec.groups(2), numbers: numbers(height + width) }.test();
                }
            }
        }
    }
}

/// More output channels than share what is gathered, with taps for one part and for several.
#[test]
fn many_channels() {
    for outputs in [63, 64, 68, 127, 128, 133] {
        for inputs in [24, 25, 56] {
            println!("{inputs} to {outputs} channels");
            let spec = Conv2d::new([inputs, 2, 9], outputs, [3, 3]).padding([1, 1]);
            for spec in [spec, Conv2d::new([4 * inputs, 2, 9], outputs, [1, 1])] {
                conv::Case { spec, numbers: numbers(inputs + outputs) }.test();
            }
        }
    }
}
