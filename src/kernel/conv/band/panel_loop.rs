//! Rows of outputs cut into panels, whose sums fit into registers.

use crate::isa::generic::rows::Start;
use crate::isa::neon::f32::band::Band;

/// The most outputs of a panel.
const WIDEST: usize = 12;

/// Outputs of `R` channels.
pub(super) struct Outputs<'a, const R: usize> {
    pub(super) start: Start<'a, R>,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// From one row to the next, from one column to the next, and from one channel to the next.
    pub(super) next_row: usize,
    pub(super) step: usize,
    pub(super) plane: usize,
    /// From the inputs of one row to those of the next.
    pub(super) next_input: usize,
    /// From the first one on.
    pub(super) y: &'a mut [f32],
}

/// Outputs that meet a band, in the channels of a block from `lane` on.
pub(super) struct PanelLoop<'a, const R: usize> {
    pub(super) band: &'a Band<'a>,
    pub(super) lane: usize,
    pub(super) outputs: Outputs<'a, R>,
}

impl<const R: usize> PanelLoop<'_, R> {
    /// How many outputs of each row [`wide`](Self::wide) takes: all, unless the block has sixteen channels. Then few that
    /// are left over cost less in all of them at once, one or two together with those of the next row.
    fn in_wide(&self) -> usize {
        let left = self.outputs.columns % WIDEST;
        let narrow = match left {
            _ if self.band.block() < 16 => 0,
            0..=6 => left,
            7..=10 => left.saturating_sub(8),
            _ => 0,
        };
        self.outputs.columns - narrow
    }

    /// Outputs of each row in two or three registers.
    #[inline(never)]
    pub(super) fn wide(mut self) {
        let end = self.in_wide();
        for row in 0..self.outputs.rows {
            for done in (0..end).step_by(WIDEST) {
                if const { R == 8 } && end - done <= 8 {
                    self.panel::<2>(row, done);
                } else {
                    self.panel::<3>(row, done);
                }
            }
        }
    }

    /// `4 * N` outputs from number `column` of row `row` on, or as many as there are.
    #[inline(always)]
    fn panel<const N: usize>(&mut self, row: usize, column: usize) {
        self.write::<N>((row * self.outputs.next_input + column, None), row, column);
    }

    /// Outputs from number `column` of row `row` on whose inputs are in the copy there.
    #[inline(always)]
    fn write<const N: usize>(
        &mut self,
        from: (usize, Option<(usize, usize)>),
        row: usize,
        column: usize,
    ) {
        let Self { band, lane, outputs, .. } = self;
        let Outputs { start, columns, next_row, step, plane, .. } = *outputs;
        let y = outputs.y.get_mut(row * next_row + column * step..).unwrap_or_default();
        band.write::<N, R>(from, *lane, start, y, (plane, step), columns - column);
    }
}

impl PanelLoop<'_, 16> {
    /// The outputs that are left over, six or fewer of each row; one or two of two rows at a time.
    #[inline(never)]
    pub(super) fn narrow(mut self) {
        let Outputs { rows, columns, next_row, next_input, .. } = self.outputs;
        for column in (self.in_wide()..columns).step_by(4) {
            let two = columns - column <= 2;
            let mut row = 0;
            while row < rows {
                if two && row + 1 < rows {
                    let first = row * next_input + column;
                    self.write::<1>((first, Some((first + next_input, next_row))), row, column);
                    row += 2;
                } else {
                    self.panel::<1>(row, column);
                    row += 1;
                }
            }
        }
    }
}
