//! What the core can do, measured along with the layers.

use anyhow::{Context, Result};
use nchw::Backend;
use nchw_benches::{Subject, peak};

/// The copies whose bandwidth is measured: within a second-level cache, and within memory. Bytes count both
/// buffers.
const COPIES: [(&str, usize); 2] = [("copy of 512 KiB", 512 << 10), ("copy of 256 MiB", 256 << 20)];

/// Keeps this process on one core, the last it may use; says which.
pub fn pin() -> String {
    let core = core_affinity::get_core_ids().unwrap_or_default().into_iter().next_back();
    match core {
        Some(core) if core_affinity::set_for_current(core) => format!("on core {}", core.id),
        _ => "not kept on one core, which this system does not offer".to_owned(),
    }
}

/// Something that is known by its operations or bytes per second.
pub struct Limit {
    pub name: String,
    pub subject: Subject,
    amount: f64,
}

impl Limit {
    /// Billions per second.
    pub fn giga(&self) -> f64 {
        self.amount / self.subject.seconds() * 1e-9
    }
}

/// The peaks of `backends`, in the same order.
pub fn peaks(backends: &[Backend]) -> Result<Vec<Limit>> {
    let peak = |&backend: &Backend| {
        let (subject, amount) = peak::flops(backend).with_context(|| {
            format!("no way is known to measure the peak of {}", backend.name())
        })?;
        Ok(Limit { name: backend.name().to_owned(), subject, amount })
    };
    backends.iter().map(peak).collect()
}

/// The bandwidths of copies, the fastest first.
pub fn copies() -> Vec<Limit> {
    let copy = |(name, bytes): (&str, usize)| {
        let (subject, amount) = peak::copy(bytes);
        Limit { name: name.to_owned(), subject, amount }
    };
    COPIES.map(copy).into()
}
