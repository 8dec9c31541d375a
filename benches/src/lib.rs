//! What measures the speed of `nchw`.
//!
//! - [`layers`]: the list of layers that everything here is measured on, shared with `peers/`.
//! - [`case`]: a layer with a plan, weights and buffers, ready to run.
//! - [`mod@pools`]: the pools that are measured.
//! - [`mod@peak`]: what the core can do at most.
//! - [`time`]: the best time of many, of several things in turn.

pub mod case;
pub mod layers;
pub mod peak;
pub mod pools;
pub mod time;

pub use case::{ALGORITHMS, Case};
pub use layers::{Layer, Operator};
pub use pools::pools;
pub use time::Subject;
