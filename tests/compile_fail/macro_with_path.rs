// The operator by its path, where the macro takes its name.
//~ no rules expected `::`
use nchw::layer;

layer! { struct Pool(f32) = nchw::MaxPool2d::new([1, 4, 4], [2, 2]); }

fn main() {}
