//! Cortex-A in AArch64, exception level 1, without MMU and caches.

use core::arch::{asm, global_asm};

use crate::print::Hex;
use crate::say;

global_asm!(include_str!("aarch64.s"));

pub fn start() {
    // SAFETY: starts the cycle counter, which nothing else uses.
    unsafe {
        asm!("msr pmcr_el0, {}", "msr pmcntenset_el0, {}", "isb", in(reg) 1_u64, in(reg) 1_u64 << 31,
            options(nomem, nostack));
    }
}

/// Instructions executed since the start: cycles, of which one takes a nanosecond.
#[inline(never)]
pub fn executed() -> u64 {
    let cycles;
    // SAFETY: reads a register.
    unsafe { asm!("isb", "mrs {}, pmccntr_el0", out(reg) cycles, options(nostack)) };
    cycles
}

pub fn write(byte: u8) {
    const SYS_WRITEC: u32 = 0x03;
    // SAFETY: reads one byte.
    unsafe { semihosting(SYS_WRITEC, &raw const byte) };
}

pub fn exit(success: bool) -> ! {
    const SYS_EXIT: u32 = 0x18;
    const APPLICATION_EXIT: u64 = 0x20026;
    let block = [APPLICATION_EXIT, u64::from(!success)];
    loop {
        // SAFETY: reads two numbers.
        unsafe { semihosting(SYS_EXIT, block.as_ptr()) };
    }
}

/// # Safety
///
/// `parameter` points to what the operation reads.
unsafe fn semihosting<T>(operation: u32, parameter: *const T) {
    // SAFETY: the operations above read memory alone, and return in x0.
    unsafe {
        asm!("hlt #0xf000", in("w0") operation, in("x1") parameter, lateout("x0") _, options(nostack));
    }
}

/// Called by every exception vector.
#[unsafe(no_mangle)]
extern "C" fn fault() -> ! {
    let (syndrome, address, pc): (u64, u64, u64);
    // SAFETY: reads registers of the level this runs at.
    unsafe {
        asm!("mrs {}, esr_el1", "mrs {}, far_el1", "mrs {}, elr_el1",
            out(reg) syndrome, out(reg) address, out(reg) pc, options(nomem, nostack));
    }
    say!["exception at ", Hex(pc), ": syndrome ", Hex(syndrome), ", address ", Hex(address)];
    exit(false)
}
