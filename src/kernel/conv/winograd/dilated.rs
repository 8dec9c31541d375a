//! Dilated convolutions as several without dilation: outputs at every D-th row and E-th column need only such inputs.
//! (TensorFlow calls that space to batch.)
//!
//! Memory contract: reads the input; writes every element of the output once, and the first
//! [`planes_len`] elements of the workspace.

use crate::error::Error;
use crate::geometry::{Channels, elements, total, tri};
use crate::kernel::conv::problem::Shape;
use crate::kernel::{pieces, pieces_mut};

impl Shape {
    const fn is_dilated(&self) -> bool {
        self.rows.dilation.get() > 1 || self.columns.dilation.get() > 1
    }

    /// The shape of each of the convolutions without dilation; `self` if that is one.
    pub(crate) const fn undilated(self) -> Self {
        self.phase([0, 0]).0
    }

    /// That of the outputs from `row` and `column` on, and their first input.
    const fn phase(self, [row, column]: [usize; 2]) -> (Self, [usize; 2]) {
        let ((rows, first_row), (columns, first_column)) =
            (self.rows.phase(row), self.columns.phase(column));
        (Self { rows, columns, ..self }, [first_row, first_column])
    }
}

/// The elements of the inputs and outputs of one of the convolutions, which lie in the workspace; or
/// [`Error::Overflow`].
pub(crate) const fn planes_len(shape: &Shape) -> Result<usize, Error> {
    if !shape.is_dilated() {
        return Ok(0);
    }
    let Shape { rows, columns, channels: Channels { groups, inputs, outputs } } = shape.undilated();
    let inputs = tri!(elements(&[groups, inputs, rows.input, columns.input]));
    total(&[inputs, tri!(elements(&[groups, outputs, rows.output, columns.output]))])
}

/// Computes `y` from `x` by `convolve`, which is for shapes without dilation, and is given a shape, the input, the output
/// and the rest of the workspace. Around the input lies `border`.
#[inline(always)]
pub(super) fn each_phase<T: Copy>(
    shape: Shape,
    border: T,
    x: &[T],
    y: &mut [T],
    workspace: &mut [T],
    mut convolve: impl FnMut(Shape, &[T], &mut [T], &mut [T]),
) {
    if !shape.is_dilated() {
        return convolve(shape, x, y, workspace);
    }
    let undilated = shape.undilated();
    let x_len = shape.channels.all_inputs() * undilated.in_plane();
    let y_len = shape.channels.all_outputs() * undilated.out_plane();
    let (phase_x, rest) = workspace.split_at_mut_checked(x_len).unwrap_or_default();
    let (phase_y, workspace) = rest.split_at_mut_checked(y_len).unwrap_or_default();
    let steps = [shape.rows, shape.columns].map(|axis| axis.dilation.get());
    for row in 0..steps[0].min(shape.rows.output) {
        for column in 0..steps[1].min(shape.columns.output) {
            let (phase, first) = shape.phase([row, column]);
            let (width, phase_width) = (shape.columns.input, phase.columns.input);
            let planes = pieces(x, shape.in_plane()).zip(pieces_mut(phase_x, phase.in_plane()));
            for (x, to) in planes {
                let mut rows = pieces(x, width).skip(first[0]).step_by(steps[0]);
                for to in pieces_mut(to, phase_width) {
                    let from = rows.next().and_then(|row| row.get(first[1]..)).unwrap_or_default();
                    let (mut from, mut to) = (from.iter().step_by(steps[1]), to.iter_mut());
                    to.by_ref().zip(from.by_ref()).for_each(|(to, &x)| *to = x);
                    to.for_each(|to| *to = border);
                }
            }
            convolve(phase, phase_x, phase_y, workspace);
            let (width, phase_width) = (shape.columns.output, phase.columns.output);
            let planes = pieces_mut(y, shape.out_plane()).zip(pieces(phase_y, phase.out_plane()));
            for (y, from) in planes {
                let rows = pieces_mut(y, width).skip(row).step_by(steps[0]);
                for (y, from) in rows.zip(pieces(from, phase_width)) {
                    let y = y.iter_mut().skip(column).step_by(steps[1]);
                    y.zip(from).for_each(|(y, &from)| *y = from);
                }
            }
        }
    }
}
