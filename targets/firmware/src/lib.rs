//! What the programs share: start, text, time and memory, the same on every core.
//!
//! A program is a function that says whether all went well, and the memory that it works in:
//! [`program!`]. Text and the exit code go to the emulator by semihosting.
#![no_std]

#[cfg_attr(target_arch = "arm", path = "arch/cortex_m.rs")]
#[cfg_attr(target_arch = "aarch64", path = "arch/aarch64.rs")]
mod arch;

pub mod bench;
pub mod scenes;

pub use arch::ticks;

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::ptr;

/// Makes `$run`, a `fn(&'static mut $memory) -> bool`, the program.
#[macro_export]
macro_rules! program {
    ($run:path, $memory:ty = $initial:expr) => {
        /// Called by the code that starts the core.
        #[unsafe(no_mangle)]
        extern "C" fn main() -> ! {
            static mut MEMORY: $memory = $initial;
            // SAFETY: nothing else names this static, and `main` runs once.
            let memory = unsafe { &mut *(&raw mut MEMORY) };
            $crate::run(|| $run(memory))
        }
    };
}

/// Prints a line.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => { $crate::print_line(format_args!($($argument)*)) };
}

/// From start to exit.
pub fn run(program: impl FnOnce() -> bool) -> ! {
    arch::start();
    let success = program();
    let (data, stack) = (data_len(), stack_len());
    println!("RAM {} bytes: statics {data}, stack {stack}", data + stack);
    println!("{}", if success { "PASS" } else { "FAIL" });
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

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(arch::write);
        Ok(())
    }
}

#[doc(hidden)]
pub fn print_line(line: fmt::Arguments<'_>) {
    // The console takes everything.
    let _ = writeln!(Console, "{line}");
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
