// A layer that makes no sense, and that nobody uses yet.
//~ E0080
//~ kernel is taller than the padded input: it covers 5 rows, the padded input has 4
use nchw::{MaxPool2d, layer};

layer! { struct Pool(f32) = MaxPool2d::new([1, 4, 4], [5, 4]); }

fn main() {}
