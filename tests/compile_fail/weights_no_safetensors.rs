// A file of another kind; the first eight bytes of this one are no length.
//~ E0080
//~ the file is no safetensors file: it does not begin with the length of a header
//~ "weights_no_safetensors.rs"
use nchw::weights;

static WEIGHT: [f32; 2] = weights!("weights_no_safetensors.rs", "weight");

fn main() {
    let _ = &WEIGHT;
}
