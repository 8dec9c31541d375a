//! Layers beside those that a fast path is for: one parameter keeps each from being what the path computes.

use nchw::{
    Algorithm, AvgPool2d, Backend, Conv2d, ConvTranspose2d, Int8Parameters, MaxPool2d, Padding,
    Parameters, Quantization, WeightScale,
};
use nchw_oracle::{Output, float};
use nchw_test_support::reference::widen;
use nchw_test_support::{Guarded, Random, Row, assert_close};

/// Holds a layer on every back-end against the oracle.
#[track_caller]
fn conv(spec: Conv2d) {
    let Padding::Sides(padding) = spec.padding else { panic!("sides are asked for") };
    let spec = spec.algorithm(Algorithm::Direct);
    let plan = spec.plan::<f32>().unwrap();
    let mut random = Random::new(1);
    let x = random.f32s(plan.input_len());
    let weight = random.f32s(plan.weight_shape().iter().product());
    let bias = random.f32s(spec.out_channels);
    let oracle = nchw_oracle::Conv2d {
        out_channels: spec.out_channels,
        kernel_size: spec.kernel_size,
        stride: spec.stride,
        padding,
        padding_mode: nchw_oracle::PaddingMode::Zeros,
        dilation: spec.dilation,
        groups: spec.groups,
    };
    let want = float::conv2d(&oracle, spec.input, &widen(&x), &widen(&weight), Some(&widen(&bias)));
    let mut packed = vec![0.0; plan.packed_len()];
    plan.pack(&plan.weight_shape(), &weight, &Parameters::NONE.bias(&bias), &mut packed).unwrap();
    on_backends(&format!("{spec:?}"), Row::Conv2d, &want, |backend, y| {
        plan.backend(backend).unwrap().run(&packed, &x, y, &mut []).unwrap();
    });
}

#[track_caller]
fn on_backends(name: &str, row: Row, want: &Output, run: impl Fn(Backend, &mut [f32])) {
    for backend in Backend::available() {
        println!("{name} on {}", backend.name());
        let mut y = Guarded::new(want.values.len());
        run(backend, y.slice_mut());
        y.check();
        y.assert_written();
        assert_close(row, y.slice(), want);
    }
}

/// A pointwise layer over one long row is a product of matrices, unless its outputs are not at their inputs' places.
#[test]
fn pointwise_layers_that_move() {
    for channels in [1, 4, 16] {
        let row = Conv2d::new([channels, 1, 128], 4, [1, 1]);
        for spec in [
            row.stride([1, 2]),
            row.stride([2, 1]),
            row.padding([0, 1]),
            row.padding([1, 0]),
            row.padding_sides([0, 3, 0, 0]),
            row.padding_sides([0, 0, 0, 3]),
            row.padding_sides([1, 0, 0, 0]),
            row.padding([0, 1]).stride([1, 2]),
            Conv2d { input: [channels, 2, 64], ..row }.stride([2, 1]),
            Conv2d { input: [channels, 3, 64], ..row }.stride([3, 1]),
            Conv2d { input: [channels, 2, 64], ..row }.stride([9, 1]),
            Conv2d { input: [channels, 129, 1], ..row }.stride([2, 1]),
            row,
        ] {
            conv(spec);
        }
    }
}

/// Rows of outputs that meet nothing but padding, before and behind others.
#[test]
fn depthwise_layers_with_rows_in_the_padding() {
    for (channels, kernel, width) in [(1, 3, 40), (2, 3, 40), (2, 3, 7), (3, 5, 40), (2, 5, 19)] {
        let layer = Conv2d::new([channels, 1, width], channels, [kernel; 2]).groups(channels);
        for rows in [1, 2, 5] {
            let layer = Conv2d { input: [channels, rows, width], ..layer };
            for (above, below) in [(4, 4), (9, 0), (0, 9), (7, 12)] {
                for stride in [[1, 1], [1, 2], [2, 1], [2, 2], [3, 1]] {
                    let padding = [above, 1, below, 1];
                    let spec = layer.padding_sides(padding).stride(stride);
                    if spec.plan::<f32>().is_ok() {
                        conv(spec);
                    }
                }
            }
        }
    }
}

/// A pool whose kernel has as many taps as there are inputs, but does not lie over them.
#[test]
fn dilated_pools_are_not_global() {
    let spec = MaxPool2d::new([2, 2, 3], [2, 3]).dilation([2, 2]).stride([3, 5]).ceil_mode(true);
    let plan = spec.plan::<f32>().unwrap();
    assert_eq!(plan.output_shape(), [2, 1, 1]);
    let x = [1.0, 9.0, 2.0, 9.0, 9.0, 9.0, -1.0, 9.0, -2.0, 9.0, 9.0, 9.0];
    for backend in Backend::available() {
        let mut y = [f32::NAN; 2];
        plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
        assert_eq!(y, [2.0, -1.0], "{}", backend.name());
    }
    let x = x.map(|x| x as i8);
    let plan = spec.plan::<i8>().unwrap();
    for backend in Backend::available() {
        let mut y = [0; 2];
        plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
        assert_eq!(y, [2, -1], "{}", backend.name());
    }
}

/// Strides, dilations and padding whose products with a width leave the address space.
#[test]
fn distances_beyond_the_address_space() {
    let far = usize::MAX / 16;
    for stride in [far, usize::MAX / 24 + 1, usize::MAX] {
        let x: Vec<f32> = (0..48).map(|x| x as f32).collect();
        let max = MaxPool2d::new([1, 2, 24], [1, 1]).stride([1, 1]).dilation([stride, 1]);
        if let Ok(plan) = max.plan::<f32>() {
            let mut y = [0.0; 48];
            plan.run(&x, &mut y).unwrap();
            assert_eq!(y, *x);
        }
        let first = Conv2d::new([1, 2, 24], 1, [1, 1]).stride([stride, 1]);
        if let Ok(plan) = first.plan::<f32>() {
            let mut y = [0.0; 24];
            plan.run(&[0.0, 1.0], &x, &mut y, &mut []).unwrap();
            assert_eq!(y, x[..24]);
        }
        let spread = ConvTranspose2d::new([1, 1, 24], 1, [1, 1]).stride([stride, 1]);
        if let Ok(plan) = spread.plan::<f32>() {
            let mut y = [0.0; 24];
            plan.run(&[0.0, 1.0], &x[..24], &mut y, &mut []).unwrap();
            assert_eq!(y, x[..24]);
        }
        let average = AvgPool2d::new([1, 2, 24], [1, 1]).stride([stride, 1]);
        if let Ok(plan) = average.plan::<f32>() {
            let mut y = [0.0; 24];
            plan.run(&x, &mut y).unwrap();
            assert_eq!(y, x[..24]);
        }
    }
    // Taps so far apart that they meet again if their distance in elements wraps around.
    for dilation in [usize::MAX / 96 + 1, usize::MAX / 48 + 1, usize::MAX / 24 + 1] {
        for padding in [[0, 0, 3 * dilation, 0], [3 * dilation, 0, 0, 0]] {
            let spec = Conv2d::new([1, 2, 24], 1, [4, 1]).padding_sides(padding);
            let Ok(plan) = spec.dilation([dilation, 1]).plan::<f32>() else { continue };
            assert!(plan.output_len() < 1 << 20, "nothing to be computed");
            let mut y = vec![0.0; plan.output_len()];
            let packed = [0.0, 1.0, 10.0, 100.0, 1000.0];
            plan.run(&packed, &[1.0; 48], &mut y, &mut []).unwrap();
            let tap = if padding[0] == 0 { 1.0 } else { 1000.0 };
            assert!(y.iter().all(|&y| y == tap), "{y:?}");
        }
    }
}

/// In i8, what lies outside is taken out of the packed bias by sets of taps: work by taps and outputs, not by strides.
#[test]
fn transposed_layers_of_few_inputs_and_vast_strides() {
    let [x, y] = [3, -2].map(|zero_point| Quantization { scale: 0.5, zero_point });
    for (input, stride, kernel) in [
        ([1, 1, 1], [10_000, 10_000], [1, 1]),
        ([1, 1, 1], [10_000, 10_000], [3, 2]),
        ([2, 2, 1], [10_000, 10_000], [2, 3]),
        ([1, 1, 2], [40_000, 2_003], [1, 2]),
    ] {
        let spec = ConvTranspose2d::new(input, 5, kernel).stride(stride).quantized(x, y);
        let plan = spec.plan::<i8>().unwrap();
        let weight = Random::new(1).i8s(plan.weight_shape().iter().product());
        let x = Random::new(2).i8s(plan.input_len());
        let mut packed = vec![0; plan.packed_len()];
        let parameters =
            Int8Parameters { bias: Some(&[1, 2, 3, 4, 5]), scale: WeightScale::PerTensor(0.125) };
        plan.pack(&plan.weight_shape(), &weight, &parameters, &mut packed).unwrap();
        let start = std::time::Instant::now();
        let mut all = Vec::new();
        for backend in Backend::available() {
            let mut y = vec![0; plan.output_len()];
            plan.backend(backend).unwrap().run(&packed, &x, &mut y, &mut []).unwrap();
            all.push(y);
        }
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{spec:?}");
        // Milliseconds, or half a minute.
        assert!(start.elapsed().as_secs_f64() < 10.0, "{spec:?} takes {:?}", start.elapsed());
    }
}

/// Outputs that are far apart in their plane: what is fetched ahead of each is that output, not all that lies between.
#[test]
fn transposed_layers_of_one_output_for_each_phase() {
    let spec = ConvTranspose2d::new([1, 2, 31], 11, [3, 3]).stride([168_011; 2]);
    let spec = spec.dilation([168_011; 2]).padding_sides([503_834, 672_042, 0, 4_704_111]);
    let plan = spec.plan::<f32>().unwrap();
    let mut packed = vec![0.0; plan.packed_len()];
    let weight = vec![1.0; plan.weight_shape().iter().product()];
    plan.pack(&plan.weight_shape(), &weight, &Parameters::NONE, &mut packed).unwrap();
    let start = std::time::Instant::now();
    let mut all = Vec::new();
    for backend in Backend::available() {
        let mut y = vec![f32::NAN; plan.output_len()];
        plan.backend(backend).unwrap().run(&packed, &[1.0; 62], &mut y, &mut []).unwrap();
        all.push(y);
    }
    assert!(all.iter().all(|y| *y == all[0]), "back-ends differ");
    assert!(start.elapsed().as_secs_f64() < 10.0, "it takes {:?}", start.elapsed());
}

/// Rows of taps as far apart as geometry allows.
#[test]
fn depthwise_layers_with_rows_far_apart() {
    let far = 109_802_048_057_794_951_u64;
    let Ok(far) = usize::try_from(far) else { return };
    let layer = Conv2d::new([1, 29, 3], 1, [3, 3]).padding_sides([0, 0, 2 * far, 0]);
    let plan = layer.dilation([far, 1]).algorithm(Algorithm::Direct).plan::<f32>().unwrap();
    let mut packed = [0.0; 10];
    plan.pack(&plan.weight_shape(), &[1.0; 9], &Parameters::NONE, &mut packed).unwrap();
    for backend in Backend::available() {
        let mut y = [0.0; 29];
        plan.backend(backend).unwrap().run(&packed, &[1.0; 87], &mut y, &mut []).unwrap();
        assert_eq!(y, [3.0; 29], "{}", backend.name());
    }
}

/// From 2^24 on an f32 does not hold every column; PyTorch takes none to find those of twice as many.
#[test]
fn rows_doubled_beyond_f32() {
    use nchw::{Backend, Upsample};
    let width = (1 << 23) + 3;
    let plan = Upsample::by([1, 1, width], [1, 2]).plan::<f32>().unwrap();
    let x: Vec<f32> = (0..width).map(|column| (column % 1021) as f32).collect();
    let mut y = vec![0.0; plan.output_len()];
    for backend in Backend::available() {
        plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
        let wrong = (0..y.len()).find(|&column| y[column] != x[column / 2]);
        assert_eq!(wrong, None, "{}", backend.name());
    }
    let same = Upsample::to([1, 1, 2 * width], [1, 2 * width]).plan::<f32>().unwrap();
    let mut copy = vec![0.0; y.len()];
    for backend in Backend::available() {
        same.backend(backend).unwrap().run(&y, &mut copy).unwrap();
        assert!(copy == y, "{}", backend.name());
    }
}
