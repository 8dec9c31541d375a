// The input's channels do not divide into the groups.
//~ E0080
//~ the number of input channels must be divisible by groups: 10 channels, 4 groups
use nchw::{Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([10, 8, 8], 8, [3, 3]).groups(4); }

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
