// The dilated kernel is wider than the padded input.
//~ E0080
//~ kernel is wider than the padded input: it covers 5 columns, the padded input has 4
use nchw::{Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([1, 8, 4], 1, [3, 3]).dilation([1, 2]); }

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
