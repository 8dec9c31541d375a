//! Memory to work in: on the stack, or in the layer's workspace.

use crate::isa::cortex_m::gather::Places;
use crate::isa::cortex_m::gemm::Sums;
use crate::isa::cortex_m::{OUTPUTS, Row};
use crate::kernel::conv::problem::Shape;
use crate::kernel::runs::Operator;
use crate::kernel::weight_order::Sets;

/// Memory to work in.
pub(crate) struct Scratch<'a> {
    /// What is gathered.
    pub(crate) rows: &'a mut [Row],
    /// Sums of blocks of output channels, at least one.
    pub(crate) sums: &'a mut [Sums],
    pub(crate) places: &'a mut Places,
}

/// Rows for which there is room on the stack.
const ROWS: usize = 32;

/// Bytes on the stack.
pub(crate) const STACK: usize = size_of::<Stack>();

/// The most bytes of a workspace.
const WORKSPACE: usize = 4096;

/// The rows of the longest reduction: of a transposed convolution that of the first set of taps.
const fn most_rows(operator: Operator, shape: &Shape) -> usize {
    let Shape { rows, columns, channels } = shape;
    let [rows, columns] = [Sets::of(rows, operator), Sets::of(columns, operator)];
    (channels.inputs * rows.taps(0) * columns.taps(0)).div_ceil(2)
}

/// Bytes of the workspace with which a convolution need not gather its inputs again and again.
pub(crate) const fn workspace_len(operator: Operator, shape: &Shape) -> usize {
    let rows = most_rows(operator, shape);
    if rows <= ROWS {
        return 0;
    }
    // Less than a word is lost to alignment.
    let most = WORKSPACE / size_of::<Row>() - 1;
    if rows < most { rows * size_of::<Row>() + 3 } else { most * size_of::<Row>() + 3 }
}

/// Memory on the stack.
pub(crate) struct Stack {
    rows: [Row; ROWS],
    sums: [Sums; 4],
    places: Places,
}

impl Stack {
    pub(crate) const NEW: Self =
        Self { rows: [[0; OUTPUTS]; _], sums: [[[0; OUTPUTS]; 2]; _], places: Places::NONE };

    /// The memory for a layer: some of a workspace, if that is enough for more.
    pub(crate) fn scratch<'a>(
        &'a mut self,
        workspace: &'a mut [i32],
        operator: Operator,
        shape: &Shape,
    ) -> Scratch<'a> {
        let Self { rows, sums, places } = self;
        let all = most_rows(operator, shape);
        let words = workspace.len();
        if all <= rows.len() || words <= rows.as_flattened().len() {
            return Scratch { rows, sums, places };
        }
        if OUTPUTS * all <= words {
            return Scratch { rows: workspace.as_chunks_mut().0, sums, places };
        }
        // Sums of all blocks, if these take no more than a third.
        let blocks = shape.channels.outputs.div_ceil(2);
        let kept = (2 * OUTPUTS * blocks).min(words / 3);
        let (kept, workspace) = workspace.split_at_mut_checked(kept).unwrap_or_default();
        let kept = kept.as_chunks_mut::<OUTPUTS>().0.as_chunks_mut::<2>().0;
        let sums = if kept.len() > sums.len() { kept } else { sums };
        Scratch { rows: workspace.as_chunks_mut().0, sums, places }
    }
}
