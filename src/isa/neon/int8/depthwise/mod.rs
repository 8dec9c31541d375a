//! i8: neighbouring outputs of one channel, which meet a window of one plane each.

mod channel;
mod column;
mod copy;
mod three_by_three;

pub(crate) use self::channel::{COLUMNS, Channel};
pub(crate) use self::column::{Outputs, Padded, SIXTEEN};
pub(crate) use self::copy::copy_rows;
pub(crate) use self::three_by_three::{ROWS, Rows, ThreeByThree};
