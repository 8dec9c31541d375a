// A file that is not there.
//~ couldn't read `
//~ missing.safetensors
use nchw::weights;

static WEIGHT: [f32; 2] = weights!("missing.safetensors", "weight");

fn main() {
    let _ = &WEIGHT;
}
