//! Every operator as a function of its own, behind both doors. `no_panic.sh` links one at a time and
//! looks at what comes along.
//!
//! The names in `typed` are those of the typed door, where the compiler knows the whole layer; in
//! `slices` it knows nothing but the operator.
#![no_std]
#![allow(const_item_mutation, reason = "an empty workspace has nothing in it to change")]

mod slices;
mod telemetry;
mod typed;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
