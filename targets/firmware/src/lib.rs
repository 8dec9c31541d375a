//! What the programs share: start, text, time and memory, the same on every core.
//!
//! A program is a function that says whether all went well, and the memory that it works in: [`program!`]. Text
//! and the exit code go to the emulator by semihosting. What prints with [`say!`] links no `core::fmt`, so that
//! what is linked is the crate's doing.
#![no_std]

#[cfg_attr(target_arch = "arm", path = "arch/cortex_m.rs")]
#[cfg_attr(target_arch = "aarch64", path = "arch/aarch64.rs")]
#[cfg_attr(target_arch = "riscv32", path = "arch/riscv32.rs")]
mod arch;

pub mod bench;
pub mod operators;
pub mod print;
pub mod scenes;

pub use arch::executed;

use core::panic::PanicInfo;
use core::ptr;

/// Makes `$run` the program: a function that says whether all went well, of `&'static mut` to the memory that
/// it works in.
#[macro_export]
macro_rules! program {
    ($run:path, $($name:ident: $memory:ty = $initial:expr),*) => {
        /// Called by the code that starts the core.
        #[unsafe(no_mangle)]
        extern "C" fn main() -> ! {
            $crate::run(&[$((stringify!($name), size_of::<$memory>())),*], || {
                $run($({
                    static mut MEMORY: $memory = $initial;
                    // SAFETY: nothing else names this static, and `main` runs once.
                    unsafe { &mut *(&raw mut MEMORY) }
                }),*)
            })
        }
    };
}

/// From start to exit.
pub fn run(memory: &[(&str, usize)], program: impl FnOnce() -> bool) -> ! {
    arch::start();
    let success = program();
    let (mut other, stack) = (data_len(), stack_len());
    for &(name, len) in memory {
        say!["RAM ", name, " ", len];
        other -= len;
    }
    say!["RAM other ", other];
    say!["RAM stack ", stack];
    say![if success { "PASS" } else { "FAIL" }];
    arch::exit(success)
}

/// What `f` returns, and how many instructions it took.
///
/// Exact but for one or two that move the result, if the emulator executes one instruction per nanosecond
/// (`-icount shift=0`): what measuring itself takes is measured as well.
pub fn instructions<R>(f: impl FnOnce() -> R) -> (R, u64) {
    let start = arch::executed();
    let before = arch::executed();
    let result = f();
    let after = arch::executed();
    (result, (after - before) - (before - start))
}

/// Says what a network costs by its own account, to be compared with what is measured.
pub fn say_costs(macs: u64, flash: usize, ram: usize) {
    say!(
        "by plan: ",
        macs,
        " multiply-adds, weights ",
        flash,
        " bytes, activations ",
        ram,
        " bytes"
    );
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    arch::exit(false)
}

// Addresses that the linker's script sets; nothing lies there that could be read as a number.
unsafe extern "C" {
    static __sdata: u32;
    static __edata: u32;
    static __sbss: u32;
    static __ebss: u32;
    static _stack_end: u32;
    static _stack_start: u32;
}

/// What the start-up code fills the stack with.
const PAINT: u32 = 0xCCCC_CCCC;

/// Bytes of all statics that are not constant.
fn data_len() -> usize {
    let len = |start: *const u32, end: *const u32| end.addr() - start.addr();
    len(&raw const __sdata, &raw const __edata) + len(&raw const __sbss, &raw const __ebss)
}

/// Bytes of stack that were used at one time or another.
fn stack_len() -> usize {
    let (mut lowest, top) = (&raw const _stack_end, &raw const _stack_start);
    // SAFETY: the words between the two are the stack's, and volatile since the compiler does not
    // know of the paint.
    while lowest < top && unsafe { ptr::read_volatile(lowest) } == PAINT {
        lowest = lowest.wrapping_add(1);
    }
    top.addr() - lowest.addr()
}
