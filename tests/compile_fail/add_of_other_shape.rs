// The skip connection is twice as large as what it is added to.
//~ E0308
//~ expected `14`, found `28`
use nchw::{Add, Tensor, layer};

layer! { struct Residual(f32) = Add::new([8, 14, 14]).relu(); }

fn main() {
    let skip = Tensor::<f32, 8, 28, 28>::ZERO;
    let body = Tensor::<f32, 8, 14, 14>::ZERO;
    Residual.run(&skip, &body, &mut Tensor::ZERO);
}
