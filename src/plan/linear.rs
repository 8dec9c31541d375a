//! The plan of a fully connected layer.

use core::marker::PhantomData;

use crate::activation::Activation;
use crate::algorithm::Algorithm;
use crate::backend::Backend;
use crate::error::{Buffer, Error};
use crate::geometry::{Channels, tri, volume};
use crate::kernel::conv::float::{self, FloatLayer};
use crate::kernel::conv::int8::{self, Int8Layer};
use crate::kernel::conv::problem::{ConvLayer, Convolution, Operands, Shape};
use crate::kernel::registry::{Choice, ConvFloat, ConvInt8};
use crate::kernel::runs::Operator;
use crate::kernel::weight_order::{Order, Sets, WeightOrder};
use crate::padding::PaddingMode;
use crate::plan::cost::{cost_methods, multiply_adds};
use crate::plan::layout::{Layout, Packed, PackedInt8};
use crate::plan::meaning::requantizing_meaning_methods;
use crate::plan::split::{Job, Jobs, bytes, floats};
use crate::plan::{
    backend_method, check_io, check_target, packing_methods, requantization, with_rounding,
};
use crate::quant::Requantization;
use crate::target::Target;
use crate::tensor::{Dtype, Element};

/// A linear layer is a convolution of one pixel.
const OPERATOR: Operator = Operator::Convolution(PaddingMode::Zeros);

/// A [`Linear`](crate::Linear), checked and ready to run on slices.
///
/// ```
/// use nchw::{Linear, Parameters};
///
/// let plan = Linear::new([1, 1, 2], 1).plan::<f32>()?;
/// let mut packed = vec![0.0; plan.packed_len()];
/// plan.pack(&[1, 2], &[3.0, 4.0], &Parameters::NONE, &mut packed)?;
/// let mut y = [0.0];
/// plan.run(&packed, &[1.0, 10.0], &mut y)?;
/// assert_eq!(y, [43.0]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearPlan<T> {
    input: [usize; 3],
    channels: Channels,
    /// Without a meaning in i8.
    float: Choice<ConvFloat>,
    /// Without a meaning in f32.
    int8: Choice<ConvInt8>,
    activation: Activation,
    /// There if `T` is i8.
    quantization: Option<Requantization>,
    target: Target,
    /// `None` is the best there is.
    backend: Option<Backend>,
    element: PhantomData<T>,
}

impl<T: Element> LinearPlan<T> {
    pub(crate) const fn new(
        input: [usize; 3],
        out_features: usize,
        activation: Activation,
        quantization: Option<Requantization>,
    ) -> Result<Self, Error> {
        let quantization = tri!(requantization::<T>(quantization, activation));
        let channels = tri!(Channels::divide(tri!(volume(input)), out_features, 1));
        let (operator, shape) = (OPERATOR, Shape::fully_connected(channels));
        let layer = ConvLayer { algorithm: Algorithm::Direct, operator, shape };
        let plan = Self {
            input,
            channels,
            float: ConvFloat::choose(&layer),
            int8: ConvInt8::choose(&layer),
            activation,
            quantization,
            target: Target::THIS,
            backend: None,
            element: PhantomData,
        };
        match T::DTYPE {
            Dtype::F32 => tri!(activation.validate()),
            Dtype::I8 => {}
        }
        tri!(plan.layout().validate(T::DTYPE));
        Ok(plan)
    }

    pub(super) const fn layout(&self) -> Layout {
        Layout {
            algorithm: Algorithm::Direct,
            taps_met: [(0, 1); 2],
            channels: self.channels,
            kernel: 1,
            weight_order: WeightOrder::of(self.target),
            order: Order {
                rows: Sets::one(1),
                columns: Sets::one(1),
                inputs: self.channels.inputs,
                outputs: self.channels.outputs,
            },
            input_major: false,
            uniform: true,
            prelu: self.activation.is_prelu(),
            fully_connected: true,
        }
    }

    pub(super) const fn packing_layout(&self) -> Layout {
        self.layout()
    }

    /// The kernel that runs, on the [`backend`](Self::backend) that this plan has, by its name in `KERNELS.md`.
    ///
    /// ```
    /// assert_eq!(nchw::Linear::new([64, 1, 1], 10).plan::<f32>()?.kernel(), "Direct");
    /// # Ok::<(), nchw::Error>(())
    /// ```
    pub fn kernel(&self) -> &'static str {
        match T::DTYPE {
            Dtype::F32 => self.float.on(self.backend).name(),
            Dtype::I8 => self.int8.on(self.backend).name(),
        }
    }

    /// `[channels, height, width]` of the input.
    pub const fn input_shape(&self) -> [usize; 3] {
        self.input
    }

    /// Features of the input.
    pub const fn input_len(&self) -> usize {
        self.channels.inputs
    }

    /// Features of the output.
    pub const fn output_len(&self) -> usize {
        self.channels.outputs
    }

    /// The weight's shape in PyTorch: `[out features, in features]`.
    pub const fn weight_shape(&self) -> [usize; 2] {
        [self.channels.outputs, self.channels.inputs]
    }

    /// `[out features, 1, 1]`.
    pub const fn output_shape(&self) -> [usize; 3] {
        [self.channels.outputs, 1, 1]
    }

    requantizing_meaning_methods!();

    /// This plan, to pack weights for `target`: in a build script, say. For another target than
    /// [`Target::THIS`] it packs, but does not run.
    pub const fn target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// Elements of the packed weights, which hold the bias and what else a channel needs.
    pub const fn packed_len(&self) -> usize {
        self.layout().packed_len(T::DTYPE)
    }

    /// This layer as at most `jobs` jobs that share the work about equally and write disjoint parts of `y`;
    /// see [`ConvPlan::split`](crate::ConvPlan::split). They need no workspace.
    ///
    /// ```
    /// use nchw::{Linear, Parameters};
    ///
    /// let plan = Linear::new([64, 1, 1], 100).plan::<f32>()?;
    /// let mut packed = vec![0.0; plan.packed_len()];
    /// plan.pack(&[100, 64], &[0.25; 6400], &Parameters::NONE, &mut packed)?;
    ///
    /// let mut y = [0.0; 100];
    /// std::thread::scope(|scope| {
    ///     for mut job in plan.split(2, &packed, &[1.0; 64], &mut y)? {
    ///         scope.spawn(move || job.run());
    ///     }
    ///     Ok::<(), nchw::Error>(())
    /// })?;
    /// assert_eq!(y, [16.0; 100]);
    /// # Ok::<(), nchw::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length, [`Error::Zero`] for no jobs,
    /// [`Error::OtherTarget`], [`Error::OtherOrder`]; `y` is then untouched.
    pub fn split<'a>(
        &self,
        jobs: usize,
        packed: &'a [T],
        x: &'a [T],
        y: &'a mut [T],
    ) -> Result<Jobs<'a, T, Self>, Error> {
        check_target(self.target)?;
        Buffer::Packed.check(packed.len(), self.packed_len())?;
        check_io(x, self.input_len(), y, self.output_len())?;
        T::int8s(packed).map_or(Ok(()), |packed| self.layout().check_order(packed))?;
        let shape = Shape::fully_connected(self.channels);
        Jobs::new(jobs, *self, shape, self.layout(), [packed, x], y)
    }

    cost_methods! {
        |self|
        macs: multiply_adds(&self.weight_shape()),
        flash: self.packed_len() * size_of::<T>(),
        ram: (self.input_len() + self.output_len()) * size_of::<T>(),
    }
}

packing_methods!(LinearPlan);
backend_method!(LinearPlan);

impl LinearPlan<f32> {
    /// Computes `y` from `x`, with weights from [`pack`](Self::pack).
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length, [`Error::OtherTarget`] for a plan that packs for another
    /// [`target`](Self::target); `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, packed: &[f32], x: &[f32], y: &mut [f32]) -> Result<(), Error> {
        check_target(self.target)?;
        Buffer::Packed.check(packed.len(), self.packed_len())?;
        check_io(x, self.input_len(), y, self.output_len())?;
        self.compute(self.channels, self.layout().split(packed), x, y);
        Ok(())
    }

    /// [`run`](Self::run), of a part with these channels and slices of just these.
    #[inline(always)]
    pub(super) fn compute(&self, channels: Channels, packed: Packed<'_>, x: &[f32], y: &mut [f32]) {
        let operands = Operands { weight: packed.weight, parameters: packed.bias, x, y: &mut *y };
        let shape = Shape::fully_connected(channels);
        let layer = FloatLayer { shape, operator: OPERATOR, operands, workspace: &mut [] };
        float::run(self.float, self.backend, layer);
        self.activation.apply_planes(self.backend, y, 1, packed.prelu);
    }
}

impl LinearPlan<i8> {
    /// Computes `y` from `x`, with weights from [`pack`](Self::pack) or [`quantize`](Self::quantize).
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length, [`Error::OtherTarget`] for a plan that packs for another
    /// [`target`](Self::target), [`Error::OtherOrder`] for weights that were packed for one; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, packed: &[i8], x: &[i8], y: &mut [i8]) -> Result<(), Error> {
        check_target(self.target)?;
        Buffer::Packed.check(packed.len(), self.packed_len())?;
        check_io(x, self.input_len(), y, self.output_len())?;
        self.layout().check_order(packed)?;
        self.compute(self.channels, self.layout().split_int8(packed), x, y)
    }

    /// [`run`](Self::run), of a part with these channels and slices of just these.
    #[inline(always)]
    pub(super) fn compute(
        &self,
        channels: Channels,
        (parameters, weight): PackedInt8<'_>,
        x: &[i8],
        y: &mut [i8],
    ) -> Result<(), Error> {
        let io = self.quantization.as_ref().ok_or(Error::MissingQuantization)?;
        with_rounding!(io, arithmetic => {
            // A zero point of the weights meets the sum of the inputs, the same for every output.
            let arithmetic = match io.weight_zero_point {
                0 => arithmetic,
                zero_point => arithmetic.with_weight_zero_point(zero_point, x),
            };
            let shape = Shape::fully_connected(channels);
            let operands = Operands { weight, parameters, x, y };
            let convolution = Convolution { shape, operator: OPERATOR, arithmetic };
            let layer = Int8Layer { convolution, operands, workspace: &mut [] };
            int8::run(self.int8, self.backend, layer);
        });
        Ok(())
    }
}

impl Job<'_, f32, LinearPlan<f32>> {
    /// Computes its part of the output.
    pub fn run(&mut self) {
        let Self { plan, layout, .. } = *self;
        let packed = layout.split(self.packed);
        for (part, x, y) in self.parts() {
            plan.compute(part.channels, floats(&packed, &layout, &part), x, y);
        }
    }
}

impl Job<'_, i8, LinearPlan<i8>> {
    /// Computes its part of the output.
    // Compiled where it is called, as that of a convolution.
    #[inline]
    pub fn run(&mut self) {
        let Self { plan, layout, .. } = *self;
        let packed = layout.split_int8(self.packed);
        for (part, x, y) in self.parts() {
            // An i8 plan has its quantization, so there is no error to look at.
            let _ = plan.compute(part.channels, bytes(&packed, &layout, &part), x, y);
        }
    }
}
