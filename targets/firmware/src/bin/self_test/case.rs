//! A case.

pub use nchw_wire::Operator;

/// An operator with its operands and its result. `P` is what goes with the weights.
pub struct Case<T: 'static, P> {
    pub name: &'static str,
    pub operator: Operator,
    pub x: &'static [T],
    /// Weights, or the second input.
    pub operand: &'static [T],
    pub parameters: P,
    pub y: &'static [T],
}
