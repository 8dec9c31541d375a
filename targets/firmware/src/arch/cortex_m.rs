//! Cortex-M, started by `cortex-m-rt`.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::Peripherals;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use cortex_m_rt::{ExceptionFrame, exception};
use cortex_m_semihosting::{debug, nr};

use crate::print::Hex;

/// Instructions per so many ticks of the core clock: 25 MHz, or 32 MHz on AN547, the only board of v8-M.
const INSTRUCTIONS: u32 = if cfg!(firmware_mps3) { 125 } else { 40 };
const PER_TICKS: u32 = if cfg!(firmware_mps3) { 4 } else { 1 };

/// SysTick counts down from here to 0.
const RELOAD: u32 = (1 << 24) - 1;

/// How many times SysTick has reached 0.
static ROUNDS: AtomicU32 = AtomicU32::new(0);

pub fn start() {
    // SAFETY: nothing else uses the peripherals.
    let Peripherals { SCB: scb, SYST: mut syst, .. } = unsafe { Peripherals::steal() };
    if cfg!(firmware_v6m) {
        const UNALIGN_TRP: u32 = 1 << 3;
        // The board's core can read words that are not aligned, v6-M cannot.
        // SAFETY: traps what the compiler does not emit for v6-M.
        unsafe { scb.ccr.modify(|ccr| ccr | UNALIGN_TRP) };
    }
    syst.set_clock_source(SystClkSource::Core);
    syst.set_reload(RELOAD);
    syst.clear_current();
    syst.enable_interrupt();
    syst.enable_counter();
    // It stays at 0 until the first tick.
    while SYST::get_current() == 0 {}
}

#[exception]
fn SysTick() {
    // No read-modify-write, which v6-M does not have; nothing interrupts this.
    ROUNDS.store(ROUNDS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Instructions executed since some time before the start.
///
/// Exact, though a tick takes many: of `n` instructions per tick, `n` readings that lie 7 apart (which has no
/// factor in common with `n`) meet every part of a tick once, and so their sum grows by one with each
/// instruction (Hermite's identity).
#[inline(never)]
pub fn executed() -> u64 {
    loop {
        let rounds = ROUNDS.load(Ordering::SeqCst);
        let mut sum = 0_u32;
        // SAFETY: reads the counter's register.
        unsafe {
            asm!(
                "2: ldr {reading}, [{register}]",
                "adds {sum}, {sum}, {reading}",
                "nop", "nop", "nop",
                "subs {n}, #1",
                "bne 2b",
                register = in(reg) &raw const (*SYST::PTR).cvr,
                n = inout(reg) INSTRUCTIONS => _,
                sum = inout(reg) sum,
                reading = out(reg) _,
                options(nostack),
            );
        }
        // If it has just reached 0, the handler may have yet to run.
        if !SCB::is_pendst_pending() && rounds == ROUNDS.load(Ordering::SeqCst) {
            let round = u64::from(INSTRUCTIONS) * u64::from(RELOAD + 1);
            return (u64::from(rounds + 1) * round - u64::from(sum)) / u64::from(PER_TICKS);
        }
    }
}

pub fn write(byte: u8) {
    // SAFETY: `WRITEC` reads one byte.
    unsafe { cortex_m_semihosting::syscall1(nr::WRITEC, (&raw const byte).addr()) };
}

pub fn exit(success: bool) -> ! {
    debug::exit(if success { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    loop {
        cortex_m::asm::nop();
    }
}

// SAFETY: it does not return.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    crate::say!["HardFault at ", Hex(frame.pc().into()), ", called from ", Hex(frame.lr().into())];
    exit(false)
}
