// A layer without its element type.
//~ no rules expected `=`
//~ while trying to match `(`
use nchw::{MaxPool2d, layer};

layer! { struct Pool = MaxPool2d::new([1, 4, 4], [2, 2]); }

fn main() {}
