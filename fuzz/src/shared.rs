//! What a process with cases tells the one that waits for it, in memory that both have.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// More than there are operators.
const OPERATORS: usize = 64;

/// Bytes of a message; what is longer is cut.
const MESSAGE: usize = 2000;

#[derive(Default)]
pub struct Counters {
    pub cases: AtomicU64,
    pub refused: AtomicU64,
    pub nanoseconds: AtomicU64,
    /// With results that err more than is typical, see `nchw_cases::watch::count_rare`.
    pub rare: AtomicU64,
    /// Bits of the largest error, as a share of what may be.
    pub ratio: AtomicU64,
}

pub struct Shared {
    /// The case that runs.
    number: AtomicU64,
    /// Of each operator.
    pub counters: [Counters; OPERATORS],
    /// Layers that were written to a file.
    pub exported: AtomicU64,
    stage: Text<64>,
    message: Text<MESSAGE>,
}

static SHARED: OnceLock<&'static Shared> = OnceLock::new();

impl Shared {
    /// Maps it, once.
    pub fn new() -> Option<&'static Self> {
        let (access, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: pages of its own.
        let pages =
            unsafe { libc::mmap(std::ptr::null_mut(), size_of::<Self>(), access, flags, -1, 0) };
        if pages == libc::MAP_FAILED {
            return None;
        }
        // SAFETY: aligned to a page, never unmapped, and all atomic integers may be zero.
        let shared = unsafe { &*pages.cast::<Self>() };
        Some(SHARED.get_or_init(|| shared))
    }

    /// The one that is mapped, if it is.
    pub fn existing() -> Option<&'static Self> {
        SHARED.get().copied()
    }

    pub fn begin(&self, number: u64) {
        self.number.store(number, Relaxed);
        self.stage.set("");
        self.message.set("");
    }

    pub fn number(&self) -> u64 {
        self.number.load(Relaxed)
    }

    pub fn cases(&self) -> u64 {
        self.counters.iter().map(|counters| counters.cases.load(Relaxed)).sum()
    }

    pub fn refused(&self) -> u64 {
        self.counters.iter().map(|counters| counters.refused.load(Relaxed)).sum()
    }

    pub fn stage(&self) -> String {
        self.stage.get()
    }

    pub fn fail(&self, message: &str) {
        self.message.set(message);
    }

    pub fn message(&self) -> String {
        self.message.get()
    }
}

/// Keeps the stage of the case, see `nchw_cases::watch::observe`.
pub fn observe(stage: &'static str) {
    if let Some(shared) = Shared::existing() {
        shared.stage.set(stage);
    }
}

/// Text that may be read while it is written: then it is wrong, and nothing else is.
struct Text<const N: usize> {
    length: AtomicUsize,
    bytes: [std::sync::atomic::AtomicU8; N],
}

impl<const N: usize> Text<N> {
    fn set(&self, text: &str) {
        self.bytes.iter().zip(text.bytes()).for_each(|(to, byte)| to.store(byte, Relaxed));
        self.length.store(text.len().min(N), Relaxed);
    }

    fn get(&self) -> String {
        let bytes = &self.bytes[..self.length.load(Relaxed)];
        let bytes: Vec<u8> = bytes.iter().map(|byte| byte.load(Relaxed)).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
