// PyTorch's padding='same' with a stride.
//~ E0080
//~ padding `same` needs stride 1, as in PyTorch, the stride along H is 2; TensorFlow's is `.padding_same_tflite()`
use nchw::{Conv2d, layer};

layer! { struct Layer(f32) = Conv2d::new([1, 8, 8], 1, [3, 3]).padding_same().stride([2, 2]); }

fn main() {
    let _ = Layer::without_bias(&[[[[1.0; 3]; 3]; 1]; 1]);
}
