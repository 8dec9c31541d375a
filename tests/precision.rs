//! How near every operator comes to the table of errors (`tests/support/src/tolerance.rs`), by each algorithm and
//! on each instruction set: nowhere beyond what is allowed, and at least once a quarter of it, so that the
//! table promises neither too much nor too little.
//!
//! The cases are those that err most: long sums of both signs, of one sign and of equal numbers, and few products
//! for Winograd's method. They are always the same.
//!
//! `cargo test --test precision -- --nocapture` prints the table.

#[path = "precision/adversarial.rs"]
mod adversarial;
#[path = "precision/sums.rs"]
mod sums;
#[path = "precision/table.rs"]
mod table;
#[path = "precision/values.rs"]
mod values;

use adversarial::Adversaries;
use table::Table;

#[test]
fn nothing_errs_more_than_is_allowed_or_much_less() {
    let mut table = Table::default();
    sums::convolutions(&mut table);
    sums::transposed_convolutions(&mut table);
    sums::linear_layers(&mut table);
    values::pools(&mut table);
    values::norms_and_blends(&mut table);
    values::activations(&mut table);
    values::softmax(&mut table);
    values::exact_operators(&mut table);
    println!("{table}");
    table.check();
}

#[test]
fn nothing_errs_more_than_is_proven() {
    let mut table = Adversaries::default();
    adversarial::sums(&mut table);
    adversarial::others(&mut table);
    println!("{table}");
    table.check();
}
