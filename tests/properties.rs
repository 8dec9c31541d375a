//! Every operator over random geometry, against the f64 oracle.
//!
//! A case is a specification with what goes into it; the sizes favour the edges of the kernels'
//! tiles. A valid case has to give the oracle's shape, values within the precision table, and no
//! access outside its buffers. An invalid one has to give an error. Which is which is decided here,
//! from PyTorch's rules, not by the crate.
//!
//! The sequence of cases is fixed. `NCHW_CASES` raises the number of cases of every property and
//! `NCHW_CASES_AT_MOST` limits it, `PROPTEST_RNG_SEED` chooses another sequence. A failure prints the
//! smallest failing case. `NCHW_FENCE` puts fences beside buffers, see `nchw_test_support::fence`.

use nchw_test_support::fence::Fence;

/// Tells of accesses beyond buffers, if it is asked to.
#[global_allocator]
static ALLOCATOR: Fence = Fence;

#[path = "properties/common.rs"]
mod common;
#[path = "properties/conv.rs"]
mod conv;
#[path = "properties/conv_transpose.rs"]
mod conv_transpose;
#[path = "properties/edges.rs"]
mod edges;
#[path = "properties/elementwise.rs"]
mod elementwise;
#[path = "properties/linear.rs"]
mod linear;
#[path = "properties/pool.rs"]
mod pool;
#[path = "properties/resample.rs"]
mod resample;
#[path = "properties/winograd.rs"]
mod winograd;
