//! Every i8 operator over random geometry and random scales, against an oracle in exact integers: not a
//! bit may differ.
//!
//! Sizes favour the edges of the kernels' tiles; zero points, multipliers, shifts and clamps cover all
//! that they may be. What a specification may not be is not a question of its numbers' type, and
//! left to the f32 properties.
//!
//! The sequence of cases is fixed. `NCHW_CASES` raises the number of cases of every property and
//! `NCHW_CASES_AT_MOST` limits it, `PROPTEST_RNG_SEED` chooses another sequence. A failure prints the
//! smallest failing case. `NCHW_FENCE` puts fences beside buffers, see `nchw_test_support::fence`.

use nchw_test_support::fence::Fence;

/// Tells of accesses beyond buffers, if it is asked to.
#[global_allocator]
static ALLOCATOR: Fence = Fence;

#[path = "quantized/common.rs"]
mod common;
#[path = "quantized/conv.rs"]
mod conv;
#[path = "quantized/conv_transpose.rs"]
mod conv_transpose;
#[path = "quantized/doors.rs"]
mod doors;
#[path = "quantized/edges.rs"]
mod edges;
#[path = "quantized/elementwise.rs"]
mod elementwise;
#[path = "quantized/float_weights.rs"]
mod float_weights;
#[path = "quantized/geometry.rs"]
mod geometry;
#[path = "quantized/linear.rs"]
mod linear;
#[path = "quantized/pool.rs"]
mod pool;
#[path = "quantized/resample.rs"]
mod resample;
#[path = "quantized/table.rs"]
mod table;
#[path = "quantized/weighted.rs"]
mod weighted;
#[path = "quantized/winograd.rs"]
mod winograd;
