// The output padding reaches the stride.
//~ E0080
//~ output_padding along H must be smaller than the stride or the dilation: at most 1 here, it is 2
use nchw::{ConvTranspose2d, layer};

layer! {
    struct Layer(f32) =
        ConvTranspose2d::new([1, 4, 4], 1, [3, 3]).stride([2, 2]).output_padding([2, 1]);
}

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
