//! What `Algorithm::Auto` chooses, what cannot be computed by Winograd's method, and what it leaves alone.

use nchw::{
    Algorithm, Backend, Conv2d, ConvPlan, ConvTranspose2d, Dtype, Error, Int8Parameters,
    PaddingMode, Parameters, Quantization, Tensor, WeightScale, Workspace, layer,
};
use nchw_oracle::float;
use nchw_test_support::reference::widen;
use nchw_test_support::{Guarded, Operands, Random, Row, assert_close, assert_proven};

use Algorithm::{Direct, Winograd2, Winograd4};

fn square(channels: usize, size: usize) -> Conv2d {
    Conv2d::new([channels, size, size], channels, [3, 3]).padding([1, 1])
}

#[test]
fn the_choice_depends_on_the_shape() {
    let table = [
        (square(64, 56), Winograd4),
        (square(128, 28), Winograd4),
        (square(256, 14), Winograd4),
        // Few tiles for many weights.
        (square(512, 7), Winograd2),
        (square(128, 7), Winograd4),
        (square(16, 32), Winograd4),
        (square(128, 28).groups(4), Winograd4),
        // Three tiles of 4 for ten outputs do not pay, two of 2 for six even less.
        (square(64, 10), Winograd2),
        (square(64, 6), Winograd2),
        (square(64, 4), Winograd4),
        // Too small a plane, or too few channels in a group.
        (square(64, 3), Direct),
        (Conv2d::new([64, 64, 3], 64, [3, 3]).padding([1, 1]), Direct),
        (square(15, 32), Direct),
        (square(128, 28).groups(16), Direct),
        (Conv2d::new([64, 9, 9], 15, [3, 3]), Direct),
        (Conv2d::new([15, 9, 9], 64, [3, 3]), Direct),
        // Of a dilated one, every so manieth row and column counts.
        (square(64, 28).dilation([2, 2]), Winograd4),
        (square(64, 32).dilation([3, 3]), Winograd2),
        (square(64, 12).padding([3, 3]).dilation([3, 3]), Winograd4),
        (square(64, 9).padding([3, 3]).dilation([3, 3]), Direct),
        // Some taps meet padding alone: with one row or column of inputs, or a dilation wider than the input and the
        // padding behind it.
        (Conv2d::new([16, 1, 16], 16, [3, 3]).padding_sides([1, 1, 4, 1]), Direct),
        (Conv2d::new([16, 16, 1], 16, [3, 3]).padding_sides([1, 4, 1, 1]), Direct),
        (Conv2d::new([16, 2, 16], 16, [3, 3]).padding_sides([1, 1, 4, 1]), Winograd4),
        (square(16, 3).dilation([2, 2]).padding_sides([8, 8, 1, 1]), Direct),
        (square(16, 3).dilation([2, 2]).padding_sides([8, 8, 2, 2]), Winograd2),
        // Too much workspace, at first for the larger tiles.
        (square(1024, 16), Winograd2),
        (square(2048, 16), Direct),
        // Not to be had.
        (square(64, 28).stride([2, 2]), Direct),
        (square(64, 28).padding_mode(PaddingMode::Reflect), Direct),
        (Conv2d::new([64, 28, 28], 64, [5, 3]), Direct),
        (square(64, 28).algorithm(Direct), Direct),
        (square(1, 3).algorithm(Winograd4), Winograd4),
    ];
    for (index, (spec, algorithm)) in table.into_iter().enumerate() {
        let plan = spec.plan::<f32>().unwrap();
        assert_eq!(plan.algorithm(), algorithm, "row {index}");
        assert_eq!(plan.workspace_len() == 0, algorithm == Direct, "row {index}");
    }
    // In i8 only where it is asked for.
    let q = Quantization { scale: 0.5, zero_point: 0 };
    let int8 = |spec: Conv2d| spec.quantized(q, q).plan::<i8>().unwrap();
    assert_eq!(int8(square(64, 28)).algorithm(), Direct);
    let plan = int8(square(64, 28).algorithm(Winograd2));
    assert_eq!(plan.algorithm(), Winograd2);
    assert!(plan.workspace_len() > 0);
    assert_eq!(plan.packed_len(), 9 * 64 + 2 * 16 * 64 * 64 + 1);
    let (all, each) = if cfg!(target_arch = "aarch64") { (25_000, 2560) } else { (2500, 256) };
    for (channels, size) in [(16, 32), (64, 56), (128, 28), (1, 300), (1820, 5)] {
        let plan = int8(square(channels, size).algorithm(Winograd2));
        assert!(plan.workspace_len() <= all + each * channels, "{channels} x {size} x {size}");
    }
    // One of the four planes that a dilation of 2 makes of each channel, in and out.
    let dilated = square(64, 28).padding([2, 2]).dilation([2, 2]);
    let (half, planes) = (square(64, 14), 2 * 64 * 14 * 14);
    for algorithm in [Winograd2, Winograd4] {
        let len = |spec: Conv2d| spec.algorithm(algorithm).plan::<f32>().unwrap().workspace_len();
        assert_eq!(len(dilated), len(half) + planes, "{algorithm:?}");
    }
    let len = |spec: Conv2d| int8(spec.algorithm(Winograd2)).workspace_len();
    assert_eq!(len(dilated), len(half) + planes);
    let transposed = ConvTranspose2d::new([64, 28, 28], 64, [3, 3]).padding([1, 1]);
    assert_eq!(transposed.plan::<f32>().unwrap().algorithm(), Direct);
}

#[test]
fn others_are_refused() {
    let conv = square(16, 8);
    let q = Quantization { scale: 0.5, zero_point: 0 };
    for algorithm in [Winograd2, Winograd4] {
        let refused = [
            conv.stride([1, 2]),
            conv.stride([2, 1]),
            conv.padding_mode(PaddingMode::Reflect),
            conv.padding_mode(PaddingMode::Replicate),
            conv.padding_mode(PaddingMode::Circular),
            Conv2d::new([16, 8, 8], 16, [3, 1]),
            Conv2d::new([16, 8, 8], 16, [5, 3]),
        ];
        for spec in refused {
            let error = spec.algorithm(algorithm).plan::<f32>().unwrap_err();
            assert_eq!(
                error,
                Error::AlgorithmUnavailable { algorithm, dtype: Dtype::F32 },
                "{spec:?}"
            );
            let int8 = spec.quantized(q, q).algorithm(algorithm).plan::<i8>();
            assert_eq!(
                int8,
                Err(Error::AlgorithmUnavailable { algorithm, dtype: Dtype::I8 }),
                "{spec:?}"
            );
        }
        let transposed = ConvTranspose2d::new([16, 8, 8], 16, [3, 3]).algorithm(algorithm);
        assert_eq!(
            transposed.plan::<f32>(),
            Err(Error::AlgorithmUnavailable { algorithm, dtype: Dtype::F32 })
        );
    }
    // Its factors are fractions, and so many channels make sums that do not fit.
    let int8 = conv.quantized(q, q).algorithm(Winograd4);
    assert_eq!(
        int8.plan::<i8>(),
        Err(Error::AlgorithmUnavailable { algorithm: Winograd4, dtype: Dtype::I8 })
    );
    let deep = square(1821, 8).quantized(q, q).algorithm(Winograd2);
    assert_eq!(
        deep.plan::<i8>(),
        Err(Error::AlgorithmUnavailable { algorithm: Winograd2, dtype: Dtype::I8 })
    );
}

#[test]
fn sizes_beyond_the_address_space() {
    const MOST: usize = isize::MAX as usize / 8;
    const HALF: u32 = usize::BITS / 2;
    for algorithm in [Winograd2, Winograd4, Algorithm::Auto] {
        for input in [
            [MOST, 1, 1],
            [1, MOST, 1],
            [1, 1, MOST],
            [1 << HALF, 1 << (HALF / 2), 1 << (HALF / 2)],
        ] {
            let spec = Conv2d::new(input, 16, [3, 3]).padding([1, 1]).algorithm(algorithm);
            let refused = spec.plan::<f32>();
            assert!(matches!(refused, Err(Error::Overflow | Error::SpanTooLarge(_))));
        }
        // So many channels are refused for themselves.
        if algorithm == Winograd2 {
            let q = Quantization { scale: 0.5, zero_point: 0 };
            for input in [[1, MOST, 1], [1, 1, MOST]] {
                let spec = Conv2d::new(input, 16, [3, 3]).padding([1, 1]).algorithm(algorithm);
                let refused = spec.quantized(q, q).plan::<i8>();
                assert!(matches!(refused, Err(Error::Overflow | Error::SpanTooLarge(_))));
            }
        }
        // Tensors that fit.
        let spec =
            Conv2d::new([16, 5, MOST / 256], 16, [3, 3]).padding([1, 1]).algorithm(algorithm);
        assert!(spec.plan::<f32>().unwrap().workspace_len() > 0);
        // A workspace or packed weights that do not.
        let spec = Conv2d::new([MOST / 200, 5, 5], 16, [3, 3]).algorithm(algorithm);
        match algorithm {
            Algorithm::Auto => assert_eq!(spec.plan::<f32>().unwrap().algorithm(), Direct),
            _ => {
                assert!(matches!(spec.plan::<f32>(), Err(Error::Overflow | Error::SpanTooLarge(_))))
            }
        }
    }
}

layer! {
    struct Grouped(f32) =
        Conv2d::new([40, 21, 14], 36, [3, 3]).groups(2).padding_sides([1, 0, 2, 1]).relu();
    struct Small(f32) = Conv2d::new([16, 4, 5], 16, [3, 3]).algorithm(Algorithm::Winograd2);
    struct Whole(i8) = Conv2d::new([5, 21, 14], 6, [3, 3])
        .padding_sides([1, 0, 2, 1])
        .algorithm(Algorithm::Winograd2)
        .quantized(
            Quantization { scale: 1.0, zero_point: -7 },
            Quantization { scale: 400.0, zero_point: 3 },
        );
}

/// Where in memory the workspace lies, and what it holds, makes no difference.
#[test]
fn any_workspace_will_do() {
    let plan = Grouped::PLAN;
    assert_eq!(plan.algorithm(), Winograd4);
    let mut random = Random::new(1);
    let weight = random.f32s(plan.weight_shape().iter().product());
    let mut packed = [f32::NAN; Grouped::PLAN.packed_len()];
    plan.pack(&plan.weight_shape(), &weight, &Parameters::NONE, &mut packed).unwrap();
    let mut x = Tensor::ZERO;
    x.as_mut_slice().copy_from_slice(&random.f32s(plan.input_len()));
    let (mut typed, mut workspace) = (Tensor::ZERO, Workspace::<{ Grouped::WORKSPACE }>::ZERO);
    Grouped::from_packed(packed).run(&x, &mut typed, &mut workspace);
    for offset in 0..16 {
        let mut workspace = Guarded::new(plan.workspace_len() + offset);
        let mut y = Guarded::new(plan.output_len());
        let part = &mut workspace.slice_mut()[offset..];
        plan.run(&packed, x.as_slice(), y.slice_mut(), part).unwrap();
        workspace.check();
        y.check();
        y.assert_written();
        let bits = |y: &[f32]| y.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(y.slice()), bits(typed.as_slice()), "offset {offset}");
    }
}

/// The same in i8, where weights may lie anywhere as well.
#[test]
fn any_workspace_will_do_in_i8() {
    let plan = Whole::PLAN;
    let mut random = Random::new(1);
    let weight = random.i8s(plan.weight_shape().iter().product());
    let mut packed = [0; Whole::PLAN.packed_len()];
    let parameters = Int8Parameters { bias: None, scale: WeightScale::PerTensor(1.0) };
    plan.pack(&plan.weight_shape(), &weight, &parameters, &mut packed).unwrap();
    let mut x = Tensor::ZERO;
    x.as_mut_slice().copy_from_slice(&random.i8s(plan.input_len()));
    let (mut typed, mut workspace) = (Tensor::ZERO, Workspace::<{ Whole::WORKSPACE }, i8>::ZERO);
    Whole::from_packed(packed).run(&x, &mut typed, &mut workspace);
    for offset in 0..64 {
        let mut workspace = Guarded::new(plan.workspace_len() + offset);
        let mut y = Guarded::new(plan.output_len());
        let part = &mut workspace.slice_mut()[offset..];
        let mut anywhere = vec![0; packed.len() + offset];
        anywhere[offset..].copy_from_slice(&packed);
        plan.run(&anywhere[offset..], x.as_slice(), y.slice_mut(), part).unwrap();
        workspace.check();
        y.check();
        assert_eq!(y.slice(), typed.as_slice(), "offset {offset}");
    }
}

/// An infinity is seen by the tiles that meet it and by no others.
#[test]
fn an_infinity_stays_within_its_tiles() {
    let plan = square(16, 16).plan::<f32>().unwrap();
    let mut packed = vec![0.0; plan.packed_len()];
    plan.pack(&plan.weight_shape(), &vec![1.0; 16 * 16 * 9], &Parameters::NONE, &mut packed)
        .unwrap();
    let mut x = vec![1.0; plan.input_len()];
    x[3 * 256 + 5 * 16 + 6] = f32::INFINITY;
    let (mut y, mut workspace) = (vec![0.0; x.len()], vec![0.0; plan.workspace_len()]);
    plan.run(&packed, &x, &mut y, &mut workspace).unwrap();
    for (index, y) in y.iter().enumerate() {
        let (row, column) = (index / 16 % 16, index % 16);
        // Tiles begin at multiples of 4 and meet one more input on each side.
        let met = (4..8).contains(&row) && (4..8).contains(&column);
        assert_eq!(y.is_finite(), !met, "row {row}, column {column}: {y}");
    }
}

/// Computes a layer with `weight` and inputs.
fn run(backend: Backend, plan: &ConvPlan<f32>, weight: &[f32], x: &[f32]) -> Vec<f32> {
    let mut packed = vec![f32::NAN; plan.packed_len()];
    plan.pack(&plan.weight_shape(), weight, &Parameters::NONE, &mut packed).unwrap();
    let mut workspace = vec![f32::NAN; plan.workspace_len()];
    let mut y = vec![f32::NAN; plan.output_len()];
    plan.backend(backend).unwrap().run(&packed, x, &mut y, &mut workspace).unwrap();
    y
}

/// Weights that meet padding alone make no difference, however large they are.
#[test]
fn taps_that_meet_padding_alone_are_left_out() {
    for (input, padding, dilation) in [
        ([16, 1, 16], [1, 1, 4, 1], [1, 1]),
        ([16, 16, 1], [1, 4, 1, 1], [1, 1]),
        ([5, 1, 1], [3, 3, 3, 3], [1, 1]),
        ([5, 2, 9], [4, 1, 1, 1], [1, 1]),
        ([3, 5, 9], [6, 2, 6, 2], [6, 2]),
        ([3, 3, 4], [5, 5, 1, 3], [2, 3]),
        // All of them meet inputs.
        ([4, 6, 6], [1, 1, 1, 1], [1, 1]),
    ] {
        let outputs = 16;
        let conv =
            nchw_oracle::Conv2d { padding, dilation, ..nchw_oracle::Conv2d::new(outputs, [3, 3]) };
        let [_, height, width] = conv.output_shape(input);
        let is_met = |tap: usize| {
            (0..height).any(|row| conv.source_row(row, tap / 3, input[1]).is_some())
                && (0..width).any(|column| conv.source_column(column, tap % 3, input[2]).is_some())
        };
        let mut random = Random::new(1);
        let x = random.f32s(input.iter().product());
        let mut met = random.f32s(outputs * input[0] * 9);
        let mut all = met.clone();
        for (index, (met, all)) in met.iter_mut().zip(&mut all).enumerate() {
            if !is_met(index % 9) {
                (*met, *all) = (0.0, *all * 1e4);
            }
        }
        let want = float::conv2d(&conv, input, &widen(&x), &widen(&all), None);
        let operands = Operands::of([1, input[0], outputs], &x, &met, None);
        for (algorithm, sums) in [(Winograd2, Row::Winograd2), (Winograd4, Row::Winograd4)] {
            let spec = Conv2d::new(input, outputs, [3, 3]).padding_sides(padding);
            let plan = spec.dilation(dilation).algorithm(algorithm).plan::<f32>().unwrap();
            for backend in Backend::available() {
                let y = run(backend, &plan, &all, &x);
                assert_close(sums, &y, &want);
                assert_proven(sums, &y, &want, &operands);
                assert_eq!(y, run(backend, &plan, &met, &x), "{input:?}, {algorithm:?}");
            }
        }
    }
}

/// The largest inputs and sums that the documentation of [`Algorithm`] allows come out finite and right, with
/// the signs that transforms add up.
#[test]
fn results_within_the_documented_range_are_finite() {
    let input = [4, 10, 10];
    for (algorithm, sums, largest, products) in
        [(Winograd2, Row::Winograd2, 8e37, 5e36_f32), (Winograd4, Row::Winograd4, 1e37, 4e35)]
    {
        let plan = Conv2d::new(input, 16, [3, 3]).algorithm(algorithm).plan::<f32>().unwrap();
        // Large inputs, large weights, and both.
        for size in [largest, 1e-38_f32 * products, products.sqrt()] {
            let factor = products / size / input[0] as f32;
            for seed in 0..20 {
                let mut random = Random::new(seed);
                let mut signs = |len: usize, size: f32| -> Vec<f32> {
                    random.f32s(len).iter().map(|value| size.copysign(*value)).collect()
                };
                let x = signs(plan.input_len(), size);
                let weight = signs(plan.weight_shape().iter().product(), factor);
                let conv = nchw_oracle::Conv2d::new(16, [3, 3]);
                let want = float::conv2d(&conv, input, &widen(&x), &widen(&weight), None);
                let operands = Operands::of([1, input[0], 16], &x, &weight, None);
                for backend in Backend::available() {
                    assert_proven(sums, &run(backend, &plan, &weight, &x), &want, &operands);
                }
            }
        }
    }
}

static SMALL: Small = Small::without_bias(&[[[[0.5; 3]; 3]; 16]; 16]);

/// Weights that the compiler transformed.
#[test]
fn the_compiler_transforms() {
    let x = Tensor([[[0.25; 5]; 4]; 16]);
    let (mut y, mut workspace) = (Tensor::ZERO, Workspace::<{ Small::WORKSPACE }>::ZERO);
    SMALL.run(&x, &mut y, &mut workspace);
    // Sums and products without rounding.
    assert_eq!(y, Tensor([[[18.0; 3]; 2]; 16]));
    let mut packed = [f32::NAN; Small::PLAN.packed_len()];
    Small::PLAN
        .pack(&Small::PLAN.weight_shape(), &[0.5; 16 * 16 * 9], &Parameters::NONE, &mut packed)
        .unwrap();
    let mut again = Tensor::ZERO;
    Small::from_packed(packed).run(&x, &mut again, &mut workspace);
    assert_eq!(y, again);
}
