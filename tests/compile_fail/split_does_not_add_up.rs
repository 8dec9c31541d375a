// 8 channels are not 4 and 5.
//~ E0080
//~ the parts' channels do not add up to the tensor's
use nchw::Tensor;

fn main() {
    let both = Tensor::<f32, 8, 2, 2>::ZERO;
    let (_first, _second) = both.split_channels::<4, 5>();
}
