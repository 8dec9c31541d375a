//! An allocator that ends the program where it is read or written beyond an allocation: what AddressSanitizer does, on
//! processors that are emulated too.
//!
//! A test binary installs it. It does nothing unless `NCHW_FENCE` says on which side of every allocation there is
//! a page that may not be accessed, `before` or `behind`.
//!
//! ```
//! use nchw_test_support::fence::Fence;
//!
//! #[global_allocator]
//! static ALLOCATOR: Fence = Fence;
//!
//! assert_eq!(vec![1, 2].len(), 2);
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicU8, Ordering};

/// The system's allocator, or one with fences.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fence;

/// Bytes of a page, on every system that the tests run on.
const PAGE: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Neither,
    Before,
    Behind,
}

/// Whether allocations have fences.
pub fn stands() -> bool {
    side() != Side::Neither
}

/// Asks the environment once, without allocating.
#[cfg(target_os = "linux")]
fn side() -> Side {
    static SIDE: AtomicU8 = AtomicU8::new(0);
    match SIDE.load(Ordering::Relaxed) {
        1 => Side::Neither,
        2 => Side::Before,
        3 => Side::Behind,
        _ => {
            // SAFETY: no test changes its environment; what `getenv` returns ends with a zero.
            let value = unsafe {
                let value = libc::getenv(c"NCHW_FENCE".as_ptr());
                (!value.is_null()).then(|| std::ffi::CStr::from_ptr(value))
            };
            let side = match value {
                None => 1,
                Some(value) if value == c"before" => 2,
                Some(value) if value == c"behind" => 3,
                Some(_) => {
                    // What prints may allocate.
                    SIDE.store(1, Ordering::Relaxed);
                    eprintln!("NCHW_FENCE is 'before' or 'behind'");
                    std::process::abort();
                }
            };
            SIDE.store(side, Ordering::Relaxed);
            self::side()
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn side() -> Side {
    Side::Neither
}

/// Bytes of the pages for `layout`, without the fence.
fn pages(layout: Layout) -> usize {
    layout.size().next_multiple_of(PAGE)
}

#[cfg(target_os = "linux")]
fn map(layout: Layout, side: Side) -> *mut u8 {
    if layout.align() > PAGE {
        return null_mut();
    }
    let (length, access) = (pages(layout) + PAGE, libc::PROT_READ | libc::PROT_WRITE);
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: pages of its own.
    let first = unsafe { libc::mmap(null_mut(), length, access, flags, -1, 0) };
    if first == libc::MAP_FAILED {
        return null_mut();
    }
    let first = first.cast::<u8>();
    let (fence, start) = match side {
        Side::Before => (first, first.wrapping_add(PAGE)),
        // Aligned, and so perhaps a few bytes before the fence.
        _ => {
            let end = first.wrapping_add(pages(layout));
            let unaligned = layout.size() % layout.align();
            let gap = if unaligned == 0 { 0 } else { layout.align() - unaligned };
            (end, end.wrapping_sub(layout.size() + gap))
        }
    };
    // SAFETY: one of the pages.
    match unsafe { libc::mprotect(fence.cast(), PAGE, libc::PROT_NONE) } {
        0 => start,
        _ => null_mut(),
    }
}

#[cfg(target_os = "linux")]
fn unmap(pointer: *mut u8, layout: Layout, side: Side) {
    let within = pointer.addr() % PAGE;
    let first = match side {
        Side::Before => pointer.wrapping_sub(PAGE),
        _ => pointer.wrapping_sub(within),
    };
    // SAFETY: the pages of this allocation, which nobody has any more.
    let failed = unsafe { libc::munmap(first.cast(), pages(layout) + PAGE) } != 0;
    assert!(!failed, "pages that were mapped can be unmapped");
}

#[cfg(not(target_os = "linux"))]
fn map(_: Layout, _: Side) -> *mut u8 {
    null_mut()
}

#[cfg(not(target_os = "linux"))]
fn unmap(_: *mut u8, _: Layout, _: Side) {}

// SAFETY: every allocation has pages of its own, of which it takes a part that is large enough and aligned; without
// fences it is the system's allocator.
unsafe impl GlobalAlloc for Fence {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match side() {
            // SAFETY: the caller's.
            Side::Neither => unsafe { System.alloc(layout) },
            side => map(layout, side),
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        match side() {
            // SAFETY: the caller's.
            Side::Neither => unsafe { System.dealloc(pointer, layout) },
            side => unmap(pointer, layout, side),
        }
    }
}
