//! The first scenes of the example `segment`, and what the reference networks made of them.

use nchw::safetensors;

/// Height and width of a scene.
pub const SIZE: usize = 48;

const PIXELS: usize = SIZE * SIZE;

/// Brightness, 0..=255.
pub static IMAGES: [[u8; PIXELS]; 4] = first("scenes");

/// The i8 logits of the reference, as bytes.
pub static LOGITS_I8: [[u8; PIXELS]; 4] = first("logits_i8");

/// The f32 logits of the reference, as little-endian bytes.
pub static LOGITS_F32: [[u8; 4 * PIXELS]; 2] = first("logits_f32");

/// The first `N` scenes of a tensor. The program gets these alone, the compiler sees the file.
const fn first<const LEN: usize, const N: usize>(name: &str) -> [[u8; LEN]; N] {
    const FILE: &[u8] = include_bytes!("../../../examples/segment/data/scenes.safetensors");
    match safetensors::find(FILE, name) {
        Ok(tensor) => *tensor.bytes().as_chunks().0.first_chunk().expect("too few scenes"),
        Err(_) => panic!("no such tensor in scenes.safetensors"),
    }
}

/// FNV-1a, to compare the outputs of different cores by.
pub fn checksum(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
