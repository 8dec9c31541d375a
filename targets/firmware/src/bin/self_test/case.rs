//! A case and the memory to run it in.

use nchw::{
    Activate, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm2d, Concat, Conv2d,
    ConvTranspose2d, Linear, MaxPool2d, Mul, Prelu, Softmax, Upsample, ZeroPad2d,
};

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

#[derive(Clone, Copy)]
pub enum Operator {
    Conv2d(Conv2d),
    ConvTranspose2d(ConvTranspose2d),
    Linear(Linear),
    BatchNorm2d(BatchNorm2d),
    Prelu(Prelu),
    MaxPool2d(MaxPool2d),
    AvgPool2d(AvgPool2d),
    AdaptiveMaxPool2d(AdaptiveMaxPool2d),
    AdaptiveAvgPool2d(AdaptiveAvgPool2d),
    Upsample(Upsample),
    ZeroPad2d(ZeroPad2d),
    Activate(Activate),
    Softmax(Softmax),
    Add(Add),
    Mul(Mul),
    Concat(Concat),
}

/// What a plan's buffers are cut from; one that is too short makes the plan refuse it.
pub struct Buffers<T> {
    pub packed: [T; 2048],
    pub workspace: [T; 2048],
    pub y: [T; 2048],
}

impl<T: Copy> Buffers<T> {
    pub const fn new(poison: T) -> Self {
        Self { packed: [poison; 2048], workspace: [poison; 2048], y: [poison; 2048] }
    }
}

/// The first `len` elements, or all.
pub fn cut<T>(buffer: &mut [T], len: usize) -> &mut [T] {
    let len = len.min(buffer.len());
    &mut buffer[..len]
}
