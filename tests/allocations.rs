//! Nothing allocates: not the planning, not the packing, not the running, through either door.

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm,
    BatchNorm2d, Concat, Conv2d, ConvTranspose2d, Error, Linear, MaxPool2d, Mul, PaddingMode,
    Parameters, Prelu, Softmax, Tensor, Upsample, UpsampleMode, Workspace, ZeroPad2d, layer, top_k,
};
use nchw_test_support::allocations::{CountingAllocator, allocations_during};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// The result of an expression that must not allocate.
macro_rules! quiet {
    ($what:expr) => {{
        let (result, count) = allocations_during(|| core::hint::black_box($what));
        assert_eq!(count, 0, "{}", stringify!($what));
        result
    }};
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations_during(|| core::hint::black_box(vec![0_u8; 10])).1, 1);
}

const NORM3: BatchNorm<'static> = BatchNorm::new(&[0.1; 3], &[0.9; 3]).affine(&[2.0; 3], &[0.3; 3]);
const NORM5: BatchNorm<'static> = BatchNorm::new(&[0.2; 5], &[1.1; 5]);
const PARAMETERS: Parameters<'static> =
    Parameters::NONE.bias(&[0.1; 5]).batch_norm(NORM5).input_batch_norm(NORM3);

#[test]
fn convolutions_by_plans() {
    let prelu = PARAMETERS.prelu(&[0.25; 5]);
    let conv = Conv2d::new([3, 9, 17], 5, [3, 3]);
    let padded = conv.padding_same().padding_mode(PaddingMode::Circular).prelu();
    let transposed = ConvTranspose2d::new([3, 9, 17], 5, [1, 1]);
    let plans = [
        (quiet!(conv.activation(Activation::Gelu).plan::<f32>()), PARAMETERS, 9),
        (quiet!(padded.plan::<f32>()), prelu, 9),
        (quiet!(conv.stride([2, 3]).dilation([2, 2]).plan::<f32>()), PARAMETERS, 9),
        (quiet!(transposed.plan::<f32>()), PARAMETERS, 1),
        (quiet!(transposed.prelu().plan::<f32>()), prelu, 1),
        (
            quiet!(ConvTranspose2d::new([3, 4, 4], 5, [3, 3]).stride([2, 2]).plan::<f32>()),
            Parameters { input_batch_norm: None, ..PARAMETERS },
            9,
        ),
    ];
    for (plan, parameters, taps) in plans {
        let plan = plan.unwrap();
        let (weight, x) = (vec![0.5; 15 * taps], vec![1.0; plan.input_len()]);
        let (mut packed, mut y) = (vec![0.0; plan.packed_len()], vec![0.0; plan.output_len()]);
        let mut workspace = vec![0.0; plan.workspace_len()];
        quiet!(plan.pack(&plan.weight_shape(), &weight, &parameters, &mut packed)).unwrap();
        quiet!(plan.run(&packed, &x, &mut y, &mut workspace)).unwrap();
    }
}

#[test]
fn other_weights_by_plans() {
    for prelu in [false, true] {
        let spec = Linear::new([3, 1, 1], 5);
        let spec = if prelu { spec.prelu() } else { spec.relu() };
        let parameters = if prelu { PARAMETERS.prelu(&[0.5; 5]) } else { PARAMETERS };
        let plan = quiet!(spec.plan::<f32>()).unwrap();
        let (mut packed, mut y) = (vec![0.0; plan.packed_len()], [0.0; 5]);
        quiet!(plan.pack(&plan.weight_shape(), &[1.0; 15], &parameters, &mut packed)).unwrap();
        quiet!(plan.run(&packed, &[1.0; 3], &mut y)).unwrap();
    }

    let plan = quiet!(BatchNorm2d::new([3, 4, 5]).plan::<f32>()).unwrap();
    let (mut packed, mut y) = ([0.0; 6], [0.0; 60]);
    quiet!(plan.pack(&NORM3, &mut packed)).unwrap();
    quiet!(plan.run(&packed, &[1.0; 60], &mut y)).unwrap();

    let plan = quiet!(Prelu::new([3, 4, 5]).plan::<f32>()).unwrap();
    quiet!(plan.run(&[0.5; 3], &[-1.0; 60], &mut y)).unwrap();
}

#[test]
fn unary_operators_by_plans() {
    let input = [3, 9, 17];
    let plans = [
        quiet!(MaxPool2d::new(input, [3, 3]).padding([1, 1]).ceil_mode(true).plan::<f32>()),
        quiet!(AvgPool2d::new(input, [3, 3]).padding([1, 1]).plan::<f32>()),
        quiet!(
            AvgPool2d::new(input, [3, 3]).padding([1, 1]).count_include_pad(false).plan::<f32>()
        ),
        quiet!(AdaptiveAvgPool2d::new(input, [4, 20]).plan::<f32>()),
        quiet!(AdaptiveMaxPool2d::new(input, [4, 20]).plan::<f32>()),
        quiet!(Upsample::by(input, [2, 2]).plan::<f32>()),
        quiet!(
            Upsample::by(input, [2, 2])
                .mode(UpsampleMode::Bilinear { align_corners: false })
                .plan::<f32>()
        ),
        quiet!(ZeroPad2d::new(input, [1, 2, 3, 4]).plan::<f32>()),
    ];
    for plan in plans {
        let plan = plan.unwrap();
        let (x, mut y) = (vec![0.5; plan.input_len()], vec![0.0; plan.output_len()]);
        quiet!(plan.run(&x, &mut y)).unwrap();
    }

    let plan = quiet!(Softmax::new(input).plan::<f32>()).unwrap();
    let (x, mut y) = (vec![0.5; plan.input_len()], vec![0.0; plan.output_len()]);
    quiet!(plan.run(&x, &mut y)).unwrap();

    let activations = [
        Activation::Identity,
        Activation::Relu,
        Activation::Relu6,
        Activation::Clamp { min: -1.0, max: 1.0 },
        Activation::LeakyRelu { negative_slope: 0.1 },
        Activation::Hardswish,
        Activation::HARDSIGMOID,
        Activation::Elu { alpha: 1.0 },
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::Silu,
        Activation::Gelu,
        Activation::GeluTanh,
    ];
    for activation in activations {
        let plan = quiet!(Activate::new(input, activation).plan::<f32>()).unwrap();
        let (x, mut y) = (vec![0.5; plan.input_len()], vec![0.0; plan.output_len()]);
        quiet!(plan.run(&x, &mut y)).unwrap();
    }
}

#[test]
fn binary_operators_by_plans() {
    let input = [3, 9, 17];
    let plans = [
        quiet!(Add::new(input).relu().plan::<f32>()),
        quiet!(Mul::new(input).per_channel().plan::<f32>()),
        quiet!(Concat::new(input, [2, 9, 17]).plan::<f32>()),
    ];
    for plan in plans {
        let plan = plan.unwrap();
        let (x, x2) = (vec![0.5; plan.input_len()], vec![0.5; plan.second_input_len()]);
        let mut y = vec![0.0; plan.output_len()];
        quiet!(plan.run(&x, &x2, &mut y)).unwrap();
    }
}

#[test]
fn errors_and_their_sentences() {
    let error: Error = quiet!(Conv2d::new([3, 4, 4], 5, [5, 5]).plan::<f32>()).unwrap_err();
    let plan = Conv2d::new([3, 4, 4], 5, [3, 3]).plan::<f32>().unwrap();
    let mut y = [0.0; 20];
    let wrong = quiet!(plan.run(&[], &[], &mut y, &mut [])).unwrap_err();
    let short =
        quiet!(plan.pack(&plan.weight_shape(), &[], &Parameters::NONE, &mut y)).unwrap_err();
    let mut text = String::with_capacity(500);
    for error in [error, wrong, short] {
        quiet!(core::fmt::write(&mut text, format_args!("{error}"))).unwrap();
    }
    assert!(text.contains("expected"));
}

layer! {
    struct Stem(f32) = Conv2d::new([3, 9, 17], 5, [3, 3]).stride([2, 2]).relu();
    struct Up(f32) = ConvTranspose2d::new([5, 4, 8], 3, [2, 2]).stride([2, 2]);
    struct Head(f32) = Linear::new([3, 8, 16], 2);
    struct Norm(f32) = BatchNorm2d::new([5, 4, 8]);
    struct Slopes(f32) = Prelu::new([5, 4, 8]);
    struct Pool(f32) = MaxPool2d::new([5, 4, 8], [2, 2]);
    struct Average(f32) = AdaptiveAvgPool2d::global([5, 4, 8]);
    struct Excite(f32) = Mul::new([5, 4, 8]).per_channel();
    struct Residual(f32) = Add::new([5, 4, 8]);
    struct Join(f32) = Concat::new([5, 4, 8], [5, 4, 8]);
    struct Large(f32) = Upsample::by([5, 4, 8], [2, 2]);
    struct Border(f32) = ZeroPad2d::new([5, 4, 8], [1; 4]);
    struct Probabilities(f32) = Softmax::new([2, 1, 1]);
    struct Gate(f32) = Activate::new([5, 4, 8], Activation::Sigmoid);
}

#[test]
fn layers() {
    let x = Tensor([[[0.5; 17]; 9]; 3]);
    let (mut a, mut b, mut c) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    let (mut image, mut logits, mut probabilities) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    let (mut pooled, mut averages, mut both) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    let (mut large, mut border) = (Tensor::ZERO, Tensor::ZERO);

    let mut workspace = Workspace::none();
    let stem = quiet!(Stem::new(&[[[[0.1; 3]; 3]; 3]; 5], &[0.1; 5]));
    let up = quiet!(Up::without_bias(&[[[[0.1; 2]; 2]; 3]; 5]));
    let head = quiet!(Head::new(&[[0.1; 384]; 2], &[0.0; 2]));
    let norm = quiet!(Norm::new(&NORM5));
    let slopes = quiet!(Slopes::new(&[0.5; 5]));

    quiet!(stem.run(&x, &mut a, &mut workspace));
    quiet!(norm.run(&a, &mut b));
    quiet!(slopes.run(&b, &mut c));
    quiet!(Residual.run(&a, &c, &mut b));
    quiet!(Average.run(&b, &mut averages));
    quiet!(Excite.run(&b, &averages, &mut c));
    quiet!(Gate.run(&c, &mut a));
    quiet!(Pool.run(&a, &mut pooled));
    quiet!(Join.run(&a, &b, &mut both));
    quiet!(Large.run(&a, &mut large));
    quiet!(Border.run(&a, &mut border));
    quiet!(up.run(&a, &mut image, &mut workspace));
    quiet!(head.run(&image, &mut logits));
    quiet!(Probabilities.run(&logits, &mut probabilities));

    let sum: f32 = probabilities.as_slice().iter().sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    core::hint::black_box((pooled, both, large, border));
}

#[test]
fn top_k_and_profiles() {
    struct Counter;
    impl nchw::profile::Clock for Counter {
        const BITS: u32 = 64;
        fn ticks(&mut self) -> u64 {
            7
        }
    }
    let mut profile = nchw::profile::Profile::<_, 2>::new(Counter);
    for name in ["stem", "pool", "head"] {
        quiet!(profile.measure(name, 10, || top_k::<3, f32>(&[1.0, 3.0, 2.0, 4.0])));
    }
    assert_eq!(profile.total().macs, 30);
}
