//! Every i8 operator over random geometry and random scales, against an oracle in exact integers: not a
//! bit may differ.
//!
//! The cases are those of `nchw-cases`, as the fuzzer's are; zero points, multipliers, shifts and clamps cover all that
//! they may be.
//!
//! The sequence of cases is fixed. `NCHW_CASES` raises the number of cases of every property and
//! `NCHW_CASES_AT_MOST` limits it, `PROPTEST_RNG_SEED` chooses another sequence. A failure prints the
//! smallest failing case. `NCHW_FENCE` puts fences beside buffers, see `nchw_test_support::fence`.

use nchw_test_support::fence::Fence;

/// Tells of accesses beyond buffers, if it is asked to.
#[global_allocator]
static ALLOCATOR: Fence = Fence;

#[path = "quantized/doors.rs"]
mod doors;
#[path = "quantized/edges.rs"]
mod edges;
#[path = "quantized/pool.rs"]
mod pool;
#[path = "quantized/random.rs"]
mod random;
#[path = "quantized/winograd.rs"]
mod winograd;
