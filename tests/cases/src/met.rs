//! Which kernels this thread's cases have met, for a test that looks for those that none has.

use core::cell::RefCell;
use std::collections::HashSet;

use nchw::{Backend, Dtype};

/// A kernel of `KERNELS.md`: whether it is for pools, its type, its name, and where it ran.
pub type Kernel = (bool, Dtype, &'static str, Backend);

thread_local! {
    static KERNELS: RefCell<HashSet<(bool, bool, &'static str, &'static str)>> = RefCell::default();
}

/// Remembers a kernel.
pub fn meet((pools, dtype, name, backend): Kernel) {
    KERNELS.with_borrow_mut(|kernels| {
        kernels.insert((pools, dtype == Dtype::I8, name, backend.name()));
    });
}

/// Whether a kernel has been met.
pub fn is_met((pools, dtype, name, backend): Kernel) -> bool {
    KERNELS
        .with_borrow(|kernels| kernels.contains(&(pools, dtype == Dtype::I8, name, backend.name())))
}
