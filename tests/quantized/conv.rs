//! Convolution.

use nchw::{Conv2d, ConvPlan, PaddingMode};
use nchw_oracle::integer;
use nchw_test_support::{Guarded, check};
use proptest::prelude::*;

use crate::common::{empty, guarded, output};
use crate::geometry::{edge, grouping, shrink, sides, window};
use crate::weighted::{Numbers, numbers_of_layer, overflow};

/// Multiplications that a case may take.
const BUDGET: usize = 40_000;

fn mode() -> impl Strategy<Value = PaddingMode> {
    prop_oneof![
        4 => Just(PaddingMode::Zeros),
        1 => Just(PaddingMode::Reflect),
        1 => Just(PaddingMode::Replicate),
        1 => Just(PaddingMode::Circular),
    ]
}

pub(crate) fn spec() -> impl Strategy<Value = Conv2d> {
    let sizes = (grouping(), edge(), edge(), window(vec![1, 1, 1, 2, 3]));
    (sizes, sides(4), mode()).prop_map(|(sizes, mut sides, mode)| {
        let ([groups, inputs, outputs], height, width, window) = sizes;
        let mut size = [height, width];
        let [kernel_height, kernel_width] = window.kernel;
        shrink(groups * inputs * outputs * kernel_height * kernel_width, BUDGET, &mut size);
        for axis in 0..2 {
            let limit = match mode {
                PaddingMode::Reflect => size[axis] - 1,
                PaddingMode::Circular => size[axis],
                _ => usize::MAX,
            };
            // A kernel larger than the input gets as much padding as it needs, or more input.
            for side in [axis, axis + 2] {
                sides[side] = sides[side].min(limit);
                let padded = size[axis] + sides[axis] + sides[axis + 2];
                sides[side] = (sides[side] + window.extent(axis).saturating_sub(padded)).min(limit);
            }
            let padded = size[axis] + sides[axis] + sides[axis + 2];
            size[axis] += window.extent(axis).saturating_sub(padded);
        }
        Conv2d::new([groups * inputs, size[0], size[1]], groups * outputs, window.kernel)
            .stride(window.stride)
            .dilation(window.dilation)
            .padding_sides(sides)
            .padding_mode(mode)
            .groups(groups)
    })
}

pub(crate) fn oracle(spec: &Conv2d) -> nchw_oracle::Conv2d {
    let nchw::Padding::Sides(padding) = spec.padding else { panic!("{:?}", spec.padding) };
    nchw_oracle::Conv2d {
        out_channels: spec.out_channels,
        kernel_size: spec.kernel_size,
        stride: spec.stride,
        padding,
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

/// Runs a convolution with weights that are packed already.
#[track_caller]
pub(crate) fn run(plan: &ConvPlan<i8>, packed: &[i8], x: &[i8]) -> Vec<i8> {
    let (packed, x) = (guarded(packed), guarded(x));
    let mut workspace = Guarded::new(plan.workspace_len());
    let workspace = core::cell::RefCell::new(&mut workspace);
    let y = output(plan.output_len(), |y| {
        plan.run(packed.slice(), x.slice(), y, workspace.borrow_mut().slice_mut())
    });
    workspace.borrow().check();
    y
}

pub(crate) fn test((spec, numbers): &(Conv2d, Numbers)) {
    let activation = numbers.fused.activation(numbers.io.output);
    let plan = spec.requantization(numbers.io).activation(activation).plan::<i8>();
    if empty(numbers.limit(), &plan) {
        return;
    }
    let plan = plan.unwrap();
    let weights = plan.weight_shape().iter().product::<usize>();
    let taps = weights / spec.out_channels;
    let data = numbers.data([plan.input_len(), weights, spec.out_channels, taps], false);

    let mut packed = Guarded::new(plan.packed_len());
    let result = plan.pack(guarded(&data.weight).slice(), &data.parameters(), packed.slice_mut());
    packed.check();
    let channels: Vec<Vec<i8>> = data.weight.chunks(taps).map(<[i8]>::to_vec).collect();
    assert_eq!(result, overflow(&numbers.io, &channels, data.bias.as_deref()));
    if result.is_err() {
        return;
    }
    let x = (&data.x[..], numbers.io.input.zero_point);
    let conv = oracle(spec);
    let sums = integer::conv2d(&conv, spec.input, x, &data.weight, data.bias.as_deref());
    let want = sums.requantize(&data.factors, numbers.io.output.zero_point, numbers.limit());
    assert_eq!(plan.output_shape(), want.shape);
    assert_eq!(run(&plan, packed.slice(), &data.x), want.values);
}

#[test]
fn conv2d() {
    check(20_000, (spec(), numbers_of_layer()), test);
}

/// Sums over so many channels that they are split.
#[test]
fn deep_convolutions() {
    let spec = ([15..=140_usize, 1..=9], [1..=3_usize, 1..=3], [3..=4_usize, 7..=10]).prop_map(
        |([inputs, outputs], kernel, [height, width])| {
            Conv2d::new([inputs, height, width], outputs, kernel).padding([1, 0])
        },
    );
    check(1_500, (spec, numbers_of_layer()), test);
}
