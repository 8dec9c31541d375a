//! i8 operators through the run-time door: specification, plan, packed weights, `run`, in every way
//! that leads to the same bytes.
//!
//! Every buffer lies between guard bands. Any i8 may be a result, so each one is computed twice, into
//! buffers that start as different numbers.

use core::error::Error;

use nchw::{
    Activate, Activation, Add, BinaryPlan, Concat, ConvPlan, FixedPoint, Int8Parameters, Linear,
    LinearPlan, Quantization, Rounding, Softmax, UnaryPlan, WeightScale,
};
use nchw_cases::int8::io::{Io, Weighted as _};
use nchw_test_support::operator::{AddRequant, Requant};
use nchw_test_support::{Guarded, Int8Operator, Op, Tensor};

use super::spec;

/// An output and the way that led to it.
pub(crate) struct Output {
    pub(crate) way: &'static str,
    /// `[C, H, W]`, as the plan states it.
    pub(crate) shape: [usize; 3],
    pub(crate) values: Vec<i8>,
}

type Result<T = Vec<Output>> = core::result::Result<T, Box<dyn Error>>;

/// Numbers that stand for themselves.
const PLAIN: Quantization = Quantization { scale: 1.0, zero_point: 0 };

/// Runs an operator on one image, in every way that the crate has for it. An error says what the
/// crate or this adapter refuses.
pub(crate) fn run(operator: &Int8Operator<'_>, inputs: &[([usize; 3], &[i8])]) -> Result {
    let (input, x) = inputs[0];
    let x = guarded(x);
    let x = x.slice();
    match operator.op {
        Op::Conv2d(params) => {
            let spec = spec::conv2d(params, input, &weight(operator)?.shape);
            weighted(operator, x, |io| Ok(Weighted::Conv(spec.with_io(&io).plan()?)))
        }
        Op::ConvTranspose2d(params) => {
            let spec = spec::conv_transpose2d(params, input, &weight(operator)?.shape);
            weighted(operator, x, |io| Ok(Weighted::Conv(spec.with_io(&io).plan()?)))
        }
        Op::Linear => {
            let spec = Linear::new(input, weight(operator)?.shape[0]);
            weighted(operator, x, |io| Ok(Weighted::Linear(spec.with_io(&io).plan()?)))
        }
        Op::MaxPool2d(params) => {
            let spec = spec::max_pool2d(params, input);
            pool(operator, x, |activation, quantization, output_range| {
                nchw::MaxPool2d { activation, quantization, output_range, ..spec }.plan()
            })
        }
        Op::AvgPool2d(params) => {
            let spec = spec::avg_pool2d(params, input);
            pool(operator, x, |activation, quantization, output_range| {
                nchw::AvgPool2d { activation, quantization, output_range, ..spec }.plan()
            })
        }
        Op::Add => add(operator, input, x, inputs[1]),
        Op::Concat { axis: 1 } => {
            let (second_input, second) = inputs[1];
            let [first, output, both] = quantizations(operator)?;
            let plan = Concat::new(input, second_input).quantized(first, both, output).plan()?;
            Ok(vec![binary("scales", plan, x, second)?])
        }
        Op::Softmax { axis: 1 } => {
            let [from, to, _] = quantizations(operator)?;
            let plan = Softmax::new(input).quantized(from, to).plan()?;
            let table = written(plan.packed_len(), |table| plan.pack(table))?;
            Ok(vec![output("table", input, |y| plan.run(table.slice(), x, y))?])
        }
        Op::Clamp { min, max } => {
            let activation = clamp([*min, *max]);
            let plan = Activate::new(input, activation).quantized(PLAIN, PLAIN).plan()?;
            let table = written(plan.packed_len(), |table| plan.pack(table))?;
            Ok(vec![output("table", input, |y| plan.run(table.slice(), x, y))?])
        }
        Op::Flatten => {
            Ok(vec![Output { way: "as it is", shape: [x.len(), 1, 1], values: x.to_vec() }])
        }
        op => Err(format!("no i8 operator for {op:?}").into()),
    }
}

/// A plan of weighted sums.
enum Weighted {
    Conv(ConvPlan<i8>),
    Linear(LinearPlan<i8>),
}

/// With the factors that the case records, and with factors made from its scales, which have to be
/// packed into the same bytes.
fn weighted(
    operator: &Int8Operator<'_>,
    x: &[i8],
    plan: impl Fn(Io) -> Result<Weighted>,
) -> Result {
    let mut outputs = Vec::new();
    let mut first_packed: Option<Vec<i8>> = None;
    for (way, io, scale) in weight_scales(operator)? {
        let parameters = Int8Parameters { bias: operator.bias, scale };
        let weight = weight(operator)?;
        let plan = plan(io)?;
        let (packed, output) = match plan {
            Weighted::Conv(plan) => {
                let pack = |packed: &mut [i8]| {
                    plan.pack(&weight.shape, &weight.values, &parameters, packed)
                };
                let packed = written(plan.packed_len(), pack)?;
                let mut workspace = Guarded::new(plan.workspace_len());
                let shape = plan.output_shape();
                let run = |y: &mut [i8]| plan.run(packed.slice(), x, y, workspace.slice_mut());
                let output = output(way, shape, run)?;
                workspace.check();
                (packed, output)
            }
            Weighted::Linear(plan) => {
                let pack = |packed: &mut [i8]| {
                    plan.pack(&weight.shape, &weight.values, &parameters, packed)
                };
                let packed = written(plan.packed_len(), pack)?;
                let run = |y: &mut [i8]| plan.run(packed.slice(), x, y);
                let output = output(way, plan.output_shape(), run)?;
                (packed, output)
            }
        };
        let first = first_packed.get_or_insert_with(|| packed.slice().to_vec());
        let differing = first.iter().zip(packed.slice()).position(|(a, b)| a != b);
        if let Some(byte) = differing {
            return Err(format!("{way}: packed byte {byte} differs from the first way's").into());
        }
        outputs.push(output);
    }
    Ok(outputs)
}

/// What inputs, outputs and weights mean, in every way that the case states it.
fn weight_scales<'a>(
    operator: &Int8Operator<'a>,
) -> Result<Vec<(&'static str, Io, WeightScale<'a>)>> {
    let requant = operator.quantization.requant.ok_or("no requantization")?;
    let rounding = match requant {
        Requant::FixedDouble => Rounding::FixedDouble,
        Requant::OnnxF32 => Rounding::OnnxFloat,
    };
    let io = |x_scale, y_scale| -> Result<Io> {
        let [input_zero_point, output_zero_point, _] = zero_points(operator)?;
        Ok(Io {
            input: Quantization { scale: x_scale, zero_point: input_zero_point },
            output: Quantization { scale: y_scale, zero_point: output_zero_point },
            weight_zero_point: operator.quantization.weight_zero_point.unwrap_or(0).try_into()?,
            rounding,
            range: range(operator),
        })
    };
    let mut ways = Vec::new();
    if let (Some(multiplier), Some(shift)) = (operator.multiplier, operator.shift) {
        // The scales have no part in it.
        ways.push(("factors", io(1.0, 1.0)?, WeightScale::Fixed { multiplier, shift }));
    }
    if let (Some(weight_scale), Some(x_scale), Some(y_scale)) =
        (operator.weight_scale, operator.quantization.x_scale, operator.quantization.y_scale)
    {
        let io = io(x_scale as f32, y_scale as f32)?;
        ways.push(("scale per channel", io, WeightScale::PerChannel(weight_scale)));
        if let [scale, rest @ ..] = weight_scale
            && rest.iter().all(|other| other == scale)
        {
            ways.push(("one scale", io, WeightScale::PerTensor(*scale)));
        }
    }
    if ways.is_empty() { Err("neither factors nor scales".into()) } else { Ok(ways) }
}

/// With the range as it is, and as a clamp of numbers that mean themselves, or something else.
fn pool(
    operator: &Int8Operator<'_>,
    x: &[i8],
    plan: impl Fn(
        Activation,
        Option<Quantization>,
        [i8; 2],
    ) -> core::result::Result<UnaryPlan<i8>, nchw::Error>,
) -> Result {
    let mut outputs = Vec::new();
    let mut run = |way, activation, quantization, range| -> Result<()> {
        let plan = plan(activation, quantization, range)?;
        outputs.push(output(way, plan.output_shape(), |y| plan.run(x, y))?);
        Ok(())
    };
    let range = range(operator);
    run("range", Activation::Identity, None, range)?;
    let whole = [i8::MIN, i8::MAX];
    let [min, max] = range.map(f32::from);
    run("clamp", Activation::Clamp { min, max }, Some(PLAIN), whole)?;
    let quantization = Quantization { scale: 0.5, zero_point: 7 };
    let [min, max] = range.map(|limit| quantization.dequantize(limit));
    run("clamp around a zero point", Activation::Clamp { min, max }, Some(quantization), whole)?;
    Ok(outputs)
}

/// With the recorded factors, and with factors made from the scales; with the operands exchanged, too.
fn add(
    operator: &Int8Operator<'_>,
    input: [usize; 3],
    x: &[i8],
    (second_input, second): ([usize; 3], &[i8]),
) -> Result {
    assert_eq!(input, second_input, "x2 has another shape");
    let [min, max] = range(operator);
    let spec = Add::new(input).output_range(min, max);
    let mut ways = Vec::new();
    if let Some(AddRequant { left_shift, x_mult, x_shift, x2_mult, x2_shift, y_mult, y_shift }) =
        operator.quantization.add
    {
        assert_eq!(left_shift, 20, "the inputs are shifted by another number");
        // The scales have no part in it.
        let [first, output, second] =
            zero_points(operator)?.map(|zero_point| Quantization { scale: 1.0, zero_point });
        let factors = [(x_mult, x_shift), (x2_mult, x2_shift), (y_mult, y_shift)];
        let factors = factors.map(|(multiplier, shift)| FixedPoint { multiplier, shift });
        ways.push(("factors", spec.quantized(first, second, output).factors(factors)));
    }
    if operator.quantization.x_scale.is_some() {
        let [first, output, second] = quantizations(operator)?;
        ways.push(("scales", spec.quantized(first, second, output)));
    }
    if let [(_, by_factors), (_, by_scales)] = ways[..] {
        same_for_all_pairs(by_factors, by_scales)?;
    }
    let mut outputs = Vec::new();
    for (way, spec) in ways {
        outputs.push(binary(way, spec.plan()?, x, second)?);
        let exchanged = Add {
            quantization: spec.quantization.map(|[first, second, output]| [second, first, output]),
            factors: spec.factors.map(|[first, second, output]| [second, first, output]),
            ..spec
        };
        let second = guarded(second);
        outputs.push(binary("operands exchanged", exchanged.plan()?, second.slice(), x)?);
    }
    if outputs.is_empty() { Err("neither factors nor scales".into()) } else { Ok(outputs) }
}

/// Adds every two numbers.
fn same_for_all_pairs(a: Add, b: Add) -> Result<()> {
    let pairs = || (0..=u16::MAX).map(|pair| pair.to_be_bytes().map(u8::cast_signed));
    let first: Vec<_> = pairs().map(|[first, _]| first).collect();
    let second: Vec<_> = pairs().map(|[_, second]| second).collect();
    let mut outputs = [a, b].map(|_| vec![0; first.len()]);
    for (Add { quantization, factors, .. }, y) in [a, b].into_iter().zip(&mut outputs) {
        // Without the range, which would hide differences.
        let plan = Add { quantization, factors, ..Add::new([1, 256, 256]) }.plan::<i8>()?;
        plan.run(&first, &second, y)?;
    }
    match pairs().zip(&outputs[0]).zip(&outputs[1]).find(|((_, a), b)| a != b) {
        Some((([first, second], a), b)) => {
            Err(format!("{first} and {second} add up to {a} and {b}").into())
        }
        None => Ok(()),
    }
}

fn binary(way: &'static str, plan: BinaryPlan<i8>, first: &[i8], second: &[i8]) -> Result<Output> {
    let second = guarded(second);
    output(way, plan.output_shape(), |y| plan.run(first, second.slice(), y))
}

/// Of x, y and x2, which is like x where it is not stated.
fn quantizations(operator: &Int8Operator<'_>) -> Result<[Quantization; 3]> {
    let [x, y, x2] = zero_points(operator)?;
    let quantization = operator.quantization;
    let x_scale = quantization.x_scale.ok_or("no scale of x")?;
    let y_scale = quantization.y_scale.ok_or("no scale of y")?;
    let x2_scale = quantization.x2_scale.unwrap_or(x_scale);
    let quantizations = [(x, x_scale), (y, y_scale), (x2, x2_scale)];
    Ok(quantizations.map(|(zero_point, scale)| Quantization { scale: scale as f32, zero_point }))
}

/// Of x, y and x2.
fn zero_points(operator: &Int8Operator<'_>) -> Result<[i8; 3]> {
    let quantization = operator.quantization;
    let x = quantization.input_zero_point.ok_or("no zero point of x")?;
    let y = quantization.output_zero_point.ok_or("no zero point of y")?;
    let x2 = quantization.input2_zero_point.unwrap_or(x);
    Ok([x.try_into()?, y.try_into()?, x2.try_into()?])
}

/// The smallest and the largest output.
fn range(operator: &Int8Operator<'_>) -> [i8; 2] {
    let limit = |limit: Option<f64>, none: i8| {
        let Some(limit) = limit else { return none };
        assert_eq!(limit, f64::from(limit as i8), "the range is not one of i8");
        limit as i8
    };
    let [min, max] = operator.range;
    [limit(min, i8::MIN), limit(max, i8::MAX)]
}

/// `None` is no limit.
fn clamp([min, max]: [Option<f64>; 2]) -> Activation {
    Activation::Clamp {
        min: min.map_or(f32::NEG_INFINITY, |min| min as f32),
        max: max.map_or(f32::INFINITY, |max| max as f32),
    }
}

fn weight<'a>(operator: &Int8Operator<'a>) -> Result<&'a Tensor<i8>> {
    operator.weight.ok_or_else(|| "no weight".into())
}

/// What `run` writes, from end to end.
fn output(
    way: &'static str,
    shape: [usize; 3],
    run: impl FnMut(&mut [i8]) -> core::result::Result<(), nchw::Error>,
) -> Result<Output> {
    let y = written(shape.iter().product(), run)?;
    Ok(Output { way, shape, values: y.slice().to_vec() })
}

/// What `write` writes, twice the same.
fn written(
    len: usize,
    mut write: impl FnMut(&mut [i8]) -> core::result::Result<(), nchw::Error>,
) -> Result<Guarded<i8>> {
    let mut buffers = [i8::MIN, 85].map(|value| Guarded::filled(len, value));
    for buffer in &mut buffers {
        write(buffer.slice_mut())?;
        buffer.check();
    }
    let [first, second] = buffers;
    let differing = first.slice().iter().zip(second.slice()).position(|(a, b)| a != b);
    match differing {
        Some(element) => Err(format!("element {element} of {len} was not written").into()),
        None => Ok(first),
    }
}

fn guarded(values: &[i8]) -> Guarded<i8> {
    let mut buffer = Guarded::new(values.len());
    buffer.slice_mut().copy_from_slice(values);
    buffer
}
