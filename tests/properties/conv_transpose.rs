//! Transposed convolution.

use nchw::{Activation, ConvTranspose2d, Error, Parameters};
use nchw_oracle::{Output, float};
use nchw_test_support::reference::widen;
use nchw_test_support::{Guarded, Random, Row};
use proptest::prelude::*;
use proptest::sample::select;

use crate::common::{
    Norm, NormData, Outcome, activated, activation, assert_conv, channels, check, guarded, input,
    norm, pair, rarely, sides,
};

/// A transposed convolution and what goes into it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) spec: ConvTranspose2d,
    pub(crate) bias: bool,
    pub(crate) input_norm: Option<Norm>,
    pub(crate) norm: Option<Norm>,
    /// NaN and infinities among the inputs.
    pub(crate) special: bool,
    pub(crate) seed: u64,
}

/// Multiplications that a case may take.
const BUDGET: usize = 80_000;

/// What makes a specification senseless.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    None,
    /// Crop and output padding as they come, whether they go together or not.
    AsItComes,
    Zero(usize),
    Groups(usize),
}

fn flaw() -> impl Strategy<Value = Flaw> {
    prop_oneof![
        27 => Just(Flaw::None),
        3 => Just(Flaw::AsItComes),
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

fn spec() -> impl Strategy<Value = ConvTranspose2d> {
    let size = prop_oneof![3 => 1..=5_usize, 3 => select(vec![7, 8, 9]), 1 => 10..=17_usize];
    let kernel = prop_oneof![2 => 1..=2_usize, 3 => 2..=4_usize, 2 => 1..=7_usize];
    let stride = select(vec![1_usize, 1, 2, 2, 3, 4]);
    let dilation = select(vec![1_usize, 1, 1, 2, 3]);
    let output_padding = select(vec![0_usize, 0, 1, 2, 3]);
    let window = (pair(kernel), pair(stride), pair(dilation), pair(output_padding));
    let sizes = (grouping(), size.clone(), size, window, sides(5));
    (sizes, activation(true), flaw()).prop_map(|(sizes, activation, flaw)| {
        let ([groups, inputs, outputs], height, width, window, mut sides) = sizes;
        let (kernel, stride, dilation, mut output_padding) = window;
        let mut size = [height, width];
        let per_pixel = groups * inputs * outputs * kernel[0] * kernel[1];
        while per_pixel * size[0] * size[1] > BUDGET && size != [1, 1] {
            let longer = usize::from(size[0] == 1);
            size[longer] = size[longer].div_ceil(2);
        }
        for axis in 0..2 {
            if matches!(flaw, Flaw::AsItComes) {
                break;
            }
            // Crop within what there is, which may be more than the kernel adds.
            output_padding[axis] = output_padding[axis].min(stride[axis].max(dilation[axis]) - 1);
            let full = (size[axis] - 1) * stride[axis]
                + dilation[axis] * (kernel[axis] - 1)
                + 1
                + output_padding[axis];
            sides[axis] = sides[axis].min(full - 1);
            sides[axis + 2] = sides[axis + 2].min(full - 1 - sides[axis]);
        }
        let [height, width] = size;
        let mut spec =
            ConvTranspose2d::new([groups * inputs, height, width], groups * outputs, kernel)
                .stride(stride)
                .dilation(dilation)
                .padding_sides(sides)
                .output_padding(output_padding)
                .groups(groups)
                .activation(activation);
        match flaw {
            Flaw::Zero(which) => *zeroable(&mut spec, which) = 0,
            Flaw::Groups(groups) => spec.groups = groups,
            Flaw::None | Flaw::AsItComes => {}
        }
        spec
    })
}

/// A parameter that must not be zero.
fn zeroable(spec: &mut ConvTranspose2d, which: usize) -> &mut usize {
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
            // A shift in front is mostly refused; mostly it should not be asked for.
            let input_norm = match input_norm {
                Some(_) if spec.kernel_size != [1, 1] && !seed.is_multiple_of(8) => {
                    Some(Norm::Unshifted)
                }
                norm => norm,
            };
            Case { spec, bias, input_norm, norm, special, seed }
        },
    )
}

/// Whether PyTorch takes it.
fn valid(spec: &ConvTranspose2d) -> bool {
    let [channels, height, width] = spec.input;
    let sizes = [channels, spec.out_channels, spec.groups];
    let divides = |channels: usize| channels.is_multiple_of(spec.groups);
    if sizes.contains(&0) || !divides(channels) || !divides(spec.out_channels) {
        return false;
    }
    (0..2).all(|axis| {
        let (size, kernel) = ([height, width][axis], spec.kernel_size[axis]);
        let (stride, dilation) = (spec.stride[axis], spec.dilation[axis]);
        let (crop, extra) =
            (spec.padding[axis] + spec.padding[axis + 2], spec.output_padding[axis]);
        let positive = size > 0 && kernel > 0 && stride > 0 && dilation > 0;
        positive
            && (extra < stride || extra < dilation)
            && (size - 1) * stride + dilation * (kernel - 1) + 1 + extra > crop
    })
}

fn oracle(spec: &ConvTranspose2d) -> nchw_oracle::ConvTranspose2d {
    nchw_oracle::ConvTranspose2d {
        out_channels: spec.out_channels,
        kernel_size: spec.kernel_size,
        stride: spec.stride,
        padding: spec.padding,
        output_padding: spec.output_padding,
        dilation: spec.dilation,
        groups: spec.groups,
    }
}

/// Whether every output meets every tap, so that a shift of the inputs is the same everywhere.
fn uniform(spec: &ConvTranspose2d) -> bool {
    let conv = oracle(spec);
    let [_, height, width] = conv.output_shape(spec.input);
    let meets = |size, kernel, source: &dyn Fn(usize, usize) -> Option<usize>| {
        (0..size).all(|output| (0..kernel).all(|tap| source(output, tap).is_some()))
    };
    meets(height, spec.kernel_size[0], &|o, tap| conv.source_row(o, tap, spec.input[1]))
        && meets(width, spec.kernel_size[1], &|o, tap| conv.source_column(o, tap, spec.input[2]))
}

pub(crate) fn test(case: &Case) -> Outcome {
    let Case { spec, bias, input_norm, norm, special, seed } = case;
    let plan = spec.plan::<f32>();
    assert_eq!(plan.is_ok(), valid(spec), "PyTorch's rules say otherwise: {plan:?}");
    let Ok(plan) = plan else { return Outcome::Refused };

    let [channels, ..] = spec.input;
    let outputs = spec.out_channels;
    let [kernel_height, kernel_width] = spec.kernel_size;
    let weight_shape = [channels, outputs / spec.groups, kernel_height, kernel_width];
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
    match (result, shift) {
        // With one tap and no stride it is plain to see whether all outputs meet it; otherwise it may
        // be refused even if they all do.
        (Err(error), Some(channel)) => {
            assert_eq!(error, Error::InexactFold { channel });
            let plain = spec.kernel_size == [1, 1] && spec.stride == [1, 1];
            assert!(!uniform(spec) || !plain, "refused without need");
            return Outcome::Refused;
        }
        (Ok(()), Some(_)) => assert!(uniform(spec), "a fold that is not exact was not refused"),
        (result, None) => assert_eq!(result, Ok(())),
    }
    packed.assert_written();

    let conv = oracle(spec);
    let bias = bias.as_deref().map(widen);
    let mut wide = widen(&weight);
    let mut want = match &input_norm {
        None => float::conv_transpose2d(&conv, spec.input, &widen(&x), &wide, bias.as_deref()),
        Some(norm) => {
            let x = norm.apply(spec.input, &widen(&x));
            let values = &x.values;
            let want = float::conv_transpose2d(&conv, spec.input, values, &wide, bias.as_deref());
            // Factor and shift are rounded apart.
            wide.iter_mut().for_each(|w| *w = w.abs());
            let bias = bias.map(|b| b.iter().map(|b| b.abs()).collect::<Vec<_>>());
            let x = &x.magnitude;
            let sums = float::conv_transpose2d(&conv, spec.input, x, &wide, bias.as_deref());
            Output { magnitude: sums.values, ..want }
        }
    };
    if let Some(norm) = &norm {
        want = norm.oracle(|norm| want.batch_norm2d(norm));
    }
    assert_eq!(plan.output_shape(), want.shape);
    let slopes = slopes.unwrap_or_default();
    let (row, want) = activated((Row::ConvTranspose2d, want), spec.activation, &slopes);
    assert_conv(row, &plan, &packed, &x, &want);
    Outcome::Ran
}

#[test]
fn conv_transpose2d() {
    check(20_000, case(), test);
}

/// Every small layer of one tap with a shifting norm in front, which is exact for some of them only.
#[test]
fn a_shift_in_front_of_one_tap() {
    let mut folded = 0;
    for case in 0..3 * 3 * 3 * 3 * 3 * 3 {
        let digit = |place: u32| case / 3_usize.pow(place) % 3;
        let spec = ConvTranspose2d::new([2, 3, 1 + digit(0)], 3, [1, 1])
            .stride([1, 1 + digit(1)])
            .dilation([1, 1 + digit(2)])
            .output_padding([0, digit(3)])
            .padding_sides([0, digit(4), 0, digit(5)]);
        let turned = ConvTranspose2d {
            input: [2, 1 + digit(0), 3],
            stride: [spec.stride[1], 1],
            dilation: [spec.dilation[1], 1],
            output_padding: [digit(3), 0],
            padding: [digit(4), 0, digit(5), 0],
            ..spec
        };
        for spec in [spec, turned] {
            let (input_norm, norm) = (Some(Norm::Affine), None);
            let case = Case { spec, bias: true, input_norm, norm, special: false, seed: 3 };
            let result = std::panic::catch_unwind(|| test(&case));
            let Ok(outcome) = result else { panic!("{case:?}") };
            folded += usize::from(outcome == Outcome::Ran);
        }
    }
    assert!(folded > 50, "{folded}");
}
