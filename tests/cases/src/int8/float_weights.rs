//! f32 weights, with batch norms folded in, quantized on the way.

use nchw::{
    BatchNorm, Conv2d, ConvTranspose2d, Int8Parameters, Linear, Parameters, Quantization, Rounding,
    WeightScale,
};
use nchw_oracle::integer::{self, Affine, Sums, Symmetric, quantize_bias, quantize_channel};
use nchw_test_support::{Guarded, Random};
use proptest::prelude::*;

use crate::int8::common::{guarded, numbers, on_backends, quantization};
use crate::int8::conv::{ALGORITHMS, assert_conv};
use crate::int8::io::{Io, Weighted};
use crate::int8::linear;
use crate::int8::weighted::{factor, overflow, rounding};
use crate::space::{Verdict, conv, conv_transpose, runnable};
use crate::{Case, Outcome, rust};

/// What is folded into a layer.
#[derive(Clone, Copy, Debug)]
pub struct Folded {
    bias: bool,
    norm: bool,
    input_norm: bool,
    /// Weights of this output channel, counted modulo the channels, are multiplied by this number, small or 0.
    small: Option<(usize, f32)>,
    input: Quantization,
    output_zero: i8,
    rounding: Rounding,
    seed: u64,
}

fn folded() -> impl Strategy<Value = Folded> {
    let factor = prop_oneof![Just(0.0), (-40.0..0.0_f32).prop_map(f32::exp2)];
    let small = prop_oneof![2 => Just(None), 1 => (0..20_usize, factor).prop_map(Some)];
    let numbers = (quantization(), any::<i8>(), rounding(), any::<u64>());
    ([any::<bool>(), any::<bool>(), any::<bool>()], small, numbers).prop_map(
        |([bias, norm, input_norm], small, (input, output_zero, rounding, seed))| Folded {
            bias,
            norm,
            input_norm,
            small,
            input,
            output_zero,
            rounding,
            seed,
        },
    )
}

/// Where a layer's weights lie.
#[derive(Clone, Copy)]
struct Layout {
    groups: usize,
    /// Of each group.
    inputs: usize,
    outputs: usize,
    kernel: usize,
    transposed: bool,
}

impl Layout {
    fn index(&self, output: usize, input: usize, tap: usize) -> usize {
        let Self { inputs, outputs, kernel, .. } = *self;
        match self.transposed {
            false => (output * inputs + input) * kernel + tap,
            true => {
                let input = output / outputs * inputs + input;
                (input * outputs + output % outputs) * kernel + tap
            }
        }
    }

    /// The positions of an output channel's weights, each with its input channel.
    fn taps(&self, output: usize) -> Vec<(usize, usize)> {
        let first = output / self.outputs * self.inputs;
        (0..self.inputs)
            .flat_map(|i| (0..self.kernel).map(move |tap| (i, tap)))
            .map(|(i, tap)| (self.index(output, i, tap), first + i))
            .collect()
    }

    fn channels(&self) -> usize {
        self.groups * self.outputs
    }
}

/// A batch norm.
struct Norm {
    mean: Vec<f32>,
    var: Vec<f32>,
    affine: [Vec<f32>; 2],
}

impl Norm {
    fn new(random: &mut Random, channels: usize) -> Self {
        let affine = [random.f32s_in(channels, -2.0, 2.0), random.f32s(channels)];
        Self { mean: random.f32s(channels), var: random.f32s_in(channels, 0.1, 2.0), affine }
    }

    /// A norm without a shift, which zero padding allows in front.
    fn unshifted(self) -> Self {
        let zeros = vec![0.0; self.mean.len()];
        Self { mean: zeros.clone(), affine: [self.affine[0].clone(), zeros], ..self }
    }

    fn nchw(&self) -> BatchNorm<'_> {
        BatchNorm::new(&self.mean, &self.var).affine(&self.affine[0], &self.affine[1])
    }

    fn factor_and_shift(&self, channel: usize) -> (f64, f64) {
        let [gamma, beta] = &self.affine;
        let factor = f64::from(gamma[channel]) / (f64::from(self.var[channel]) + 1e-5).sqrt();
        (factor, f64::from(beta[channel]) - f64::from(self.mean[channel]) * factor)
    }
}

/// A layer's weights, in f32 and quantized by definition.
struct Layer {
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
    norm: Option<Norm>,
    input_norm: Option<Norm>,
    q_weight: Vec<i8>,
    q_bias: Vec<i32>,
    scales: Vec<f32>,
    io: Io,
}

impl Layer {
    fn new(case: &Folded, layout: Layout, shiftable: bool) -> Self {
        let random = &mut Random::new(case.seed);
        let (channels, inputs) = (layout.channels(), layout.groups * layout.inputs);
        let mut weight = random.f32s(channels * layout.inputs * layout.kernel);
        if let Some((small, factor)) = case.small {
            layout.taps(small % channels).iter().for_each(|&(at, _)| weight[at] *= factor);
        }
        let bias = case.bias.then(|| random.f32s(channels));
        let norm = case.norm.then(|| Norm::new(random, channels));
        let input_norm = case.input_norm.then(|| Norm::new(random, inputs));
        let input_norm = input_norm.map(|norm| if shiftable { norm } else { norm.unshifted() });

        let (mut q_weight, mut q_bias, mut scales) = (vec![0; weight.len()], vec![], vec![]);
        let fold = |o: usize| {
            let one = |norm: &Option<Norm>, channel| {
                norm.as_ref().map_or((1.0, 0.0), |norm| norm.factor_and_shift(channel))
            };
            let (factor, shift) = one(&norm, o);
            let taps = layout.taps(o);
            let real = |&(at, input): &(usize, usize)| {
                f64::from(weight[at]) * (one(&input_norm, input).0 * factor)
            };
            let shifted =
                taps.iter().map(|&(at, input)| f64::from(weight[at]) * one(&input_norm, input).1);
            let own = bias.as_ref().map_or(0.0, |bias| f64::from(bias[o]));
            let real_bias = (own + shifted.sum::<f64>()) * factor + shift;
            let reals: Vec<f64> = taps.iter().map(real).collect();
            (taps, reals, real_bias)
        };
        // Outputs around a hundred steps.
        let usual = 3000.0 * ((layout.inputs * layout.kernel) as f32).sqrt();
        let largest = fold(0).1.iter().fold(1e-3_f64, |largest, w| largest.max(w.abs()));
        let output = Quantization {
            scale: case.input.scale * (largest / 127.0) as f32 * usual / 60.0,
            zero_point: case.output_zero,
        };
        let input = Affine { scale: case.input.scale, zero_point: case.input.zero_point };
        for o in 0..channels {
            let (taps, reals, real_bias) = fold(o);
            let Symmetric { scale, weights } =
                quantize_channel(&reals, real_bias, input, output.scale);
            taps.iter().zip(weights).for_each(|(&(at, _), q)| q_weight[at] = q);
            q_bias.push(quantize_bias(real_bias, case.input.scale, scale));
            scales.push(scale);
        }
        let io = Io::new(case.input, output, case.rounding);
        Self { weight, bias, norm, input_norm, q_weight, q_bias, scales, io }
    }

    fn parameters(&self) -> Parameters<'_> {
        Parameters {
            bias: self.bias.as_deref(),
            input_batch_norm: self.input_norm.as_ref().map(Norm::nchw),
            batch_norm: self.norm.as_ref().map(Norm::nchw),
            prelu: None,
        }
    }

    fn int8_parameters(&self) -> Int8Parameters<'_> {
        Int8Parameters { bias: Some(&self.q_bias), scale: WeightScale::PerChannel(&self.scales) }
    }

    /// What sums of the quantized weights become.
    fn outputs(&self, sums: &Sums, connected: bool) -> Vec<i8> {
        let factor = |&scale: &f32| factor(&self.io, scale, connected);
        let factors: Vec<_> = self.scales.iter().map(factor).collect();
        sums.requantize(&factors, self.io.output.zero_point, [i8::MIN, i8::MAX]).values
    }
}

/// Quantizing in the crate and packing what the oracle quantized have to give the same bytes, or the
/// same error; the bytes, if there are any.
macro_rules! packed {
    ($plan:expr, $layer:expr, $layout:expr) => {{
        let (plan, layer, layout) = (&$plan, &$layer, $layout);
        let [mut quantized, mut packed] = [0; 2].map(|_| Guarded::new(plan.packed_len()));
        let weight = guarded(&layer.weight);
        let result = plan.quantize(
            &plan.weight_shape(),
            weight.slice(),
            &layer.parameters(),
            quantized.slice_mut(),
        );
        let parameters = layer.int8_parameters();
        assert_eq!(
            result,
            plan.pack(&plan.weight_shape(), &layer.q_weight, &parameters, packed.slice_mut())
        );
        quantized.check();
        assert_eq!(quantized.slice(), packed.slice());
        let taps = |o| layout.taps(o).iter().map(|&(at, _)| layer.q_weight[at]).collect();
        let channels: Vec<Vec<i8>> = (0..layout.channels()).map(taps).collect();
        assert_eq!(result, overflow(&layer.io, &channels, Some(&layer.q_bias)));
        match result {
            Ok(()) => quantized,
            Err(_) => return Outcome::Refused,
        }
    }};
}

/// A convolution with weights in f32.
#[derive(Clone, Debug)]
pub struct ConvCase {
    pub spec: Conv2d,
    pub folded: Folded,
}

/// Any convolution.
pub fn conv2d() -> impl Strategy<Value = ConvCase> {
    (conv::spec(), folded()).prop_map(|(spec, folded)| ConvCase { spec, folded })
}

/// Whether there is anything to run.
fn possible(verdict: Verdict, input: [usize; 3], kernel: [usize; 2]) -> bool {
    // What is far apart is left to weights that are ready.
    verdict == Verdict::Valid && kernel[0] * kernel[1] * input[0] < 100_000
}

impl Case for ConvCase {
    fn test(&self) -> Outcome {
        let Self { spec, folded: case } = self;
        if !possible(conv::verdict(spec, &ALGORITHMS), spec.input, spec.kernel_size) {
            return Outcome::Refused;
        }
        let layout = Layout {
            groups: spec.groups,
            inputs: spec.input[0] / spec.groups,
            outputs: spec.out_channels / spec.groups,
            kernel: spec.kernel_size[0] * spec.kernel_size[1],
            transposed: false,
        };
        let shiftable = conv::unpadded(spec) || spec.padding_mode != nchw::PaddingMode::Zeros;
        let layer = Layer::new(case, layout, shiftable);
        let plan = spec.with_io(&layer.io).plan::<i8>().unwrap();
        if !runnable(&[plan.input_len(), plan.output_len()], plan.macs()) {
            return Outcome::Refused;
        }
        let packed = packed!(plan, layer, layout);
        let x = numbers(&mut Random::new(!case.seed), plan.input_len());
        let sums = integer::conv2d(
            &conv::oracle(spec),
            spec.input,
            (&x, case.input.zero_point),
            &layer.q_weight,
            Some(&layer.q_bias),
        );
        assert_conv(&plan, packed.slice(), &x, &layer.outputs(&sums, false));
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// A transposed convolution with weights in f32.
#[derive(Clone, Debug)]
pub struct TransposedCase {
    pub spec: ConvTranspose2d,
    pub folded: Folded,
}

/// Any transposed convolution.
pub fn conv_transpose2d() -> impl Strategy<Value = TransposedCase> {
    (conv_transpose::spec(), folded()).prop_map(|(spec, folded)| TransposedCase { spec, folded })
}

impl Case for TransposedCase {
    fn test(&self) -> Outcome {
        let Self { spec, folded: case } = self;
        if !possible(conv_transpose::verdict(spec), spec.input, spec.kernel_size) {
            return Outcome::Refused;
        }
        let layout = Layout {
            groups: spec.groups,
            inputs: spec.input[0] / spec.groups,
            outputs: spec.out_channels / spec.groups,
            kernel: spec.kernel_size[0] * spec.kernel_size[1],
            transposed: true,
        };
        let layer = Layer::new(case, layout, false);
        let plan = spec.with_io(&layer.io).plan::<i8>().unwrap();
        if !runnable(&[plan.input_len(), plan.output_len()], plan.macs()) {
            return Outcome::Refused;
        }
        let packed = packed!(plan, layer, layout);
        let x = numbers(&mut Random::new(!case.seed), plan.input_len());
        let sums = integer::conv_transpose2d(
            &conv_transpose::oracle(spec),
            spec.input,
            (&x, case.input.zero_point),
            &layer.q_weight,
            Some(&layer.q_bias),
        );
        assert_conv(&plan, packed.slice(), &x, &layer.outputs(&sums, false));
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}

/// A fully connected layer with weights in f32.
#[derive(Clone, Debug)]
pub struct LinearCase {
    pub spec: Linear,
    pub folded: Folded,
}

/// Any fully connected layer.
pub fn linear() -> impl Strategy<Value = LinearCase> {
    (linear::input(), 1..=9_usize, folded()).prop_map(|(input, outputs, folded)| LinearCase {
        spec: Linear::new(input, outputs),
        folded,
    })
}

impl Case for LinearCase {
    fn test(&self) -> Outcome {
        let Self { spec, folded: case } = self;
        let (inputs, outputs) = (spec.input.iter().product(), spec.out_features);
        let layout = Layout { groups: 1, inputs, outputs, kernel: 1, transposed: false };
        let layer = Layer::new(case, layout, true);
        let plan = spec.with_io(&layer.io).plan::<i8>().unwrap();
        let packed = packed!(plan, layer, layout);
        let x = numbers(&mut Random::new(!case.seed), inputs);
        let sums = integer::linear(
            (&x, case.input.zero_point),
            (&layer.q_weight, 0),
            outputs,
            Some(&layer.q_bias),
        );
        let (want, x) = (layer.outputs(&sums, true), guarded(&x));
        on_backends(&want, inputs * outputs, |backend, y| {
            plan.backend(backend)?.run(packed.slice(), x.slice(), y)
        });
        Outcome::Ran
    }

    fn rust(&self) -> String {
        rust::with(self, &self.spec)
    }
}
