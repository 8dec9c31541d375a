// A file of another kind; the first eight bytes of this one are no length.
//~ E0080
//~ the file is cut off: its header ends at byte
//~ "weights_no_safetensors.rs"
use nchw::weights;

static WEIGHT: [f32; 2] = weights!("weights_no_safetensors.rs", "weight");

fn main() {
    let _ = &WEIGHT;
}
