//! Weighted sums.

use nchw::{Algorithm, Backend, Conv2d, ConvPlan, ConvTranspose2d, Linear, Parameters};
use nchw_oracle::float;
use nchw_test_support::Row;
use nchw_test_support::reference::widen;

use crate::table::{Data, RANDOM, Table};

pub(crate) fn conv(
    backend: Backend,
    plan: &ConvPlan<f32>,
    weight: &[f32],
    bias: &[f32],
    x: &[f32],
) -> Vec<f32> {
    let mut packed = vec![f32::NAN; plan.packed_len()];
    plan.pack(&plan.weight_shape(), weight, &Parameters::NONE.bias(bias), &mut packed).unwrap();
    let mut workspace = vec![f32::NAN; plan.workspace_len()];
    let mut y = vec![f32::NAN; plan.output_len()];
    plan.backend(backend).unwrap().run(&packed, x, &mut y, &mut workspace).unwrap();
    y
}

/// A convolution in `groups` groups of `outputs` channels.
fn conv2d(
    table: &mut Table,
    (algorithm, row): (&'static str, Row),
    data: &[Data],
    input: [usize; 3],
    kernel_size: [usize; 2],
    [groups, outputs]: [usize; 2],
) {
    let out_channels = outputs * groups;
    table.run(["conv2d", algorithm], row, data, &|backend, values| {
        let spec =
            Conv2d::new(input, out_channels, kernel_size).groups(groups).algorithm(match row {
                Row::Winograd2 => Algorithm::Winograd2,
                Row::Winograd4 => Algorithm::Winograd4,
                _ => Algorithm::Direct,
            });
        let plan = spec.plan::<f32>().unwrap();
        let x = values(plan.input_len());
        let weight = values(plan.weight_shape().iter().product());
        let bias = values(out_channels);
        let oracle = nchw_oracle::Conv2d {
            out_channels,
            kernel_size,
            stride: [1, 1],
            padding: [0; 4],
            padding_mode: nchw_oracle::PaddingMode::Zeros,
            dilation: [1, 1],
            groups,
        };
        let want = float::conv2d(&oracle, input, &widen(&x), &widen(&weight), Some(&widen(&bias)));
        (conv(backend, &plan, &weight, &bias, &x), want)
    });
}

fn conv_transpose2d(
    table: &mut Table,
    input: [usize; 3],
    kernel_size: [usize; 2],
    stride: [usize; 2],
) {
    let row = Row::ConvTranspose2d;
    table.run(["conv_transpose2d", "direct"], row, &RANDOM, &|backend, values| {
        let spec = ConvTranspose2d::new(input, 5, kernel_size).stride(stride);
        let plan = spec.plan::<f32>().unwrap();
        let x = values(plan.input_len());
        let weight = values(plan.weight_shape().iter().product());
        let bias = values(5);
        let oracle = nchw_oracle::ConvTranspose2d {
            out_channels: 5,
            kernel_size,
            stride,
            padding: [0; 4],
            output_padding: [0; 2],
            dilation: [1, 1],
            groups: 1,
        };
        let [wide_x, wide_weight, wide_bias] = [&x, &weight, &bias].map(|values| widen(values));
        let want = float::conv_transpose2d(&oracle, input, &wide_x, &wide_weight, Some(&wide_bias));
        (conv(backend, &plan, &weight, &bias, &x), want)
    });
}

fn linear(table: &mut Table, algorithm: &'static str, row: Row, data: &[Data], features: usize) {
    table.run(["linear", algorithm], row, data, &|backend, values| {
        let plan = Linear::new([features, 1, 1], 6).plan::<f32>().unwrap();
        let (x, weight, bias) = (values(features), values(6 * features), values(6));
        let want = float::linear(&widen(&x), &widen(&weight), Some(&widen(&bias)));
        let mut packed = vec![f32::NAN; plan.packed_len()];
        plan.pack(&plan.weight_shape(), &weight, &Parameters::NONE.bias(&bias), &mut packed)
            .unwrap();
        let mut y = vec![f32::NAN; 6];
        plan.backend(backend).unwrap().run(&packed, &x, &mut y).unwrap();
        (y, want)
    });
}

pub(crate) fn convolutions(table: &mut Table) {
    let mut sums = |algorithm, data: &[Data], input, kernel_size, groups| {
        let row = match data {
            [Data::Equal] => Row::EqualProducts,
            _ => Row::Conv2d,
        };
        conv2d(table, (algorithm, row), data, input, kernel_size, groups);
    };
    sums("direct", &RANDOM, [512, 4, 4], [1, 1], [1, 5]);
    sums("direct", &RANDOM, [2048, 3, 3], [1, 1], [1, 5]);
    sums("direct", &RANDOM, [64, 8, 8], [3, 3], [1, 5]);
    sums("direct", &RANDOM, [512, 5, 5], [3, 3], [1, 5]);
    sums("direct", &RANDOM, [64, 9, 9], [7, 7], [1, 5]);
    sums("direct", &RANDOM, [16, 12, 12], [11, 11], [1, 5]);
    sums("direct", &RANDOM, [4, 9, 9], [7, 7], [4, 5]);
    sums("direct", &RANDOM, [4, 33, 33], [31, 31], [4, 5]);
    sums("direct", &RANDOM, [1, 1, 2050], [1, 2048], [1, 5]);
    sums("direct, equal", &[Data::Equal], [512, 5, 5], [3, 3], [1, 5]);
    sums("pointwise", &RANDOM, [72, 8, 9], [1, 1], [1, 22]);
    sums("pointwise", &RANDOM, [512, 8, 9], [1, 1], [1, 22]);
    sums("pointwise", &RANDOM, [2048, 8, 9], [1, 1], [1, 5]);
    sums("pointwise, equal", &[Data::Equal], [2048, 8, 9], [1, 1], [1, 5]);
    for kernel_size in [[3, 3], [5, 5]] {
        sums("depthwise", &RANDOM, [64, 40, 40], kernel_size, [64, 1]);
    }
    let tiles = [("winograd 2x2", Row::Winograd2), ("winograd 4x4", Row::Winograd4)];
    for algorithm in tiles {
        for data in [&RANDOM[..], &[Data::Equal]] {
            conv2d(table, algorithm, data, [1, 23, 23], [3, 3], [1, 5]);
            conv2d(table, algorithm, data, [64, 8, 8], [3, 3], [1, 5]);
            conv2d(table, algorithm, data, [512, 9, 9], [3, 3], [1, 5]);
            conv2d(table, algorithm, data, [2048, 5, 5], [3, 3], [1, 5]);
        }
        // Few products of one sign, often.
        conv2d(table, algorithm, &[Data::OneSign], [1, 130, 130], [3, 3], [1, 64]);
        conv2d(table, algorithm, &[Data::OneSign], [2, 66, 66], [3, 3], [1, 64]);
    }
}

pub(crate) fn transposed_convolutions(table: &mut Table) {
    conv_transpose2d(table, [512, 3, 3], [2, 2], [2, 2]);
    conv_transpose2d(table, [512, 4, 4], [4, 4], [2, 2]);
    conv_transpose2d(table, [512, 4, 4], [3, 3], [1, 1]);
    conv_transpose2d(table, [1, 33, 33], [31, 31], [1, 1]);
}

pub(crate) fn linear_layers(table: &mut Table) {
    for features in [1024, 4096, 16384] {
        linear(table, "direct", Row::Linear, &RANDOM, features);
    }
    linear(table, "direct, equal", Row::EqualProducts, &[Data::Equal], 16384);
}
