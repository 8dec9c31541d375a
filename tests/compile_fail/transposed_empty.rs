// The padding crops more than there is.
//~ E0080
//~ the output is empty: padding crops 4 rows of 3
use nchw::{ConvTranspose2d, layer};

layer! { struct Layer(f32) = ConvTranspose2d::new([1, 1, 4], 1, [3, 3]).padding([2, 0]); }

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
