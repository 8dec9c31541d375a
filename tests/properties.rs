//! Every operator over random geometry, against the f64 oracle.
//!
//! A case is a specification with what goes into it; which there are, and what each has to compute, says
//! `nchw-cases`, as it does for the fuzzer: a valid one has to give the oracle's shape, values within the precision
//! table, and no access outside its buffers. An invalid one has to give an error. Which is which is decided there, from
//! PyTorch's rules, not by the crate.
//!
//! The sequence of cases is fixed. `NCHW_CASES` raises the number of cases of every property and
//! `NCHW_CASES_AT_MOST` limits it, `PROPTEST_RNG_SEED` chooses another sequence. A failure prints the
//! smallest failing case. `NCHW_FENCE` puts fences beside buffers, see `nchw_test_support::fence`.

use nchw_test_support::fence::Fence;

/// Tells of accesses beyond buffers, if it is asked to.
#[global_allocator]
static ALLOCATOR: Fence = Fence;

#[path = "properties/edges.rs"]
mod edges;
#[path = "properties/enumerated.rs"]
mod enumerated;
#[path = "properties/random.rs"]
mod random;
