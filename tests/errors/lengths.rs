//! Slices of the wrong length, and parameters that are missing or too many.

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, Algorithm, AvgPool2d,
    BatchNorm, BatchNorm2d, Buffer, Concat, Conv2d, ConvTranspose2d, Error, Linear, MaxPool2d, Mul,
    PaddingMode, Parameters, Prelu, Softmax, Tensor, Upsample, UpsampleMode, ZeroPad2d,
};
use nchw_test_support::Guarded;

use crate::ones;

/// A poisoned buffer of a length, and the check that nothing was written to it.
struct Untouched(Guarded<f32>);

impl Untouched {
    fn new(len: usize) -> Self {
        Self(Guarded::new(len))
    }

    fn slice(&mut self) -> &mut [f32] {
        self.0.slice_mut()
    }

    #[track_caller]
    fn check(&self) {
        let fresh = Guarded::<f32>::new(self.0.slice().len());
        let bits = |buffer: &Guarded<f32>| -> Vec<u32> {
            buffer.slice().iter().map(|value| value.to_bits()).collect()
        };
        assert_eq!(bits(&self.0), bits(&fresh), "a refused call wrote to its output");
        self.0.check();
    }
}

/// The lengths that a buffer of `expected` elements must not have.
fn wrong(expected: usize) -> impl Iterator<Item = usize> {
    [expected - 1, expected + 1, 0, 2 * expected].into_iter()
}

/// Calls `f` with every buffer in turn too short, too long and empty. `f` takes the lengths and the
/// output, the length of which is the last.
#[track_caller]
fn wrong_lengths<const N: usize>(
    buffers: [(Buffer, usize); N],
    f: impl Fn([usize; N], &mut [f32]) -> Result<(), Error>,
) {
    let right = buffers.map(|(_, length)| length);
    for (position, (buffer, expected)) in buffers.into_iter().enumerate() {
        for actual in wrong(expected) {
            let mut lengths = right;
            lengths[position] = actual;
            let mut output = Untouched::new(lengths[N - 1]);
            let result = f(lengths, output.slice());
            assert_eq!(result, Err(Error::Length { buffer, expected, actual }));
            output.check();
        }
    }
    let mut output = Guarded::new(right[N - 1]);
    assert_eq!(f(right, output.slice_mut()), Ok(()));
    output.check();
    output.assert_written();
}

#[test]
fn lengths_of_unary_operators() {
    let buffers = |x, y| [(Buffer::Input, x), (Buffer::Output, y)];
    let plan = Activate::new([2, 3, 4], Activation::Relu).plan::<f32>().unwrap();
    wrong_lengths(buffers(24, 24), |[x, _], y| plan.run(&ones(x), y));
    let plan = Softmax::new([2, 3, 4]).plan::<f32>().unwrap();
    wrong_lengths(buffers(24, 24), |[x, _], y| plan.run(&ones(x), y));
    let plans = [
        MaxPool2d::new([2, 3, 4], [2, 2]).plan::<f32>(),
        AvgPool2d::new([2, 3, 4], [2, 2]).plan::<f32>(),
        AdaptiveAvgPool2d::new([2, 3, 4], [2, 5]).plan::<f32>(),
        AdaptiveMaxPool2d::new([2, 3, 4], [2, 5]).plan::<f32>(),
        Upsample::by([2, 3, 4], [2, 2]).plan::<f32>(),
        Upsample::by([2, 3, 4], [2, 2])
            .mode(UpsampleMode::Bilinear { align_corners: true })
            .plan::<f32>(),
        ZeroPad2d::new([2, 3, 4], [1, 2, 3, 4]).plan::<f32>(),
    ];
    for plan in plans {
        let plan = plan.unwrap();
        let (x, y) = (plan.input_len(), plan.output_len());
        assert_eq!(x, 24);
        wrong_lengths(buffers(x, y), |[x, _], y| plan.run(&ones(x), y));
    }
}

#[test]
fn lengths_of_binary_operators() {
    let plans = [
        Add::new([2, 3, 4]).plan::<f32>(),
        Add::new([2, 3, 4]).per_channel().plan::<f32>(),
        Mul::new([2, 3, 4]).plan::<f32>(),
        Mul::new([2, 3, 4]).per_channel().relu().plan::<f32>(),
        Concat::new([2, 3, 4], [3, 3, 4]).plan::<f32>(),
    ];
    for plan in plans {
        let plan = plan.unwrap();
        let buffers = [
            (Buffer::Input, plan.input_len()),
            (Buffer::SecondInput, plan.second_input_len()),
            (Buffer::Output, plan.output_len()),
        ];
        wrong_lengths(buffers, |[a, b, _], y| plan.run(&ones(a), &ones(b), y));
    }
}

#[test]
fn lengths_of_convolutions() {
    let conv = Conv2d::new([4, 5, 6], 6, [3, 2]).groups(2).padding([1, 1]);
    let transposed = ConvTranspose2d::new([4, 5, 6], 6, [3, 2]).groups(2).stride([2, 2]);
    let winograd = Conv2d::new([4, 5, 6], 6, [3, 3]).algorithm(Algorithm::Winograd4);
    for plan in [
        winograd.plan::<f32>(),
        conv.plan::<f32>(),
        conv.prelu().plan::<f32>(),
        transposed.plan::<f32>(),
        transposed.prelu().plan::<f32>(),
    ] {
        let plan = plan.unwrap();
        let buffers = [
            (Buffer::Packed, plan.packed_len()),
            (Buffer::Input, plan.input_len()),
            (Buffer::Output, plan.output_len()),
        ];
        wrong_lengths(buffers, |[packed, x, _], y| {
            let mut workspace = ones(plan.workspace_len());
            plan.run(&ones(packed), &ones(x), y, &mut workspace)
        });
        if let Some(actual) = plan.workspace_len().checked_sub(1) {
            let (packed, x) = (ones(plan.packed_len()), ones(plan.input_len()));
            let mut y = Untouched::new(plan.output_len());
            let result = plan.run(&packed, &x, y.slice(), &mut ones(actual));
            let (buffer, expected) = (Buffer::Workspace, plan.workspace_len());
            assert_eq!(result, Err(Error::Length { buffer, expected, actual }));
            y.check();
        }
        // A workspace may be larger than it has to be.
        let mut y = Guarded::new(plan.output_len());
        let mut workspace = Guarded::new(plan.workspace_len() + 100);
        let (packed, x) = (ones(plan.packed_len()), ones(plan.input_len()));
        let result = plan.run(&packed, &x, y.slice_mut(), workspace.slice_mut());
        assert_eq!(result, Ok(()));
        workspace.check();
        y.assert_written();
    }
}

#[test]
fn lengths_of_linear_layers() {
    for spec in [Linear::new([2, 3, 4], 5), Linear::new([2, 3, 4], 5).prelu()] {
        let plan = spec.plan::<f32>().unwrap();
        let buffers = [
            (Buffer::Packed, plan.packed_len()),
            (Buffer::Input, plan.input_len()),
            (Buffer::Output, plan.output_len()),
        ];
        wrong_lengths(buffers, |[packed, x, _], y| plan.run(&ones(packed), &ones(x), y));
    }
}

#[test]
fn lengths_of_operators_with_parameters_per_channel() {
    let plan = BatchNorm2d::new([2, 3, 4]).plan::<f32>().unwrap();
    let buffers = [(Buffer::Packed, 4), (Buffer::Input, 24), (Buffer::Output, 24)];
    wrong_lengths(buffers, |[packed, x, _], y| plan.run(&ones(packed), &ones(x), y));
    let buffers = [
        (Buffer::RunningMean, 2),
        (Buffer::RunningVar, 2),
        (Buffer::BatchNormWeight, 2),
        (Buffer::BatchNormBias, 2),
        (Buffer::Packed, plan.packed_len()),
    ];
    wrong_lengths(buffers, |[mean, var, weight, bias, _], packed| {
        let (mean, var) = (ones(mean), ones(var));
        plan.pack(&BatchNorm::new(&mean, &var).affine(&ones(weight), &ones(bias)), packed)
    });

    let plan = Prelu::new([2, 3, 4]).plan::<f32>().unwrap();
    let buffers = [(Buffer::Prelu, 2), (Buffer::Input, 24), (Buffer::Output, 24)];
    wrong_lengths(buffers, |[slopes, x, _], y| plan.run(&ones(slopes), &ones(x), y));
}

/// The packing of a plan.
type Pack<'a> = &'a dyn Fn(&[f32], &Parameters<'_>, &mut [f32]) -> Result<(), Error>;

/// The lengths of everything that is packed: weight, bias, slopes, two batch norms, packed.
fn lengths_of_packing([weight, inputs, outputs, packed]: [usize; 4], pack: Pack<'_>) {
    let norm = |channels: usize| {
        [
            (Buffer::RunningMean, channels),
            (Buffer::RunningVar, channels),
            (Buffer::BatchNormWeight, channels),
            (Buffer::BatchNormBias, channels),
        ]
    };
    let ([a, b, c, d], [e, f, g, h]) = (norm(outputs), norm(inputs));
    let (bias, prelu) = ((Buffer::Bias, outputs), (Buffer::Prelu, outputs));
    let buffers = [(Buffer::Weight, weight), bias, prelu, a, b, c, d, e, f, g, h];
    let mut all = [(Buffer::Packed, packed); 12];
    all[..11].copy_from_slice(&buffers);
    wrong_lengths(all, |lengths, packed| {
        let [w, b, p, mean, var, weight, bias, mean2, var2, weight2, bias2, _] = lengths.map(ones);
        let parameters = Parameters::NONE
            .bias(&b)
            .prelu(&p)
            .batch_norm(BatchNorm::new(&mean, &var).affine(&weight, &bias))
            .input_batch_norm(BatchNorm::new(&mean2, &var2).affine(&weight2, &bias2));
        pack(&w, &parameters, packed)
    });
}

#[test]
fn lengths_of_packed_parameters() {
    let plan = Conv2d::new([4, 5, 6], 6, [3, 2]).groups(2).prelu().plan::<f32>().unwrap();
    assert_eq!(plan.packed_len(), 6 + 6 + 72);
    lengths_of_packing([72, 4, 6, plan.packed_len()], &|w, p, packed| {
        plan.pack(&plan.weight_shape(), w, p, packed)
    });
    let plan = ConvTranspose2d::new([4, 5, 6], 6, [1, 1]).groups(2).prelu().plan::<f32>().unwrap();
    assert_eq!(plan.packed_len(), 6 + 6 + 12);
    lengths_of_packing([12, 4, 6, plan.packed_len()], &|w, p, packed| {
        plan.pack(&plan.weight_shape(), w, p, packed)
    });
    let plan = Linear::new([2, 1, 3], 4).prelu().plan::<f32>().unwrap();
    assert_eq!(plan.packed_len(), 4 + 4 + 24);
    lengths_of_packing([24, 6, 4, plan.packed_len()], &|w, p, packed| {
        plan.pack(&plan.weight_shape(), w, p, packed)
    });
}

#[test]
fn slopes_are_neither_missing_nor_unexpected() {
    let check = |prelu: bool, len: usize, pack: &dyn Fn(&Parameters<'_>, &mut [f32]) -> _| {
        let slopes = ones(3);
        let (parameters, error) = match prelu {
            true => (Parameters::NONE, Error::Missing(Buffer::Prelu)),
            false => (Parameters::NONE.prelu(&slopes), Error::Unexpected(Buffer::Prelu)),
        };
        let mut packed = Untouched::new(len);
        let result: Result<(), Error> = pack(&parameters, packed.slice());
        assert_eq!(result, Err(error));
        packed.check();
    };
    for prelu in [true, false] {
        let activation = if prelu { Activation::Prelu } else { Activation::Relu };
        let weight = ones(6);
        let plan = Conv2d::new([2, 2, 2], 3, [1, 1]).activation(activation).plan::<f32>().unwrap();
        check(prelu, plan.packed_len(), &|p, packed| {
            plan.pack(&plan.weight_shape(), &weight, p, packed)
        });
        let plan = ConvTranspose2d::new([2, 2, 2], 3, [1, 1]).activation(activation);
        let plan = plan.plan::<f32>().unwrap();
        check(prelu, plan.packed_len(), &|p, packed| {
            plan.pack(&plan.weight_shape(), &weight, p, packed)
        });
        let plan = Linear::new([2, 1, 1], 3).activation(activation).plan::<f32>().unwrap();
        check(prelu, plan.packed_len(), &|p, packed| {
            plan.pack(&plan.weight_shape(), &weight, p, packed)
        });
    }
}

#[test]
fn a_batch_norm_in_front_of_zero_padding() {
    let spec = Conv2d::new([3, 4, 4], 2, [3, 3]);
    let (weight, var) = (ones(54), ones(3));
    let shifted = BatchNorm::new(&[0.0, 0.0, 0.5], &var);
    let by_bias = BatchNorm::new(&[0.0; 3], &var).affine(&[1.0; 3], &[0.0, -1.0, 0.0]);
    let unshifted = BatchNorm::new(&[0.0; 3], &var);
    let pack = |spec: &Conv2d, norm: BatchNorm<'_>| {
        let plan = spec.plan::<f32>().unwrap();
        let mut packed = Untouched::new(plan.packed_len());
        let parameters = Parameters::NONE.input_batch_norm(norm);
        let result = plan.pack(&plan.weight_shape(), &weight, &parameters, packed.slice());
        if result.is_err() {
            packed.check();
        }
        result
    };
    let one_side = |side: usize| {
        let mut sides = [0; 4];
        sides[side] = 1;
        spec.padding_sides(sides)
    };
    for side in 0..4 {
        let spec = one_side(side);
        assert_eq!(pack(&spec, shifted), Err(Error::InexactFold { channel: 2 }));
        assert_eq!(pack(&spec, by_bias), Err(Error::InexactFold { channel: 1 }));
        assert_eq!(pack(&spec, unshifted), Ok(()));
        for mode in [PaddingMode::Reflect, PaddingMode::Replicate, PaddingMode::Circular] {
            assert_eq!(pack(&spec.padding_mode(mode), shifted), Ok(()));
        }
    }
    assert_eq!(pack(&spec.padding_same(), shifted), Err(Error::InexactFold { channel: 2 }));
    assert_eq!(pack(&spec, shifted), Ok(()));
}

#[test]
fn slices_as_tensors() {
    for actual in [0, 11, 13, 24] {
        let mut slice = vec![1.0_f32; actual];
        let result = Tensor::<f32, 2, 2, 3>::from_slice(&slice);
        let error = |buffer| Error::Length { buffer, expected: 12, actual };
        assert_eq!(result, Err(error(Buffer::Input)));
        let result = Tensor::<f32, 2, 2, 3>::from_mut_slice(&mut slice);
        assert_eq!(result, Err(error(Buffer::Output)));
    }
}
