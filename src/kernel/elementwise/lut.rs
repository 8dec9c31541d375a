//! Functions of an i8 as tables.

use crate::backend::Backend;
#[cfg(neon)]
use crate::isa::{dispatch::vectors, neon::int8::elementwise::look_up};

/// Looks every element up; entry 0 is that of -128.
pub(crate) fn run(backend: Option<Backend>, table: &[i8], x: &[i8], y: &mut [i8]) {
    #[cfg(neon)]
    if vectors(backend).is_some()
        && let Some(table) = table.first_chunk()
    {
        return in_vectors(table, x, y);
    }
    let _ = backend;
    one_by_one(table, x, y);
}

#[cfg(neon)]
#[inline(never)]
fn in_vectors(table: &[i8; 256], x: &[i8], y: &mut [i8]) {
    let done = look_up(table, x, y);
    let rest = y.get_mut(done..).unwrap_or_default();
    one_by_one(table, x.get(done..).unwrap_or_default(), rest);
}

fn one_by_one(table: &[i8], x: &[i8], y: &mut [i8]) {
    for (y, &x) in y.iter_mut().zip(x) {
        if let Some(entry) = table.get(usize::from(x.cast_unsigned() ^ 0x80)) {
            *y = *entry;
        }
    }
}
