//! Looking on while a network runs.

/// What [`network!`](crate::network)'s `infer_with` tells about each step: the start and the end, for
/// clocks and counters, and what the step wrote, for ranges and dumps.
///
/// A step is an index into the network's `LAYERS`. Every method does nothing unless it is written, and
/// costs nothing then; `()` is the observer that does nothing at all.
///
/// ```
/// use nchw::{MaxPool2d, Observer, Tensor, Values, layer, network};
///
/// layer! { struct Halve(f32) = MaxPool2d::new([1, 2, 2], [2, 2]); }
/// network! {
///     struct Net(f32) {}
///     struct Memory;
///     fn infer(x: Tensor<f32, 1, 2, 2>) -> y: Tensor<f32, 1, 1, 1> {
///         y = Halve(x);
///     }
/// }
///
/// struct Print;
///
/// impl Observer for Print {
///     fn output(&mut self, step: usize, values: Values<'_>) {
///         println!("{}: {values:?}", Net::LAYERS[step].name); // Halve: F32([4.0])
///     }
/// }
///
/// let (mut memory, mut y) = (Memory::NEW, Tensor::ZERO);
/// Net {}.infer_with(&Tensor([[[1.0, 2.0], [3.0, 4.0]]]), &mut memory, &mut y, &mut Print);
/// ```
pub trait Observer {
    /// Called before the first step with each input, in CHW order, and the tensor whose meaning it has
    /// ([`LayerInfo::meaning`](crate::LayerInfo::meaning)).
    #[inline(always)]
    fn input(&mut self, meaning: &'static str, values: Values<'_>) {
        let _ = (meaning, values);
    }

    /// Called before a step.
    #[inline(always)]
    fn before(&mut self, step: usize) {
        let _ = step;
    }

    /// Called after a step.
    #[inline(always)]
    fn after(&mut self, step: usize) {
        let _ = step;
    }

    /// Called after [`after`](Self::after) with what the step wrote, in CHW order.
    #[inline(always)]
    fn output(&mut self, step: usize, values: Values<'_>) {
        let _ = (step, values);
    }
}

/// Looks at nothing.
impl Observer for () {}

/// The elements of a tensor of either type.
///
/// ```
/// assert_eq!(nchw::Values::from(&[1_i8, 2][..]), nchw::Values::I8(&[1, 2]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values<'a> {
    /// Of an f32 tensor.
    F32(&'a [f32]),
    /// Of an i8 tensor, quantized.
    I8(&'a [i8]),
}

impl<'a> From<&'a [f32]> for Values<'a> {
    #[inline(always)]
    fn from(values: &'a [f32]) -> Self {
        Self::F32(values)
    }
}

impl<'a> From<&'a [i8]> for Values<'a> {
    #[inline(always)]
    fn from(values: &'a [i8]) -> Self {
        Self::I8(values)
    }
}
