//! Memory beside pages that may not be accessed, mapped once and used again and again: what a fence around every
//! allocation finds, for single buffers, and many times as fast.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

/// Bytes of a page, on every system that the tests run on.
const PAGE: usize = 4096;

/// Where the page lies that may not be accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Buffers begin at its end.
    Before,
    /// Buffers end at its beginning.
    Behind,
}

thread_local! {
    static SIDE: Cell<Option<Side>> = const { Cell::new(None) };
    /// Regions of one page, two, four and so on that nobody uses.
    static POOL: RefCell<[Vec<NonNull<u8>>; 32]> = const { RefCell::new([const { Vec::new() }; 32]) };
}

/// Puts the buffers of this thread from now on beside such a page, or with `None` where the allocator puts them.
pub fn place(side: Option<Side>) {
    SIDE.set(side);
}

/// Where buffers are to be put: nowhere in particular on systems without such pages, or where AddressSanitizer watches
/// the ends of allocations.
pub(crate) fn side() -> Option<Side> {
    SIDE.get().filter(|_| cfg!(target_os = "linux") && !cfg!(nchw_asan))
}

/// Some pages between two that may not be accessed.
#[derive(Debug)]
pub(crate) struct Region {
    first: NonNull<u8>,
    /// The binary logarithm of the number of pages.
    class: usize,
}

impl Region {
    /// A region of at least so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        let class = bytes.div_ceil(PAGE).next_power_of_two().trailing_zeros() as usize;
        let free = POOL.with_borrow_mut(|pool| pool[class].pop());
        Self { first: free.unwrap_or_else(|| map(PAGE << class)), class }
    }

    pub(crate) fn bytes(&self) -> usize {
        PAGE << self.class
    }

    /// Its first byte, at the beginning of a page.
    pub(crate) fn first(&self) -> NonNull<u8> {
        self.first
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // At the end of a thread the pool may be gone; the pages then go with the program.
        let _ = POOL.try_with(|pool| pool.borrow_mut()[self.class].push(self.first));
    }
}

/// Pages of so many bytes, with a fence on both sides.
#[cfg(target_os = "linux")]
fn map(bytes: usize) -> NonNull<u8> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: pages of its own.
    let fence = unsafe {
        libc::mmap(std::ptr::null_mut(), bytes + 2 * PAGE, libc::PROT_NONE, flags, -1, 0)
    };
    assert_ne!(fence, libc::MAP_FAILED, "no memory for {bytes} bytes");
    let first = fence.cast::<u8>().wrapping_add(PAGE);
    // SAFETY: the pages between the first and the last that were just mapped.
    let failed = unsafe { libc::mprotect(first.cast(), bytes, libc::PROT_READ | libc::PROT_WRITE) };
    assert_eq!(failed, 0, "pages that were mapped can be opened");
    NonNull::new(first).expect("no page is at address 0")
}

#[cfg(not(target_os = "linux"))]
fn map(_: usize) -> NonNull<u8> {
    unreachable!("nobody asks for regions here")
}
