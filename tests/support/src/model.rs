//! Whole networks with known results.
//!
//! A network is a folder: `model.json` lists the layers in order, a `.safetensors` file holds their
//! tensors, further files hold inputs and expected results.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::operator::{Dtype, Op, Quantization};
use crate::tensors::{LoadError, Tensor, Tensors, read};

/// A network.
#[derive(Clone, Debug)]
pub struct Model {
    /// Everything but the tensors.
    pub header: ModelHeader,
    /// Weights, biases and statistics by name.
    pub tensors: Tensors,
    directory: PathBuf,
}

/// What `model.json` states.
#[derive(Clone, Debug, Deserialize)]
pub struct ModelHeader {
    /// Title.
    pub name: String,
    /// The network's input, known to the layers as `input`.
    pub input: Input,
    /// Name of the file of the layers' tensors.
    pub weights: String,
    /// The layers in order of evaluation.
    pub layers: Vec<Layer>,
    /// What a correct implementation gets; differs per network.
    #[serde(default)]
    pub expected: serde_json::Value,
    /// Inputs with their results, of a classifier of photos.
    #[serde(default)]
    pub photos: Vec<Photo>,
}

/// The input of a network.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// `[C, H, W]`.
    pub shape: [usize; 3],
    /// Element type.
    pub dtype: Dtype,
    /// For i8.
    pub scale: Option<f64>,
    /// For i8.
    pub zero_point: Option<i32>,
}

/// One layer.
#[derive(Clone, Debug, Deserialize)]
pub struct Layer {
    /// Also the name of its output.
    pub name: String,
    /// The operator.
    #[serde(flatten)]
    pub op: Op,
    /// Type of its input and output.
    pub dtype: Dtype,
    /// Names of the outputs that it reads.
    pub inputs: Vec<String>,
    /// Shape of its first input, without batch.
    pub in_shape: Vec<usize>,
    /// Shape of its output, without batch.
    pub out_shape: Vec<usize>,
    /// Lower limit of a fused clamp; in i8 of the quantized output.
    pub activation_min: Option<f64>,
    /// Upper limit of a fused clamp; in i8 of the quantized output.
    pub activation_max: Option<f64>,
    /// Zero points and scalings, for i8.
    #[serde(flatten)]
    pub quantization: Quantization,
    /// Name of the tensor of each role: w, b, mult, shift, w_scale, slope, gamma, beta, mean, var.
    #[serde(default)]
    pub tensors: BTreeMap<String, String>,
    /// Smallest and largest output over training data, for quantizing.
    pub range: Option<[f64; 2]>,
}

/// A photo with its result.
#[derive(Clone, Debug, Deserialize)]
pub struct Photo {
    /// File stem in `photos`.
    pub photo: String,
    /// The class.
    pub person: usize,
    /// Output of the network.
    pub expected_output_i8: Vec<i8>,
    /// Output of the layer before softmax.
    pub logits_i8: Vec<i8>,
}

impl Model {
    /// Reads `model.json` and the tensors that it names.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let header = read(path)?;
        let header: ModelHeader =
            serde_json::from_slice(&header).map_err(|e| LoadError::new(path, e))?;
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        let tensors = Tensors::load(&directory.join(&header.weights))?;
        for layer in &header.layers {
            if let Some(name) = layer.tensors.values().find(|name| !tensors.contains(name)) {
                return Err(LoadError::new(path, format!("{}: no tensor {name}", layer.name)));
            }
        }
        Ok(Self { header, tensors, directory })
    }

    /// The layers in order of evaluation.
    pub fn layers(&self) -> &[Layer] {
        &self.header.layers
    }

    /// The layer's f32 tensor in `role`, if it has one.
    pub fn f32(&self, layer: &Layer, role: &str) -> Option<&Tensor<f32>> {
        layer.tensors.get(role).map(|name| self.tensors.f32(name))
    }

    /// The layer's i8 tensor in `role`, if it has one.
    pub fn i8(&self, layer: &Layer, role: &str) -> Option<&Tensor<i8>> {
        layer.tensors.get(role).map(|name| self.tensors.i8(name))
    }

    /// The layer's i32 tensor in `role`, if it has one.
    pub fn i32(&self, layer: &Layer, role: &str) -> Option<&Tensor<i32>> {
        layer.tensors.get(role).map(|name| self.tensors.i32(name))
    }

    /// Another `.safetensors` file, such as expected results; its path is relative to the folder.
    pub fn companion(&self, path: &str) -> Result<Tensors, LoadError> {
        Tensors::load(&self.directory.join(path))
    }

    /// Any other file, such as raw pixels; its path is relative to the folder.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, LoadError> {
        read(&self.directory.join(path))
    }
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::TensorView;

    use super::*;

    /// A network of one linear layer whose weight is called `tensor`.
    fn model(folder: &str, tensor: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("nchw-{folder}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let json = r#"{"name": "n", "input": {"shape": [2, 1, 1], "dtype": "f32"},
            "weights": "t.safetensors",
            "layers": [{"name": "fc", "op": "linear", "dtype": "f32", "inputs": ["input"],
                "in_shape": [2], "out_shape": [1], "activation_min": null, "activation_max": 6,
                "range": [0, 1.5], "tensors": {"w": "fc.weight"}}]}"#;
        std::fs::write(directory.join("model.json"), json).unwrap();
        let bytes: Vec<u8> = [2.0_f32, 3.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let view = TensorView::new(safetensors::Dtype::F32, vec![1, 2], &bytes).unwrap();
        safetensors::serialize_to_file([(tensor, view)], None, &directory.join("t.safetensors"))
            .unwrap();
        directory.join("model.json")
    }

    #[test]
    fn layers_know_their_tensors() {
        let model = Model::load(&model("model", "fc.weight")).unwrap();
        let [layer] = model.layers() else { panic!("{model:?}") };
        assert_eq!((&layer.op, layer.activation_max), (&Op::Linear, Some(6.0)));
        assert_eq!(layer.range, Some([0.0, 1.5]));
        assert_eq!(model.f32(layer, "w").unwrap().values, [2.0, 3.0]);
        assert!(model.f32(layer, "b").is_none());
        assert!(model.companion("t.safetensors").unwrap().contains("fc.weight"));
        assert!(model.bytes("none").is_err());
    }

    #[test]
    fn a_tensor_that_is_not_there_is_named() {
        let error = Model::load(&model("broken-model", "fc.bias")).unwrap_err().to_string();
        assert!(error.contains("fc: no tensor fc.weight"), "{error}");
    }
}
