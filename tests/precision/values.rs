//! Everything but weighted sums.

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, Add, AvgPool2d, BatchNorm, BatchNorm2d, MaxPool2d,
    Mul, Softmax, Upsample, UpsampleMode, ZeroPad2d,
};
use nchw_oracle::{UpsampleBilinear, float};
use nchw_test_support::Row;
use nchw_test_support::reference::widen;

use crate::table::{Data, RANDOM, Table};

/// Ranges of the inputs of activations: near zero, over the bends, far out.
const RANGES: [Data; 4] =
    [Data::Within(0.01), Data::Within(1.0), Data::Within(8.0), Data::Within(60.0)];

fn global_average(table: &mut Table, data: &[Data], height: usize, width: usize) {
    let input = [3, height, width];
    table.run(["avg_pool2d", "global"], Row::AvgPool2d, data, &|backend, values| {
        let plan = AdaptiveAvgPool2d::global(input).plan::<f32>().unwrap();
        let x = values(plan.input_len());
        let mut y = vec![f32::NAN; 3];
        plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
        (y, float::adaptive_avg_pool2d([1, 1], input, &widen(&x)))
    });
}

fn average(table: &mut Table, size: usize, kernel_size: [usize; 2]) {
    let input = [3, size, size];
    table.run(["avg_pool2d", "windows"], Row::AvgPool2d, &RANDOM, &|backend, values| {
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

pub(crate) fn pools(table: &mut Table) {
    for data in [&RANDOM[..], &[Data::Equal]] {
        global_average(table, data, 7, 7);
        global_average(table, data, 56, 56);
        global_average(table, data, 112, 112);
    }
    global_average(table, &RANDOM, 1, 16384);
    global_average(table, &RANDOM, 16384, 1);
    for (size, kernel_size) in [(58, [56, 56]), (64, [2, 2]), (64, [3, 3])] {
        average(table, size, kernel_size);
    }
    let (input, kernel_size) = ([3, 20, 20], [3, 3]);
    table.run(["max_pool2d", "windows"], Row::MaxPool2d, &RANDOM, &|backend, values| {
        let plan = MaxPool2d::new(input, kernel_size).stride([1, 1]).plan::<f32>().unwrap();
        let x = values(plan.input_len());
        let mut y = vec![f32::NAN; plan.output_len()];
        plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
        let oracle = nchw_oracle::MaxPool2d {
            kernel_size,
            stride: [1, 1],
            padding: [0; 4],
            dilation: [1, 1],
            ceil_mode: false,
        };
        (y, float::max_pool2d(&oracle, input, &widen(&x)))
    });
}

pub(crate) fn norms_and_blends(table: &mut Table) {
    let shape = [64, 16, 16];
    table.run(["batch_norm2d", "alone"], Row::BatchNorm2d, &RANDOM, &|backend, values| {
        let [mean, gamma, beta] = [(); 3].map(|()| values(64));
        let var: Vec<f32> = values(64).iter().map(|value| value.abs() + 0.1).collect();
        let norm = BatchNorm::new(&mean, &var).affine(&gamma, &beta);
        let plan = BatchNorm2d::new(shape).plan::<f32>().unwrap();
        let mut packed = vec![f32::NAN; plan.packed_len()];
        plan.pack(&norm, &mut packed).unwrap();
        let x = values(plan.input_len());
        let mut y = vec![f32::NAN; plan.output_len()];
        plan.backend(backend).unwrap().run(&packed, &x, &mut y).unwrap();
        let oracle = float::BatchNorm2d {
            eps: norm.eps,
            mean: &widen(&mean),
            var: &widen(&var),
            gamma: Some(&widen(&gamma)),
            beta: Some(&widen(&beta)),
        };
        (y, float::batch_norm2d(&oracle, shape, &widen(&x)))
    });
    for align_corners in [false, true] {
        table.run(["upsample", "bilinear"], Row::UpsampleBilinear, &RANDOM, &|backend, values| {
            let (input, output_size) = ([3, 31, 31], [97, 70]);
            let mode = UpsampleMode::Bilinear { align_corners };
            let plan = Upsample::to(input, output_size).mode(mode).plan::<f32>().unwrap();
            let x = values(plan.input_len());
            let mut y = vec![f32::NAN; plan.output_len()];
            plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
            let oracle = UpsampleBilinear { output_size, align_corners };
            (y, float::upsample_bilinear(&oracle, input, &widen(&x)))
        });
    }
}

/// An activation's name, row and reference.
type Curve = (&'static str, Row, Activation, fn([usize; 3], &[f64]) -> nchw_oracle::Output);

const CURVES: &[Curve] = &[
    ("relu6", Row::Clamp, Activation::Relu6, float::relu6),
    ("leaky_relu", Row::LeakyRelu, Activation::LeakyRelu { negative_slope: 0.1 }, |shape, x| {
        float::leaky_relu(0.1_f32.into(), shape, x)
    }),
    ("hardswish", Row::PiecewiseLinear, Activation::Hardswish, float::hardswish),
    ("hardsigmoid", Row::Hardsigmoid, Activation::HARDSIGMOID, |shape, x| {
        float::hardsigmoid((1.0_f32 / 6.0).into(), 0.5, shape, x)
    }),
    ("elu", Row::Expm1, Activation::Elu { alpha: 0.7 }, |shape, x| {
        float::elu(0.7_f32.into(), shape, x)
    }),
    ("tanh", Row::Expm1, Activation::Tanh, float::tanh),
    ("sigmoid", Row::Exponential, Activation::Sigmoid, float::sigmoid),
    ("silu", Row::Exponential, Activation::Silu, float::silu),
    ("gelu", Row::Gelu, Activation::Gelu, float::gelu),
    ("gelu, by tanh", Row::Gelu, Activation::GeluTanh, float::gelu_tanh),
];

pub(crate) fn activations(table: &mut Table) {
    for &(name, row, activation, reference) in CURVES {
        table.run(["activate", name], row, &RANGES, &|backend, values| {
            let shape = [1, 100, 100];
            let plan = Activate::new(shape, activation).plan::<f32>().unwrap();
            let x = values(plan.input_len());
            let mut y = vec![f32::NAN; plan.output_len()];
            plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
            (y, reference(shape, &widen(&x)))
        });
    }
}

/// Channels that are about equal, and one that stands out.
pub(crate) fn softmax(table: &mut Table) {
    for (channels, stands_out) in
        [(10, 0.0), (1000, 0.0), (4096, 0.0), (1000, 6.0), (1000, 8.0), (1000, 10.0), (1000, 12.0)]
    {
        table.run(["softmax", "exp"], Row::Softmax, &RANDOM, &|backend, values| {
            let input = [channels, 1, 1];
            let plan = Softmax::new(input).plan::<f32>().unwrap();
            let mut x = values(channels);
            x[0] += stands_out;
            let mut y = vec![f32::NAN; channels];
            plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
            (y, float::softmax(input, &widen(&x)))
        });
    }
}

pub(crate) fn exact_operators(table: &mut Table) {
    let shape = [5, 9, 11];
    table.run(["add", "same shape"], Row::Elementwise, &RANDOM, &|backend, values| {
        let plan = Add::new(shape).plan::<f32>().unwrap();
        let [a, b] = [(); 2].map(|()| values(plan.input_len()));
        let mut y = vec![f32::NAN; plan.output_len()];
        plan.backend(backend).unwrap().run(&a, &b, &mut y).unwrap();
        (y, float::add(shape, &widen(&a), shape, &widen(&b)))
    });
    table.run(["mul", "per channel"], Row::Elementwise, &RANDOM, &|backend, values| {
        let plan = Mul::new(shape).per_channel().plan::<f32>().unwrap();
        let (a, b) = (values(plan.input_len()), values(5));
        let mut y = vec![f32::NAN; plan.output_len()];
        plan.backend(backend).unwrap().run(&a, &b, &mut y).unwrap();
        (y, float::mul(shape, &widen(&a), [5, 1, 1], &widen(&b)))
    });
    table.run(["zero_pad2d", "copy"], Row::Copy, &RANDOM, &|backend, values| {
        let plan = ZeroPad2d::new(shape, [1, 2, 3, 4]).plan::<f32>().unwrap();
        let x = values(plan.input_len());
        let mut y = vec![f32::NAN; plan.output_len()];
        plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
        (y, float::zero_pad2d([1, 2, 3, 4], shape, &widen(&x)))
    });
}
