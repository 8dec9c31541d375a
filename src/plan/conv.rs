//! The plan of a convolution and of a transposed convolution.

use core::marker::PhantomData;

use crate::activation::Activation;
use crate::algorithm::Algorithm;
use crate::backend::Backend;
use crate::error::{Buffer, Error};
use crate::geometry::{elements, tri};
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
use crate::plan::split::Jobs;
use crate::plan::winograd;
use crate::plan::{backend_method, check_target, packing_methods, requantization, with_rounding};
use crate::quant::Requantization;
use crate::target::Target;
use crate::tensor::{Dtype, Element};

/// A [`Conv2d`](crate::Conv2d) or [`ConvTranspose2d`](crate::ConvTranspose2d), checked and ready to
/// run on slices.
///
/// ```
/// use nchw::{Conv2d, Parameters};
///
/// let plan = Conv2d::new([2, 1, 1], 1, [1, 1]).plan::<f32>()?;
/// let mut packed = vec![0.0; plan.packed_len()];
/// plan.pack(&[1, 2, 1, 1], &[3.0, 4.0], &Parameters::NONE.bias(&[0.5]), &mut packed)?;
///
/// let mut workspace = vec![0.0; plan.workspace_len()];
/// let mut y = [0.0];
/// plan.run(&packed, &[1.0, 10.0], &mut y, &mut workspace)?;
/// assert_eq!(y, [43.5]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvPlan<T> {
    operator: Operator,
    shape: Shape,
    /// What was asked for.
    asked: Algorithm,
    /// Not [`Algorithm::Auto`].
    algorithm: Algorithm,
    /// Elements of scratch memory: kept, so that firmware has a number and not its computation.
    workspace: usize,
    /// The range of rows and of columns of taps that meet inputs, where a kernel is transformed: kept for the same reason.
    taps_met: [(usize, usize); 2],
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

impl<T: Element> ConvPlan<T> {
    pub(crate) const fn new(
        operator: Operator,
        shape: Shape,
        algorithm: Algorithm,
        activation: Activation,
        quantization: Option<Requantization>,
    ) -> Result<Self, Error> {
        let Shape { rows, columns, channels } = shape;
        let kernel = tri!(elements(&[rows.kernel, columns.kernel]));
        tri!(elements(&[channels.groups, channels.inputs, channels.outputs, kernel]));
        tri!(elements(&[channels.groups, channels.inputs, rows.input, columns.input]));
        tri!(elements(&[channels.groups, channels.outputs, rows.output, columns.output]));
        let quantization = tri!(requantization::<T>(quantization, activation));
        let layer = ConvLayer { algorithm: Algorithm::Direct, operator, shape: shape.flattened() };
        let plan = Self {
            operator,
            shape,
            asked: algorithm,
            algorithm: Algorithm::Direct,
            workspace: 0,
            taps_met: [(0, rows.kernel), (0, columns.kernel)],
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
        let plan = tri!(plan.of_target(Target::THIS));
        tri!(plan.layout().validate(T::DTYPE));
        Ok(plan)
    }

    /// This plan for another target, with all that depends on it.
    const fn of_target(mut self, target: Target) -> Result<Self, Error> {
        let Self { operator, shape, .. } = self;
        let algorithm = tri!(winograd::choose(self.asked, operator, &shape, T::DTYPE, target));
        self.workspace = tri!(winograd::workspace_len(algorithm, &shape, T::DTYPE));
        if !matches!(algorithm, Algorithm::Direct) {
            self.taps_met = [shape.rows.taps_met(), shape.columns.taps_met()];
        } else {
            self.taps_met = [(0, shape.rows.kernel), (0, shape.columns.kernel)];
        }
        let layer = ConvLayer { algorithm, operator, shape: shape.flattened() };
        (self.float, self.int8) = (ConvFloat::choose(&layer), ConvInt8::choose(&layer));
        #[cfg(dsp)]
        if matches!((self.asked, T::DTYPE), (Algorithm::Auto, Dtype::I8)) {
            // It works without, but with some memory it gathers less.
            self.workspace = self.int8.tuned.workspace_len(operator, &layer.shape);
        }
        (self.algorithm, self.target) = (algorithm, target);
        Ok(self)
    }

    /// This plan, to pack weights for `target`: in a build script, say. What [`Algorithm::Auto`] stands for
    /// depends on it. For another target than [`Target::THIS`] it packs, but does not run.
    pub const fn target(mut self, target: Target) -> Self {
        match self.of_target(target) {
            Ok(plan) if plan.layout().validate(T::DTYPE).is_ok() => plan,
            // Larger there than memory: refused when it is planned there.
            _ => {
                self.target = target;
                self
            }
        }
    }

    /// The layout without what only packing asks for, the sets of taps.
    pub(super) const fn layout(&self) -> Layout {
        let Shape { rows, columns, channels } = self.shape;
        Layout {
            channels,
            kernel: rows.kernel * columns.kernel,
            weight_order: WeightOrder::of(self.target),
            order: Order {
                rows: Sets::one(rows.kernel),
                columns: Sets::one(columns.kernel),
                inputs: channels.inputs,
                outputs: channels.outputs,
            },
            algorithm: self.algorithm,
            taps_met: self.taps_met,
            input_major: matches!(self.operator, Operator::Transposed),
            uniform: match self.operator {
                Operator::Convolution(PaddingMode::Zeros) => rows.unpadded() && columns.unpadded(),
                Operator::Convolution(_) => true,
                Operator::Transposed => rows.one_to_one() && columns.one_to_one(),
            },
            prelu: self.activation.is_prelu(),
            fully_connected: false,
        }
    }

    #[inline(never)]
    pub(super) const fn packing_layout(&self) -> Layout {
        let mut layout = self.layout();
        layout.order.rows = Sets::of(&self.shape.rows, self.operator);
        layout.order.columns = Sets::of(&self.shape.columns, self.operator);
        layout
    }

    /// The algorithm that will run; never [`Algorithm::Auto`].
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The kernel that runs, on the [`backend`](Self::backend) that this plan has, by its name in `KERNELS.md`.
    ///
    /// ```
    /// let plan = nchw::Conv2d::new([64, 28, 28], 64, [3, 3]).plan::<f32>()?;
    /// let plan = plan.backend(nchw::Backend::Scalar)?;
    /// assert_eq!(plan.kernel(), "Winograd4");
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
        let Shape { rows, columns, channels } = self.shape;
        [channels.all_inputs(), rows.input, columns.input]
    }

    /// `[channels, height, width]` of the output.
    pub const fn output_shape(&self) -> [usize; 3] {
        let Shape { rows, columns, channels } = self.shape;
        [channels.all_outputs(), rows.output, columns.output]
    }

    /// Elements of the input.
    pub const fn input_len(&self) -> usize {
        let [channels, height, width] = self.input_shape();
        channels * height * width
    }

    /// Elements of the output.
    pub const fn output_len(&self) -> usize {
        let [channels, height, width] = self.output_shape();
        channels * height * width
    }

    /// The weight's shape in PyTorch: `[O, I / groups, height, width]` for a convolution,
    /// `[I, O / groups, height, width]` for a transposed one.
    pub const fn weight_shape(&self) -> [usize; 4] {
        let Shape { rows, columns, channels } = self.shape;
        match self.operator {
            Operator::Convolution(_) => {
                [channels.all_outputs(), channels.inputs, rows.kernel, columns.kernel]
            }
            Operator::Transposed => {
                [channels.all_inputs(), channels.outputs, rows.kernel, columns.kernel]
            }
        }
    }

    requantizing_meaning_methods!();

    /// Elements of the packed weights, which hold the bias and what else a channel needs.
    pub const fn packed_len(&self) -> usize {
        self.layout().packed_len(T::DTYPE)
    }

    /// Checks the lengths that `run` is given. Inlined, as a constant plan is not in flash then.
    #[inline(always)]
    const fn check_run(
        &self,
        packed: usize,
        x: usize,
        y: usize,
        workspace: usize,
    ) -> Result<(), Error> {
        tri!(check_target(self.target));
        tri!(Buffer::Packed.check(packed, self.packed_len()));
        tri!(Buffer::Input.check(x, self.input_len()));
        tri!(Buffer::Output.check(y, self.output_len()));
        self.check_workspace(workspace)
    }

    pub(super) const fn check_workspace(&self, actual: usize) -> Result<(), Error> {
        let expected = self.workspace_len();
        if actual < expected {
            return Err(Error::Length { buffer: Buffer::Workspace, expected, actual });
        }
        Ok(())
    }

    /// This layer as at most `jobs` jobs that share the work about equally and write disjoint parts of `y`.
    /// Each can run in a thread, in a task or on a core of its own; this crate starts none. Once all have
    /// run, `y` holds what [`run`](Self::run) would have written, bit for bit.
    ///
    /// A job takes some of the output channels, a packed block of them at least (16 in f32, 4 in i8), or a
    /// group, so that few channels make few jobs. Each needs a workspace of its own, of
    /// [`workspace_len`](Self::workspace_len) elements.
    ///
    /// ```
    /// use nchw::{Conv2d, Parameters};
    ///
    /// let plan = Conv2d::new([8, 14, 14], 32, [3, 3]).padding([1, 1]).plan::<f32>()?;
    /// let (x, weight) = (vec![0.5; plan.input_len()], vec![0.1; 32 * 8 * 9]);
    /// let mut packed = vec![0.0; plan.packed_len()];
    /// plan.pack(&[32, 8, 3, 3], &weight, &Parameters::NONE, &mut packed)?;
    ///
    /// let mut y = vec![0.0; plan.output_len()];
    /// std::thread::scope(|scope| {
    ///     for mut job in plan.split(2, &packed, &x, &mut y)? {
    ///         scope.spawn(move || job.run(&mut vec![0.0; plan.workspace_len()]));
    ///     }
    ///     Ok::<(), nchw::Error>(())
    /// })?;
    /// # let mut whole = vec![0.0; plan.output_len()];
    /// # plan.run(&packed, &x, &mut whole, &mut vec![0.0; plan.workspace_len()])?;
    /// # assert_eq!(y, whole);
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
    ) -> Result<Jobs<'a, T>, Error> {
        self.check_run(packed.len(), x.len(), y.len(), self.workspace_len())?;
        T::int8s(packed).map_or(Ok(()), |packed| self.layout().check_order(packed))?;
        Jobs::new(jobs, *self, self.shape, self.layout(), [packed, x], y)
    }

    /// Elements of scratch memory that `run` asks for; 0 for [`Algorithm::Direct`].
    pub const fn workspace_len(&self) -> usize {
        self.workspace
    }

    cost_methods! {
        |self|
        /// A transposed convolution multiplies its inputs by every tap, those whose products fall into
        /// the cropped border included.
        ///
        /// ```
        /// let plan = nchw::Conv2d::new([3, 8, 8], 4, [3, 3]).padding([1, 1]).plan::<f32>()?;
        /// assert_eq!(plan.macs(), 4 * 8 * 8 * 3 * 3 * 3);
        /// # Ok::<(), nchw::Error>(())
        /// ```
        macs: {
            let Shape { rows, columns, channels } = self.shape;
            let [height, width] = match self.operator {
                Operator::Convolution(_) => [rows.output, columns.output],
                Operator::Transposed => [rows.input, columns.input],
            };
            let pairs = [channels.groups, channels.inputs, channels.outputs];
            multiply_adds(&pairs)
                .saturating_mul(multiply_adds(&[height, width, rows.kernel, columns.kernel]))
        },
        flash: self.packed_len() * size_of::<T>(),
        ram: (self.input_len() + self.output_len() + self.workspace_len()) * size_of::<T>(),
    }
}

packing_methods!(ConvPlan);
backend_method!(ConvPlan);

impl ConvPlan<f32> {
    /// Computes the whole output `y` from `x`, with weights from [`pack`](Self::pack).
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length or a workspace that is too short,
    /// [`Error::OtherTarget`] for a plan that packs for another [`target`](Self::target); `y` is then
    /// untouched.
    #[inline(always)]
    pub fn run(
        &self,
        packed: &[f32],
        x: &[f32],
        y: &mut [f32],
        workspace: &mut [f32],
    ) -> Result<(), Error> {
        self.check_run(packed.len(), x.len(), y.len(), workspace.len())?;
        self.compute(self.shape, self.layout().split(packed), x, y, workspace);
        Ok(())
    }

    /// [`run`](Self::run), of a part with the channels of `shape` and slices of just these.
    #[inline(always)]
    pub(super) fn compute(
        &self,
        shape: Shape,
        packed: Packed<'_>,
        x: &[f32],
        y: &mut [f32],
        workspace: &mut [f32],
    ) {
        let operands = Operands { weight: packed.weight, parameters: packed.bias, x, y: &mut *y };
        let Self { backend, operator, .. } = *self;
        let layer = FloatLayer { shape: shape.flattened(), operator, operands, workspace };
        float::run(self.float, backend, layer);
        self.activation.apply_planes(backend, y, shape.out_plane(), packed.prelu);
    }
}

impl ConvPlan<i8> {
    /// Computes the whole output `y` from `x`, with weights from [`pack`](Self::pack) or
    /// [`quantize`](Self::quantize).
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length or a workspace that is too short,
    /// [`Error::OtherTarget`] for a plan that packs for another [`target`](Self::target),
    /// [`Error::OtherOrder`] for weights that were packed for one; `y` is then untouched.
    #[inline(always)]
    pub fn run(
        &self,
        packed: &[i8],
        x: &[i8],
        y: &mut [i8],
        workspace: &mut [i8],
    ) -> Result<(), Error> {
        self.check_run(packed.len(), x.len(), y.len(), workspace.len())?;
        self.layout().check_order(packed)?;
        self.compute(self.shape, self.layout().split_int8(packed), x, y, workspace)
    }

    /// [`run`](Self::run), of a part with the channels of `shape` and slices of just these.
    #[inline(always)]
    pub(super) fn compute(
        &self,
        shape: Shape,
        (parameters, weight): PackedInt8<'_>,
        x: &[i8],
        y: &mut [i8],
        workspace: &mut [i8],
    ) -> Result<(), Error> {
        let io = self.quantization.as_ref().ok_or(Error::MissingQuantization)?;
        let Self { backend, operator, .. } = *self;
        with_rounding!(io, arithmetic => {
            let convolution = Convolution { shape: shape.flattened(), operator, arithmetic };
            let operands = Operands { weight, parameters, x, y };
            int8::run(self.int8, backend, Int8Layer { convolution, operands, workspace });
        });
        Ok(())
    }
}
