//! The photos that come with the example, and how a picture becomes the network's input.

use image::imageops::FilterType;
use image::{GrayImage, ImageResult};
use nchw::Tensor;

/// Height and width of the network's input.
pub const SIZE: usize = 96;

/// A photo with what is known about it.
pub struct Photo {
    pub name: &'static str,
    pub file: &'static [u8],
    pub person: bool,
    /// The output bytes of TensorFlow Lite Micro.
    pub reference: [i8; 2],
}

/// Eleven photos, free of rights; see `data/photos/LICENCES.txt`.
pub static PHOTOS: [Photo; 11] = [
    Photo {
        name: "astronaut",
        file: include_bytes!("data/photos/astronaut.png"),
        person: true,
        reference: [-94, 94],
    },
    Photo {
        name: "camera",
        file: include_bytes!("data/photos/camera.png"),
        person: true,
        reference: [-115, 115],
    },
    Photo {
        name: "chelsea",
        file: include_bytes!("data/photos/chelsea.png"),
        person: false,
        reference: [96, -96],
    },
    Photo {
        name: "coffee",
        file: include_bytes!("data/photos/coffee.png"),
        person: false,
        reference: [111, -111],
    },
    Photo {
        name: "horse",
        file: include_bytes!("data/photos/horse.png"),
        person: false,
        reference: [113, -113],
    },
    Photo {
        name: "coins",
        file: include_bytes!("data/photos/coins.png"),
        person: false,
        reference: [103, -103],
    },
    Photo {
        name: "text",
        file: include_bytes!("data/photos/text.png"),
        person: false,
        reference: [22, -22],
    },
    Photo {
        name: "grass",
        file: include_bytes!("data/photos/grass.png"),
        person: false,
        reference: [55, -55],
    },
    Photo {
        name: "gravel",
        file: include_bytes!("data/photos/gravel.png"),
        person: false,
        reference: [41, -41],
    },
    Photo {
        name: "brick",
        file: include_bytes!("data/photos/brick.png"),
        person: false,
        reference: [5, -5],
    },
    Photo {
        name: "retina",
        file: include_bytes!("data/photos/retina.png"),
        person: false,
        reference: [107, -107],
    },
];

impl Photo {
    /// The photo, decoded.
    pub fn image(&self) -> ImageResult<GrayImage> {
        Ok(fit(image::load_from_memory(self.file)?.to_luma8()))
    }
}

/// The largest centred square of a picture, scaled to the network's size.
pub fn fit(picture: GrayImage) -> GrayImage {
    let (width, height) = picture.dimensions();
    let side = width.min(height);
    let (x, y) = ((width - side) / 2, (height - side) / 2);
    let square = image::imageops::crop_imm(&picture, x, y, side, side).to_image();
    if side as usize == SIZE {
        return square;
    }
    image::imageops::resize(&square, SIZE as u32, SIZE as u32, FilterType::Triangle)
}

/// Brightness 0..=255 as -128..=127.
pub fn input(image: &GrayImage) -> Tensor<i8, 1, SIZE, SIZE> {
    let mut x = Tensor::ZERO;
    for (x, pixel) in x.as_mut_slice().iter_mut().zip(image.pixels()) {
        *x = (pixel.0[0] ^ 0x80).cast_signed();
    }
    x
}
