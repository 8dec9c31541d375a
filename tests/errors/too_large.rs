//! Sizes beyond the address space.

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm2d,
    Concat, Conv2d, ConvTranspose2d, Error, Linear, MaxPool2d, Mul, Prelu, Softmax, Upsample,
    ZeroPad2d,
};

use crate::{MOST, high};

/// Sizes whose product is just above the limit, or wraps around to something small.
const TOO_LARGE: [[usize; 3]; 9] = [
    [usize::MAX, 1, 1],
    [1, usize::MAX, 1],
    [1, 1, usize::MAX],
    [MOST + 1, 1, 1],
    [1, high(30), high(30)],
    [high(20), high(20), high(20)],
    // Once the address space, and a little more.
    [high(32), high(16), high(16)],
    [high(32), 1, high(32) + 1],
    [usize::MAX, usize::MAX, usize::MAX],
];

#[test]
fn inputs_that_are_too_large() {
    assert_eq!(MOST + 1, 1 << (usize::BITS - 4));
    for input in TOO_LARGE {
        let second = [1, input[1], input[2]];
        let errors = [
            refused!(Conv2d::new(input, 1, [1, 1])),
            refused!(Conv2d::new(input, 1, [3, 3]).padding_same()),
            refused!(Conv2d::new(input, input[0], [1, 1]).groups(input[0])),
            refused!(ConvTranspose2d::new(input, 1, [1, 1])),
            refused!(ConvTranspose2d::new(input, 1, [3, 3]).stride([2, 2])),
            refused!(Linear::new(input, 1)),
            refused!(MaxPool2d::new(input, [1, 1])),
            refused!(AvgPool2d::new(input, [1, 1])),
            refused!(AdaptiveAvgPool2d::global(input)),
            refused!(AdaptiveMaxPool2d::global(input)),
            refused!(BatchNorm2d::new(input)),
            refused!(Prelu::new(input)),
            refused!(Add::new(input)),
            refused!(Mul::new(input).per_channel()),
            refused!(Concat::new(input, second)),
            refused!(Concat::new(second, input)),
            refused!(Softmax::new(input)),
            refused!(Activate::new(input, Activation::Relu)),
            refused!(Upsample::to(input, [1, 1])),
            refused!(ZeroPad2d::new(input, [0; 4])),
        ];
        assert_eq!(errors, [Error::Overflow; 20], "{input:?}");
    }
}

#[test]
fn the_largest_input_is_taken() {
    let input = [MOST, 1, 1];
    assert_eq!(Activate::new(input, Activation::Relu).plan::<f32>().unwrap().input_len(), MOST);
    assert_eq!(Softmax::new([1, MOST, 1]).plan::<f32>().unwrap().output_len(), MOST);
    assert_eq!(MaxPool2d::new([1, 1, MOST], [1, 1]).plan::<f32>().unwrap().output_len(), MOST);
    assert_eq!(Prelu::new(input).plan::<f32>().unwrap().packed_len(), MOST);
    assert_eq!(Add::new(input).plan::<f32>().unwrap().second_input_len(), MOST);
    // Its parameters are twice as many.
    assert_eq!(refused!(BatchNorm2d::new(input)), Error::Overflow);
    let half = [MOST / 2, 1, 1];
    assert_eq!(BatchNorm2d::new(half).plan::<f32>().unwrap().packed_len(), MOST / 2 * 2);
}

#[test]
fn outputs_and_weights_that_are_too_large() {
    let input = [1, 5, 5];
    let huge = high(40);
    let errors = [
        // Outputs.
        refused!(Conv2d::new(input, usize::MAX, [1, 1])),
        refused!(Conv2d::new(input, MOST / 25 + 1, [1, 1])),
        refused!(Conv2d::new(input, 1, [1, 1]).padding_sides([huge; 4])),
        refused!(Conv2d::new(input, 1, [1, 1]).padding_sides([usize::MAX, 0, 0, 0])),
        refused!(Conv2d::new(input, 1, [1, 1]).padding_sides([0, usize::MAX, 0, usize::MAX])),
        refused!(ConvTranspose2d::new(input, usize::MAX, [1, 1])),
        refused!(ConvTranspose2d::new(input, 1, [1, 1]).stride([huge; 2])),
        refused!(ConvTranspose2d::new(input, 1, [1, 1]).stride([MOST / 4 + 1, 1])),
        refused!(ConvTranspose2d::new(input, 1, [2, 2]).dilation([huge; 2])),
        refused!(
            ConvTranspose2d::new([1, 1, 1], 1, [1, 1])
                .stride([huge; 2])
                .output_padding([huge - 1; 2])
        ),
        refused!(ConvTranspose2d::new(input, 1, [1, 1]).padding_sides([usize::MAX; 4])),
        refused!(MaxPool2d::new(input, [1, 1]).padding([huge; 2])),
        refused!(MaxPool2d::new(input, [1, 1]).padding([usize::MAX; 2])),
        refused!(AvgPool2d::new(input, [huge; 2]).stride([1, 1]).padding([huge - 1; 2])),
        refused!(AvgPool2d::new(input, [1, 1]).padding([usize::MAX / 2; 2])),
        refused!(AdaptiveAvgPool2d::new(input, [huge, huge])),
        refused!(AdaptiveAvgPool2d::new(input, [usize::MAX, 1])),
        refused!(AdaptiveMaxPool2d::new(input, [1, usize::MAX])),
        refused!(AdaptiveMaxPool2d::new([1, high(31), 1], [high(31), 1])),
        refused!(Upsample::to(input, [huge, huge])),
        refused!(Upsample::to(input, [usize::MAX, usize::MAX])),
        refused!(Upsample::by(input, [usize::MAX, 1])),
        refused!(Upsample::by(input, [high(62), high(62)])),
        // Four more than the address space.
        refused!(Upsample::by(input, [usize::MAX / 5 + 1, 1])),
        refused!(Upsample::by(input, [1, usize::MAX / 5 + 1])),
        refused!(ZeroPad2d::new(input, [usize::MAX, 0, 0, 0])),
        refused!(ZeroPad2d::new(input, [huge; 4])),
        refused!(ZeroPad2d::new(input, [0, usize::MAX / 2, 0, usize::MAX / 2])),
        refused!(Concat::new([MOST / 2 + 1, 1, 1], [MOST / 2 + 1, 1, 1])),
        // Weights, whose inputs and outputs are all right.
        refused!(Linear::new([huge, 1, 1], huge)),
        refused!(Linear::new([1, 1, 1], MOST / 2)),
        refused!(Linear::new(input, usize::MAX)),
        refused!(Conv2d::new([huge, 1, 1], huge, [1, 1])),
        refused!(ConvTranspose2d::new([huge, 1, 1], huge, [1, 1])),
        refused!(Conv2d::new([1, high(20), high(20)], huge, [high(20), high(20)])),
        // Extents.
        refused!(Conv2d::new(input, 1, [high(32), 1]).dilation([high(32), 1])),
        refused!(Conv2d::new(input, 1, [2, 2]).dilation([usize::MAX; 2])),
        refused!(Conv2d::new(input, 1, [usize::MAX, 1])),
        refused!(MaxPool2d::new(input, [high(32); 2]).dilation([high(32); 2])),
        refused!(AvgPool2d::new(input, [usize::MAX; 2])),
        refused!(ConvTranspose2d::new(input, 1, [usize::MAX; 2])),
    ];
    for (index, error) in errors.into_iter().enumerate() {
        assert!(matches!(error, Error::Overflow | Error::SpanTooLarge(_)), "row {index}: {error}");
    }
}

/// The number of taps is a product of its own: all other sizes of these layers are small.
#[test]
fn kernels_with_too_many_taps() {
    const SIZE: usize = high(32);
    for kernel in [[SIZE, SIZE], [SIZE, SIZE + 1], [SIZE + 1, SIZE / 2]] {
        let crop = [kernel[0] - 1, kernel[1] - 1, 0, 0];
        let error = refused!(ConvTranspose2d::new([1, 1, 1], 1, kernel).padding_sides(crop));
        assert_eq!(error, Error::Overflow);
        let error = refused!(Conv2d::new([1, 1, 1], 1, kernel).padding_sides(crop));
        assert_eq!(error, Error::Overflow);
        let error = refused!(Conv2d::new([1, SIZE + 1, SIZE + 1], 1, kernel));
        assert_eq!(error, Error::Overflow);
    }
}
