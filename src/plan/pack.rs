//! Packed weights: batch norms folded in, one block of memory in the order in which the kernels
//! read it.
//!
//! | part | elements |
//! |---|---|
//! | bias | output channels |
//! | PReLU slopes, if there are any | output channels |
//! | weights | as many as PyTorch's |
//!
//! The weights of each group lie in blocks of [`BLOCK`] output channels: input channel, kernel row,
//! kernel column, output channel. The channels left over follow one by one.

use crate::batch_norm::{BatchNorm, check_len, check_optional_len, value_or};
use crate::error::{Buffer, Error};
use crate::geometry::{Channels, elements, total, tri};
use crate::kernel::direct::BLOCK;

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
/// plan.pack(&[3.0], &Parameters::NONE.bias(&[5.0]).batch_norm(norm), &mut packed)?;
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

/// The sizes of a layer's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) channels: Channels,
    /// Kernel height times kernel width.
    pub(crate) kernel: usize,
    /// Whether the weights come as I,O/groups,.. instead of O,I/groups,..
    pub(crate) input_major: bool,
    /// Whether every output meets every tap, so that a shift of the input is a constant.
    pub(crate) uniform: bool,
    /// Whether there are slopes.
    pub(crate) prelu: bool,
}

/// Packed weights, taken apart.
pub(crate) struct Packed<'a> {
    pub(crate) bias: &'a [f32],
    pub(crate) prelu: &'a [f32],
    pub(crate) weight: &'a [f32],
}

impl Layout {
    /// Checks that every length below fits into `usize`.
    pub(crate) const fn validate(&self) -> Result<(), Error> {
        let Channels { groups, inputs, outputs } = self.channels;
        let weight = tri!(elements(&[groups, inputs, outputs, self.kernel]));
        let outputs = tri!(elements(&[groups, outputs]));
        match total(&[weight, outputs, outputs]) {
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    const fn outputs(&self) -> usize {
        self.channels.all_outputs()
    }

    const fn weight_len(&self) -> usize {
        self.outputs() * self.channels.inputs * self.kernel
    }

    const fn prelu_len(&self) -> usize {
        if self.prelu { self.outputs() } else { 0 }
    }

    pub(crate) const fn packed_len(&self) -> usize {
        self.outputs() + self.prelu_len() + self.weight_len()
    }

    /// The parts of `packed`; empty where it is too short.
    pub(crate) fn split<'a>(&self, packed: &'a [f32]) -> Packed<'a> {
        let (bias, rest) = packed.split_at_checked(self.outputs()).unwrap_or_default();
        let (prelu, weight) = rest.split_at_checked(self.prelu_len()).unwrap_or_default();
        Packed { bias, prelu, weight }
    }

    /// Where PyTorch keeps a weight; `group`, `output` and `input` count within the group.
    const fn source(&self, group: usize, output: usize, input: usize, tap: usize) -> usize {
        let Channels { inputs, outputs, .. } = self.channels;
        let (major, minor, minors) = match self.input_major {
            true => (group * inputs + input, output, outputs),
            false => (group * outputs + output, input, inputs),
        };
        (major * minors + minor) * self.kernel + tap
    }

    const fn check(
        &self,
        weight: &[f32],
        parameters: &Parameters<'_>,
        packed: &[f32],
    ) -> Result<(), Error> {
        let Parameters { bias, input_batch_norm, batch_norm, prelu } = parameters;
        tri!(check_len(Buffer::Weight, weight, self.weight_len()));
        tri!(check_optional_len(Buffer::Bias, *bias, self.outputs()));
        tri!(check_optional_len(Buffer::Prelu, *prelu, self.outputs()));
        match (self.prelu, prelu) {
            (true, None) => return Err(Error::Missing(Buffer::Prelu)),
            (false, Some(_)) => return Err(Error::Unexpected(Buffer::Prelu)),
            _ => {}
        }
        if let Some(norm) = batch_norm {
            tri!(norm.validate(self.outputs()));
        }
        if let Some(norm) = input_batch_norm {
            let inputs = self.channels.all_inputs();
            tri!(norm.validate(inputs));
            let mut channel = 0;
            while !self.uniform && channel < inputs {
                let (_, shift) = norm.scale_and_shift(channel);
                if shift != 0.0 {
                    return Err(Error::InexactFold { channel });
                }
                channel += 1;
            }
        }
        check_len(Buffer::Packed, packed, self.packed_len())
    }

    /// Folds and packs; writes all of `packed` or, on an error, nothing.
    pub(crate) const fn pack(
        &self,
        weight: &[f32],
        parameters: &Parameters<'_>,
        packed: &mut [f32],
    ) -> Result<(), Error> {
        tri!(self.check(weight, parameters, packed));
        let Channels { groups, inputs, outputs } = self.channels;
        let (bias, rest) = packed.split_at_mut(self.outputs());
        let (prelu, packed_weight) = rest.split_at_mut(self.prelu_len());

        let mut next = 0;
        let mut group = 0;
        while group < groups {
            let mut first = 0;
            while first < outputs {
                let block = if outputs - first < BLOCK { 1 } else { BLOCK };
                let mut lane = 0;
                while lane < block {
                    let output = group * outputs + first + lane;
                    if self.prelu {
                        prelu[output] = value_or(parameters.prelu, output, 0.0);
                    }
                    let (factor, shift) = scale_and_shift(&parameters.batch_norm, output);
                    // What the shift of the inputs adds up to, on the way past every weight.
                    let mut sum = value_or(parameters.bias, output, 0.0) as f64;
                    let mut input = 0;
                    while input < inputs {
                        let channel = group * inputs + input;
                        let (in_factor, in_shift) =
                            scale_and_shift(&parameters.input_batch_norm, channel);
                        let mut tap = 0;
                        while tap < self.kernel {
                            let source = self.source(group, first + lane, input, tap);
                            let value = weight[source] as f64;
                            let target = next + (input * self.kernel + tap) * block + lane;
                            packed_weight[target] = (value * in_factor * factor) as f32;
                            sum += value * in_shift;
                            tap += 1;
                        }
                        input += 1;
                    }
                    bias[output] = (sum * factor + shift) as f32;
                    lane += 1;
                }
                next += block * inputs * self.kernel;
                first += block;
            }
            group += 1;
        }
        Ok(())
    }
}

const fn scale_and_shift(norm: &Option<BatchNorm<'_>>, channel: usize) -> (f64, f64) {
    match norm {
        Some(norm) => norm.scale_and_shift(channel),
        None => (1.0, 0.0),
    }
}
