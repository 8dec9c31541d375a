// More padding than the window is large, so that the first window holds no input.
//~ E0080
//~ the pooling window of output 0 along H lies in the padding alone
use nchw::{AvgPool2d, Tensor, layer};

layer! { struct Pool(f32) = AvgPool2d::new([1, 4, 4], [2, 2]).padding([2, 0]); }

fn main() {
    Pool.run(&Tensor::ZERO, &mut Tensor::ZERO);
}
