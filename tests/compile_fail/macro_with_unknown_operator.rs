// An operator that does not exist.
//~ cannot find type `MinPool2d` in this scope
use nchw::layer;

layer! { struct Pool(f32) = MinPool2d::new([1, 4, 4], [2, 2]); }

fn main() {}
