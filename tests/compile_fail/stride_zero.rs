// A stride of zero.
//~ E0080
//~ the stride along W must be at least 1, it is 0
use nchw::{Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([1, 8, 8], 1, [3, 3]).stride([1, 0]); }

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
