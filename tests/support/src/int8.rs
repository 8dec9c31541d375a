//! What an i8 case or layer states besides its inputs, the same way for both.

use crate::conformance::Case;
use crate::model::{Layer, Model};
use crate::operator::{Op, Quantization};
use crate::tensors::Tensor;

/// Writes into numbers that nobody has packed the last one that `check` (a plan's `check_packed`) asks of packed i8 weights.
pub fn mark<E>(packed: &mut [i8], check: impl Fn(&[i8]) -> Result<(), E>) {
    for mark in i8::MIN..=i8::MAX {
        if let Some(last) = packed.last_mut() {
            *last = mark;
        }
        if check(packed).is_ok() {
            return;
        }
    }
}

/// An i8 operator with its parameters and weights.
#[derive(Clone, Copy, Debug)]
pub struct Int8Operator<'a> {
    /// The operator.
    pub op: &'a Op,
    /// Smallest and largest quantized output; `None` is no limit.
    pub range: [Option<f64>; 2],
    /// Zero points and scalings.
    pub quantization: &'a Quantization,
    /// Weights.
    pub weight: Option<&'a Tensor<i8>>,
    /// Biases.
    pub bias: Option<&'a [i32]>,
    /// Multipliers of the fixed-point factors, one per output channel.
    pub multiplier: Option<&'a [i32]>,
    /// Shifts of the fixed-point factors, one per output channel.
    pub shift: Option<&'a [i32]>,
    /// Scales of the weights, one per output channel.
    pub weight_scale: Option<&'a [f32]>,
}

impl Case {
    /// An i8 case without its inputs.
    pub fn int8(&self) -> Int8Operator<'_> {
        let i32s = |role| self.optional_i32(role).map(|tensor| tensor.values.as_slice());
        Int8Operator {
            op: self.op(),
            range: [self.header.activation_min, self.header.activation_max],
            quantization: &self.header.quantization,
            weight: self.optional_i8("w"),
            bias: i32s("b"),
            multiplier: i32s("mult"),
            shift: i32s("shift"),
            weight_scale: self.optional_f32("w_scale").map(|tensor| tensor.values.as_slice()),
        }
    }
}

impl Model {
    /// An i8 layer without its inputs.
    pub fn int8<'a>(&'a self, layer: &'a Layer) -> Int8Operator<'a> {
        let i32s = |role| self.i32(layer, role).map(|tensor| tensor.values.as_slice());
        Int8Operator {
            op: &layer.op,
            range: [layer.activation_min, layer.activation_max],
            quantization: &layer.quantization,
            weight: self.i8(layer, "w"),
            bias: i32s("b"),
            multiplier: i32s("mult"),
            shift: i32s("shift"),
            weight_scale: self.f32(layer, "w_scale").map(|tensor| tensor.values.as_slice()),
        }
    }
}
