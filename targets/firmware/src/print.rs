//! Text for the emulator's console.

use core::fmt::{self, Write};

use crate::arch;

/// Prints a line of pieces, each a text or a number, without `core::fmt`.
#[macro_export]
macro_rules! say {
    ($($piece:expr),*) => {{
        $( $crate::print::Piece::print(&$piece); )*
        $crate::print::Piece::print(&"\n");
    }};
}

/// Prints a line as `std` does, with all of `core::fmt` that this takes.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => { $crate::print::line(format_args!($($argument)*)) };
}

/// Something to print.
pub trait Piece {
    fn print(&self);
}

impl Piece for &str {
    fn print(&self) {
        self.bytes().for_each(arch::write);
    }
}

impl Piece for u64 {
    fn print(&self) {
        digits::<10>(*self, 1);
    }
}

impl Piece for usize {
    fn print(&self) {
        digits::<10>(*self as u64, 1);
    }
}

impl Piece for i8 {
    fn print(&self) {
        if *self < 0 {
            arch::write(b'-');
        }
        digits::<10>(self.unsigned_abs().into(), 1);
    }
}

/// A number in hexadecimal, of 8 digits or more.
pub struct Hex(pub u64);

impl Piece for Hex {
    fn print(&self) {
        digits::<16>(self.0, 8);
    }
}

/// A text with spaces up to a width.
pub struct Column(pub &'static str, pub usize);

impl Piece for Column {
    fn print(&self) {
        self.0.print();
        (self.0.len()..self.1).for_each(|_| arch::write(b' '));
    }
}

/// Prints a number to a base, with zeros up to a width.
fn digits<const BASE: u64>(number: u64, width: u32) {
    if number >= BASE || width > 1 {
        digits::<BASE>(number / BASE, width.saturating_sub(1));
    }
    let digit = (number % BASE) as u8;
    arch::write(digit + if digit < 10 { b'0' } else { b'a' - 10 });
}

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.print();
        Ok(())
    }
}

#[doc(hidden)]
pub fn line(line: fmt::Arguments<'_>) {
    // The console takes everything.
    let _ = writeln!(Console, "{line}");
}
