//! The table of errors (`tests/support/src/tolerance.rs`) on long sums, of both signs, of one sign, and of
//! equal numbers: thousands of products, which a single running sum would not hold.
//!
//! `cargo test --test precision -- --nocapture` prints how near each comes.

use nchw::{
    AdaptiveAvgPool2d, Algorithm, AvgPool2d, Backend, Conv2d, ConvPlan, ConvTranspose2d, Linear,
    Parameters, Softmax,
};
use nchw_oracle::{Output, float};
use nchw_test_support::reference::widen;
use nchw_test_support::tolerance::{Bound, worst};
use nchw_test_support::{Random, Row};

/// What is summed up.
#[derive(Clone, Copy, Debug)]
enum Data {
    BothSigns,
    OneSign,
    /// Where a running sum errs in the same direction every time.
    Equal,
}

impl Data {
    fn values(self, random: &mut Random, len: usize) -> Vec<f32> {
        match self {
            Self::BothSigns => random.f32s(len),
            Self::OneSign => random.f32s_in(len, 0.0, 1.0),
            Self::Equal => vec![random.f32s_in(1, 0.5, 1.0)[0]; len],
        }
    }
}

/// All but equal numbers.
const RANDOM: [Data; 2] = [Data::BothSigns, Data::OneSign];

/// Seeds per size and kind of data.
const SEEDS: u64 = 3;

/// What an operator computed from values that it took, on a back-end if it has several, and what it should
/// have.
type Run<'a> = &'a dyn Fn(Backend, &mut dyn FnMut(usize) -> Vec<f32>) -> (Vec<f32>, Output);

/// Holds an operator against its row of the table.
#[track_caller]
fn holds(name: &str, row: Row, data: &[Data], run: Run<'_>) {
    for (backend, &data) in Backend::available().flat_map(|b| data.iter().map(move |d| (b, d))) {
        let worst = (0..SEEDS).map(|seed| {
            let mut random = Random::new(seed);
            let (got, want) = run(backend, &mut |len| data.values(&mut random, len));
            worst(row, &got, &want).expect("no output")
        });
        let worst = worst.max_by(|a, b| a.ratio.total_cmp(&b.ratio)).expect("no seed");
        let near = match row.bound() {
            Bound::Sum { .. } | Bound::RunningSum { .. } | Bound::Channel { .. } => {
                format!("k = {:.2} of {:.2}", worst.seen_k, worst.allowed_k)
            }
            _ => format!("{:.2} times what is allowed", worst.ratio),
        };
        println!("{name}, {data:?}, {}: {near}", backend.name());
        // A NaN is no ratio.
        assert!(worst.ratio <= 1.0, "{name}, {data:?}, {}: {near}; {worst:?}", backend.name());
    }
}

fn conv(
    backend: Backend,
    plan: &ConvPlan<f32>,
    weight: &[f32],
    bias: &[f32],
    x: &[f32],
) -> Vec<f32> {
    let mut packed = vec![f32::NAN; plan.packed_len()];
    plan.pack(weight, &Parameters::NONE.bias(bias), &mut packed).unwrap();
    let mut workspace = vec![f32::NAN; plan.workspace_len()];
    let mut y = vec![f32::NAN; plan.output_len()];
    plan.backend(backend).unwrap().run(&packed, x, &mut y, &mut workspace).unwrap();
    y
}

/// A convolution in `groups` groups.
fn conv2d(row: Row, data: &[Data], input: [usize; 3], kernel_size: [usize; 2], groups: usize) {
    let out_channels = 5 * groups;
    let name = format!("conv2d of {input:?}, kernel {kernel_size:?}, groups {groups}");
    holds(&name, row, data, &|backend, values| {
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

fn conv_transpose2d(data: &[Data], input: [usize; 3], kernel_size: [usize; 2], stride: [usize; 2]) {
    let name = format!("conv_transpose2d of {input:?}, kernel {kernel_size:?}, stride {stride:?}");
    holds(&name, Row::ConvTranspose2d, data, &|backend, values| {
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

fn linear(row: Row, data: &[Data], features: usize) {
    holds(&format!("linear of {features}"), row, data, &|backend, values| {
        let plan = Linear::new([features, 1, 1], 6).plan::<f32>().unwrap();
        let (x, weight, bias) = (values(features), values(6 * features), values(6));
        let want = float::linear(&widen(&x), &widen(&weight), Some(&widen(&bias)));
        let mut packed = vec![f32::NAN; plan.packed_len()];
        plan.pack(&weight, &Parameters::NONE.bias(&bias), &mut packed).unwrap();
        let mut y = vec![f32::NAN; 6];
        plan.backend(backend).unwrap().run(&packed, &x, &mut y).unwrap();
        (y, want)
    });
}

fn global_average(data: &[Data], height: usize, width: usize) {
    let input = [3, height, width];
    holds(&format!("global average of {input:?}"), Row::AvgPool2d, data, &|backend, values| {
        let plan = AdaptiveAvgPool2d::global(input).plan::<f32>().unwrap();
        let x = values(plan.input_len());
        let mut y = vec![f32::NAN; 3];
        plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
        (y, float::adaptive_avg_pool2d([1, 1], input, &widen(&x)))
    });
}

/// One channel is larger by `stands_out`.
fn softmax(data: &[Data], channels: usize, stands_out: f32) {
    let name = format!("softmax over {channels}, one larger by {stands_out}");
    holds(&name, Row::Exponential, data, &|backend, values| {
        let input = [channels, 1, 1];
        let plan = Softmax::new(input).plan::<f32>().unwrap();
        let mut x = values(channels);
        x[0] += stands_out;
        let mut y = vec![f32::NAN; channels];
        plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
        (y, float::softmax(input, &widen(&x)))
    });
}

#[test]
fn convolutions() {
    conv2d(Row::Conv2d, &RANDOM, [512, 4, 4], [1, 1], 1);
    conv2d(Row::Conv2d, &RANDOM, [2048, 3, 3], [1, 1], 1);
    conv2d(Row::Conv2d, &RANDOM, [64, 8, 8], [3, 3], 1);
    conv2d(Row::Conv2d, &RANDOM, [512, 5, 5], [3, 3], 1);
    conv2d(Row::Conv2d, &RANDOM, [64, 9, 9], [7, 7], 1);
    conv2d(Row::Conv2d, &RANDOM, [16, 12, 12], [11, 11], 1);
    conv2d(Row::Conv2d, &RANDOM, [4, 9, 9], [7, 7], 4);
}

#[test]
fn winograd_convolutions() {
    for row in [Row::Winograd2, Row::Winograd4] {
        for data in [&RANDOM[..], &[Data::Equal]] {
            conv2d(row, data, [1, 23, 23], [3, 3], 1);
            conv2d(row, data, [64, 8, 8], [3, 3], 1);
            conv2d(row, data, [512, 9, 9], [3, 3], 1);
            conv2d(row, data, [2048, 5, 5], [3, 3], 1);
        }
    }
}

#[test]
fn transposed_convolutions() {
    conv_transpose2d(&RANDOM, [512, 3, 3], [2, 2], [2, 2]);
    conv_transpose2d(&RANDOM, [512, 4, 4], [4, 4], [2, 2]);
    conv_transpose2d(&RANDOM, [512, 4, 4], [3, 3], [1, 1]);
}

#[test]
fn linear_layers() {
    for features in [1024, 4096, 16384] {
        linear(Row::Linear, &RANDOM, features);
    }
}

#[test]
fn average_pools() {
    global_average(&RANDOM, 56, 56);
    global_average(&RANDOM, 112, 112);
    let (input, kernel_size) = ([3, 58, 58], [56, 56]);
    holds("average over 56 x 56", Row::AvgPool2d, &RANDOM, &|backend, values| {
        let plan = AvgPool2d::new(input, kernel_size).stride([1, 1]).plan::<f32>().unwrap();
        let x = values(plan.input_len());
        let mut y = vec![f32::NAN; plan.output_len()];
        plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
        let oracle = nchw_oracle::AvgPool2d {
            kernel_size,
            stride: [1, 1],
            padding: [0; 4],
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
        };
        (y, float::avg_pool2d(&oracle, input, &widen(&x)))
    });
}

#[test]
fn softmax_of_about_equal_channels() {
    for channels in [1000, 4096] {
        softmax(&RANDOM, channels, 0.0);
    }
}

#[test]
fn softmax_of_a_channel_that_stands_out() {
    for stands_out in [6.0, 8.0, 10.0, 12.0] {
        softmax(&RANDOM, 1000, stands_out);
    }
}

#[test]
fn large_kernels() {
    conv2d(Row::Conv2d, &RANDOM, [4, 33, 33], [31, 31], 4);
    conv2d(Row::Conv2d, &RANDOM, [1, 1, 2050], [1, 2048], 1);
    conv_transpose2d(&RANDOM, [1, 33, 33], [31, 31], [1, 1]);
}

#[test]
fn averages_of_long_rows() {
    global_average(&RANDOM, 1, 16384);
    global_average(&RANDOM, 16384, 1);
}

#[test]
fn averages_of_equal_numbers() {
    global_average(&[Data::Equal], 56, 56);
    global_average(&[Data::Equal], 112, 112);
}

#[test]
fn sums_of_equal_products() {
    conv2d(Row::EqualProducts, &[Data::Equal], [512, 5, 5], [3, 3], 1);
    linear(Row::EqualProducts, &[Data::Equal], 16384);
}
