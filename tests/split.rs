//! A layer in jobs = the layer as a whole, to the bit, however many jobs there are, on every back-end.

use nchw::{
    Activation, Algorithm, Backend, Buffer, Conv2d, ConvPlan, ConvTranspose2d, Error,
    Int8Parameters, Linear, LinearPlan, Padding, PaddingMode, Parameter, Parameters, Quantization,
    Rounding, Tensor, WeightScale, Workspace, layer,
};
use nchw_cases::int8::io::{Io, Weighted};
use nchw_test_support::guard::Pattern;
use nchw_test_support::{Random, check};
use proptest::prelude::*;
use proptest::sample::select;

/// As many jobs as there can be, too.
const JOBS: [usize; 5] = [1, 2, 3, 7, usize::MAX];

/// Multiplications that a case may take.
const BUDGET: usize = 60_000;

/// Runs `whole`, and `split` with each number of jobs, which returns how many there were.
#[track_caller]
fn assert_split<T: Pattern>(
    len: usize,
    whole: impl Fn(&mut [T]),
    split: impl Fn(usize, &mut [T]) -> usize,
) {
    let mut want = vec![T::POISON; len];
    whole(&mut want);
    for jobs in JOBS {
        let mut y = vec![T::POISON; len];
        let count = split(jobs, &mut y);
        assert!((1..=jobs).contains(&count), "{count} of {jobs} jobs");
        let other = y.iter().zip(&want).position(|(y, want)| !y.same_bits(*want));
        if let Some(index) = other {
            panic!("{jobs} jobs: element {index} is {:?}, not {:?}", y[index], want[index]);
        }
    }
}

/// Runs jobs, the last first, and returns how many there were.
fn run<J>(jobs: impl Iterator<Item = J>, run: impl Fn(&mut J)) -> usize {
    let mut jobs: Vec<J> = jobs.collect();
    jobs.iter_mut().rev().for_each(run);
    jobs.len()
}

macro_rules! assert_conv_split {
    ($plan:expr, $packed:expr, $x:expr) => {{
        let (plan, packed, x) = ($plan, &$packed[..], &$x[..]);
        let workspace = || vec![Pattern::POISON; plan.workspace_len()];
        assert_split(
            plan.output_len(),
            |y| plan.run(packed, x, y, &mut workspace()).unwrap(),
            |jobs, y| {
                let jobs = plan.split(jobs, packed, x, y).unwrap();
                run(jobs, |job| job.run(&mut workspace()).unwrap())
            },
        );
    }};
}

macro_rules! assert_linear_split {
    ($plan:expr, $packed:expr, $x:expr) => {{
        let (plan, packed, x) = ($plan, &$packed[..], &$x[..]);
        assert_split(
            plan.output_len(),
            |y| plan.run(packed, x, y).unwrap(),
            |jobs, y| run(plan.split(jobs, packed, x, y).unwrap(), |job| job.run()),
        );
    }};
}

/// Groups, and input and output channels of each.
fn grouping() -> impl Strategy<Value = [usize; 3]> {
    let outputs = || prop_oneof![1 => 1..=9_usize, 2 => 10..=70_usize];
    prop_oneof![
        3 => (1..=9_usize, outputs()).prop_map(|(inputs, outputs)| [1, inputs, outputs]),
        // More channels than are summed up at a time.
        1 => (60..=80_usize, outputs()).prop_map(|(inputs, outputs)| [1, inputs, outputs]),
        3 => [2..=5_usize, 1..=4, 1..=40],
        3 => [1..=20_usize, 1..=1, 1..=6],
    ]
}

/// Rows and columns, few enough for the channels.
fn size(channels: [usize; 3], kernel: [usize; 2], mut size: [usize; 2]) -> [usize; 2] {
    let products = channels.iter().chain(&kernel).product::<usize>();
    while products * size[0] * size[1] > BUDGET && size[0] > 1 {
        size[0] = size[0].div_ceil(2);
    }
    size
}

fn activation() -> impl Strategy<Value = Activation> {
    select(vec![Activation::Identity, Activation::Relu6, Activation::Prelu])
}

fn conv2d() -> impl Strategy<Value = Conv2d> {
    let kernel = prop_oneof![
        2 => Just([1, 1]),
        4 => Just([3, 3]),
        1 => Just([5, 5]),
        2 => [1..=4_usize, 1..=4],
    ];
    let modes = vec![PaddingMode::Zeros, PaddingMode::Zeros, PaddingMode::Replicate];
    let algorithms = vec![Algorithm::Direct, Algorithm::Winograd2, Algorithm::Winograd4];
    let how = (select(modes), select(algorithms), activation());
    // Long rows are for the nests that take neighbouring pixels.
    let sizes = [1..=9_usize, 4..=70];
    (grouping(), kernel, sizes, [1..=2_usize, 1..=2], 0..=2_usize, how).prop_map(
        |(channels, kernel, sizes, stride, padding, (mode, algorithm, activation))| {
            let [groups, inputs, outputs] = channels;
            let [height, width] = size(channels, kernel, sizes);
            let input = [groups * inputs, height + kernel[0] - 1, width + kernel[1] - 1];
            let spec = Conv2d::new(input, groups * outputs, kernel)
                .padding([padding, padding])
                .padding_mode(mode)
                .groups(groups)
                .activation(activation);
            let tiles = kernel == [3, 3] && mode == PaddingMode::Zeros;
            match algorithm {
                Algorithm::Direct => spec.stride(stride).algorithm(algorithm),
                _ if tiles => Conv2d { padding: Padding::Same, ..spec.algorithm(algorithm) },
                _ => spec,
            }
        },
    )
}

fn conv_transpose2d() -> impl Strategy<Value = ConvTranspose2d> {
    let sizes = [1..=5_usize, 1..=9];
    (grouping(), [1..=4_usize, 1..=4], sizes, [1..=3_usize, 1..=3], activation()).prop_map(
        |(channels, kernel, sizes, stride, activation)| {
            let [groups, inputs, outputs] = channels;
            let [height, width] = size(channels, kernel, sizes);
            ConvTranspose2d::new([groups * inputs, height, width], groups * outputs, kernel)
                .stride(stride)
                .groups(groups)
                .activation(activation)
        },
    )
}

fn io(seed: u64, weight_zero_point: i8) -> Io {
    let mut random = Random::new(seed);
    let [input, output] = [0.05, 0.4].map(|scale| {
        let zero_point = random.choice(&[0, -128, 3, 127]);
        Quantization { scale, zero_point }
    });
    let roundings = [Rounding::FixedDouble, Rounding::FixedSingle, Rounding::OnnxFloat];
    Io { weight_zero_point, ..Io::new(input, output, random.choice(&roundings)) }
}

/// Weights, bias and slopes of a layer.
fn parameters(seed: u64, weights: usize, outputs: usize) -> [Vec<f32>; 3] {
    let mut random = Random::new(seed);
    [random.f32s(weights), random.f32s(outputs), random.f32s(outputs)]
}

#[track_caller]
fn assert_f32_conv(plan: Result<ConvPlan<f32>, Error>, activation: Activation, seed: u64) {
    let plan = plan.unwrap();
    let weights = plan.weight_shape().iter().product();
    let [weight, bias, slopes] = parameters(seed, weights, plan.output_shape()[0]);
    let prelu = (activation == Activation::Prelu).then_some(&slopes[..]);
    let mut packed = vec![f32::NAN; plan.packed_len()];
    let parameters = Parameters { prelu, ..Parameters::NONE.bias(&bias) };
    plan.pack(&plan.weight_shape(), &weight, &parameters, &mut packed).unwrap();
    let x = Random::new(seed + 1).f32s(plan.input_len());
    for backend in Backend::available() {
        assert_conv_split!(plan.backend(backend).unwrap(), packed, x);
    }
}

#[track_caller]
fn assert_i8_conv(plan: Result<ConvPlan<i8>, Error>, seed: u64) {
    let plan = plan.unwrap();
    let weights = plan.weight_shape().iter().product();
    let [weight, bias, _] = parameters(seed, weights, plan.output_shape()[0]);
    let mut packed = vec![0; plan.packed_len()];
    plan.quantize(&plan.weight_shape(), &weight, &Parameters::NONE.bias(&bias), &mut packed)
        .unwrap();
    let x = Random::new(seed + 1).i8s(plan.input_len());
    for backend in Backend::available() {
        assert_conv_split!(plan.backend(backend).unwrap(), packed, x);
    }
}

#[test]
fn f32_convolutions() {
    check(1_000, (conv2d(), 0..u64::MAX), |&(spec, seed)| {
        assert_f32_conv(spec.plan(), spec.activation, seed);
    });
}

#[test]
fn f32_transposed_convolutions() {
    check(500, (conv_transpose2d(), 0..u64::MAX), |&(spec, seed)| {
        assert_f32_conv(spec.plan(), spec.activation, seed);
    });
}

#[test]
fn i8_convolutions() {
    check(500, (conv2d(), 0..u64::MAX), |&(spec, seed)| {
        let algorithm = match spec.algorithm {
            Algorithm::Winograd4 => Algorithm::Winograd2,
            algorithm => algorithm,
        };
        let spec = spec.activation(Activation::Relu6).algorithm(algorithm);
        assert_i8_conv(spec.with_io(&io(seed, 0)).plan(), seed);
    });
}

#[test]
fn i8_transposed_convolutions() {
    check(300, (conv_transpose2d(), 0..u64::MAX), |&(spec, seed)| {
        let spec = spec.activation(Activation::Identity);
        assert_i8_conv(spec.with_io(&io(seed, 0)).plan(), seed);
    });
}

#[test]
fn linear_layers() {
    let strategy = (1..=200_usize, 1..=100_usize, activation(), any::<i8>(), 0..u64::MAX);
    check(500, strategy, |&(inputs, outputs, activation, zero_point, seed)| {
        let [weight, bias, slopes] = parameters(seed, inputs * outputs, outputs);
        let spec = Linear::new([inputs, 1, 1], outputs);
        let plan: LinearPlan<f32> = spec.activation(activation).plan().unwrap();
        let prelu = (activation == Activation::Prelu).then_some(&slopes[..]);
        let mut packed = vec![f32::NAN; plan.packed_len()];
        let parameters = Parameters { prelu, ..Parameters::NONE.bias(&bias) };
        plan.pack(&plan.weight_shape(), &weight, &parameters, &mut packed).unwrap();
        let x = Random::new(seed + 1).f32s(inputs);
        for backend in Backend::available() {
            assert_linear_split!(plan.backend(backend).unwrap(), packed, x);
        }

        let plan: LinearPlan<i8> = spec.with_io(&io(seed, zero_point)).plan().unwrap();
        let mut packed = vec![0; plan.packed_len()];
        let weight = Random::new(seed).i8s(inputs * outputs);
        let parameters = Int8Parameters { bias: None, scale: WeightScale::PerTensor(0.01) };
        plan.pack(&plan.weight_shape(), &weight, &parameters, &mut packed).unwrap();
        let x = Random::new(seed + 1).i8s(inputs);
        for backend in Backend::available() {
            assert_linear_split!(plan.backend(backend).unwrap(), packed, x);
        }
    });
}

/// The output channels of the jobs that a layer is split into.
fn shares(spec: Conv2d, jobs: usize) -> Vec<usize> {
    let plan = spec.plan::<f32>().unwrap();
    let (packed, x) = (vec![0.0; plan.packed_len()], vec![0.0; plan.input_len()]);
    let mut y = vec![0.0; plan.output_len()];
    plan.split(jobs, &packed, &x, &mut y).unwrap().map(|job| job.channels().len()).collect()
}

#[test]
fn jobs_are_as_equal_as_blocks_allow() {
    let conv = |outputs| Conv2d::new([2, 8, 8], outputs, [3, 3]);
    assert_eq!(shares(conv(128), 2), [64, 64]);
    assert_eq!(shares(conv(128), 3), [48, 32, 48]);
    assert_eq!(shares(conv(40), 2), [16, 24]);
    assert_eq!(shares(conv(28), 2), [16, 12]);
    assert_eq!(shares(conv(32), 3), [16, 16]);
    // The last channels do not make a job.
    assert_eq!(shares(conv(35), 2), [16, 19]);
    assert_eq!(shares(conv(3), 2), [3]);
    let depthwise = Conv2d::new([7, 8, 8], 14, [3, 3]).groups(7);
    assert_eq!(shares(depthwise, 3), [4, 4, 6]);
    // Parts of groups.
    let groups = Conv2d::new([6, 8, 8], 96, [3, 3]).groups(3);
    assert_eq!(shares(groups, 2), [48, 48]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let length = |buffer, expected, actual| Error::Length { buffer, expected, actual };
    let plan = Conv2d::new([16, 4, 4], 32, [3, 3]).algorithm(Algorithm::Winograd2);
    let plan = plan.plan::<f32>().unwrap();
    let (packed, x) = (vec![0.5; plan.packed_len()], vec![0.5; 256]);
    let mut y = vec![7.0; plan.output_len()];
    let split = |jobs, packed: &[f32], x: &[f32], y: &mut [f32]| {
        plan.split(jobs, packed, x, y).map(drop).unwrap_err()
    };
    let error = split(0, &packed, &x, &mut y);
    assert_eq!(error, Error::Zero(Parameter::Jobs));
    assert_eq!(error.to_string(), "the number of jobs must be at least 1, it is 0");
    let len = plan.packed_len();
    let error = split(2, &packed[1..], &x, &mut y);
    assert_eq!(error, length(Buffer::Packed, len, len - 1));
    assert_eq!(split(2, &packed, &x[1..], &mut y), length(Buffer::Input, 256, 255));
    assert_eq!(split(2, &packed, &x, &mut y[1..]), length(Buffer::Output, 128, 127));
    let len = plan.workspace_len();
    let mut job = plan.split(2, &packed, &x, &mut y).unwrap().next().unwrap();
    let error = job.run(&mut vec![0.0; len - 1]);
    assert_eq!(error, Err(length(Buffer::Workspace, len, len - 1)));
    assert_eq!(y, [7.0; 128]);

    let plan = Linear::new([2, 1, 1], 3).plan::<f32>().unwrap();
    let error = plan.split(2, &[0.0; 8], &[0.0; 2], &mut [0.0; 3]).map(drop).unwrap_err();
    assert_eq!(error, length(Buffer::Packed, 9, 8));
    let error = plan.split(2, &[0.0; 9], &[0.0; 3], &mut [0.0; 3]).map(drop).unwrap_err();
    assert_eq!(error, length(Buffer::Input, 2, 3));
    let error = plan.split(0, &[0.0; 9], &[0.0; 2], &mut [0.0; 3]).map(drop).unwrap_err();
    assert_eq!(error, Error::Zero(Parameter::Jobs));
}

#[test]
fn typed_layers_are_split() {
    layer! {
        struct Conv(f32) = Conv2d::new([2, 5, 6], 32, [3, 3]).padding([1, 1]);
        struct Head(f32) = Linear::new([32, 5, 6], 20);
    }
    static CONV: Conv = Conv::without_bias(&[[[[0.3; 3]; 3]; 2]; 32]);
    static HEAD: Head = Head::without_bias(&[[0.1; 960]; 20]);
    let x = Tensor([[[0.7; 6]; 5]; 2]);
    let (mut a, mut b) = (Tensor::ZERO, Tensor::ZERO);
    CONV.run(&x, &mut a, &mut Workspace::none());
    let count = run(CONV.split(2, &x, &mut b).unwrap(), |job| job.run(&mut []).unwrap());
    assert_eq!((count, &a), (2, &b));
    let (mut c, mut d) = (Tensor::ZERO, Tensor::ZERO);
    HEAD.run(&a, &mut c);
    assert_eq!(run(HEAD.split(2, &a, &mut d).unwrap(), |job| job.run()), 2);
    assert_eq!(c, d);
}

#[test]
fn jobs_go_to_threads() {
    fn assert_send<T: Send>(_: &T) {}
    let plan = Conv2d::new([4, 9, 9], 48, [3, 3]).plan::<f32>().unwrap();
    let (packed, x) = (vec![0.5; plan.packed_len()], vec![0.25; plan.input_len()]);
    let (mut y, mut want) = (vec![0.0; plan.output_len()], vec![0.0; plan.output_len()]);
    let mut workspace = vec![0.0; plan.workspace_len()];
    plan.run(&packed, &x, &mut want, &mut workspace).unwrap();
    std::thread::scope(|scope| {
        for mut job in plan.split(3, &packed, &x, &mut y).unwrap() {
            assert_send(&job);
            scope.spawn(move || job.run(&mut vec![0.0; plan.workspace_len()]));
        }
    });
    assert_eq!(y, want);
}
