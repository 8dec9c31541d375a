// There are no kernels for f64.
//~ the trait bound `f64: nchw::Element` is not satisfied
use nchw::{MaxPool2d, layer};

layer! { struct Pool(f64) = MaxPool2d::new([1, 4, 4], [2, 2]); }

fn main() {}
