// A row cannot be mirrored further than its other end.
//~ E0080
//~ reflect padding of 4 rows is too large: this input allows at most 3
use nchw::{Conv2d, PaddingMode, layer};

layer! {
    struct Layer(f32) =
        Conv2d::new([1, 4, 4], 1, [3, 3]).padding([4, 1]).padding_mode(PaddingMode::Reflect);
}

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
