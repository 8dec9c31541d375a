// A counter of the training, 64 bits wide.
//~ E0080
//~ the tensor's dtype is I64; supported are F32, I8, I32 and U8: "bn.num_batches_tracked" in "../data/tiny.safetensors"
use nchw::weights;

static COUNT: f32 = weights!("../data/tiny.safetensors", "bn.num_batches_tracked");

fn main() {
    let _ = &COUNT;
}
