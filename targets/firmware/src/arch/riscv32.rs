//! RISC-V of 32 bits in machine mode.

use core::arch::{asm, global_asm};

use crate::print::Hex;
use crate::say;

global_asm!(include_str!("riscv32.s"));

/// Nothing: instructions are counted from reset.
pub fn start() {}

/// Instructions executed since the start.
#[inline(never)]
pub fn executed() -> u64 {
    loop {
        let (high, low, again): (u32, u32, u32);
        // SAFETY: reads the counter's registers.
        unsafe {
            asm!("csrr {}, minstreth", "csrr {}, minstret", "csrr {}, minstreth",
                out(reg) high, out(reg) low, out(reg) again, options(nostack));
        }
        // Otherwise the lower half has wrapped around in between.
        if high == again {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

pub fn write(byte: u8) {
    const SYS_WRITEC: u32 = 0x03;
    // SAFETY: reads one byte.
    unsafe { semihosting(SYS_WRITEC, &raw const byte) };
}

pub fn exit(success: bool) -> ! {
    const SYS_EXIT_EXTENDED: u32 = 0x20;
    const APPLICATION_EXIT: u32 = 0x20026;
    let block = [APPLICATION_EXIT, u32::from(!success)];
    loop {
        // SAFETY: reads two numbers.
        unsafe { semihosting(SYS_EXIT_EXTENDED, block.as_ptr()) };
    }
}

/// # Safety
///
/// `parameter` points to what the operation reads.
unsafe fn semihosting<T>(operation: u32, parameter: *const T) {
    // The three instructions make the call, none of them compressed and all on one page.
    // SAFETY: the operations above read memory alone, and return in a0.
    unsafe {
        asm!(
            ".option push",
            ".option norvc",
            ".balign 16",
            "slli zero, zero, 0x1f",
            "ebreak",
            "srai zero, zero, 7",
            ".option pop",
            inout("a0") operation => _,
            in("a1") parameter,
            options(nostack),
        );
    }
}

/// Called by every trap.
#[unsafe(no_mangle)]
extern "C" fn fault() -> ! {
    let (cause, value, pc): (u32, u32, u32);
    // SAFETY: reads registers of the mode this runs in.
    unsafe {
        asm!("csrr {}, mcause", "csrr {}, mtval", "csrr {}, mepc",
            out(reg) cause, out(reg) value, out(reg) pc, options(nomem, nostack));
    }
    say!["trap at ", Hex(pc.into()), ": cause ", Hex(cause.into()), ", value ", Hex(value.into())];
    exit(false)
}
