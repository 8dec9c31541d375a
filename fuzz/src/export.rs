//! Writes layers that were right to a file, for machines that cannot draw them.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::Relaxed;

use nchw_wire::{Case, Writer};

use crate::shared::Shared;

/// Open before processes are forked, so that all of them write where the last one ended.
static FILE: OnceLock<File> = OnceLock::new();

/// Writes all from now on.
pub fn to(path: &Path) -> std::io::Result<()> {
    // The first one stays, which is the only one.
    let _ = FILE.set(File::create(path)?);
    nchw_cases::export::to(record);
    Ok(())
}

fn record(case: Case<'_>) {
    let (Some(shared), Some(mut file)) = (Shared::existing(), FILE.get()) else { return };
    // What is too large for 32 bits, or for the memory of microcontrollers, is left out.
    if let Some(record) = Writer::<Vec<u8>>::write(shared.number(), case) {
        file.write_all(&record).expect("the file of cases can be written to");
        shared.exported.fetch_add(1, Relaxed);
    }
}
