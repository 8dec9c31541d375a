// A layer without the semicolon.
//~ while trying to match `;`
use nchw::{MaxPool2d, layer};

layer! { struct Pool(f32) = MaxPool2d::new([1, 4, 4], [2, 2]) }

fn main() {}
