//! What errors say to mistakes that many make.

use nchw::{
    Activate, Activation, Add, Algorithm, AvgPool2d, Concat, Conv2d, ConvTranspose2d, Error,
    Linear, MaxPool2d, Parameters, Quantization,
};

const Q: Quantization = Quantization { scale: 0.5, zero_point: 0 };

#[test]
fn winograd_in_f32_and_i8() {
    let conv = |algorithm| Conv2d::new([4, 8, 8], 4, [5, 5]).quantized(Q, Q).algorithm(algorithm);
    let whole = "is for convolutions with a 3x3 kernel, stride 1 and zero padding";
    let float = refused!(conv(Algorithm::Winograd2));
    assert_eq!(float.to_string(), format!("the algorithm winograd2 {whole}"));
    let float = refused!(conv(Algorithm::Winograd4));
    assert_eq!(float.to_string(), format!("the algorithm winograd4 {whole}"));
    let int8 = conv(Algorithm::Winograd2).plan::<i8>().unwrap_err();
    assert_eq!(
        int8.to_string(),
        format!(
            "the algorithm winograd2 in i8 {whole}, with at most 1820 input channels in a group"
        )
    );
    let int8 = Conv2d::new([4, 8, 8], 4, [3, 3]).quantized(Q, Q).algorithm(Algorithm::Winograd4);
    let int8 = int8.plan::<i8>().unwrap_err();
    assert_eq!(int8.to_string(), "the algorithm winograd4 has no i8 form; winograd2 has one");
}

#[test]
fn bounds_that_are_nan() {
    let nan = "a bound of the clamp is NaN; for no bound there are infinities";
    for (min, max) in [(f32::NAN, 1.0), (0.0, f32::NAN), (f32::NAN, f32::NAN)] {
        let clamp = Activation::Clamp { min, max };
        let errors = [
            refused!(Activate::new([1, 1, 1], clamp)),
            refused!(Conv2d::new([1, 1, 1], 1, [1, 1]).activation(clamp)),
            Activate::new([1, 1, 1], clamp).quantized(Q, Q).plan::<i8>().map(|_| ()).unwrap_err(),
            Linear::new([1, 1, 1], 1)
                .clamp(min, max)
                .quantized(Q, Q)
                .plan::<i8>()
                .map(|_| ())
                .unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.to_string(), nan);
        }
    }
    let spec = Linear::new([1, 1, 1], 1).quantized(Q, Q).output_range(5, 4);
    let error = spec.plan::<i8>().map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`output_range` leaves no result: its minimum is above its maximum, or the activation's bounds lie outside of it"
    );
}

/// What is too large is named.
#[test]
fn parameters_that_are_too_large() {
    for (error, want) in [
        (
            refused!(Conv2d::new([1, 8, 8], 1, [3, 2]).dilation([usize::MAX, 1])),
            "the dilation along H is too large: what it spans does not fit into the address space",
        ),
        (
            refused!(ConvTranspose2d::new([1, 8, 8], 1, [2, 2]).stride([1, usize::MAX])),
            "the stride along W is too large: what it spans does not fit into the address space",
        ),
        (
            refused!(MaxPool2d::new([1, 8, 8], [2, 2]).padding([0, usize::MAX])),
            "the padding along W is too large: what it spans does not fit into the address space",
        ),
    ] {
        assert_eq!(error.to_string(), want);
    }
}

#[test]
fn a_batch_is_a_loop() {
    let plan = Conv2d::new([2, 3, 4], 5, [1, 1]).plan::<f32>().unwrap();
    let mut packed = vec![0.0; plan.packed_len()];
    plan.pack(&plan.weight_shape(), &[1.0; 10], &Parameters::NONE, &mut packed).unwrap();
    let error = plan.run(&packed, &[1.0; 48], &mut [0.0; 120], &mut []).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the input: 24 elements expected, 48 given; if that is a batch of 2, run each of its images in a loop"
    );
    let error = plan.run(&packed, &[1.0; 24], &mut [0.0; 120], &mut []).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the output: 60 elements expected, 120 given; if that is a batch of 2, run each of its images in a loop"
    );
    let error = plan.run(&packed, &[1.0; 49], &mut [0.0; 60], &mut []).unwrap_err();
    assert_eq!(error.to_string(), "the input: 24 elements expected, 49 given");
    let error = plan.run(&packed, &[], &mut [0.0; 60], &mut []).unwrap_err();
    assert_eq!(error.to_string(), "the input: 24 elements expected, 0 given");
}

#[test]
fn shapes_are_channels_first() {
    let hint = |shape| {
        format!(
            "; shapes are [channels, height, width], {shape} looks like [height, width, channels]"
        )
    };
    let error = refused!(Conv2d::new([96, 96, 1], 8, [3, 3]));
    assert_eq!(
        error.to_string(),
        format!(
            "kernel is wider than the padded input: it covers 3 columns, the padded input has 1{}",
            hint("[96, 96, 1]")
        )
    );
    let error = refused!(MaxPool2d::new([224, 224, 3], [4, 4]));
    assert_eq!(
        error.to_string(),
        format!(
            "kernel is wider than the padded input: it covers 4 columns, the padded input has 3{}",
            hint("[224, 224, 3]")
        )
    );
    let error = refused!(Concat::new([3, 224, 200], [224, 200, 3]));
    assert_eq!(
        error.to_string(),
        "the inputs' shapes do not go together: [3, 224, 200] and [224, 200, 3]; shapes are [channels, height, width], in \
         one the channels come last"
    );
    let error = refused!(Conv2d::new([1, 96, 2], 8, [3, 3]));
    assert_eq!(
        error.to_string(),
        "kernel is wider than the padded input: it covers 3 columns, the padded input has 2"
    );
}

/// Of activations that are not fused, most are to be had as a table.
#[test]
fn activations_in_i8() {
    let fused = "in i8 only activations that clamp are fused into a layer; this one is to be had as a layer of its own, \
                 `Activate`";
    let errors: [Error; 4] = [
        Conv2d::new([1, 1, 1], 1, [1, 1])
            .activation(Activation::Hardswish)
            .quantized(Q, Q)
            .plan::<i8>()
            .map(|_| ()),
        Linear::new([1, 1, 1], 1)
            .activation(Activation::Sigmoid)
            .quantized(Q, Q)
            .plan::<i8>()
            .map(|_| ()),
        Add::new([1, 1, 1])
            .activation(Activation::Gelu)
            .quantized(Q, Q, Q)
            .plan::<i8>()
            .map(|_| ()),
        AvgPool2d::new([1, 1, 1], [1, 1])
            .activation(Activation::Tanh)
            .quantized(Q)
            .plan::<i8>()
            .map(|_| ()),
    ]
    .map(|result| result.unwrap_err());
    for error in errors {
        assert_eq!(error.to_string(), fused);
    }
    let prelu = Conv2d::new([1, 1, 1], 1, [1, 1])
        .prelu()
        .quantized(Q, Q)
        .plan::<i8>()
        .map(|_| ())
        .unwrap_err();
    assert_eq!(prelu.to_string(), "this operator or activation has no i8 form");
}

#[test]
fn same_padding_with_a_stride() {
    let error = refused!(Conv2d::new([1, 8, 8], 1, [3, 3]).stride([1, 2]).padding_same());
    assert_eq!(
        error.to_string(),
        "padding `same` needs stride 1, as in PyTorch, the stride along W is 2; TensorFlow's is `.padding_same_tflite()`"
    );
}
