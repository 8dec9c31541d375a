//! What the typed layers compute is what the plans compute, whenever the weights were packed.

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm, Concat,
    Conv2d, ConvTranspose2d, Dequantize, Int8Parameters, Linear, MaxPool2d, Mul, PaddingMode,
    Parameters, Quantization, Quantize, Rounding, Softmax, Tensor, Upsample, WeightScale,
    Workspace, ZeroPad2d, layer,
};
use nchw_test_support::Random;

use nchw_cases::int8::common::output;

/// Numbers that the compiler can compute too.
const fn noise<const N: usize>(seed: u32) -> [i8; N] {
    let mut values = [0; N];
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut i = 0;
    while i < N {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        values[i] = (state >> 24) as i8;
        i += 1;
    }
    values
}

/// Numbers in [-1, 1).
const fn floats<const N: usize>(seed: u32) -> [f32; N] {
    let noise = noise::<N>(seed);
    let mut values = [0.0; N];
    let mut i = 0;
    while i < N {
        values[i] = noise[i] as f32 / 128.0;
        i += 1;
    }
    values
}

/// A weight in PyTorch's four dimensions.
macro_rules! weight {
    ($name:ident, $element:ty, $values:ident, $zero:expr) => {
        const fn $name<const A: usize, const B: usize, const C: usize, const D: usize>(
            seed: u32,
        ) -> [[[[$element; D]; C]; B]; A] {
            let mut weight = [[[[$zero; D]; C]; B]; A];
            let mut row = 0;
            while row < A * B * C {
                weight[row / (B * C)][row / C % B][row % C] = $values(seed + row as u32);
                row += 1;
            }
            weight
        }
    };
}
weight!(weight, i8, noise, 0);
weight!(float_weight, f32, floats, 0.0);

const X: Quantization = Quantization { scale: 0.05, zero_point: -17 };
const Y: Quantization = Quantization { scale: 0.4, zero_point: 23 };

const BIAS: [i32; 6] = [0, 500, -500, 70_000, -70_000, 1];
const FLOAT_BIAS: [f32; 6] = floats(1);
const SCALES: [f32; 6] = [0.01, 0.02, 0.03, 0.04, 0.005, 0.0001];
const NORM: BatchNorm<'static> = BatchNorm::new(&floats::<6>(2), &[0.5, 1.0, 2.0, 0.25, 3.0, 1.5])
    .affine(&floats::<6>(3), &SCALES);
const PARAMETERS: Parameters<'static> = Parameters::NONE.bias(&FLOAT_BIAS).batch_norm(NORM);
const FIXED: Int8Parameters<'static> = Int8Parameters {
    bias: None,
    scale: WeightScale::Fixed {
        multiplier: &[1 << 30, i32::MAX, 0, 1_500_000_000, 1_200_000_000, 1 << 30],
        shift: &[-7, -8, 0, -31, -6, -9],
    },
};
const SIMPLE: Int8Parameters<'static> =
    Int8Parameters { bias: Some(&BIAS), scale: WeightScale::PerChannel(&SCALES) };

layer! {
    struct Plain(i8) = Conv2d::new([4, 9, 10], 6, [3, 3]).stride([1, 2]).quantized(X, Y).relu();
    struct Grouped(i8) = Conv2d::new([4, 9, 10], 6, [3, 2])
        .groups(2)
        .padding_same()
        .padding_mode(PaddingMode::Reflect)
        .quantized(X, Y)
        .rounding(Rounding::OnnxFloat);
    struct Depthwise(i8) = Conv2d::new([6, 9, 10], 6, [5, 3])
        .groups(6)
        .padding_sides([2, 0, 1, 3])
        .quantized(X, Y)
        .rounding(Rounding::FixedSingle)
        .relu6();
    struct Doubling(i8) = ConvTranspose2d::new([4, 5, 6], 6, [3, 3])
        .stride([2, 2])
        .padding([1, 1])
        .quantized(X, Y);
    struct Spread(i8) = ConvTranspose2d::new([4, 5, 6], 6, [2, 3])
        .groups(2)
        .stride([3, 2])
        .output_padding([1, 1])
        .dilation([1, 2])
        .quantized(X, Y)
        .rounding(Rounding::OnnxFloat);
    struct Classes(i8) = Linear::new([4, 2, 3], 6)
        .quantized(X, Y)
        .weight_zero_point(-9)
        .rounding(Rounding::FixedSingle);
    struct Maximum(i8) = MaxPool2d::new([3, 9, 10], [3, 2]).padding([1, 1]).ceil_mode(true);
    struct Average(i8) = AvgPool2d::new([3, 9, 10], [3, 2]).padding([1, 1]).quantized(X).relu();
    struct AdaptiveMaximum(i8) = AdaptiveMaxPool2d::new([3, 9, 10], [4, 3]);
    struct AdaptiveAverage(i8) = AdaptiveAvgPool2d::new([3, 9, 10], [4, 3]);
    struct Global(i8) = AdaptiveAvgPool2d::global([3, 9, 10]).quantized(Y).clamp(-3.0, 7.0);
    struct Nearest(i8) = Upsample::by([3, 9, 10], [2, 3]);
    struct Border(i8) = ZeroPad2d::new([3, 9, 10], [1, 2, 0, 3]).quantized(Y);
    struct Probabilities(i8) = Softmax::new([3, 9, 10]).quantized(X, Y);
    struct Gate(i8) = Activate::new([3, 9, 10], Activation::Gelu).quantized(Y, X);
    struct Residual(i8) = Add::new([3, 9, 10]).quantized(X, Y, Y).relu();
    struct Excite(i8) = Mul::new([3, 9, 10]).per_channel().quantized(X, Y, Y);
    struct Join(i8) = Concat::new([2, 9, 10], [3, 9, 10]).quantized(X, Y, Y);
    struct In(i8) = Quantize::new([3, 9, 10], X);
    struct Out(i8) = Dequantize::new([3, 9, 10], X);
}

static PLAIN: Plain = Plain::new(&weight(100), &BIAS, &SCALES);
static GROUPED: Grouped = Grouped::quantize(&float_weight(200), &PARAMETERS);
static DEPTHWISE: Depthwise = Depthwise::with_parameters(&weight(300), &FIXED);
static DOUBLING: Doubling = Doubling::with_parameters(&weight(400), &FIXED);
static SPREAD: Spread = Spread::quantize(&float_weight(500), &PARAMETERS);
static CLASSES: Classes = Classes::new(&weight::<1, 1, 6, 24>(600)[0][0], &BIAS, &SCALES);
static PROBABILITIES: Probabilities = Probabilities::new();
static GATE: Gate = Gate::new();

fn random<const C: usize, const H: usize, const W: usize>(seed: u64) -> Tensor<i8, C, H, W> {
    let mut x = Tensor::ZERO;
    x.as_mut_slice().copy_from_slice(&Random::new(seed).i8s(C * H * W));
    x
}

/// The layer with weights packed by the compiler, the same packed now, and the plan.
macro_rules! weighted {
    ($layer:ident, $type:ident, $pack:ident($weight:expr, $parameters:expr) $(, $workspace:expr)?) => {{
        let plan = $type::SPEC.plan::<i8>().unwrap();
        assert_eq!(plan, $type::PLAN);
        let weight = $weight;
        let mut packed = [0; $type::PLAN.packed_len()];
        assert_eq!(plan.$pack(&plan.weight_shape(), &weight, &$parameters, &mut packed), Ok(()));
        let x = random(7);
        let (mut y, mut again) = (Tensor::ZERO, Tensor::ZERO);
        $layer.run(&x, &mut y $(, &mut $workspace)?);
        $type::from_packed(packed).run(&x, &mut again $(, &mut $workspace)?);
        assert_eq!(y, again);
        let slow = output(plan.output_len(), |y| {
            plan.run(&packed, x.as_slice(), y $(, $workspace.as_mut_slice())?)
        });
        assert_eq!(y.as_slice(), slow);
        let first = slow[0];
        assert!(slow.iter().any(|y| *y != first), "all outputs are the same");
    }};
}

macro_rules! flat {
    ($weight:expr) => {
        $weight.as_flattened().as_flattened().as_flattened().to_vec()
    };
}

#[test]
fn convolutions() {
    type None = Workspace<0, i8>;
    weighted!(PLAIN, Plain, pack(flat!(weight::<6, 4, 3, 3>(100)), SIMPLE), None::none());
    let float = flat!(float_weight::<6, 2, 3, 2>(200));
    weighted!(GROUPED, Grouped, quantize(float, PARAMETERS), None::none());
    weighted!(DEPTHWISE, Depthwise, pack(flat!(weight::<6, 1, 5, 3>(300)), FIXED), None::none());
    weighted!(DOUBLING, Doubling, pack(flat!(weight::<4, 6, 3, 3>(400)), FIXED), None::none());
    let float = flat!(float_weight::<4, 3, 2, 3>(500));
    weighted!(SPREAD, Spread, quantize(float, PARAMETERS), None::none());
}

#[test]
fn fully_connected() {
    weighted!(CLASSES, Classes, pack(flat!(weight::<1, 1, 6, 24>(600)), SIMPLE));
}

/// A layer with one input and no parameters, and its plan.
macro_rules! unary {
    ($type:ident) => {{
        let plan = $type::SPEC.plan::<i8>().unwrap();
        assert_eq!(plan, $type::PLAN);
        let x = random(8);
        let mut y = Tensor::ZERO;
        $type.run(&x, &mut y);
        let slow = output(plan.output_len(), |y| plan.run(x.as_slice(), y));
        assert_eq!(y.as_slice(), slow);
    }};
}

#[test]
fn layers_with_one_input() {
    unary!(Maximum);
    unary!(Average);
    unary!(AdaptiveMaximum);
    unary!(AdaptiveAverage);
    unary!(Global);
    unary!(Nearest);
    unary!(Border);
}

macro_rules! table {
    ($layer:ident, $type:ident) => {{
        let plan = $type::SPEC.plan::<i8>().unwrap();
        assert_eq!(plan, $type::PLAN);
        let mut table = [0; $type::PLAN.packed_len()];
        assert_eq!(plan.pack(&mut table), Ok(()));
        let x = random(9);
        let (mut y, mut again) = (Tensor::ZERO, Tensor::ZERO);
        $layer.run(&x, &mut y);
        $type::from_packed(table).run(&x, &mut again);
        assert_eq!(y, again);
        let slow = output(plan.input_len(), |y| plan.run(&table, x.as_slice(), y));
        assert_eq!(y.as_slice(), slow);
    }};
}

#[test]
fn tables() {
    table!(PROBABILITIES, Probabilities);
    table!(GATE, Gate);
}

macro_rules! binary {
    ($type:ident) => {{
        let plan = $type::SPEC.plan::<i8>().unwrap();
        assert_eq!(plan, $type::PLAN);
        let (first, second) = (random(10), random(11));
        let mut y = Tensor::ZERO;
        $type.run(&first, &second, &mut y);
        let slow = output(plan.output_len(), |y| plan.run(first.as_slice(), second.as_slice(), y));
        assert_eq!(y.as_slice(), slow);
    }};
}

#[test]
fn layers_with_two_inputs() {
    binary!(Residual);
    binary!(Excite);
    binary!(Join);
}

#[test]
fn conversions() {
    let q = random(12);
    let mut real = Tensor::ZERO;
    Out.run(&q, &mut real);
    let mut slow = vec![0.0; 270];
    assert_eq!(Out::SPEC.plan().unwrap().run(q.as_slice(), &mut slow), Ok(()));
    assert_eq!(real.as_slice(), slow);
    // What was an i8 comes back.
    let mut again = Tensor::ZERO;
    In.run(&real, &mut again);
    assert_eq!(again, q);
    assert_eq!(output(270, |y| In::SPEC.plan().unwrap().run(&slow, y)), q.as_slice());
}
