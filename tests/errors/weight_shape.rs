//! Weights with as many elements as are expected, in another order.

use nchw::{
    Conv2d, ConvTranspose2d, Error, Int8Parameters, Linear, Parameters, Quantization, WeightScale,
};

const Q: Quantization = Quantization { scale: 0.5, zero_point: 0 };

/// What a weight of this shape is refused with, in f32 and i8 and by `quantize`.
macro_rules! refused_weight {
    ($spec:expr, $shape:expr) => {{
        let shape: &[usize] = $shape;
        let (float, int8) = ($spec.plan::<f32>().unwrap(), $spec.plan::<i8>().unwrap());
        let len = shape.iter().product();
        let mut packed = vec![99.0; float.packed_len()];
        let error = float.pack(shape, &vec![0.5; len], &Parameters::NONE, &mut packed).unwrap_err();
        assert!(packed.iter().all(|x| *x == 99.0));
        let mut packed = vec![99; int8.packed_len()];
        let parameters = Int8Parameters { bias: None, scale: WeightScale::PerTensor(0.5) };
        assert_eq!(int8.pack(shape, &vec![1; len], &parameters, &mut packed), Err(error));
        let quantized = int8.quantize(shape, &vec![0.5; len], &Parameters::NONE, &mut packed);
        assert_eq!(quantized, Err(error));
        assert!(packed.iter().all(|x| *x == 99));
        error
    }};
}

#[test]
fn of_a_convolution() {
    let conv = Conv2d::new([8, 12, 12], 16, [4, 10]).quantized(Q, Q);
    for (shape, hint) in [
        ([16, 8, 10, 4], "; height and width are exchanged"),
        ([8, 16, 4, 10], "; the first two dimensions are exchanged"),
        ([16, 8, 2, 20], ""),
        (
            [16, 4, 10, 8],
            "; channels come last in it, as in TensorFlow: permute its elements into the expected order",
        ),
        (
            [4, 10, 8, 16],
            "; channels come last in it, as in TensorFlow: permute its elements into the expected order",
        ),
        ([16, 8, 4, 11], ""),
    ] {
        let error = refused_weight!(conv, &shape);
        assert_eq!(error, Error::WeightShape { expected: [16, 8, 4, 10], actual: shape });
        assert_eq!(
            error.to_string(),
            format!("the weight's shape: [16, 8, 4, 10] expected, {shape:?} given{hint}")
        );
    }
    let depthwise = Conv2d::new([8, 12, 12], 8, [3, 5]).groups(8).quantized(Q, Q);
    let error = refused_weight!(depthwise, &[1, 3, 5, 8]);
    assert_eq!(
        error.to_string(),
        "the weight's shape: [8, 1, 3, 5] expected, [1, 3, 5, 8] given; channels come last in it, as in \
         TensorFlow: permute its elements into the expected order"
    );
}

/// PyTorch has the inputs first here.
#[test]
fn of_a_transposed_convolution() {
    let up = ConvTranspose2d::new([8, 6, 6], 4, [2, 2]).stride([2, 2]).quantized(Q, Q);
    let error = refused_weight!(up, &[4, 8, 2, 2]);
    assert_eq!(
        error.to_string(),
        "the weight's shape: [8, 4, 2, 2] expected, [4, 8, 2, 2] given; the first two dimensions are exchanged"
    );
}

#[test]
fn of_a_linear_layer() {
    let linear = Linear::new([4, 2, 2], 10).quantized(Q, Q);
    let error = refused_weight!(linear, &[16, 10]);
    assert_eq!(
        error.to_string(),
        "the weight's shape: [10, 16] expected, [16, 10] given; the first two dimensions are exchanged"
    );
}

#[test]
fn with_other_dimensions() {
    let conv = Conv2d::new([8, 1, 12], 16, [1, 3]).quantized(Q, Q);
    let error = refused_weight!(conv, &[16, 8, 3]);
    assert_eq!(error, Error::WeightRank { expected: 4, actual: 3 });
    assert_eq!(
        error.to_string(),
        "a weight of 4 dimensions is expected, this one has 3; a 1-D kernel is one of height or width 1"
    );
    let error = refused_weight!(Linear::new([8, 1, 1], 4).quantized(Q, Q), &[4, 8, 1, 1]);
    assert_eq!(error.to_string(), "a weight of 2 dimensions is expected, this one has 4");
}

/// The right shape with another number of elements.
#[test]
fn and_a_slice_that_is_none_of_it() {
    let plan = Linear::new([8, 1, 1], 4).plan::<f32>().unwrap();
    let mut packed = vec![0.0; plan.packed_len()];
    let error = plan.pack(&[4, 8], &[0.0; 31], &Parameters::NONE, &mut packed).unwrap_err();
    assert_eq!(error.to_string(), "the weight: 32 elements expected, 31 given");
}
