// The weight of a fully connected layer for another image size.
//~ E0308
//~ an array with a size of 32, found one with a size of 98
use nchw::{Linear, layer};

layer! { struct Classify(f32) = Linear::new([2, 4, 4], 10); }

static WEIGHT: [[f32; 98]; 10] = [[0.5; 98]; 10];
static CLASSIFY: Classify = Classify::without_bias(&WEIGHT);

fn main() {
    let _ = &CLASSIFY;
}
