//! Sliding windows: where each output finds its inputs. Validated once; after that no method can
//! overflow or divide by zero, and any distance within a padded plane, or from it by the length of some strides,
//! fits `isize` ([`windows`], [`spread`]).

use core::num::NonZeroUsize;

use crate::error::{Direction, Error, Parameter};
use crate::padding::{Padding, PaddingMode};

/// Returns early with the error of a `Result`; `?` is not yet to be had in a `const fn`.
macro_rules! tri {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}
pub(crate) use tri;

/// The most elements a tensor may have: even at eight bytes each it fits into an allocation.
pub(crate) const MAX_ELEMENTS: usize = isize::MAX as usize / 8;

/// The product of `sizes`, or [`Error::Overflow`].
pub(crate) const fn elements(sizes: &[usize]) -> Result<usize, Error> {
    let mut product = 1_usize;
    let mut rest = sizes;
    while let Some((&size, tail)) = rest.split_first() {
        product = match product.checked_mul(size) {
            Some(product) if product <= MAX_ELEMENTS => product,
            _ => return Err(Error::Overflow),
        };
        rest = tail;
    }
    Ok(product)
}

/// The sum of `sizes`, or [`Error::Overflow`].
pub(crate) const fn total(sizes: &[usize]) -> Result<usize, Error> {
    let mut sum = 0_usize;
    let mut rest = sizes;
    while let Some((&size, tail)) = rest.split_first() {
        sum = match sum.checked_add(size) {
            Some(sum) if sum <= MAX_ELEMENTS => sum,
            _ => return Err(Error::Overflow),
        };
        rest = tail;
    }
    Ok(sum)
}

/// What validated geometry says is there is not: a fault of this crate, on which nothing is written. Builds with debug
/// assertions, such as those of tests, show it.
#[inline(always)]
#[track_caller]
pub(crate) const fn missing() {
    debug_assert!(
        false,
        "validated geometry, but a slice is too short, or there is no code for a shape"
    );
}

/// `a / b` for a `b` that is known not to be zero, if not to the compiler.
pub(crate) const fn divide(a: usize, b: usize) -> usize {
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// `a / b`, rounded up, for a `b` as in [`divide`].
pub(crate) const fn rounded_up(a: usize, b: usize) -> usize {
    divide(a + (b - 1), b)
}

/// `value`, or [`Error::Zero`] naming `parameter`.
pub(crate) const fn positive(value: usize, parameter: Parameter) -> Result<NonZeroUsize, Error> {
    match NonZeroUsize::new(value) {
        Some(value) => Ok(value),
        None => Err(Error::Zero(parameter)),
    }
}

/// A non-empty `[channels, height, width]` and the number of its elements.
pub(crate) const fn volume([channels, height, width]: [usize; 3]) -> Result<usize, Error> {
    tri!(positive(channels, Parameter::InChannels));
    tri!(positive(height, Parameter::Input(Direction::Height)));
    tri!(positive(width, Parameter::Input(Direction::Width)));
    elements(&[channels, height, width])
}

/// How channels are connected: `groups` times, `inputs` channels with `outputs` channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channels {
    pub(crate) groups: usize,
    /// Input channels of one group.
    pub(crate) inputs: usize,
    /// Output channels of one group.
    pub(crate) outputs: usize,
}

impl Channels {
    /// Divides `inputs` and `outputs` channels into `groups`.
    pub(crate) const fn divide(
        inputs: usize,
        outputs: usize,
        groups: usize,
    ) -> Result<Self, Error> {
        tri!(positive(inputs, Parameter::InChannels));
        tri!(positive(outputs, Parameter::OutChannels));
        tri!(positive(groups, Parameter::Groups));
        if !inputs.is_multiple_of(groups) {
            return Err(Error::ChannelsNotDivisible {
                parameter: Parameter::InChannels,
                channels: inputs,
                groups,
            });
        }
        if !outputs.is_multiple_of(groups) {
            return Err(Error::ChannelsNotDivisible {
                parameter: Parameter::OutChannels,
                channels: outputs,
                groups,
            });
        }
        Ok(Self { groups, inputs: inputs / groups, outputs: outputs / groups })
    }

    pub(crate) const fn all_inputs(&self) -> usize {
        self.groups * self.inputs
    }

    pub(crate) const fn all_outputs(&self) -> usize {
        self.groups * self.outputs
    }
}

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

/// One direction of a sliding window, validated: output `o` and tap `t` of a convolution or a pool
/// meet input `o * stride + t * dilation - before`; in a transposed convolution input `i` and tap
/// `t` meet output `i * stride + t * dilation - before`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: NonZeroUsize,
    pub(crate) dilation: NonZeroUsize,
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

impl Axis {
    /// Places of the padded input and what the dilated kernel covers, whichever are more.
    const fn span_of_windows(&self) -> usize {
        let (padded, extent) = (self.before + self.input + self.after, self.extent());
        if extent > padded { extent } else { padded }
    }

    /// Outputs of a transposed convolution before they are cropped.
    const fn span_of_spread(&self) -> usize {
        self.before + self.output + self.after
    }

    /// `length` outputs, each of one input.
    pub(crate) const fn line(length: usize) -> Self {
        Self {
            input: length,
            output: length,
            kernel: 1,
            stride: NonZeroUsize::MIN,
            dilation: NonZeroUsize::MIN,
            before: 0,
            after: 0,
        }
    }

    /// Whether no output looks over the input's edge.
    pub(crate) const fn unpadded(&self) -> bool {
        self.before == 0 && self.after == 0
    }

    /// Whether every output meets the single tap of a kernel of size 1.
    pub(crate) const fn one_to_one(&self) -> bool {
        self.kernel == 1 && self.stride.get() == 1 && self.before + self.output <= self.input
    }

    /// Whether the taps of the only output are the inputs, one each.
    pub(crate) const fn is_covered(&self) -> bool {
        let in_a_row = self.dilation.get() == 1 || self.kernel == 1;
        self.unpadded() && self.output == 1 && self.kernel == self.input && in_a_row
    }

    /// Whether every output meets three inputs, the next output others one further on.
    pub(crate) const fn three_taps(&self) -> bool {
        self.kernel == 3 && self.stride.get() == 1
    }

    /// The range of taps of a convolution with a stride of 1 that meet an input with any output. Others meet padding alone,
    /// where dilation is wide and the input small, or the padding on one side.
    pub(crate) const fn taps_met(&self) -> (usize, usize) {
        // No later output has more taps before the input, no earlier one more behind it.
        let (first, _) = self.taps_inside(self.output - 1);
        let (_, end) = self.taps_inside(0);
        (first, end)
    }

    /// Of a convolution with a stride of 1, every `dilation`th output from number `phase` on: as those of one without
    /// dilation, and the input that is its first. All phases are as long as the longest.
    pub(crate) const fn phase(&self, phase: usize) -> (Self, usize) {
        let step = self.dilation.get();
        let before = rounded_up(self.before.saturating_sub(phase), step);
        let axis = Self {
            input: rounded_up(self.input, step),
            output: rounded_up(self.output, step),
            dilation: NonZeroUsize::MIN,
            before,
            ..*self
        };
        (axis, phase + before * step - self.before)
    }

    /// What the dilated kernel covers.
    pub(crate) const fn extent(&self) -> usize {
        self.dilation.get() * (self.kernel - 1) + 1
    }

    /// Input position, counted from the first padding pixel, of `output`'s first tap.
    const fn start(&self, output: usize) -> usize {
        output * self.stride.get()
    }

    /// The range of taps with which `output` lies inside the input.
    pub(crate) const fn taps_inside(&self, output: usize) -> (usize, usize) {
        let start = self.start(output);
        let first = self.taps_over(self.before.saturating_sub(start));
        let end = self.taps_over((self.before + self.input).saturating_sub(start));
        (first, if end < self.kernel { end } else { self.kernel })
    }

    /// The first output that looks over no edge before the input.
    pub(crate) const fn first_inside(&self) -> usize {
        rounded_up(self.before, self.stride.get())
    }

    /// The last output that looks over no edge behind the input, if the dilated kernel fits into it.
    pub(crate) const fn last_inside(&self) -> Option<usize> {
        match (self.before + self.input).checked_sub(self.extent()) {
            Some(room) => {
                let last = divide(room, self.stride.get());
                Some(if last < self.output { last } else { self.output - 1 })
            }
            None => None,
        }
    }

    /// How many taps lie before `position`, counted from the first tap.
    const fn taps_over(&self, position: usize) -> usize {
        // The dilation is bounded, so that there is room to round up.
        rounded_up(position, self.dilation.get())
    }

    /// Checks that every output's window, dilation aside, meets the input.
    pub(crate) const fn check_windows(&self, direction: Direction) -> Result<(), Error> {
        // The first window reaches least far over the padding before the input, the last one
        // starts closest to the padding after it.
        let (first, last) = (0, self.output - 1);
        if self.taps_inside(first).1 <= self.taps_inside(first).0 {
            return Err(Error::WindowInPadding { direction, output: first });
        }
        if self.taps_inside(last).1 <= self.taps_inside(last).0 {
            return Err(Error::WindowInPadding { direction, output: last });
        }
        Ok(())
    }

    /// How many taps of `output` lie inside the padded input; all but in `ceil_mode`.
    pub(crate) const fn taps_inside_padded(&self, output: usize) -> usize {
        let rest = (self.before + self.input + self.after).saturating_sub(self.start(output));
        if rest < self.kernel { rest } else { self.kernel }
    }

    /// Where `output` and `tap` of a convolution meet the input; outside of it in the padding.
    pub(crate) const fn input_of(&self, output: usize, tap: usize) -> isize {
        (self.start(output) + tap * self.dilation.get()) as isize - self.before as isize
    }
}
