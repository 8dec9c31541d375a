//! The two doors lead to the same rooms: what the typed layers compute is what the plans compute, bit
//! for bit, whenever the weights were packed and whatever the buffers held before.

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, Algorithm, AvgPool2d,
    BatchNorm, BatchNorm2d, Concat, Conv2d, ConvTranspose2d, Error, Linear, MaxPool2d, Mul,
    PaddingMode, Parameters, Prelu, Softmax, Tensor, Upsample, UpsampleMode, Workspace, ZeroPad2d,
    layer,
};
use nchw_test_support::{Guarded, Random};

/// Numbers in [-1, 1) that the compiler can compute too.
const fn noise<const N: usize>(seed: u32) -> [f32; N] {
    let mut values = [0.0; N];
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut i = 0;
    while i < N {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        values[i] = (state >> 8) as f32 / 8_388_608.0 - 1.0;
        i += 1;
    }
    values
}

/// Numbers in [0.25, 1.25), for variances.
const fn variances<const N: usize>(seed: u32) -> [f32; N] {
    let mut values = noise::<N>(seed);
    let mut i = 0;
    while i < N {
        values[i] = (values[i] + 1.0) * 0.5 + 0.25;
        i += 1;
    }
    values
}

/// A weight in PyTorch's four dimensions.
const fn weight4<const A: usize, const B: usize, const C: usize, const D: usize>(
    seed: u32,
) -> [[[[f32; D]; C]; B]; A] {
    let mut weight = [[[[0.0; D]; C]; B]; A];
    let mut a = 0;
    while a < A {
        let mut b = 0;
        while b < B {
            let mut c = 0;
            while c < C {
                weight[a][b][c] = noise(seed + ((a * B + b) * C + c) as u32);
                c += 1;
            }
            b += 1;
        }
        a += 1;
    }
    weight
}

/// A weight in two dimensions.
const fn weight2<const A: usize, const B: usize>(seed: u32) -> [[f32; B]; A] {
    weight4::<1, 1, A, B>(seed)[0][0]
}

const NORM4: BatchNorm<'static> = BatchNorm::new(&noise::<4>(1), &variances::<4>(2));
const NORM6: BatchNorm<'static> =
    BatchNorm::new(&noise::<6>(3), &variances::<6>(4)).affine(&noise::<6>(5), &noise::<6>(6));
const BIAS6: [f32; 6] = noise(7);
const SLOPES6: [f32; 6] = noise(8);

layer! {
    struct Plain(f32) = Conv2d::new([4, 9, 10], 6, [3, 3]).stride([1, 2]).relu();
    struct Grouped(f32) = Conv2d::new([4, 9, 10], 6, [3, 2])
        .groups(2)
        .padding_same()
        .padding_mode(PaddingMode::Reflect)
        .prelu();
    struct Depthwise(f32) =
        Conv2d::new([6, 9, 10], 6, [5, 3]).groups(6).padding_sides([2, 0, 1, 3]).relu6();
    struct Tiles2(f32) =
        Conv2d::new([4, 9, 10], 6, [3, 3]).padding([1, 1]).relu().algorithm(Algorithm::Winograd2);
    struct Tiles4(f32) = Conv2d::new([4, 9, 10], 6, [3, 3])
        .groups(2)
        .padding_sides([2, 0, 1, 0])
        .prelu()
        .algorithm(Algorithm::Winograd4);
    struct Doubling(f32) =
        ConvTranspose2d::new([4, 5, 6], 6, [3, 3]).stride([2, 2]).padding([1, 1]);
    struct Spread(f32) = ConvTranspose2d::new([4, 5, 6], 6, [2, 3])
        .groups(2)
        .stride([3, 2])
        .output_padding([1, 1])
        .dilation([1, 2])
        .prelu();
    struct Classes(f32) = Linear::new([4, 2, 3], 6).activation(Activation::Silu);
    struct Sloped(f32) = Linear::new([4, 2, 3], 6).prelu();
    struct Norm(f32) = BatchNorm2d::new([6, 3, 5]).clamp(-0.5, 0.5);
    struct Slopes(f32) = Prelu::new([6, 3, 5]);
    struct Maximum(f32) = MaxPool2d::new([3, 9, 10], [3, 2]).padding([1, 1]).ceil_mode(true);
    struct Average(f32) = AvgPool2d::new([3, 9, 10], [3, 2])
        .padding([1, 1])
        .count_include_pad(false)
        .activation(Activation::Hardswish);
    struct AdaptiveMaximum(f32) = AdaptiveMaxPool2d::new([3, 9, 10], [4, 3]);
    struct AdaptiveAverage(f32) = AdaptiveAvgPool2d::new([3, 9, 10], [4, 3]);
    struct Global(f32) = AdaptiveAvgPool2d::global([3, 9, 10]);
    struct Nearest(f32) = Upsample::by([3, 9, 10], [2, 3]);
    struct Bilinear(f32) = Upsample::to([3, 9, 10], [13, 7])
        .mode(UpsampleMode::Bilinear { align_corners: false });
    struct Border(f32) = ZeroPad2d::new([3, 9, 10], [1, 2, 0, 3]);
    struct Probabilities(f32) = Softmax::new([3, 9, 10]);
    struct Gate(f32) = Activate::new([3, 9, 10], Activation::Gelu);
    struct Residual(f32) = Add::new([3, 9, 10]).relu();
    struct Excite(f32) = Mul::new([3, 9, 10]).per_channel();
    struct Join(f32) = Concat::new([2, 9, 10], [3, 9, 10]);
}

static PLAIN: Plain = Plain::new(&weight4(100), &BIAS6);
static GROUPED: Grouped = Grouped::with_parameters(
    &weight4(200),
    &Parameters::NONE.bias(&BIAS6).batch_norm(NORM6).input_batch_norm(NORM4).prelu(&SLOPES6),
);
static DEPTHWISE: Depthwise = Depthwise::with_batch_norm(&weight4(300), &NORM6);
static TILES2: Tiles2 = Tiles2::with_batch_norm(&weight4(350), &NORM6);
static TILES4: Tiles4 = Tiles4::with_parameters(
    &weight4(360),
    &Parameters::NONE.bias(&BIAS6).batch_norm(NORM6).prelu(&SLOPES6),
);
static DOUBLING: Doubling = Doubling::without_bias(&weight4(400));
static SPREAD: Spread = Spread::with_parameters(
    &weight4(500),
    &Parameters::NONE.bias(&BIAS6).batch_norm(NORM6).prelu(&SLOPES6),
);
static CLASSES: Classes = Classes::with_batch_norm(&weight2(600), &NORM6);
static SLOPED: Sloped =
    Sloped::with_parameters(&weight2(700), &Parameters::NONE.bias(&BIAS6).prelu(&SLOPES6));
static NORM: Norm = Norm::new(&NORM6);
static SLOPES: Slopes = Slopes::new(&SLOPES6);

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// What `run` writes into a buffer of `len` elements, which must not depend on what it held.
#[track_caller]
fn run_twice(len: usize, run: impl Fn(&mut [f32]) -> Result<(), Error>) -> Vec<u32> {
    let mut results = [f32::NAN, 0.0, -1e30].map(|poison| {
        let mut y = Guarded::filled(len, poison);
        assert_eq!(run(y.slice_mut()), Ok(()));
        y.check();
        bits(y.slice())
    });
    let last = core::mem::take(&mut results[2]);
    assert!(results[..2].iter().all(|result| *result == last), "leftovers of the buffer show");
    last
}

/// Runs both doors of a convolution with the weights that were packed by the compiler, and with
/// those that are packed now.
macro_rules! conv_doors {
    ($layer:ident, $type:ident, $weight:expr, $parameters:expr) => {{
        let plan = $type::SPEC.plan::<f32>().unwrap();
        assert_eq!(plan, $type::PLAN);
        let weight: Vec<f32> = $weight.as_flattened().as_flattened().as_flattened().to_vec();
        let mut packed = Guarded::new(plan.packed_len());
        assert_eq!(
            plan.pack(&plan.weight_shape(), &weight, &$parameters, packed.slice_mut()),
            Ok(())
        );
        packed.check();
        packed.assert_written();
        assert_eq!(bits(packed.slice()), bits(&$layer.packed), "packed otherwise than at run time");

        let mut x = Tensor::ZERO;
        x.as_mut_slice().copy_from_slice(&Random::new(9).f32s(plan.input_len()));
        let [mut y, mut again] = [Tensor::ZERO; 2];
        let mut workspace = Workspace::<{ $type::WORKSPACE }>::ZERO;
        $layer.run(&x, &mut y, &mut workspace);
        let expected = run_twice(plan.output_len(), |y| {
            let mut workspace = Guarded::new(plan.workspace_len());
            plan.run(packed.slice(), x.as_slice(), y, workspace.slice_mut())
        });
        assert_eq!(bits(y.as_slice()), expected);
        // Weights from elsewhere, a larger workspace, and a second time.
        let other = $type::from_packed(packed.slice().try_into().unwrap());
        let mut larger = Workspace::<{ $type::WORKSPACE + 5 }>::ZERO;
        other.run(&x, &mut again, &mut larger);
        assert_eq!(bits(again.as_slice()), expected);
        $layer.run(&x, &mut again, &mut workspace);
        assert_eq!(bits(again.as_slice()), expected);
    }};
}

#[test]
fn conv2d() {
    conv_doors!(PLAIN, Plain, weight4::<6, 4, 3, 3>(100), Parameters::NONE.bias(&BIAS6));
    let parameters =
        Parameters::NONE.bias(&BIAS6).batch_norm(NORM6).input_batch_norm(NORM4).prelu(&SLOPES6);
    conv_doors!(GROUPED, Grouped, weight4::<6, 2, 3, 2>(200), parameters);
    let parameters = Parameters::NONE.batch_norm(NORM6);
    conv_doors!(DEPTHWISE, Depthwise, weight4::<6, 1, 5, 3>(300), parameters);
    conv_doors!(TILES2, Tiles2, weight4::<6, 4, 3, 3>(350), parameters);
    let parameters = Parameters::NONE.bias(&BIAS6).batch_norm(NORM6).prelu(&SLOPES6);
    conv_doors!(TILES4, Tiles4, weight4::<6, 2, 3, 3>(360), parameters);
}

#[test]
fn conv_transpose2d() {
    conv_doors!(DOUBLING, Doubling, weight4::<4, 6, 3, 3>(400), Parameters::NONE);
    let parameters = Parameters::NONE.bias(&BIAS6).batch_norm(NORM6).prelu(&SLOPES6);
    conv_doors!(SPREAD, Spread, weight4::<4, 3, 2, 3>(500), parameters);
}

/// Both doors of an operator with packed weights and no workspace.
macro_rules! weighted_doors {
    ($layer:ident, $type:ident, |$plan:ident, $packed:ident| $pack:expr) => {{
        let $plan = $type::SPEC.plan::<f32>().unwrap();
        assert_eq!($plan, $type::PLAN);
        let mut packed = Guarded::new($plan.packed_len());
        let $packed = packed.slice_mut();
        let result: Result<(), Error> = $pack;
        assert_eq!(result, Ok(()));
        packed.check();
        packed.assert_written();
        assert_eq!(bits(packed.slice()), bits(&$layer.packed), "packed otherwise than at run time");

        let mut x = Tensor::ZERO;
        x.as_mut_slice().copy_from_slice(&Random::new(9).f32s($plan.input_len()));
        let [mut y, mut again] = [Tensor::ZERO; 2];
        $layer.run(&x, &mut y);
        let expected =
            run_twice(y.as_slice().len(), |y| $plan.run(packed.slice(), x.as_slice(), y));
        assert_eq!(bits(y.as_slice()), expected);
        $type::from_packed(packed.slice().try_into().unwrap()).run(&x, &mut again);
        assert_eq!(bits(again.as_slice()), expected);
    }};
}

#[test]
fn linear() {
    let weight = weight2::<6, 24>(600);
    weighted_doors!(CLASSES, Classes, |plan, packed| {
        plan.pack(
            &plan.weight_shape(),
            weight.as_flattened(),
            &Parameters::NONE.batch_norm(NORM6),
            packed,
        )
    });
    let weight = weight2::<6, 24>(700);
    weighted_doors!(SLOPED, Sloped, |plan, packed| {
        let parameters = Parameters::NONE.bias(&BIAS6).prelu(&SLOPES6);
        plan.pack(&plan.weight_shape(), weight.as_flattened(), &parameters, packed)
    });
}

#[test]
fn batch_norm2d() {
    weighted_doors!(NORM, Norm, |plan, packed| plan.pack(&NORM6, packed));
}

#[test]
fn prelu() {
    weighted_doors!(SLOPES, Slopes, |plan, packed| {
        assert_eq!(plan.packed_len(), SLOPES6.len());
        packed.copy_from_slice(&SLOPES6);
        Ok(())
    });
}

/// Both doors of operators with one input and no weights.
macro_rules! unary_doors {
    ($($type:ident)*) => {$({
        let plan = $type::SPEC.plan::<f32>().unwrap();
        assert_eq!(plan, $type::PLAN);
        let mut x = Tensor::ZERO;
        x.as_mut_slice().copy_from_slice(&Random::new(9).f32s(plan.input_len()));
        let mut y = Tensor::ZERO;
        $type.run(&x, &mut y);
        assert_eq!(y.as_slice().len(), plan.output_len());
        let expected = run_twice(plan.output_len(), |y| plan.run(x.as_slice(), y));
        assert_eq!(bits(y.as_slice()), expected, stringify!($type));
    })*};
}

#[test]
fn unary() {
    unary_doors!(Maximum Average AdaptiveMaximum AdaptiveAverage Global Nearest Bilinear);
    unary_doors!(Border Probabilities Gate);
}

/// Both doors of operators with two inputs.
macro_rules! binary_doors {
    ($($type:ident)*) => {$({
        let plan = $type::SPEC.plan::<f32>().unwrap();
        assert_eq!(plan, $type::PLAN);
        let (mut first, mut second) = (Tensor::ZERO, Tensor::ZERO);
        first.as_mut_slice().copy_from_slice(&Random::new(8).f32s(plan.input_len()));
        second.as_mut_slice().copy_from_slice(&Random::new(9).f32s(plan.second_input_len()));
        let mut y = Tensor::ZERO;
        $type.run(&first, &second, &mut y);
        let (first, second) = (first.as_slice(), second.as_slice());
        let expected = run_twice(plan.output_len(), |y| plan.run(first, second, y));
        assert_eq!(bits(y.as_slice()), expected, stringify!($type));
    })*};
}

#[test]
fn binary() {
    binary_doors!(Residual Excite Join);
}

#[test]
fn a_batch_is_a_slice_of_tensors() {
    type Image = Tensor<f32, 4, 9, 10>;
    const LEN: usize = 4 * 9 * 10;
    // NCHW, as it comes from elsewhere.
    let batch = Random::new(5).f32s(3 * LEN);
    let mut images = [Image::ZERO; 3];
    for (image, values) in images.iter_mut().zip(batch.chunks_exact(LEN)) {
        *image = *Tensor::from_slice(values).unwrap();
    }
    // Tensors lie one behind the other without gaps.
    assert_eq!(size_of_val(&images), 3 * LEN * size_of::<f32>());
    let starts = images.each_ref().map(|image| image.as_slice().as_ptr());
    assert_eq!(starts, [0, 1, 2].map(|n| starts[0].wrapping_add(n * LEN)));
    let planes = images.each_ref().map(|image| image.0.as_flattened().as_flattened());
    assert_eq!(planes.concat(), batch);

    let (mut outputs, mut workspace) = ([Tensor::ZERO; 3], Workspace::none());
    for (x, y) in images.iter().zip(&mut outputs) {
        PLAIN.run(x, y, &mut workspace);
    }
    let plan = Plain::PLAN;
    let mut y = Guarded::new(3 * plan.output_len());
    for (x, y) in batch.chunks_exact(LEN).zip(y.slice_mut().chunks_exact_mut(plan.output_len())) {
        assert_eq!(plan.run(&PLAIN.packed, x, y, &mut []), Ok(()));
    }
    y.check();
    assert_eq!(bits(&outputs.each_ref().map(|y| y.as_slice()).concat()), bits(y.slice()));
}

#[test]
fn layers_concatenate_without_a_copy() {
    layer! {
        struct Left(f32) = MaxPool2d::new([2, 4, 6], [2, 2]);
        struct Right(f32) = AvgPool2d::new([3, 4, 6], [2, 2]);
        struct Both(f32) = Concat::new([2, 2, 3], [3, 2, 3]);
    }
    let (mut x, mut x2) = (Tensor::ZERO, Tensor::ZERO);
    x.as_mut_slice().copy_from_slice(&Random::new(1).f32s(48));
    x2.as_mut_slice().copy_from_slice(&Random::new(2).f32s(72));

    let (mut left, mut right, mut copied) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
    Left.run(&x, &mut left);
    Right.run(&x2, &mut right);
    Both.run(&left, &right, &mut copied);

    let mut joined = Tensor([[[f32::NAN; 3]; 2]; 5]);
    let start = joined.as_slice().as_ptr();
    let (first, second) = joined.split_channels_mut::<2, 3>();
    assert_eq!(first.as_slice().as_ptr(), start);
    assert_eq!(second.as_slice().as_ptr(), start.wrapping_add(2 * 2 * 3));
    Left.run(&x, first);
    Right.run(&x2, second);
    assert_eq!(bits(joined.as_slice()), bits(copied.as_slice()));

    let (first, second) = joined.split_channels::<2, 3>();
    assert_eq!((first, second), (&left, &right));
    assert_eq!(first.as_slice().as_ptr(), start);
    // Either part may be empty.
    let (none, all) = joined.split_channels::<0, 5>();
    assert_eq!((none.as_slice().len(), all), (0, &copied));
    let (all, none) = joined.split_channels_mut::<5, 0>();
    assert_eq!((&*all, none.as_slice().len()), (&copied, 0));
}

#[test]
fn slices_become_tensors_where_they_lie() {
    let mut values = Random::new(3).f32s(2 * 3 * 4 + 2);
    let copy = values.clone();
    // Not at the start of the allocation.
    let slice = &mut values[1..25];
    let start = slice.as_ptr();
    let tensor: &Tensor<f32, 2, 3, 4> = Tensor::from_slice(slice).unwrap();
    assert_eq!(tensor.as_slice().as_ptr(), start);
    assert_eq!(Tensor::<f32, 2, 3, 4>::SHAPE, [2, 3, 4]);
    for (index, value) in copy[1..25].iter().enumerate() {
        let [c, y, x] = [index / 12, index / 4 % 3, index % 4];
        assert_eq!(tensor[[c, y, x]].to_bits(), value.to_bits());
        assert_eq!(tensor.0[c][y][x].to_bits(), value.to_bits());
    }
    let tensor: &mut Tensor<f32, 2, 3, 4> = Tensor::from_mut_slice(slice).unwrap();
    tensor[[1, 2, 3]] = 7.0;
    tensor[[0, 0, 0]] = 8.0;
    assert_eq!((values[24], values[1]), (7.0, 8.0));
    assert_eq!((values[0], values[25]), (copy[0], copy[25]));
    assert_eq!(bits(&values[2..24]), bits(&copy[2..24]));

    let mut array = [[[1.0, 2.0], [3.0, 4.0]]];
    Tensor::from_mut(&mut array)[[0, 1, 0]] = 5.0;
    assert_eq!(Tensor::from_ref(&array).as_slice(), [1.0, 2.0, 5.0, 4.0]);
}
