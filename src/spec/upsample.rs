use crate::activation::Activation;
use crate::error::{Direction, Error, Parameter};
use crate::geometry::{positive, tri};
use crate::plan::UnaryPlan;
use crate::plan::unary::Operator;
use crate::tensor::Element;

/// Resampling to another height and width, PyTorch's `nn.Upsample`.
///
/// Input `[C, H, W]`, output `[C, H', W']`. The index arithmetic is PyTorch's, in f32.
///
/// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html>.
///
/// ```
/// use nchw::{Tensor, Upsample, UpsampleMode, layer};
///
/// layer! {
///     struct Nearest(f32) = Upsample::by([1, 1, 2], [1, 2]);
///     struct Bilinear(f32) = Upsample::to([1, 1, 2], [1, 4])
///         .mode(UpsampleMode::Bilinear { align_corners: false });
/// }
/// let x = Tensor([[[1.0, 5.0]]]);
/// let (mut nearest, mut bilinear) = (Tensor::ZERO, Tensor::ZERO);
/// Nearest.run(&x, &mut nearest);
/// Bilinear.run(&x, &mut bilinear);
/// assert_eq!(nearest, Tensor([[[1.0, 1.0, 5.0, 5.0]]]));
/// assert_eq!(bilinear, Tensor([[[1.0, 2.0, 4.0, 5.0]]]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Upsample {
    /// `[channels, height, width]` of the input.
    pub input: [usize; 3],
    /// Height and width of the output.
    pub output_size: [usize; 2],
    /// How an output pixel is made; in i8 the nearest only.
    pub mode: UpsampleMode,
}

/// How [`Upsample`] makes an output pixel from inputs.
///
/// ```
/// assert_eq!(nchw::UpsampleMode::default(), nchw::UpsampleMode::Nearest);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UpsampleMode {
    /// The input pixel at the output's position, rounded towards the first.
    #[default]
    Nearest,
    /// A blend of the four input pixels around the output's position.
    Bilinear {
        /// Whether the corner pixels of input and output lie on one another, instead of their
        /// corners.
        align_corners: bool,
    },
}

impl Upsample {
    /// Nearest-pixel resampling to `output_size`, `[height, width]`.
    pub const fn to(input: [usize; 3], output_size: [usize; 2]) -> Self {
        Self { input, output_size, mode: UpsampleMode::Nearest }
    }

    /// Nearest-pixel enlargement by whole factors, `[height, width]`.
    pub const fn by(input: [usize; 3], scale_factor: [usize; 2]) -> Self {
        let [_, height, width] = input;
        // What overflows is refused by `plan`.
        let height = height.saturating_mul(scale_factor[0]);
        Self::to(input, [height, width.saturating_mul(scale_factor[1])])
    }

    /// Sets how an output pixel is made.
    pub const fn mode(mut self, mode: UpsampleMode) -> Self {
        self.mode = mode;
        self
    }

    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// [`Error::Zero`], [`Error::Overflow`], [`Error::NoQuantizedForm`].
    pub const fn plan<T: Element>(&self) -> Result<UnaryPlan<T>, Error> {
        let [height, width] = self.output_size;
        tri!(positive(height, Parameter::Output(Direction::Height)));
        tri!(positive(width, Parameter::Output(Direction::Width)));
        let operator = match self.mode {
            UpsampleMode::Nearest => Operator::UpsampleNearest,
            UpsampleMode::Bilinear { align_corners } => {
                Operator::UpsampleBilinear { align_corners }
            }
        };
        let output = [self.input[0], height, width];
        UnaryPlan::new(operator, self.input, output, Activation::Identity, None)
    }
}
