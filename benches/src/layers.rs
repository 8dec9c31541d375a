//! The layers that everything is measured on.

use core::fmt;

use anyhow::{Context, Result};
use nchw::{Algorithm, Conv2d, ConvPlan, ConvTranspose2d, Element, Error, Quantization};
use serde::Deserialize;

/// Which operator a layer is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// [`Conv2d`].
    Conv2d,
    /// [`ConvTranspose2d`].
    ConvTranspose2d,
}

/// A convolution of batch 1. Kernels, strides, paddings and dilations are the same along both directions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Its name in tables and on command lines.
    pub id: String,
    /// Which operator it is.
    pub operator: Operator,
    /// `[channels, height, width]`.
    pub input: [usize; 3],
    /// Channels of the output.
    pub out_channels: usize,
    /// Height and width of the kernel.
    pub kernel: usize,
    /// As in PyTorch.
    #[serde(default = "one")]
    pub stride: usize,
    /// As in PyTorch, on all sides.
    #[serde(default)]
    pub padding: usize,
    /// As in PyTorch.
    #[serde(default = "one")]
    pub dilation: usize,
    /// As in PyTorch.
    #[serde(default = "one")]
    pub groups: usize,
    /// As in PyTorch.
    #[serde(default)]
    pub output_padding: usize,
}

const fn one() -> usize {
    1
}

impl Layer {
    /// Every layer of `layers.json`.
    ///
    /// # Errors
    ///
    /// Says where the file is wrong.
    pub fn all() -> Result<Vec<Self>> {
        serde_json::from_str(include_str!("../layers.json")).context("layers.json")
    }

    /// A 3x3 convolution with padding 1 of square planes, from `channels` to as many.
    pub fn square(channels: usize, side: usize) -> Self {
        Self {
            id: format!("{channels}x{side}x{side}"),
            operator: Operator::Conv2d,
            input: [channels, side, side],
            out_channels: channels,
            kernel: 3,
            stride: 1,
            padding: 1,
            dilation: 1,
            groups: 1,
            output_padding: 0,
        }
    }

    /// The layer's plan.
    ///
    /// # Errors
    ///
    /// What the crate finds wrong with it, the algorithm included.
    pub fn plan<T: Element>(&self, algorithm: Algorithm) -> Result<ConvPlan<T>, Error> {
        match self.operator {
            Operator::Conv2d => self.conv(algorithm).plan(),
            Operator::ConvTranspose2d => self.transposed(algorithm).plan(),
        }
    }

    fn conv(&self, algorithm: Algorithm) -> Conv2d {
        Conv2d::new(self.input, self.out_channels, [self.kernel; 2])
            .stride([self.stride; 2])
            .padding([self.padding; 2])
            .dilation([self.dilation; 2])
            .groups(self.groups)
            .algorithm(algorithm)
    }

    fn transposed(&self, algorithm: Algorithm) -> ConvTranspose2d {
        ConvTranspose2d::new(self.input, self.out_channels, [self.kernel; 2])
            .stride([self.stride; 2])
            .padding([self.padding; 2])
            .output_padding([self.output_padding; 2])
            .dilation([self.dilation; 2])
            .groups(self.groups)
            .algorithm(algorithm)
    }

    /// The layer's plan in i8.
    ///
    /// # Errors
    ///
    /// What the crate finds wrong with it, the algorithm included.
    pub fn int8(&self, algorithm: Algorithm) -> Result<ConvPlan<i8>, Error> {
        let q = Quantization { scale: 0.05, zero_point: 3 };
        match self.operator {
            Operator::Conv2d => self.conv(algorithm).quantized(q, q).plan(),
            Operator::ConvTranspose2d => self.transposed(algorithm).quantized(q, q).plan(),
        }
    }

    /// Multiply-adds of the direct computation, taps on padding included.
    ///
    /// # Errors
    ///
    /// Those of [`plan`](Self::plan).
    pub fn macs(&self) -> Result<u64, Error> {
        Ok(self.plan::<f32>(Algorithm::Auto)?.macs())
    }

    /// Elements of input, weights and output: what has to be moved at least once.
    ///
    /// # Errors
    ///
    /// Those of [`plan`](Self::plan).
    pub fn elements(&self) -> Result<u64, Error> {
        let plan = self.plan::<f32>(Algorithm::Auto)?;
        let weights: usize = plan.weight_shape().iter().product();
        Ok((plan.input_len() + weights + plan.output_len()) as u64)
    }
}

/// As in "64x56x56 -> 64, k3 p1".
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [channels, height, width] = self.input;
        if self.operator == Operator::ConvTranspose2d {
            f.write_str("transposed ")?;
        }
        let depthwise = self.groups > 1 && self.groups == channels;
        match depthwise {
            true => write!(f, "depthwise {channels}x{height}x{width}, k{}", self.kernel)?,
            false => {
                write!(
                    f,
                    "{channels}x{height}x{width} -> {}, k{}",
                    self.out_channels, self.kernel
                )?;
            }
        }
        for (name, value, default) in [
            ("s", self.stride, 1),
            ("p", self.padding, 0),
            ("op", self.output_padding, 0),
            ("d", self.dilation, 1),
        ] {
            if value != default {
                write!(f, " {name}{value}")?;
            }
        }
        match self.groups > 1 && !depthwise {
            true => write!(f, " g{}", self.groups),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_are_those_of_the_definition() {
        let layers = Layer::all().unwrap();
        let macs = |id: &str| {
            let layer = layers.iter().find(|layer| layer.id == id).unwrap();
            (layer.macs().unwrap(), layer.to_string())
        };
        assert_eq!(macs("L1"), (112 * 112 * 64 * 3 * 49, "3x224x224 -> 64, k7 s2 p3".into()));
        assert_eq!(macs("L9"), (32 * 112 * 112 * 9, "depthwise 32x112x112, k3 p1".into()));
        assert_eq!(macs("L15"), (28 * 28 * 128 * 32 * 9, "128x28x28 -> 128, k3 p1 g4".into()));
        assert_eq!(
            macs("T3"),
            (256 * 64 * 128 * 9, "transposed 256x8x8 -> 128, k3 s2 p1 op1".into())
        );
    }
}
