//! Convolution.

use nchw::{Activation, Algorithm, Conv2d, Error, Padding, PaddingMode, Parameters};
use nchw_oracle::float;
use nchw_test_support::reference::widen;
use nchw_test_support::{Guarded, Random, Row};
use proptest::prelude::*;
use proptest::sample::select;

use crate::common::{
    Norm, NormData, Outcome, activated, activation, assert_conv, channels, check, edge, guarded,
    input, norm, pair, rarely, sides,
};

/// A convolution and what goes into it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) spec: Conv2d,
    pub(crate) bias: bool,
    pub(crate) input_norm: Option<Norm>,
    pub(crate) norm: Option<Norm>,
    /// NaN and infinities among the inputs.
    pub(crate) special: bool,
    pub(crate) seed: u64,
}

/// Multiplications that a case may take.
const BUDGET: usize = 150_000;

/// What makes a specification senseless.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    None,
    /// Padding, kernel and stride as they come, whether they go together or not.
    AsItComes,
    Zero(usize),
    Groups(usize),
}

fn flaw() -> impl Strategy<Value = Flaw> {
    prop_oneof![
        26 => Just(Flaw::None),
        4 => Just(Flaw::AsItComes),
        1 => (0..11_usize).prop_map(Flaw::Zero),
        1 => (2..=7_usize).prop_map(Flaw::Groups),
    ]
}

/// Groups, and input and output channels of each.
fn grouping() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![
        5 => (channels(), channels()).prop_map(|(inputs, outputs)| [1, inputs, outputs]),
        2 => (2..=4_usize, 1..=5_usize, 1..=9_usize)
            .prop_map(|(groups, inputs, outputs)| [groups, inputs, outputs]),
        3 => (channels(), 1..=5_usize).prop_map(|(groups, multiplier)| [groups, 1, multiplier]),
    ]
}

fn mode() -> impl Strategy<Value = PaddingMode> {
    prop_oneof![
        4 => Just(PaddingMode::Zeros),
        2 => Just(PaddingMode::Reflect),
        2 => Just(PaddingMode::Replicate),
        2 => Just(PaddingMode::Circular),
    ]
}

/// The sliding of a window: `[kernel, stride, dilation]` of each direction.
fn window() -> impl Strategy<Value = [[usize; 2]; 3]> {
    let kernel = prop_oneof![2 => Just(1_usize), 3 => Just(3), 3 => 1..=7_usize];
    let stride = select(vec![1_usize, 1, 1, 2, 2, 3, 4]);
    let dilation = select(vec![1_usize, 1, 1, 2, 3]);
    (pair(kernel), pair(stride), pair(dilation)).prop_map(|(k, s, d)| [k, s, d])
}

fn spec() -> impl Strategy<Value = Conv2d> {
    let sizes = (grouping(), edge(), edge(), window());
    let padding = (sides(4), mode(), rarely(4));
    (sizes, padding, activation(true), flaw()).prop_map(|(sizes, padding, activation, flaw)| {
        let ([groups, inputs, outputs], height, width, [kernel, mut stride, mut dilation]) = sizes;
        let (mut sides, mode, same) = padding;
        let mut size = [height, width];
        let per_pixel = groups * inputs * outputs * kernel[0] * kernel[1];
        // Wide inputs matter more than tall ones.
        while per_pixel * size[0] * size[1] > BUDGET && size != [1, 1] {
            let longer = usize::from(size[0] == 1);
            size[longer] = size[longer].div_ceil(2);
        }
        for axis in 0..2 {
            if matches!(flaw, Flaw::AsItComes) {
                break;
            }
            if same {
                stride[axis] = 1;
            }
            let limit = match mode {
                PaddingMode::Reflect => size[axis] - 1,
                PaddingMode::Circular => size[axis],
                _ => usize::MAX,
            };
            let total = |dilation: usize| dilation * (kernel[axis] - 1);
            if same {
                // Half of the kernel has to stay within the limit.
                while total(dilation[axis]).div_ceil(2) > limit && dilation[axis] > 1 {
                    dilation[axis] -= 1;
                }
                if total(dilation[axis]).div_ceil(2) > limit {
                    size[axis] += total(dilation[axis]);
                }
                continue;
            }
            // A kernel larger than the input gets as much padding as it needs, or more input.
            for side in [axis, axis + 2] {
                sides[side] = sides[side].min(limit);
                let padded = size[axis] + sides[axis] + sides[axis + 2];
                let lacking = (total(dilation[axis]) + 1).saturating_sub(padded);
                sides[side] = (sides[side] + lacking).min(limit);
            }
            let padded = size[axis] + sides[axis] + sides[axis + 2];
            size[axis] += (total(dilation[axis]) + 1).saturating_sub(padded);
        }
        let [height, width] = size;
        let input = [groups * inputs, height, width];
        let mut spec = Conv2d::new(input, groups * outputs, kernel)
            .stride(stride)
            .dilation(dilation)
            .padding_mode(mode)
            .groups(groups)
            .activation(activation)
            .algorithm(Algorithm::Direct);
        spec.padding = if same { Padding::Same } else { Padding::Sides(sides) };
        match flaw {
            Flaw::Zero(which) => *zeroable(&mut spec, which) = 0,
            Flaw::Groups(groups) => spec.groups = groups,
            Flaw::None | Flaw::AsItComes => {}
        }
        spec
    })
}

/// A parameter that must not be zero.
fn zeroable(spec: &mut Conv2d, which: usize) -> &mut usize {
    match which {
        0..3 => &mut spec.input[which],
        3 => &mut spec.out_channels,
        4 | 5 => &mut spec.kernel_size[which - 4],
        6 | 7 => &mut spec.stride[which - 6],
        8 | 9 => &mut spec.dilation[which - 8],
        _ => &mut spec.groups,
    }
}

fn case() -> impl Strategy<Value = Case> {
    (spec(), any::<bool>(), norm(), norm(), rarely(2), any::<u64>()).prop_map(
        |(spec, bias, norm, input_norm, special, seed)| {
            // A shift in front of zero padding is refused; mostly it should not be asked for.
            let shiftable = spec.padding_mode != PaddingMode::Zeros || unpadded(&spec);
            let input_norm = match input_norm {
                Some(_) if !shiftable && !seed.is_multiple_of(8) => Some(Norm::Unshifted),
                norm => norm,
            };
            Case { spec, bias, input_norm, norm, special, seed }
        },
    )
}

/// The padding as four sides; PyTorch's `same` puts the odd one at the bottom or right.
fn padding(spec: &Conv2d) -> [usize; 4] {
    let total = |axis: usize| spec.dilation[axis] * spec.kernel_size[axis].saturating_sub(1);
    let (down, across) = (total(0), total(1));
    match spec.padding {
        Padding::Sides(sides) => sides,
        Padding::Same => [down / 2, across / 2, down - down / 2, across - across / 2],
    }
}

fn unpadded(spec: &Conv2d) -> bool {
    padding(spec) == [0; 4]
}

/// Whether PyTorch takes it.
fn valid(spec: &Conv2d) -> bool {
    let [channels, height, width] = spec.input;
    let sizes = [channels, spec.out_channels, spec.groups];
    let divides = |channels: usize| channels.is_multiple_of(spec.groups);
    if sizes.contains(&0) || !divides(channels) || !divides(spec.out_channels) {
        return false;
    }
    let sides = padding(spec);
    (0..2).all(|axis| {
        let (size, kernel) = ([height, width][axis], spec.kernel_size[axis]);
        let (stride, dilation) = (spec.stride[axis], spec.dilation[axis]);
        let (before, after) = (sides[axis], sides[axis + 2]);
        let positive = size > 0 && kernel > 0 && stride > 0 && dilation > 0;
        let fillable = match spec.padding_mode {
            PaddingMode::Zeros | PaddingMode::Replicate => true,
            PaddingMode::Reflect => before < size && after < size,
            PaddingMode::Circular => before <= size && after <= size,
        };
        let strided = spec.padding == Padding::Same && stride != 1;
        positive && fillable && !strided && dilation * (kernel - 1) < size + before + after
    })
}

fn oracle(spec: &Conv2d) -> nchw_oracle::Conv2d {
    nchw_oracle::Conv2d {
        out_channels: spec.out_channels,
        kernel_size: spec.kernel_size,
        stride: spec.stride,
        padding: padding(spec),
        padding_mode: match spec.padding_mode {
            PaddingMode::Zeros => nchw_oracle::PaddingMode::Zeros,
            PaddingMode::Reflect => nchw_oracle::PaddingMode::Reflect,
            PaddingMode::Replicate => nchw_oracle::PaddingMode::Replicate,
            PaddingMode::Circular => nchw_oracle::PaddingMode::Circular,
        },
        dilation: spec.dilation,
        groups: spec.groups,
    }
}

/// Runs a case on every backend.
pub(crate) fn test(case: &Case) -> Outcome {
    let Case { spec, bias, input_norm, norm, special, seed } = case;
    let plan = spec.plan::<f32>();
    assert_eq!(plan.is_ok(), valid(spec), "PyTorch's rules say otherwise: {plan:?}");
    let Ok(plan) = plan else { return Outcome::Refused };

    let [channels, ..] = spec.input;
    let outputs = spec.out_channels;
    let [kernel_height, kernel_width] = spec.kernel_size;
    let weight_shape = [outputs, channels / spec.groups, kernel_height, kernel_width];
    assert_eq!(plan.weight_shape(), weight_shape);
    assert_eq!(plan.input_shape(), spec.input);

    let mut random = Random::new(*seed);
    let x = input(&mut random, spec.input, *special);
    let weight = random.f32s(weight_shape.iter().product());
    let bias = bias.then(|| random.f32s(outputs));
    let slopes = (spec.activation == Activation::Prelu).then(|| random.f32s(outputs));
    let input_norm = input_norm.map(|norm| NormData::new(norm, channels, &mut random));
    let norm = norm.map(|norm| NormData::new(norm, outputs, &mut random));

    let parameters = Parameters {
        bias: bias.as_deref(),
        input_batch_norm: input_norm.as_ref().map(NormData::nchw),
        batch_norm: norm.as_ref().map(NormData::nchw),
        prelu: slopes.as_deref(),
    };
    let mut packed = Guarded::new(plan.packed_len());
    let result = plan.pack(guarded(&weight).slice(), &parameters, packed.slice_mut());
    packed.check();
    let shift = input_norm.as_ref().and_then(NormData::first_shift);
    if let Some(channel) = shift
        && spec.padding_mode == PaddingMode::Zeros
        && !unpadded(spec)
    {
        assert_eq!(result, Err(Error::InexactFold { channel }));
        return Outcome::Refused;
    }
    assert_eq!(result, Ok(()));
    packed.assert_written();

    let conv = oracle(spec);
    let bias = bias.as_deref().map(widen);
    let mut wide = widen(&weight);
    let mut want = match &input_norm {
        None => float::conv2d(&conv, spec.input, &widen(&x), &wide, bias.as_deref()),
        Some(norm) => {
            let x = norm.apply(spec.input, &widen(&x));
            let want = float::conv2d(&conv, spec.input, &x.values, &wide, bias.as_deref());
            // Factor and shift are rounded apart.
            wide.iter_mut().for_each(|w| *w = w.abs());
            let bias = bias.map(|b| b.iter().map(|b| b.abs()).collect::<Vec<_>>());
            let sums = float::conv2d(&conv, spec.input, &x.magnitude, &wide, bias.as_deref());
            nchw_oracle::Output { magnitude: sums.values, ..want }
        }
    };
    if let Some(norm) = &norm {
        want = norm.oracle(|norm| want.batch_norm2d(norm));
    }
    assert_eq!(plan.output_shape(), want.shape);
    let slopes = slopes.unwrap_or_default();
    let row = match plan.algorithm() {
        Algorithm::Winograd2 => Row::Winograd2,
        Algorithm::Winograd4 => Row::Winograd4,
        _ => Row::Conv2d,
    };
    let (row, want) = activated((row, want), spec.activation, &slopes);
    assert_conv(row, &plan, &packed, &x, &want);
    Outcome::Ran
}

#[test]
fn conv2d() {
    check(20_000, case(), test);
}
