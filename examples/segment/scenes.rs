//! The scenes: photographs with a piece of clothing in front, where it is, and what the reference
//! network made of them.

use nchw::safetensors::{self, SafetensorsError};

const FILE: &[u8] = include_bytes!("data/scenes.safetensors");

/// Height and width of a scene.
pub const SIZE: usize = 48;

/// One value per pixel.
pub type Plane<T> = [T; SIZE * SIZE];

/// A grey image and its truth.
pub struct Scene {
    /// Brightness, 0..=255.
    pub image: &'static Plane<u8>,
    /// 0 is background, anything else foreground.
    pub truth: &'static Plane<u8>,
    /// The i8 logits of the reference, as bytes.
    pub reference_i8: &'static Plane<u8>,
}

/// All scenes of the file.
pub fn all() -> Result<Vec<Scene>, SafetensorsError> {
    let images = safetensors::find(FILE, "scenes")?.bytes().as_chunks().0;
    let truths = safetensors::find(FILE, "masks")?.bytes().as_chunks().0;
    let references = safetensors::find(FILE, "logits_i8")?.bytes().as_chunks().0;
    let scenes = images.iter().zip(truths).zip(references);
    Ok(scenes.map(|((image, truth), reference_i8)| Scene { image, truth, reference_i8 }).collect())
}

/// The f32 logits of the reference for the first scenes.
pub fn reference_f32() -> Result<Vec<f32>, SafetensorsError> {
    let reference = safetensors::find(FILE, "logits_f32")?;
    let mut logits = vec![0.0; reference.elements()];
    reference.copy_f32(&mut logits)?;
    Ok(logits)
}

impl Scene {
    /// Intersection over union of the truth and what was found.
    pub fn iou(&self, found: &Plane<bool>) -> f64 {
        let (mut intersection, mut union) = (0_u32, 0_u32);
        for (&truth, &found) in self.truth.iter().zip(found) {
            intersection += u32::from(truth != 0 && found);
            union += u32::from(truth != 0 || found);
        }
        f64::from(intersection) / f64::from(union.max(1))
    }
}
