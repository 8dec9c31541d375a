// A row cannot be repeated more than once.
//~ E0080
//~ circular padding of 5 columns is too large: this input allows at most 4
use nchw::{Conv2d, PaddingMode, layer};

layer! {
    struct Layer(f32) =
        Conv2d::new([1, 4, 4], 1, [3, 3]).padding([1, 5]).padding_mode(PaddingMode::Circular);
}

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
