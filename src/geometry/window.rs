//! What a sliding window is asked to be, and whether it can be.

use crate::error::{Direction, Error, Parameter};
use crate::geometry::{Axis, divide, elements, positive, total, tri};
use crate::padding::{Padding, PaddingMode};

/// What one direction of a sliding window is asked to be.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) direction: Direction,
    pub(crate) input: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) before: usize,
    pub(crate) after: usize,
}

impl Window {
    /// The two directions of a window, H then W; what of `padding` is no number yet is 0.
    pub(crate) const fn pair(
        [_, height, width]: [usize; 3],
        kernel: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
        padding: Padding,
    ) -> [Self; 2] {
        let [top, left, bottom, right] = match padding {
            Padding::Sides(sides) => sides,
            Padding::Same | Padding::SameTflite => [0; 4],
        };
        [
            Self {
                direction: Direction::Height,
                input: height,
                kernel: kernel[0],
                stride: stride[0],
                dilation: dilation[0],
                before: top,
                after: bottom,
            },
            Self {
                direction: Direction::Width,
                input: width,
                kernel: kernel[1],
                stride: stride[1],
                dilation: dilation[1],
                before: left,
                after: right,
            },
        ]
    }

    /// `sum` of sizes and distances along this direction, each below the limit but for that of `parameter`.
    const fn spans(sum: Result<usize, Error>, parameter: Parameter) -> Result<usize, Error> {
        match sum {
            Err(Error::Overflow) => Err(Error::SpanTooLarge(parameter)),
            sum => sum,
        }
    }

    /// The input with its padding.
    const fn padded_input(&self) -> Result<usize, Error> {
        tri!(elements(&[self.input]));
        let padded = total(&[self.input, self.before, self.after]);
        Self::spans(padded, Parameter::Padding(self.direction))
    }

    /// [`Error::ChannelsLast`] where a kernel is too wide for a shape with few columns of many channels.
    pub(crate) const fn channels_last(
        axis: Result<Axis, Error>,
        input: [usize; 3],
    ) -> Result<Axis, Error> {
        let [channels, height, width] = input;
        match axis {
            Err(Error::KernelTooLarge { direction: Direction::Width, extent, padded_input })
                if width <= 4 && channels >= 8 && height >= 8 =>
            {
                Err(Error::ChannelsLast { input, extent, padded_input })
            }
            axis => axis,
        }
    }

    /// With the padding on both sides counted in numbers.
    const fn with_padding(mut self, padding: Padding, extent: usize) -> Result<Self, Error> {
        let both = match padding {
            Padding::Sides(_) => return Ok(self),
            Padding::Same => {
                if self.stride != 1 {
                    return Err(Error::SamePaddingWithStride {
                        direction: self.direction,
                        stride: self.stride,
                    });
                }
                extent - 1
            }
            Padding::SameTflite => {
                // From the first input of the last window on, and never more than the input.
                let last = divide(self.input - 1, self.stride) * self.stride;
                extent.saturating_sub(self.input - last)
            }
        };
        self.before = both / 2;
        self.after = both - self.before;
        Ok(self)
    }

    /// The dilated kernel's extent, once every parameter is known to be positive.
    const fn extent(&self) -> Result<usize, Error> {
        tri!(positive(self.input, Parameter::Input(self.direction)));
        tri!(positive(self.kernel, Parameter::KernelSize(self.direction)));
        tri!(positive(self.stride, Parameter::Stride(self.direction)));
        tri!(positive(self.dilation, Parameter::Dilation(self.direction)));
        tri!(elements(&[self.kernel]));
        let distance = elements(&[self.dilation, self.kernel - 1]);
        let distance = tri!(Self::spans(distance, Parameter::Dilation(self.direction)));
        total(&[distance, 1])
    }

    /// The axis with `output` outputs whose windows, padding included, lie within `span` places.
    ///
    /// A stride between outputs and a dilation between taps is shorter than the span. A longer one is that of a single
    /// output (of a transposed convolution: a single input) or of a single tap, and without effect: it is cut, so that
    /// no distance leaves the span.
    const fn spanning(&self, output: usize, span: usize) -> Result<Axis, Error> {
        let stride = if self.stride < span { self.stride } else { span };
        let dilation = if self.dilation < span { self.dilation } else { span };
        Ok(Axis {
            input: self.input,
            output,
            kernel: self.kernel,
            stride: tri!(positive(stride, Parameter::Stride(self.direction))),
            dilation: tri!(positive(dilation, Parameter::Dilation(self.direction))),
            before: self.before,
            after: self.after,
        })
    }

    /// A convolution, which sees whole windows only.
    pub(crate) const fn conv(self, padding: Padding, mode: PaddingMode) -> Result<Axis, Error> {
        let extent = tri!(self.extent());
        tri!(self.with_padding(padding, extent)).conv_of(extent, mode)
    }

    const fn conv_of(self, extent: usize, mode: PaddingMode) -> Result<Axis, Error> {
        let limit = match mode {
            PaddingMode::Zeros | PaddingMode::Replicate => usize::MAX,
            PaddingMode::Reflect => self.input - 1,
            PaddingMode::Circular => self.input,
        };
        let padding = if self.before > self.after { self.before } else { self.after };
        if padding > limit {
            return Err(Error::PaddingTooLarge { direction: self.direction, mode, padding, limit });
        }
        let padded_input = tri!(self.padded_input());
        if extent > padded_input {
            return Err(Error::KernelTooLarge { direction: self.direction, extent, padded_input });
        }
        self.spanning(divide(padded_input - extent, self.stride) + 1, padded_input)
    }

    /// A pool, whose last window may hang over the edge in `ceil_mode`, but has to start inside the
    /// input or the padding before it.
    ///
    /// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html>.
    pub(crate) const fn pool(self, padding: Padding, ceil_mode: bool) -> Result<Axis, Error> {
        let extent = tri!(self.extent());
        tri!(self.with_padding(padding, extent)).pool_of(extent, ceil_mode)
    }

    const fn pool_of(self, extent: usize, ceil_mode: bool) -> Result<Axis, Error> {
        let padded_input = tri!(self.padded_input());
        // What the last window may hang over. More than a window and the input makes no difference.
        let overhang = match ceil_mode {
            true if self.stride - 1 < padded_input + extent => self.stride - 1,
            true => padded_input + extent,
            false => 0,
        };
        let Some(steps) = (padded_input + overhang).checked_sub(extent) else {
            return Err(Error::KernelTooLarge { direction: self.direction, extent, padded_input });
        };
        let last = divide(steps, self.stride);
        let span = if extent > padded_input { extent } else { padded_input };
        // No overflow: the start of the last window is at most `steps`.
        if ceil_mode && last > 0 && last * self.stride >= self.input + self.before {
            return self.spanning(last, span);
        }
        self.spanning(last + 1, span)
    }

    /// A transposed convolution: `(input - 1) * stride + extent` outputs, cropped by the padding
    /// and extended by `output_padding`.
    ///
    /// Source: <https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html>.
    pub(crate) const fn transposed(
        self,
        padding: Padding,
        output_padding: usize,
    ) -> Result<Axis, Error> {
        let extent = tri!(self.extent());
        if !matches!(padding, Padding::SameTflite) {
            return tri!(self.with_padding(padding, extent)).transposed_of(extent, output_padding);
        }
        // As many outputs as inputs times stride: what a kernel shorter than the stride leaves out is added.
        let both = extent.saturating_sub(self.stride);
        let window = Self { before: both / 2, after: both - both / 2, ..self };
        window.transposed_of(extent, self.stride.saturating_sub(extent))
    }

    const fn transposed_of(self, extent: usize, output_padding: usize) -> Result<Axis, Error> {
        let limit = match self.stride > self.dilation {
            true => self.stride - 1,
            false => self.dilation - 1,
        };
        if output_padding > limit {
            return Err(Error::OutputPaddingTooLarge {
                direction: self.direction,
                output_padding,
                limit,
            });
        }
        tri!(elements(&[self.input]));
        let spread = elements(&[self.input - 1, self.stride]);
        let spread = tri!(Self::spans(spread, Parameter::Stride(self.direction)));
        let full = tri!(total(&[spread, extent, output_padding]));
        let cropped = total(&[self.before, self.after]);
        let cropped = tri!(Self::spans(cropped, Parameter::Padding(self.direction)));
        if cropped >= full {
            return Err(Error::EmptyOutput { direction: self.direction, full, cropped });
        }
        self.spanning(full - cropped, full)
    }
}

/// The axes of a convolution or a pool, `[rows, columns]`, if the plane that they span has a size: input, padding and
/// what windows hang over. Then the distance of any two places of that plane, in elements, is at most [`MAX_ELEMENTS`].
pub(crate) const fn windows([rows, columns]: [Axis; 2]) -> Result<[Axis; 2], Error> {
    tri!(elements(&[rows.span_of_windows(), columns.span_of_windows()]));
    Ok([rows, columns])
}

/// The same for a transposed convolution, whose plane is that of all outputs, those cropped included.
pub(crate) const fn spread([rows, columns]: [Axis; 2]) -> Result<[Axis; 2], Error> {
    tri!(elements(&[rows.span_of_spread(), columns.span_of_spread()]));
    Ok([rows, columns])
}
