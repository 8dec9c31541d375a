//! Parameters that are no numbers, or that cannot be what they are said to be: refused with the name of the parameter
//! and the channel, before anything is written.

use nchw::{
    BatchNorm, BatchNorm2d, Conv2d, ConvTranspose2d, Error, Linear, Parameters, Quantization,
};
use nchw_test_support::Guarded;

const NO_NUMBERS: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
const Q: Quantization = Quantization { scale: 0.5, zero_point: 3 };

/// The sentence of a refusal, which has to leave `packed` alone.
#[track_caller]
fn refusal<T: Copy + PartialEq + core::fmt::Debug>(
    result: Result<(), Error>,
    packed: &[T],
    fresh: T,
) -> String {
    assert!(
        result.is_ok() || packed.iter().all(|element| *element == fresh),
        "a refused call wrote"
    );
    result.map_or_else(|error| error.to_string(), |()| "accepted".into())
}

/// The parameters of a layer of 18 weights, three input and four output channels in one group.
#[derive(Clone)]
struct Given {
    weight: Vec<f32>,
    bias: Vec<f32>,
    slopes: Vec<f32>,
    /// Mean, variance, gamma and beta of the norm in front of the layer, and of the one behind.
    norms: [[Vec<f32>; 4]; 2],
    eps: [f64; 2],
}

impl Given {
    fn new() -> Self {
        let norm = |channels| [0.0, 2.0, 1.0, 0.0].map(|number| vec![number; channels]);
        Self {
            weight: vec![0.5; 12],
            bias: vec![0.25; 4],
            slopes: vec![0.1; 4],
            norms: [norm(3), norm(4)],
            eps: [1e-5; 2],
        }
    }

    /// What every way to pack them says, all the same.
    #[track_caller]
    fn refusals(&self) -> String {
        let norm = |at: usize| {
            let [mean, var, gamma, beta] = &self.norms[at];
            BatchNorm { eps: self.eps[at], ..BatchNorm::new(mean, var).affine(gamma, beta) }
        };
        let parameters =
            Parameters::NONE.bias(&self.bias).input_batch_norm(norm(0)).batch_norm(norm(1));
        let with_slopes = parameters.prelu(&self.slopes);
        let conv = Conv2d::new([3, 2, 2], 4, [1, 1]);
        let transposed = ConvTranspose2d::new([3, 2, 2], 4, [1, 1]);
        let linear = Linear::new([3, 1, 1], 4);
        let mut sentences = Vec::new();
        macro_rules! plans {
            ($($spec:expr),*) => {$(
                let plan = $spec.prelu().plan::<f32>().unwrap();
                let mut packed = Guarded::filled(plan.packed_len(), 99.0);
                let result = plan.pack(&plan.weight_shape(), &self.weight, &with_slopes, packed.slice_mut());
                sentences.push(refusal(result, packed.slice(), 99.0));
                packed.check();
                if self.slopes.iter().all(|slope| slope.is_finite()) {
                    let plan = $spec.quantized(Q, Q).plan::<i8>().unwrap();
                    let mut packed = Guarded::filled(plan.packed_len(), 99);
                    let result = plan.quantize(&plan.weight_shape(), &self.weight, &parameters, packed.slice_mut());
                    sentences.push(refusal(result, packed.slice(), 99));
                    packed.check();
                }
            )*};
        }
        plans!(conv, transposed, linear);
        assert!(sentences.iter().all(|sentence| *sentence == sentences[0]), "{sentences:?}");
        sentences.remove(0)
    }
}

#[test]
fn weights_bias_and_slopes() {
    // Channel 2 in O,I order; in I,O order that place is channel 0.
    for number in NO_NUMBERS {
        for channel in 0..4 {
            let mut given = Given::new();
            given.bias[channel] = number;
            let want = format!("the bias of channel {channel} is not a finite number");
            assert_eq!(given.refusals(), want);
            let mut given = Given::new();
            given.slopes[channel] = number;
            let want = format!("the PReLU slope of channel {channel} is not a finite number");
            assert_eq!(given.refusals(), want);
        }
    }
}

/// A weight's output channel depends on the order of the weights.
#[test]
fn weights() {
    for number in NO_NUMBERS {
        for at in 0..24 {
            let mut weight = [0.5; 24];
            weight[at] = number;
            let sentence =
                |channel| format!("the weight of channel {channel} is not a finite number");
            let conv = Conv2d::new([6, 1, 2], 4, [1, 2]).groups(2);
            let transposed = ConvTranspose2d::new([6, 1, 2], 4, [1, 2]).groups(2);
            let linear = Linear::new([6, 1, 1], 4);
            let channel = |of_transposed| match of_transposed {
                false => at / 6,
                true => at / 12 * 2 + at / 2 % 2,
            };
            macro_rules! check {
                ($spec:expr, $channel:expr) => {
                    let plan = $spec.plan::<f32>().unwrap();
                    let mut packed = vec![99.0; plan.packed_len()];
                    let result =
                        plan.pack(&plan.weight_shape(), &weight, &Parameters::NONE, &mut packed);
                    assert_eq!(refusal(result, &packed, 99.0), sentence($channel), "{at}");
                    let plan = $spec.quantized(Q, Q).plan::<i8>().unwrap();
                    let mut packed = vec![99; plan.packed_len()];
                    let result = plan.quantize(
                        &plan.weight_shape(),
                        &weight,
                        &Parameters::NONE,
                        &mut packed,
                    );
                    assert_eq!(refusal(result, &packed, 99), sentence($channel), "{at}");
                };
            }
            check!(conv, channel(false));
            check!(transposed, channel(true));
            check!(linear, channel(false));
        }
    }
}

#[test]
fn batch_norms() {
    const NAMES: [&str; 4] = ["running_mean", "running_var", "weight", "bias"];
    for norm in 0..2 {
        for (index, name) in NAMES.into_iter().enumerate() {
            for number in NO_NUMBERS.into_iter().chain((index == 1).then_some(-1e-6)) {
                for channel in 0..3 {
                    let mut given = Given::new();
                    given.norms[norm][index][channel] = number;
                    let fault = match index {
                        1 => "must be a finite number of at least 0",
                        _ => "is not a finite number",
                    };
                    let want = format!("the batch norm's {name} of channel {channel} {fault}");
                    assert_eq!(given.refusals(), want, "{number}");
                    let [mean, var, gamma, beta] = &given.norms[norm];
                    let alone = BatchNorm::new(mean, var).affine(gamma, beta);
                    let plan = BatchNorm2d::new([mean.len(), 1, 1]).plan::<f32>().unwrap();
                    let mut packed = vec![99.0; plan.packed_len()];
                    let result = plan.pack(&alone, &mut packed);
                    assert_eq!(refusal(result, &packed, 99.0), want);
                }
            }
        }
        for eps in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-9] {
            let mut given = Given::new();
            given.eps[norm] = eps;
            let want = "a batch norm's eps must be a finite number of at least 0";
            assert_eq!(given.refusals(), want, "{eps}");
        }
        let mut given = Given::new();
        given.eps[norm] = 0.0;
        assert_eq!(given.refusals(), "accepted");
        given.norms[norm][1][2] = 0.0;
        let want = "the batch norm's running_var of channel 2 and its eps are both 0, and it divides by their root";
        assert_eq!(given.refusals(), want);
        given.eps[norm] = 1e-5;
        assert_eq!(given.refusals(), "accepted");
    }
}

/// Finite numbers whose products are not.
#[test]
fn folds_that_overflow() {
    let want = |channel| {
        format!(
            "weights or bias of output channel {channel}, with batch norms folded in, are too large for an f32"
        )
    };
    let mut given = Given::new();
    given.weight = vec![3e38; 12];
    given.norms[1][2] = vec![1.0, 1.0, 8.0, 1.0];
    assert_eq!(given.refusals(), want(2));
    let mut given = Given::new();
    given.bias[3] = 3e38;
    given.norms[1][2][3] = 1e3;
    assert!([want(3), want(3)].contains(&given.refusals()));
    let norm = BatchNorm { eps: 0.0, ..BatchNorm::new(&[0.0, 1.0], &[1.0, 1e-30]) };
    let norm = norm.affine(&[1.0, 3e38], &[0.0; 2]);
    let plan = BatchNorm2d::new([2, 1, 1]).plan::<f32>().unwrap();
    let mut packed = vec![99.0; 4];
    assert_eq!(refusal(plan.pack(&norm, &mut packed), &packed, 99.0), want(1));
}
