//! Transposed convolution.

use nchw::ConvTranspose2d;
use nchw_oracle::integer;
use nchw_test_support::{Guarded, check};
use proptest::prelude::*;
use proptest::sample::select;

use crate::common::{empty, guarded};
use crate::conv::run;
use crate::geometry::{grouping, shrink, sides, window};
use crate::weighted::{Numbers, numbers_of_layer, overflow};

/// Multiplications that a case may take.
const BUDGET: usize = 30_000;

pub(crate) fn spec() -> impl Strategy<Value = ConvTranspose2d> {
    let size = || prop_oneof![3 => 1..=5_usize, 3 => select(vec![7, 8, 9]), 1 => 10..=17_usize];
    let sizes = (grouping(), size(), size(), window(vec![1, 1, 1, 2, 3]));
    (sizes, sides(5), [0..=3_usize, 0..=3]).prop_map(|(sizes, mut crop, mut output_padding)| {
        let ([groups, inputs, outputs], height, width, window) = sizes;
        let mut size = [height, width];
        let [kernel_height, kernel_width] = window.kernel;
        shrink(groups * inputs * outputs * kernel_height * kernel_width, BUDGET, &mut size);
        for axis in 0..2 {
            let (stride, dilation) = (window.stride[axis], window.dilation[axis]);
            output_padding[axis] = output_padding[axis].min(stride.max(dilation) - 1);
            // Crop within what there is, which may be more than the kernel adds.
            let full = (size[axis] - 1) * stride + window.extent(axis) + output_padding[axis];
            crop[axis] = crop[axis].min(full - 1);
            crop[axis + 2] = crop[axis + 2].min(full - 1 - crop[axis]);
        }
        let input = [groups * inputs, size[0], size[1]];
        ConvTranspose2d::new(input, groups * outputs, window.kernel)
            .stride(window.stride)
            .dilation(window.dilation)
            .padding_sides(crop)
            .output_padding(output_padding)
            .groups(groups)
    })
}

pub(crate) fn oracle(spec: &ConvTranspose2d) -> nchw_oracle::ConvTranspose2d {
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

/// The weights of every output channel, together.
pub(crate) fn by_output<T: Copy>(spec: &ConvTranspose2d, weight: &[T]) -> Vec<Vec<T>> {
    let kernel = spec.kernel_size[0] * spec.kernel_size[1];
    let (inputs, outputs) = (spec.input[0] / spec.groups, spec.out_channels / spec.groups);
    let taps = |o: usize| {
        let first = o / outputs * inputs;
        (first..first + inputs)
            .flat_map(|i| weight[(i * outputs + o % outputs) * kernel..][..kernel].to_vec())
            .collect()
    };
    (0..spec.out_channels).map(taps).collect()
}

pub(crate) fn test((spec, numbers): &(ConvTranspose2d, Numbers)) {
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
    let channels = by_output(spec, &data.weight);
    assert_eq!(result, overflow(&numbers.io, &channels, data.bias.as_deref()));
    if result.is_err() {
        return;
    }
    let (conv, bias) = (oracle(spec), data.bias.as_deref());
    let x = (&data.x[..], numbers.io.input.zero_point);
    let sums = integer::conv_transpose2d(&conv, spec.input, x, &data.weight, bias);
    let want = sums.requantize(&data.factors, numbers.io.output.zero_point, numbers.limit());
    assert_eq!(plan.output_shape(), want.shape);
    assert_eq!(run(&plan, packed.slice(), &data.x), want.values);
}

#[test]
fn conv_transpose2d() {
    check(15_000, (spec(), numbers_of_layer()), test);
}
