//! What the tests of `nchw` share.
//!
//! - [`conformance`], [`model`]: suites of operator cases and whole networks with known results,
//!   found by [`locate`], described by [`operator`], with data in [`tensors`]; those of i8 as
//!   [`int8`].
//! - [`mod@reference`]: the f64 result of a case or a layer, by `nchw-oracle`.
//! - [`tolerance`]: how far a result may be from that; the only place where bounds are written
//!   down.
//! - [`guard`]: output buffers that notice writes beyond their ends, and missing writes.
//! - [`fence`]: an allocator that ends the program at an access beyond an allocation.
//! - [`region`]: buffers beside pages that may not be accessed, one by one.
//! - [`allocations`]: counts heap allocations.
//! - [`package`]: a package of its own, to see what the compiler says to it.
//! - [`random`]: data from a seed, and how much of it; [`property`]: how properties are run on it.

pub mod allocations;
pub mod conformance;
pub mod fence;
pub mod guard;
pub mod int8;
pub mod locate;
pub mod model;
pub mod operator;
pub mod package;
pub mod property;
pub mod random;
pub mod reference;
pub mod region;
pub mod tensors;
pub mod tolerance;

pub use conformance::{Case, Suite};
pub use guard::Guarded;
pub use int8::Int8Operator;
pub use locate::{Lookup, find_model, find_suite};
pub use model::{Layer, Model};
pub use operator::{Dtype, Op};
pub use property::check;
pub use random::{Random, cases};
pub use tensors::{LoadError, Tensor, Tensors};
pub use tolerance::{Operands, Row, assert_close, assert_proven};
