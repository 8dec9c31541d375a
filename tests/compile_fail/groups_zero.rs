// No groups at all.
//~ E0080
//~ groups must be at least 1, it is 0
use nchw::{Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([8, 8, 8], 8, [3, 3]).groups(0); }

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
