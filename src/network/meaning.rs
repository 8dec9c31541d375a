//! What the i8 numbers of a network's tensors mean. Layers say what they read and write; tensors that a layer
//! passes on as they are, and parts of a concatenation, mean the same.

use crate::message::Message;
use crate::quant::Quantization;

/// Who says what a tensor means.
#[derive(Clone, Copy)]
struct Statement {
    layer: &'static str,
    verb: &'static str,
    tensor: &'static str,
    quantization: Quantization,
}

/// What is known of the tensors so far.
#[derive(Clone, Copy)]
pub(super) struct Meanings<const N: usize> {
    /// Of the first of those that mean the same.
    statements: [Option<Statement>; N],
    /// An earlier tensor that means the same.
    same: [Option<usize>; N],
}

impl<const N: usize> Meanings<N> {
    pub(super) const NONE: Self = Self { statements: [None; N], same: [None; N] };

    pub(super) const fn first(&self, mut tensor: usize) -> usize {
        while let Some(earlier) = self.same[tensor] {
            tensor = earlier;
        }
        tensor
    }

    /// A layer says what a tensor means that it reads or writes; the sentence, if that is not what another
    /// layer has said.
    pub(super) const fn state(
        &mut self,
        (tensor, name): (usize, &'static str),
        (layer, verb): (&'static str, &'static str),
        quantization: Quantization,
    ) -> Option<Message> {
        let first = self.first(tensor);
        let statement = Statement { layer, verb, tensor: name, quantization };
        match &self.statements[first] {
            None => {
                self.statements[first] = Some(statement);
                None
            }
            Some(other) => agree(other, &statement),
        }
    }

    /// A tensor means what an earlier one means.
    pub(super) const fn join(&mut self, tensor: usize, other: usize) -> Option<Message> {
        let (a, b) = (self.first(tensor), self.first(other));
        let (earlier, later) = if a < b { (a, b) } else { (b, a) };
        if earlier == later {
            return None;
        }
        self.same[later] = Some(earlier);
        match (&self.statements[earlier], &self.statements[later]) {
            (None, later) => {
                self.statements[earlier] = *later;
                None
            }
            (Some(_), None) => None,
            (Some(a), Some(b)) => agree(a, b),
        }
    }
}

const fn agree(a: &Statement, b: &Statement) -> Option<Message> {
    let (x, y) = (a.quantization, b.quantization);
    if x.scale.to_bits() == y.scale.to_bits() && x.zero_point == y.zero_point {
        return None;
    }
    let mut message = Message::new();
    describe(&mut message, a);
    message.text(", but ");
    describe(&mut message, b);
    Some(message)
}

/// "`a` writes `x` with scale 0.5 and zero point 3".
const fn describe(message: &mut Message, statement: &Statement) {
    let Statement { layer, verb, tensor, quantization } = *statement;
    message.text("`").text(layer).text("` ").text(verb);
    match tensor.is_empty() {
        // Between the layers of a pipe.
        true => message.text(" a tensor without a name"),
        false => message.text(" `").text(tensor).text("`"),
    };
    message.text(" with scale ");
    message.real(quantization.scale).text(" and zero point ");
    message.signed(quantization.zero_point as i32);
}
