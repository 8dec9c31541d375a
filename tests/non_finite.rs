//! NaN and infinities: PyTorch's results, and where they are others, what the crate's documentation says of them.
//! On every back-end, in planes that fill vectors and in small ones.

use nchw::{
    Activate, Activation, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Backend, BatchNorm, BatchNorm2d,
    Buffer, Conv2d, ConvPlan, ConvTranspose2d, Error, Linear, MaxPool2d, Parameters, Prelu,
    Quantization, Softmax, Upsample, UpsampleMode,
};
use nchw_oracle::float;
use nchw_test_support::Random;
use nchw_test_support::reference::widen;

const INF: f32 = f32::INFINITY;
const NAN: f32 = f32::NAN;

fn same(got: f32, want: f32) -> bool {
    got == want || (got.is_nan() && want.is_nan())
}

/// Panics unless the numbers are the same; NaN is one, and zero.
#[track_caller]
fn assert_same(what: &str, got: &[f32], want: &[f32]) {
    let all = got.len() == want.len() && got.iter().zip(want).all(|(&a, &b)| same(a, b));
    assert!(all, "{what}: {got:?} is not {want:?}");
}

/// Each of `x` alone, and many of them.
#[track_caller]
fn assert_activation(activation: Activation, x: &[f32], want: &[f32]) {
    for backend in Backend::available() {
        for times in [1, 40] {
            let plan = Activate::new([1, times, x.len()], activation).plan::<f32>().unwrap();
            let mut y = vec![0.0; plan.output_len()];
            plan.backend(backend).unwrap().run(&x.repeat(times), &mut y).unwrap();
            let what = format!("{activation:?}, {}", backend.name());
            assert_same(&what, &y, &want.repeat(times));
        }
    }
}

#[test]
fn slopes() {
    let x = [0.0, -0.0, 2.0, -2.0, INF, -INF, NAN];
    for (slope, want) in [
        (0.5, [0.0, 0.0, 2.0, -1.0, INF, -INF, NAN]),
        (0.0, [0.0, 0.0, 2.0, 0.0, INF, NAN, NAN]),
        // Zero is multiplied, too.
        (INF, [NAN, NAN, 2.0, -INF, INF, -INF, NAN]),
        (-INF, [NAN, NAN, 2.0, INF, INF, INF, NAN]),
        (NAN, [NAN, NAN, 2.0, NAN, INF, NAN, NAN]),
    ] {
        assert_activation(Activation::LeakyRelu { negative_slope: slope }, &x, &want);
        for backend in Backend::available() {
            for times in [1, 40] {
                let plan = Prelu::new([2, times, x.len()]).plan::<f32>().unwrap();
                let mut y = vec![0.0; plan.output_len()];
                let x = x.repeat(2 * times);
                plan.backend(backend).unwrap().run(&[1.0, slope], &x, &mut y).unwrap();
                let half = x.len() / 2;
                assert_same("slope 1", &y[..half], &x[..half]);
                let what = format!("slope {slope}, {}", backend.name());
                assert_same(&what, &y[half..], &want.repeat(times));
            }
        }
    }
}

#[test]
fn activations() {
    let x = [0.0, -0.0, INF, -INF, NAN, 3e38, -3e38];
    let clamp = |min, max| Activation::Clamp { min, max };
    for (activation, want) in [
        (Activation::Identity, x),
        (Activation::Relu, [0.0, 0.0, INF, 0.0, NAN, 3e38, 0.0]),
        (Activation::Relu6, [0.0, 0.0, 6.0, 0.0, NAN, 6.0, 0.0]),
        (clamp(-INF, INF), x),
        (clamp(-INF, -1.0), [-1.0, -1.0, -1.0, -INF, NAN, -1.0, -3e38]),
        (clamp(INF, INF), [INF, INF, INF, INF, NAN, INF, INF]),
        // Minus infinity times zero; and six times a number of more than 5.7e37 overflows before it is divided.
        (Activation::Hardswish, [0.0, 0.0, INF, NAN, NAN, INF, 0.0]),
        (Activation::HARDSIGMOID, [0.5, 0.5, 1.0, 0.0, NAN, 1.0, 0.0]),
        (Activation::Elu { alpha: 1.0 }, [0.0, 0.0, INF, -1.0, NAN, 3e38, -1.0]),
        (Activation::Elu { alpha: INF }, [0.0, 0.0, INF, -INF, NAN, 3e38, -INF]),
        (Activation::Elu { alpha: NAN }, [0.0, 0.0, INF, NAN, NAN, 3e38, NAN]),
        (Activation::Elu { alpha: 0.0 }, [0.0, 0.0, INF, 0.0, NAN, 3e38, 0.0]),
        (Activation::Sigmoid, [0.5, 0.5, 1.0, 0.0, NAN, 1.0, 0.0]),
        (Activation::Tanh, [0.0, 0.0, 1.0, -1.0, NAN, 1.0, -1.0]),
        (Activation::Silu, [0.0, 0.0, INF, NAN, NAN, 3e38, 0.0]),
        (Activation::Gelu, [0.0, 0.0, INF, NAN, NAN, 3e38, 0.0]),
        (Activation::GeluTanh, [0.0, 0.0, INF, NAN, NAN, 3e38, 0.0]),
    ] {
        assert_activation(activation, &x, &want);
    }
}

#[test]
fn bounds_that_are_nan_are_refused() {
    for (min, max) in [(NAN, 1.0), (0.0, NAN), (NAN, NAN)] {
        let plan = Activate::new([1, 1, 1], Activation::Clamp { min, max }).plan::<f32>();
        assert_eq!(plan, Err(Error::NanClampBound));
    }
}

/// A plane of ones with some other numbers in its rows, of whose windows there are many or few.
fn plane(size: usize, numbers: &[(usize, f32)]) -> Vec<f32> {
    let mut x = vec![1.0; size * size];
    numbers.iter().for_each(|&(at, number)| x[at * size + at] = number);
    x
}

#[test]
fn pools() {
    for size in [5, 40] {
        for numbers in [
            &[(1, INF)][..],
            &[(1, -INF)],
            &[(1, NAN)],
            &[(1, INF), (2, -INF)],
            &[(1, NAN), (2, INF)],
            &[(1, INF), (2, NAN)],
            // Averages of large numbers whose sum is too large.
            &[(1, 3e38), (2, 3e38)],
        ] {
            let (input, x) = ([1, size, size], plane(size, numbers));
            // What a window holds, in f32 as numbers come.
            let window = |y: usize, x_: usize, count: usize| -> Vec<f32> {
                (y..y + count)
                    .flat_map(|row| (x_..x_ + count).map(move |column| (row, column)))
                    .map(|(row, column)| x[row * size + column])
                    .collect()
            };
            let largest = |window: &[f32]| {
                let nan = window.iter().any(|x| x.is_nan());
                if nan { NAN } else { window.iter().copied().fold(-INF, f32::max) }
            };
            for count in [2, 3, size] {
                let outputs = size + 1 - count;
                let windows: Vec<Vec<f32>> = (0..outputs * outputs)
                    .map(|index| window(index / outputs, index % outputs, count))
                    .collect();
                let maxima: Vec<f32> = windows.iter().map(|window| largest(window)).collect();
                let max = MaxPool2d::new(input, [count; 2]).stride([1, 1]).plan::<f32>().unwrap();
                let mean = AvgPool2d::new(input, [count; 2]).stride([1, 1]).plan::<f32>().unwrap();
                for backend in Backend::available() {
                    let what = format!("{numbers:?}, {count} of {size}, {}", backend.name());
                    let mut y = vec![0.0; maxima.len()];
                    max.backend(backend).unwrap().run(&x, &mut y).unwrap();
                    assert_same(&what, &y, &maxima);
                    mean.backend(backend).unwrap().run(&x, &mut y).unwrap();
                    for (y, window) in y.into_iter().zip(&windows) {
                        let sum = window.iter().sum::<f32>();
                        assert!(
                            sum.is_finite() && y.is_finite() || same(y, sum),
                            "{what}: {y} of {sum}"
                        );
                    }
                }
            }
            let global = AdaptiveMaxPool2d::global(input).plan::<f32>().unwrap();
            for backend in Backend::available() {
                let mut y = [0.0];
                global.backend(backend).unwrap().run(&x, &mut y).unwrap();
                assert_same("global", &y, &[largest(&x)]);
            }
        }
    }
}

#[test]
fn softmax() {
    for (x, want) in [
        ([0.0, -INF, 0.0], [0.5, 0.0, 0.5]),
        ([-INF, 1.0, -INF], [0.0, 1.0, 0.0]),
        ([0.0, INF, 0.0], [NAN; 3]),
        ([INF, -INF, INF], [NAN; 3]),
        ([-INF; 3], [NAN; 3]),
        ([NAN, 0.0, 1.0], [NAN; 3]),
        ([0.0, 1.0, NAN], [NAN; 3]),
        ([3e38, -3e38, -INF], [1.0, 0.0, 0.0]),
    ] {
        for plane in [1, 70] {
            let plan = Softmax::new([3, 1, plane]).plan::<f32>().unwrap();
            let spread = |numbers: [f32; 3]| numbers.map(|number| vec![number; plane]).concat();
            for backend in Backend::available() {
                let mut y = vec![9.0; 3 * plane];
                plan.backend(backend).unwrap().run(&spread(x), &mut y).unwrap();
                assert_same(&format!("{x:?}, {}", backend.name()), &y, &spread(want));
            }
        }
    }
}

/// Infinity times a share of zero is NaN.
///
/// Source: PyTorch's `compute_source_index_and_lambda` in `aten/src/ATen/native/UpSample.h`, `w0 * x0 + w1 * x1`.
#[test]
fn bilinear() {
    for align_corners in [false, true] {
        for (input, output, x, want) in [
            // Where a side keeps its size, an input is its own neighbour, with a share of 0.
            ([1, 3], [1, 3], &[1.0, INF, 3.0][..], &[1.0, NAN, 3.0][..]),
            ([1, 3], [1, 3], &[1.0, NAN, 3.0], &[1.0, NAN, 3.0]),
            ([3, 1], [3, 1], &[-INF, 2.0, 3.0], &[NAN, 2.0, 3.0]),
            ([2, 2], [2, 2], &[INF, 2.0, 3.0, 4.0], &[NAN, 2.0, 3.0, 4.0]),
        ] {
            assert_bilinear(align_corners, input, output, x, want);
        }
    }
    for (input, output, x, want) in [
        // Exactly on the infinity, on the input before it, and half way.
        ([1, 3], [1, 5], &[1.0, INF, 1.0][..], &[NAN, NAN, NAN, NAN, 1.0][..]),
        // On the last input, which is its own neighbour.
        ([1, 3], [1, 5], &[1.0, 1.0, INF], &[1.0, 1.0, NAN, NAN, NAN]),
        // Between two rows and two columns.
        ([2, 2], [3, 3], &[INF, 1.0, 1.0, 1.0], &[INF, INF, 1.0, INF, INF, 1.0, 1.0, 1.0, 1.0]),
        // Of the side that keeps its size nothing comes from the row below.
        ([2, 2], [2, 3], &[1.0, 3.0, INF, INF], &[1.0, 2.0, 3.0, NAN, NAN, NAN]),
    ] {
        assert_bilinear(true, input, output, x, want);
    }
    // A quarter and three quarters; at the edge the first input and its neighbour, with shares of 1 and 0.
    let mut want = [NAN, INF, INF, INF].repeat(4);
    want[..4].fill(NAN);
    let x = [1.0, INF, 1.0, INF];
    assert_bilinear(false, [2, 2], [4, 4], &x, &want);
    let mut want = [INF, INF, INF, 1.0].repeat(4);
    want[..3].fill(NAN);
    let x = [INF, 1.0, INF, 1.0];
    assert_bilinear(false, [2, 2], [4, 4], &x, &want);
}

#[track_caller]
fn assert_bilinear(
    align_corners: bool,
    input: [usize; 2],
    output: [usize; 2],
    x: &[f32],
    want: &[f32],
) {
    let mode = UpsampleMode::Bilinear { align_corners };
    let plan = Upsample::to([1, input[0], input[1]], output).mode(mode).plan::<f32>().unwrap();
    for backend in Backend::available() {
        let mut y = vec![0.0; plan.output_len()];
        plan.backend(backend).unwrap().run(x, &mut y).unwrap();
        assert_same(&format!("{x:?} to {output:?}, {}", backend.name()), &y, want);
    }
}

/// PyTorch's `clamp` keeps a number that is not below the bound, and -0.0 is not below 0.
#[test]
fn zeros_keep_their_sign() {
    for activation in [
        Activation::Relu,
        Activation::Relu6,
        Activation::Clamp { min: 0.0, max: 1.0 },
        Activation::Clamp { min: -1.0, max: 0.0 },
    ] {
        let x = [0.0_f32, -0.0, 0.0, -0.0, -0.0, 0.0, 0.0];
        for backend in Backend::available() {
            for times in [1, 2, 5, 40] {
                let plan = Activate::new([1, times, x.len()], activation).plan::<f32>().unwrap();
                let mut y = vec![9.0; plan.output_len()];
                let x = x.repeat(times);
                plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
                let bits = |x: &[f32]| -> Vec<u32> { x.iter().map(|x| x.to_bits()).collect() };
                assert_eq!(bits(&y), bits(&x), "{activation:?}, {}", backend.name());
            }
        }
    }
    for backend in Backend::available() {
        let plan = Conv2d::new([1, 1, 40], 1, [1, 1]).relu().plan::<f32>().unwrap();
        let y = conv(backend, &plan, &[0.0], &[-1.0; 40]);
        assert!(y.iter().all(|y| *y == 0.0), "{}", backend.name());
    }
}

fn conv(backend: Backend, plan: &ConvPlan<f32>, weight: &[f32], x: &[f32]) -> Vec<f32> {
    let mut packed = vec![NAN; plan.packed_len()];
    plan.pack(&plan.weight_shape(), weight, &Parameters::NONE, &mut packed).unwrap();
    let mut workspace = vec![NAN; plan.workspace_len()];
    let mut y = vec![NAN; plan.output_len()];
    plan.backend(backend).unwrap().run(&packed, x, &mut y, &mut workspace).unwrap();
    y
}

/// Layers that take every nest: of one and several channels, depthwise, wide and narrow, with strides.
fn layers() -> Vec<Conv2d> {
    let mut layers = Vec::new();
    for width in [3, 7, 8, 17, 40, 70] {
        for (channels, groups) in [(1, 1), (3, 3), (3, 1), (20, 1)] {
            for (kernel, padding) in [(1, 0), (3, 1), (5, 2)] {
                for stride in [1, 2] {
                    let spec = Conv2d::new([channels, 6, width], channels, [kernel; 2]);
                    let spec = spec.groups(groups).padding([padding; 2]).stride([stride; 2]);
                    layers.push(spec.algorithm(Algorithm::Direct));
                }
            }
        }
    }
    layers
}

fn oracle(spec: &Conv2d) -> nchw_oracle::Conv2d {
    let [kernel, _] = spec.kernel_size;
    nchw_oracle::Conv2d {
        stride: spec.stride,
        padding: [kernel / 2; 4],
        groups: spec.groups,
        ..nchw_oracle::Conv2d::new(spec.out_channels, spec.kernel_size)
    }
}

/// An infinity in the input comes to the outputs that meet it, and to no others; times zero it is NaN.
#[test]
fn infinite_inputs_meet_their_outputs_alone() {
    for spec in layers() {
        let plan = spec.plan::<f32>().unwrap();
        let mut random = Random::new(1);
        let mut weight = random.f32s(plan.weight_shape().iter().product());
        for at in [1, 2, plan.input_len() / 2, plan.input_len() - 1] {
            let mut x = random.f32s(plan.input_len());
            x[at] = INF;
            weight[at % 9 % plan.weight_shape().iter().product::<usize>()] = 0.0;
            let want = float::conv2d(&oracle(&spec), spec.input, &widen(&x), &widen(&weight), None);
            for backend in Backend::available() {
                for (y, &want) in conv(backend, &plan, &weight, &x).into_iter().zip(&want.values) {
                    assert!(
                        y.is_finite() && want.is_finite() || same(y, want as f32),
                        "{spec:?}, {}: {y} is not {want}",
                        backend.name()
                    );
                }
            }
        }
    }
}

/// Weights that are none are refused as they are packed; `tests/errors` has all that may be wrong with parameters.
#[test]
fn weights_are_finite() {
    let plan = Conv2d::new([1, 3, 3], 1, [3, 3]).padding([1, 1]).plan::<f32>().unwrap();
    for number in [INF, -INF, NAN] {
        let mut weight = [1.0; 9];
        weight[8] = number;
        let mut packed = vec![0.0; plan.packed_len()];
        let error = Error::NotFinite { buffer: Buffer::Weight, channel: 0 };
        assert_eq!(
            plan.pack(&plan.weight_shape(), &weight, &Parameters::NONE, &mut packed),
            Err(error)
        );
    }
}

#[test]
fn infinities_in_other_layers() {
    let (x, weight) = ([1.0, INF, 2.0], [1.0, 0.0, 1.0, 1.0, -1.0, 1.0]);
    let linear = Linear::new([3, 1, 1], 2).plan::<f32>().unwrap();
    let mut packed = vec![0.0; linear.packed_len()];
    linear.pack(&linear.weight_shape(), &weight, &Parameters::NONE, &mut packed).unwrap();
    let transposed = ConvTranspose2d::new([1, 1, 3], 1, [1, 2]).stride([1, 2]).plan().unwrap();
    let norm = BatchNorm2d::new([1, 1, 3]).plan::<f32>().unwrap();
    let mut factors = vec![0.0; norm.packed_len()];
    norm.pack(&BatchNorm::new(&[0.0], &[1.0]).affine(&[0.0], &[0.0]), &mut factors).unwrap();
    for backend in Backend::available() {
        let mut y = [0.0; 2];
        linear.backend(backend).unwrap().run(&packed, &x, &mut y).unwrap();
        assert_same("linear", &y, &[NAN, -INF]);
        let y = conv(backend, &transposed, &[0.0, 1.0], &x);
        assert_same("transposed", &y, &[0.0, 1.0, NAN, INF, 0.0, 2.0]);
        // A factor of zero.
        let mut y = [1.0; 3];
        norm.backend(backend).unwrap().run(&factors, &x, &mut y).unwrap();
        assert_same("norm", &y, &[0.0, NAN, 0.0]);
    }
    let q = Quantization { scale: 0.5, zero_point: 3 };
    assert_eq!([INF, -INF, NAN].map(|x| q.quantize(x)), [127, -128, 3]);
}
