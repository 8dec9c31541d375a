//! Packing for a target on another: the same bytes wherever it is done. What is recorded here was packed on x86-64, and
//! this test runs on AArch64 as well (`targets/test.sh`), whose kernels other tests hold to packed weights in its order.

use nchw::{
    Algorithm, Backend, Conv2d, ConvTranspose2d, Error, Int8Parameters, Linear, Parameters,
    Quantization, Target, WeightScale,
};
use nchw_test_support::Random;

const X: Quantization = Quantization { scale: 0.05, zero_point: -17 };
const Y: Quantization = Quantization { scale: 0.4, zero_point: 23 };

/// FNV-1a.
fn hash(hash: u64, bytes: impl IntoIterator<Item = u8>) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.into_iter().fold(hash, step)
}

/// A hash of what a specification's plan packs for a target: ready-made i8 weights, f32 weights quantized, and f32.
macro_rules! packed {
    ($hash:expr, $spec:expr, $target:expr, $seed:expr) => {{
        let (spec, random) = ($spec.quantized(X, Y), &mut Random::new($seed));
        let plan = spec.plan::<i8>().unwrap().target($target);
        let shape = plan.weight_shape();
        let weights = shape.iter().product();
        let outputs = plan.output_shape()[0];
        let mut packed = vec![0; plan.packed_len()];
        let parameters = Int8Parameters { bias: None, scale: WeightScale::PerTensor(0.01) };
        plan.pack(&shape, &random.i8s(weights), &parameters, &mut packed).unwrap();
        // Without the last byte, which says what the order is.
        let mut all =
            hash($hash, packed[..packed.len() - 1].iter().map(|byte| byte.cast_unsigned()));

        // Whole numbers, so that no sum is rounded.
        let mut whole = |len| -> Vec<f32> { random.i8s(len).iter().map(|&x| x.into()).collect() };
        let (weight, bias) = (whole(weights), whole(outputs));
        let parameters = Parameters::NONE.bias(&bias);
        plan.quantize(&shape, &weight, &parameters, &mut packed).unwrap();
        all = hash(all, packed[..packed.len() - 1].iter().map(|byte| byte.cast_unsigned()));

        let plan = spec.plan::<f32>().unwrap().target($target);
        let mut packed = vec![0.0; plan.packed_len()];
        plan.pack(&shape, &weight, &parameters, &mut packed).unwrap();
        hash(all, packed.iter().flat_map(|x| x.to_le_bytes()))
    }};
}

/// Layers of all kinds, packed for a target.
fn all_packed(target: Target) -> u64 {
    let mut all = 0xcbf2_9ce4_8422_2325;
    for seed in 0..400 {
        let random = &mut Random::new(seed);
        let [inputs, outputs] = [random.size(1..=9), random.size(1..=9)];
        let kernel = [random.size(1..=4), random.size(1..=4)];
        let steps = [random.size(1..=3), random.size(1..=3)];
        let dilation = [random.size(1..=3), random.size(1..=3)];
        let groups = random.choice(&[1, 1, 2, 3]);
        let input = [groups * inputs, 12, 13];
        let conv = Conv2d::new(input, groups * outputs, kernel).algorithm(Algorithm::Direct);
        let conv = conv.stride(steps).dilation(dilation).groups(groups);
        all = packed!(all, conv, target, seed);
        let up = ConvTranspose2d::new(input, groups * outputs, kernel);
        let up = up.stride(steps).dilation(dilation).groups(groups);
        all = packed!(all, up, target, seed);
        let linear = Linear::new([inputs, kernel[0], kernel[1]], outputs);
        all = packed!(all, linear, target, seed);
        let winograd = Conv2d::new(input, groups * outputs, [3, 3]).groups(groups);
        all = packed!(all, winograd.algorithm(Algorithm::Winograd2), target, seed);
    }
    all
}

#[test]
fn is_the_same_on_every_machine() {
    let packed = [Target::Portable, Target::AArch64, Target::Microcontroller, Target::CortexMDsp];
    let packed = packed.map(all_packed);
    assert_eq!(
        packed,
        [
            0x0a65_13d1_4399_8171,
            0xc533_2525_f098_8649,
            0x0a65_13d1_4399_8171,
            0x7ca9_ef28_1ffe_82d5
        ]
    );
}

/// Of what depends on no target both are the same.
#[test]
fn of_f32_is_the_same_for_every_target() {
    let plan = Conv2d::new([18, 5, 5], 7, [3, 3]).plan::<f32>().unwrap();
    let weight = Random::new(1).f32s(7 * 18 * 9);
    let [portable, aarch64] = [Target::Portable, Target::AArch64].map(|target| {
        let mut packed = vec![0.0; plan.packed_len()];
        let plan = plan.target(target);
        plan.pack(&[7, 18, 3, 3], &weight, &Parameters::NONE, &mut packed).unwrap();
        packed
    });
    assert_eq!(portable, aarch64);
}

/// i8 weights that are packed for a target with another order, or not at all, are an error.
#[test]
fn in_another_order_is_not_for_running() {
    let plan = Conv2d::new([2, 1, 1], 4, [1, 1]).quantized(X, Y).plan::<i8>().unwrap();
    let linear = Linear::new([2, 1, 1], 4).quantized(X, Y).plan::<i8>().unwrap();
    let parameters = Int8Parameters { bias: None, scale: WeightScale::PerTensor(0.01) };
    let mut packed = vec![0; plan.packed_len()];
    for target in [
        None,
        Some(Target::Portable),
        Some(Target::AArch64),
        Some(Target::CortexMDsp),
        Some(Target::THIS),
    ] {
        if let Some(target) = target {
            let plan = plan.target(target);
            plan.pack(&[4, 2, 1, 1], &[1; 8], &parameters, &mut packed).unwrap();
        }
        let others = [Target::AArch64, Target::CortexMDsp];
        let same = target.is_some_and(|target| {
            target == Target::THIS || !others.contains(&target) && !others.contains(&Target::THIS)
        });
        let expected = if same { Ok(()) } else { Err(Error::OtherOrder) };
        let mut y = [99; 4];
        assert_eq!(plan.check_packed(&packed), expected);
        assert_eq!(linear.check_packed(&packed), expected);
        assert_eq!(plan.split(2, &packed, &[1, 2], &mut y).map(|_| ()), expected);
        assert_eq!(linear.split(2, &packed, &[1, 2], &mut y).map(|_| ()), expected);
        assert_eq!(y, [99; 4]);
        assert_eq!(linear.run(&packed, &[1, 2], &mut y), expected);
        assert_eq!(y == [99; 4], !same);
        y = [99; 4];
        assert_eq!(plan.run(&packed, &[1, 2], &mut y, &mut []), expected);
        assert_eq!(y == [99; 4], !same);
    }
}

/// On microcontrollers no algorithm is taken that costs flash and RAM, unless it is asked for.
#[test]
fn for_microcontrollers_is_direct() {
    let conv = Conv2d::new([64, 28, 28], 64, [3, 3]);
    let plan = conv.plan::<f32>().unwrap();
    let small = plan.target(Target::Microcontroller);
    assert_eq!(plan.target(Target::CortexMDsp).algorithm(), Algorithm::Direct);
    assert_eq!((small.algorithm(), small.workspace_len()), (Algorithm::Direct, 0));
    assert_eq!(small.packed_len(), 64 + 64 * 64 * 9);
    let large = small.target(Target::AArch64);
    assert_eq!((large.algorithm(), large.packed_len()), (Algorithm::Winograd4, 64 + 64 * 64 * 36));
    let asked = conv.algorithm(Algorithm::Winograd2).plan::<f32>().unwrap();
    assert_eq!(asked.target(Target::Microcontroller).algorithm(), Algorithm::Winograd2);
    assert_eq!(Target::of_triple("thumbv7em-none-eabihf"), Target::CortexMDsp);
    assert_eq!(Target::of_triple("thumbv8m.main-none-eabihf"), Target::Microcontroller);
    assert_eq!(Target::of_triple("riscv32imc-unknown-none-elf"), Target::Microcontroller);
    assert_eq!(Target::of_triple("armv7a-none-eabihf"), Target::Portable);
    assert_eq!(Target::of_triple("aarch64-unknown-linux-gnu"), Target::AArch64);
}

/// A plan that packs for another target does not run, and nothing is written.
#[test]
fn for_another_target_is_not_for_running() {
    let other = match Target::THIS {
        Target::Portable => Target::AArch64,
        _ => Target::Portable,
    };
    let error = Error::OtherTarget(other);
    let plan = Conv2d::new([2, 1, 1], 4, [1, 1]).quantized(X, Y).plan::<i8>().unwrap();
    let packed = vec![0; plan.packed_len()];
    let mut y = [99; 4];
    assert_eq!(plan.target(other).run(&packed, &[1, 2], &mut y, &mut []), Err(error));
    assert_eq!(plan.target(other).split(2, &packed, &[1, 2], &mut y).map(|_| ()), Err(error));
    let linear = Linear::new([2, 1, 1], 4).quantized(X, Y).plan::<i8>().unwrap();
    let packed = vec![0; linear.packed_len()];
    let plan = linear.target(other).backend(Backend::Scalar).unwrap();
    assert_eq!(plan.run(&packed, &[1, 2], &mut y), Err(error));
    assert_eq!(plan.split(2, &packed, &[1, 2], &mut y).map(|_| ()), Err(error));
    assert_eq!(y, [99; 4]);
    assert_eq!(
        Error::OtherTarget(Target::AArch64).to_string(),
        "this plan packs weights for `Target::AArch64` and cannot run on this target, which reads them in another order"
    );
}
