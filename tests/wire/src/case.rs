//! A layer, what goes into it, and what has to come out.

use nchw::{BatchNorm, Int8Parameters, Parameters, WeightScale};

use crate::{Operator, Wire};

/// A layer with its data.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub operator: Operator,
    pub data: Data<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    Float(Float<'a>),
    Int8(Int8<'a>),
}

/// Data in f32.
#[derive(Clone, Copy, Debug)]
pub struct Float<'a> {
    pub x: &'a [f32],
    /// Weights, or the second input.
    pub operand: &'a [f32],
    pub parameters: Parameters<'a>,
    /// The smallest and the largest that each output may be; NaN for one that has to be NaN.
    pub range: [&'a [f32]; 2],
}

/// Data in i8.
#[derive(Clone, Copy, Debug)]
pub struct Int8<'a> {
    pub x: &'a [i8],
    /// Weights, or the second input.
    pub operand: &'a [i8],
    pub parameters: Int8Parameters<'a>,
    pub y: &'a [i8],
}

impl Int8<'_> {
    /// Parameters of a layer that has none.
    pub const NO_PARAMETERS: Int8Parameters<'static> =
        Int8Parameters { bias: None, scale: WeightScale::PerTensor(1.0) };
}

impl<'a> Case<'a> {
    /// What a case is before it is read.
    pub(crate) const NONE: Self = Self { operator: Operator::ALL[0].1, data: Data::FLOAT };

    pub(crate) fn on<W: Wire<'a>>(&mut self, wire: &mut W) -> Option<()> {
        self.operator.on(wire)?;
        let mut int8 = matches!(self.data, Data::Int8(_));
        wire.flag(&mut int8)?;
        if int8 != matches!(self.data, Data::Int8(_)) {
            self.data = if int8 { Data::INT8 } else { Data::FLOAT };
        }
        match &mut self.data {
            Data::Float(data) => {
                wire.slice(&mut data.x)?;
                wire.slice(&mut data.operand)?;
                float_parameters(&mut data.parameters, wire)?;
                data.range.iter_mut().try_for_each(|end| wire.slice(end))
            }
            Data::Int8(data) => {
                wire.slice(&mut data.x)?;
                wire.slice(&mut data.operand)?;
                int8_parameters(&mut data.parameters, wire)?;
                wire.slice(&mut data.y)
            }
        }
    }
}

impl Data<'_> {
    const FLOAT: Self =
        Self::Float(Float { x: &[], operand: &[], parameters: Parameters::NONE, range: [&[]; 2] });
    const INT8: Self =
        Self::Int8(Int8 { x: &[], operand: &[], parameters: Int8::NO_PARAMETERS, y: &[] });
}

fn float_parameters<'a, W: Wire<'a>>(parameters: &mut Parameters<'a>, wire: &mut W) -> Option<()> {
    wire.optional_slice(&mut parameters.bias)?;
    for norm in [&mut parameters.input_batch_norm, &mut parameters.batch_norm] {
        wire.option(norm, BatchNorm::new(&[], &[]), |wire, norm| {
            wire.slice(&mut norm.running_mean)?;
            wire.slice(&mut norm.running_var)?;
            wire.optional_slice(&mut norm.weight)?;
            wire.optional_slice(&mut norm.bias)?;
            wire.f64(&mut norm.eps)
        })?;
    }
    wire.optional_slice(&mut parameters.prelu)
}

fn int8_parameters<'a, W: Wire<'a>>(
    parameters: &mut Int8Parameters<'a>,
    wire: &mut W,
) -> Option<()> {
    wire.optional_slice(&mut parameters.bias)?;
    let (mut one, mut many, mut points) = match parameters.scale {
        WeightScale::PerTensor(scale) => (Some(scale), None, None),
        WeightScale::PerChannel(scales) => (None, Some(scales), None),
        WeightScale::Fixed { multiplier, shift } => (None, None, Some([multiplier, shift])),
        _ => return None,
    };
    wire.option(&mut one, 0.0, |wire, scale| wire.f32(scale))?;
    wire.optional_slice(&mut many)?;
    wire.option(&mut points, [&[] as &[i32]; 2], |wire, points| {
        points.iter_mut().try_for_each(|numbers| wire.slice(numbers))
    })?;
    parameters.scale = match (one, many, points) {
        (Some(scale), None, None) => WeightScale::PerTensor(scale),
        (None, Some(scales), None) => WeightScale::PerChannel(scales),
        (None, None, Some([multiplier, shift])) => WeightScale::Fixed { multiplier, shift },
        _ => return None,
    };
    Some(())
}
