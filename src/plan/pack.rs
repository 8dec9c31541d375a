//! Folding and packing of f32 weights.

use crate::batch_norm::{BatchNorm, value_or};
use crate::error::{Buffer, Error};
use crate::geometry::tri;
use crate::plan::lanes::{self, LANES};
use crate::plan::layout::{Layout, Route, at, part, put, split_mut};
use crate::plan::winograd::Transform;
use crate::tensor::Dtype;

/// What goes into a layer's packed weights besides the weights themselves.
///
/// The bias, and batch norms before and after the layer, are folded into weights and bias in f64;
/// nothing of them is left at run time.
///
/// ```
/// use nchw::{BatchNorm, Conv2d, Parameters};
///
/// let plan = Conv2d::new([1, 2, 2], 1, [1, 1]).plan::<f32>()?;
/// let norm = BatchNorm { eps: 0.0, ..BatchNorm::new(&[1.0], &[4.0]) };
/// let mut packed = [0.0; 2];
/// let parameters = Parameters::NONE.bias(&[5.0]).batch_norm(norm);
/// plan.pack(&[1, 1, 1, 1], &[3.0], &parameters, &mut packed)?;
/// assert_eq!(packed, [2.0, 1.5]); // bias (5 - 1) / 2, weight 3 / 2
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parameters<'a> {
    /// One value per output channel; `None` is PyTorch's `bias=False`.
    pub bias: Option<&'a [f32]>,
    /// A batch norm over the layer's input, in front of it.
    ///
    /// Folding it is exact only where every output meets every tap, so without zero padding, or
    /// where the norm does not shift; anything else is [`Error::InexactFold`].
    pub input_batch_norm: Option<BatchNorm<'a>>,
    /// A batch norm over the layer's output, before its activation.
    pub batch_norm: Option<BatchNorm<'a>>,
    /// The slopes of [`Activation::Prelu`](crate::Activation::Prelu), one per output channel.
    pub prelu: Option<&'a [f32]>,
}

impl<'a> Parameters<'a> {
    /// No bias, no batch norm, no slopes.
    pub const NONE: Self =
        Self { bias: None, input_batch_norm: None, batch_norm: None, prelu: None };

    /// Sets the bias, one value per output channel.
    pub const fn bias(mut self, bias: &'a [f32]) -> Self {
        self.bias = Some(bias);
        self
    }

    /// Sets the batch norm after the layer.
    pub const fn batch_norm(mut self, batch_norm: BatchNorm<'a>) -> Self {
        self.batch_norm = Some(batch_norm);
        self
    }

    /// Sets the batch norm in front of the layer.
    pub const fn input_batch_norm(mut self, batch_norm: BatchNorm<'a>) -> Self {
        self.input_batch_norm = Some(batch_norm);
        self
    }

    /// Sets the slopes of a PReLU, one per output channel.
    pub const fn prelu(mut self, slopes: &'a [f32]) -> Self {
        self.prelu = Some(slopes);
        self
    }
}

impl Parameters<'_> {
    /// Checks that everything `layout` asks for is there in the right length, and nothing else; that all of it and
    /// `weight` are finite numbers, and what they fold into.
    pub(crate) const fn validate(&self, layout: &Layout, weight: &[f32]) -> Result<(), Error> {
        let outputs = layout.outputs();
        tri!(Buffer::Weight.check(weight.len(), layout.weight_len()));
        tri!(Buffer::Bias.check_optional(self.bias, outputs));
        tri!(Buffer::Prelu.check_optional(self.prelu, outputs));
        match (layout.prelu, self.prelu) {
            (true, None) => return Err(Error::Missing(Buffer::Prelu)),
            (false, Some(_)) => return Err(Error::Unexpected(Buffer::Prelu)),
            _ => {}
        }
        if let Some(norm) = &self.batch_norm {
            tri!(norm.validate(outputs));
        }
        tri!(Buffer::Bias.check_finite(self.bias));
        tri!(Buffer::Prelu.check_finite(self.prelu));
        if let Some(norm) = &self.input_batch_norm {
            let inputs = layout.channels.all_inputs();
            tri!(norm.validate(inputs));
            let mut channel = 0;
            while !layout.uniform && channel < inputs {
                let (_, shift) = norm.scale_and_shift(channel);
                if shift != 0.0 {
                    return Err(Error::InexactFold { channel });
                }
                channel += 1;
            }
        }
        if !all_finite(weight) {
            return Err(not_finite(layout, weight));
        }
        self.check_folds(layout, weight)
    }

    /// Checks that folded weights and biases are finite.
    const fn check_folds(&self, layout: &Layout, weight: &[f32]) -> Result<(), Error> {
        if self.batch_norm.is_none() && self.input_batch_norm.is_none() {
            return Ok(());
        }
        let largest = largest(weight) as f64;
        let (mut input_factor, mut input_shift) = (1.0, 0.0);
        let mut channel = 0;
        while self.input_batch_norm.is_some() && channel < layout.channels.all_inputs() {
            let (factor, shift) = scale_and_shift(&self.input_batch_norm, channel);
            (input_factor, input_shift) =
                (larger(input_factor, factor), larger(input_shift, shift));
            channel += 1;
        }
        let taps = (layout.channels.inputs * layout.kernel) as f64;
        let mut output = 0;
        while output < layout.outputs() {
            let (factor, shift) = self.output_norm(output);
            // Rarely do the numbers themselves matter.
            let weights = largest * input_factor * factor.abs();
            let bias = value_or(self.bias, output, 0.0).abs() as f64;
            let bias = (bias + taps * largest * input_shift) * factor.abs() + shift.abs();
            let surely = weights < f32::MAX as f64 && bias < f32::MAX as f64;
            if !surely && !self.folds(layout, weight, output) {
                return Err(Error::FoldOverflow { channel: output });
            }
            output += 1;
        }
        Ok(())
    }

    /// Whether folded weights and bias of output channel `output` are finite.
    const fn folds(&self, layout: &Layout, weight: &[f32], output: usize) -> bool {
        let Route { source, source_step, .. } = layout.route(Dtype::F32, output);
        let (norm, _) = self.output_norm(output);
        let mut input = 0;
        while input < layout.channels.inputs {
            let factor = self.weight_factor(layout, norm, [output, input]);
            let mut tap = 0;
            while tap < layout.kernel {
                let index = source + input * source_step + tap;
                if !((at(weight, index, 0.0) as f64 * factor) as f32).is_finite() {
                    return false;
                }
                tap += 1;
            }
            input += 1;
        }
        (self.folded_bias(layout, output, weight) as f32).is_finite()
    }

    /// Factor and shift of output channel `output`.
    pub(crate) const fn output_norm(&self, output: usize) -> (f64, f64) {
        scale_and_shift(&self.batch_norm, output)
    }

    /// The folded bias of output channel `output`.
    pub(crate) const fn folded_bias(&self, layout: &Layout, output: usize, weight: &[f32]) -> f64 {
        let mut sum = value_or(self.bias, output, 0.0) as f64;
        if let Some(norm) = &self.input_batch_norm {
            let Route { source, source_step, .. } = layout.route(Dtype::F32, output);
            let mut input = 0;
            while input < layout.channels.inputs {
                let (_, shift) = norm.scale_and_shift(layout.input_channel(output, input));
                let mut tap = 0;
                while tap < layout.kernel {
                    let index = source + input * source_step + tap;
                    sum += at(weight, index, 0.0) as f64 * shift;
                    tap += 1;
                }
                input += 1;
            }
        }
        let (factor, shift) = self.output_norm(output);
        sum * factor + shift
    }

    /// What the weights between input channel `input` (of the group) and `output`, whose norm has the factor `norm`, are
    /// multiplied by.
    pub(crate) const fn weight_factor(
        &self,
        layout: &Layout,
        norm: f64,
        [output, input]: [usize; 2],
    ) -> f64 {
        let channel = layout.input_channel(output, input);
        scale_and_shift(&self.input_batch_norm, channel).0 * norm
    }
}

/// Folds and packs; writes all of `packed` or, on an error, nothing.
pub(crate) const fn pack(
    layout: &Layout,
    weight: &[f32],
    parameters: &Parameters<'_>,
    packed: &mut [f32],
) -> Result<(), Error> {
    tri!(parameters.validate(layout, weight));
    tri!(Buffer::Packed.check(packed.len(), layout.packed_len(Dtype::F32)));
    let (bias, rest) = split_mut(packed, layout.outputs());
    let (prelu, packed) = split_mut(rest, layout.prelu_len());
    let mut output = 0;
    while output < layout.outputs() {
        if layout.prelu {
            put(prelu, output, value_or(parameters.prelu, output, 0.0));
        }
        put(bias, output, parameters.folded_bias(layout, output, weight) as f32);
        output += 1;
    }
    match Transform::new(layout.algorithm, layout.taps_met) {
        Some(transform) => pack_transformed(layout, &transform, weight, parameters, packed),
        None => pack_plain(layout, weight, parameters, packed),
    }
    Ok(())
}

const fn pack_plain(
    layout: &Layout,
    weight: &[f32],
    parameters: &Parameters<'_>,
    packed: &mut [f32],
) {
    let (pieces, length) = layout.pieces(parameters.input_batch_norm.is_some());
    let mut output = 0;
    while output < layout.outputs() {
        let Route { source, source_step, target, target_step, .. } =
            layout.route(Dtype::F32, output);
        let lanes = if target_step < LANES { 1 } else { LANES };
        let mut norms = [1.0; LANES];
        let mut lane = 0;
        while lane < lanes && lane < LANES {
            (norms[lane], _) = parameters.output_norm(output + lane);
            lane += 1;
        }
        let mut piece = 0;
        while piece < pieces {
            let first = source + piece * source_step;
            let (_, to) = split_mut(packed, target + piece * length * target_step);
            // One group has all lanes, and so the same inputs.
            let [a, b, c, d] = norms;
            let a = parameters.weight_factor(layout, a, [output, piece]);
            if lanes == 1 {
                lanes::fold_one(part(weight, first, length), a, to);
            } else {
                let b = parameters.weight_factor(layout, b, [output, piece]);
                let c = parameters.weight_factor(layout, c, [output, piece]);
                let d = parameters.weight_factor(layout, d, [output, piece]);
                let rows = layout.rows(weight, first, length);
                lanes::fold(rows, [a, b, c, d], to, target_step);
            }
            piece += 1;
        }
        output += lanes;
    }
}

const fn pack_transformed(
    layout: &Layout,
    transform: &Transform,
    weight: &[f32],
    parameters: &Parameters<'_>,
    packed: &mut [f32],
) {
    let (kernels, _) = weight.as_chunks();
    let (count, inputs) = (kernels.len(), layout.channels.inputs);
    let mut output = 0;
    while output < layout.outputs() {
        let Route { source, source_step, target, target_step, .. } =
            layout.route(Dtype::F32, output);
        let (norm, _) = parameters.output_norm(output);
        let mut input = 0;
        while input < inputs {
            let factor = match parameters.input_batch_norm {
                Some(_) => parameters.weight_factor(layout, norm, [output, input]),
                None => norm,
            };
            let kernel = (source + input * source_step) / 9;
            if kernel < count {
                let to = (target + input * target_step, inputs * target_step);
                transform.pack(&kernels[kernel], factor, packed, to);
            }
            input += 1;
        }
        output += 1;
    }
}

/// Whether none of `numbers` is NaN or infinite: only then are all of them times zero zero.
const fn all_finite(numbers: &[f32]) -> bool {
    // In few steps, as the compiler takes all of them for every weight.
    let (mut rest, mut sum) = (numbers, 0.0);
    while let &[a, b, c, d, e, f, g, h, ref tail @ ..] = rest {
        sum += 0.0 * a + 0.0 * b + 0.0 * c + 0.0 * d + 0.0 * e + 0.0 * f + 0.0 * g + 0.0 * h;
        rest = tail;
    }
    while let &[a, ref tail @ ..] = rest {
        sum += 0.0 * a;
        rest = tail;
    }
    sum == 0.0
}

/// The largest of finite `numbers` by absolute value.
pub(crate) const fn largest(numbers: &[f32]) -> f32 {
    let (len, mut index) = (numbers.len(), 0);
    let (mut low, mut high) = (0.0, 0.0);
    while index < len {
        let number = numbers[index];
        if number > high || number < low {
            high = number.abs();
            low = -high;
        }
        index += 1;
    }
    high
}

/// The larger of two numbers by absolute value.
const fn larger(a: f64, b: f64) -> f64 {
    if a > b.abs() { a } else { b.abs() }
}

/// The error of weights one of which is not finite.
#[cold]
const fn not_finite(layout: &Layout, weight: &[f32]) -> Error {
    let mut channel = 0;
    while channel < layout.outputs() {
        let Route { source, source_step, .. } = layout.route(Dtype::F32, channel);
        let mut input = 0;
        while input < layout.channels.inputs {
            let mut tap = 0;
            while tap < layout.kernel {
                if !at(weight, source + input * source_step + tap, 0.0).is_finite() {
                    return Error::NotFinite { buffer: Buffer::Weight, channel };
                }
                tap += 1;
            }
            input += 1;
        }
        channel += 1;
    }
    Error::NotFinite { buffer: Buffer::Weight, channel: 0 }
}

const fn scale_and_shift(norm: &Option<BatchNorm<'_>>, channel: usize) -> (f64, f64) {
    match norm {
        Some(norm) => norm.scale_and_shift(channel),
        None => (1.0, 0.0),
    }
}
