//! Whether the fence stands where it says: this program runs itself, and reads beside a buffer.

#![cfg(target_os = "linux")]

use std::env::{current_exe, var};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use nchw_test_support::fence::Fence;

#[global_allocator]
static ALLOCATOR: Fence = Fence;

/// Reads those of seven elements that `READS` names, and those beside them.
#[test]
#[ignore = "is run by the others"]
fn reads() {
    let buffer: Vec<f32> = (0..7_u8).map(f32::from).collect();
    let reads = var("READS").unwrap_or_default();
    for offset in reads.split(' ').filter_map(|offset| offset.parse().ok()) {
        // SAFETY: of the pages around the buffer all but the fence may be read, which ends the program.
        let _ = unsafe { buffer.as_ptr().wrapping_offset(offset).read_volatile() };
    }
}

fn with(fence: &str, offsets: &str) -> ExitStatus {
    Command::new(current_exe().unwrap())
        .args(["--ignored", "--exact", "reads"])
        .envs([("NCHW_FENCE", fence), ("READS", offsets)])
        .output()
        .unwrap()
        .status
}

#[test]
fn a_read_beyond_the_fence_ends_the_program() {
    for (fence, inside, outside) in [("behind", "0 6 -1", "7"), ("before", "0 6 7", "-1")] {
        assert!(with(fence, inside).success(), "{fence}: {inside}");
        assert_eq!(with(fence, outside).signal(), Some(libc::SIGSEGV), "{fence}: {outside}");
    }
}

#[test]
fn another_side_is_refused() {
    assert_eq!(with("around", "0").signal(), Some(libc::SIGABRT));
}
