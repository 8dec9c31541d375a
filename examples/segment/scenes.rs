//! The scenes: photographs with a piece of clothing in front, and where it is.

use nchw::Tensor;
use nchw::safetensors::{self, SafetensorsError};

const FILE: &[u8] = include_bytes!("data/scenes.safetensors");

/// Height and width of a scene.
pub const SIZE: usize = 48;

/// One plane of pixels.
pub type Plane = [u8; SIZE * SIZE];

/// A grey image and its truth.
pub struct Scene {
    /// Brightness, 0..=255.
    pub image: &'static Plane,
    /// 0 is background, anything else foreground.
    pub truth: &'static Plane,
}

/// All scenes of the file.
pub fn all() -> Result<Vec<Scene>, SafetensorsError> {
    let images = safetensors::find(FILE, "scenes")?.bytes().as_chunks().0;
    let truths = safetensors::find(FILE, "masks")?.bytes().as_chunks().0;
    Ok(images.iter().zip(truths).map(|(image, truth)| Scene { image, truth }).collect())
}

impl Scene {
    /// The image as the network takes it.
    pub fn input(&self) -> Tensor<f32, 1, SIZE, SIZE> {
        let mut x = Tensor::ZERO;
        for (x, &pixel) in x.as_mut_slice().iter_mut().zip(self.image) {
            *x = f32::from(pixel) / 255.0;
        }
        x
    }

    /// Intersection over union of the truth and the pixels whose logit is positive.
    pub fn iou(&self, logits: &Tensor<f32, 1, SIZE, SIZE>) -> f64 {
        let (mut intersection, mut union) = (0_u32, 0_u32);
        for (&truth, &logit) in self.truth.iter().zip(logits.as_slice()) {
            intersection += u32::from(truth != 0 && logit > 0.0);
            union += u32::from(truth != 0 || logit > 0.0);
        }
        f64::from(intersection) / f64::from(union.max(1))
    }
}
