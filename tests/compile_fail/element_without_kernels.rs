// There are no kernels for f64.
//~ layers are of `f32` or `i8`, not of `f64`
use nchw::{MaxPool2d, layer};

layer! { struct Pool(f64) = MaxPool2d::new([1, 4, 4], [2, 2]); }

fn main() {}
