//! Cortex-M, started by `cortex-m-rt`.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::Peripherals;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use cortex_m_rt::{ExceptionFrame, exception};
use cortex_m_semihosting::{debug, nr};

/// The boards' core clocks are 25 MHz, AN547's, the only one of v8-M, 32 MHz.
pub const INSTRUCTIONS_PER_TICKS: (u64, u64) = if cfg!(firmware_mps3) { (125, 4) } else { (40, 1) };

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
}

#[exception]
fn SysTick() {
    // No read-modify-write, which v6-M does not have; nothing interrupts this.
    ROUNDS.store(ROUNDS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Ticks of the core clock since the start.
pub fn ticks() -> u64 {
    loop {
        let rounds = ROUNDS.load(Ordering::SeqCst);
        let current = SYST::get_current();
        // If it has just reached 0, the handler may have yet to run.
        if !SCB::is_pendst_pending() && rounds == ROUNDS.load(Ordering::SeqCst) {
            return u64::from(rounds) * u64::from(RELOAD + 1)
                + u64::from((RELOAD + 1 - current) & RELOAD);
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
    crate::println!("HardFault: {frame:?}");
    exit(false)
}
