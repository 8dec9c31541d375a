//! i8: the largest inputs or the averages of windows.

mod fold;
mod strip;
mod whole;

pub(crate) use self::fold::Mean;
pub(crate) use self::strip::{COLUMNS, ReducedRow, Rows, Strip, WIDTH};
pub(crate) use self::whole::{largest, sum};
