use crate::activation::Activation;
use crate::error::{Direction, Error, Parameter};
use crate::geometry::{positive, tri, volume};
use crate::kernel::resample::Grid;
use crate::plan::UnaryPlan;
use crate::plan::unary::{Numbers, Operator};
use crate::spec::WHOLE_RANGE;
use crate::tensor::Element;

/// Resampling to another height and width, PyTorch's `nn.Upsample`.
///
/// Input `[C, H, W]`, output `[C, H', W']`. The index arithmetic is PyTorch's, in f32: positions follow from the two sizes
/// ([`to`](Self::to)), as with `size`, `recompute_scale_factor` and whole factors, or from a factor
/// ([`by_factor`](Self::by_factor)), as with any other `scale_factor`, which need not be the ratio of the sizes.
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
    /// `[height, width]`: outputs are so many times closer to one another than inputs. `None` for the ratio of the sizes,
    /// which is what counts with `align_corners` in any case.
    pub scale_factor: Option<[f64; 2]>,
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
        Self { input, output_size, mode: UpsampleMode::Nearest, scale_factor: None }
    }

    /// Nearest-pixel resampling by factors, `[height, width]`: PyTorch's `nn.Upsample(scale_factor=..)`. The output is
    /// `floor(input * factor)` large, and its positions are taken from the factor and not from that size. So 3 pixels by
    /// 1.5 make 4 at 0, 0.67, 1.33 and 2, and not, as [`to`](Self::to) makes them, at 0, 0.75, 1.5 and 2.25.
    ///
    /// ```
    /// use nchw::Upsample;
    ///
    /// let x = [1.0, 2.0, 3.0, 4.0, 5.0];
    /// let by_factor = Upsample::by_factor([1, 1, 5], [1.0, 1.7]).plan::<f32>()?;
    /// let to = Upsample::to([1, 1, 5], [1, 8]).plan::<f32>()?;
    /// let (mut a, mut b) = ([0.0; 8], [0.0; 8]);
    /// by_factor.run(&x, &mut a)?;
    /// to.run(&x, &mut b)?;
    /// assert_eq!(a, [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 5.0]);
    /// assert_eq!(b, [1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0]);
    /// # Ok::<(), nchw::Error>(())
    /// ```
    pub const fn by_factor(input: [usize; 3], scale_factor: [f64; 2]) -> Self {
        let [_, height, width] = input;
        // Rounded down; what overflows or is no number is refused by `plan`.
        let height = (height as f64 * scale_factor[0]) as usize;
        let width = (width as f64 * scale_factor[1]) as usize;
        Self { scale_factor: Some(scale_factor), ..Self::to(input, [height, width]) }
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
    /// [`Error::Zero`], [`Error::InvalidScaleFactor`], [`Error::Overflow`], [`Error::NoQuantizedForm`].
    pub const fn plan<T: Element>(&self) -> Result<UnaryPlan<T>, Error> {
        let [height, width] = self.output_size;
        if let Some([down, across]) = self.scale_factor {
            tri!(positive_factor(down, Direction::Height));
            tri!(positive_factor(across, Direction::Width));
        }
        tri!(volume(self.input));
        tri!(positive(height, Parameter::Output(Direction::Height)));
        tri!(positive(width, Parameter::Output(Direction::Width)));
        let align_corners = matches!(self.mode, UpsampleMode::Bilinear { align_corners: true });
        let size = [self.input[1], self.input[2]];
        let grid = Grid::new(size, self.output_size, align_corners, self.scale_factor);
        let operator = match self.mode {
            UpsampleMode::Nearest => Operator::UpsampleNearest(grid),
            UpsampleMode::Bilinear { align_corners } => {
                Operator::UpsampleBilinear { grid, align_corners }
            }
        };
        let output = [self.input[0], height, width];
        let numbers = Numbers { quantization: None, range: WHOLE_RANGE };
        UnaryPlan::new(operator, self.input, output, Activation::Identity, numbers)
    }
}

/// [`Error::InvalidScaleFactor`] for a factor that is none.
const fn positive_factor(factor: f64, direction: Direction) -> Result<(), Error> {
    if factor > 0.0 && factor < f64::INFINITY {
        Ok(())
    } else {
        Err(Error::InvalidScaleFactor { direction })
    }
}
