//! Packs the layers of `src/layers.rs` from what PyTorch has trained, and leaves them as tensors of one dimension in
//! `OUT_DIR/packed.safetensors`.

use std::error::Error;
use std::path::Path;
use std::{env, fs, io};

use layers::{Enc1a, Enc1b, Enc2a, Enc2b};
use nchw::safetensors::{SafetensorsError, find};
use nchw::{BatchNorm, ConvPlan, Parameters, Target};

#[allow(dead_code, reason = "not all layers have parameters")]
#[path = "src/layers.rs"]
mod layers;

const TRAINED: &[u8] = include_bytes!("../segment/data/model.safetensors");

pub fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    // Of the program, not of this script.
    let target = Target::of_triple(&env::var("TARGET")?);
    let mut file = File::default();
    file.add_i8("enc1a", &quantize(Enc1a::PLAN.target(target), "enc1.0")?);
    file.add_i8("enc1b", &quantize(Enc1b::PLAN.target(target), "enc1.1")?);
    file.add_i8("enc2a", &quantize(Enc2a::PLAN.target(target), "enc2.0")?);
    file.add_f32("enc2b", &pack(Enc2b::PLAN.target(target), "enc2.1")?);
    file.write(&Path::new(&env::var("OUT_DIR")?).join("packed.safetensors"))?;
    Ok(())
}

/// The packed parameters of an f32 layer, with its batch norm folded in.
fn pack(plan: ConvPlan<f32>, name: &str) -> Result<Vec<f32>, Box<dyn Error>> {
    let trained = Trained::read(name)?;
    let mut packed = vec![0.0; plan.packed_len()];
    plan.pack(&trained.shape, &trained.weight, &trained.parameters(), &mut packed)?;
    Ok(packed)
}

/// The same in i8, quantized.
fn quantize(plan: ConvPlan<i8>, name: &str) -> Result<Vec<i8>, Box<dyn Error>> {
    let trained = Trained::read(name)?;
    let mut packed = vec![0; plan.packed_len()];
    plan.quantize(&trained.shape, &trained.weight, &trained.parameters(), &mut packed)?;
    Ok(packed)
}

/// A convolution and its batch norm, as they have been trained.
struct Trained {
    shape: Vec<usize>,
    weight: Vec<f32>,
    mean: Vec<f32>,
    var: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
}

impl Trained {
    fn read(name: &str) -> Result<Self, SafetensorsError> {
        let read = |part| {
            let tensor = find(TRAINED, &format!("{name}.{part}"))?;
            let mut values = vec![0.0; tensor.elements()];
            tensor.copy_f32(&mut values)?;
            Ok(values)
        };
        Ok(Self {
            shape: find(TRAINED, &format!("{name}.conv.weight"))?.shape().to_vec(),
            weight: read("conv.weight")?,
            mean: read("bn.running_mean")?,
            var: read("bn.running_var")?,
            gamma: read("bn.weight")?,
            beta: read("bn.bias")?,
        })
    }

    fn parameters(&self) -> Parameters<'_> {
        let norm = BatchNorm::new(&self.mean, &self.var).affine(&self.gamma, &self.beta);
        Parameters::NONE.batch_norm(norm)
    }
}

/// A `.safetensors` file: entries of its header, and values.
#[derive(Default)]
struct File {
    entries: Vec<String>,
    values: Vec<u8>,
}

impl File {
    fn add_f32(&mut self, name: &str, values: &[f32]) {
        self.add(name, "F32", values.len(), values.iter().flat_map(|value| value.to_le_bytes()));
    }

    fn add_i8(&mut self, name: &str, values: &[i8]) {
        self.add(name, "I8", values.len(), values.iter().map(|value| value.cast_unsigned()));
    }

    fn add(&mut self, name: &str, dtype: &str, len: usize, bytes: impl Iterator<Item = u8>) {
        let begin = self.values.len();
        self.values.extend(bytes);
        let end = self.values.len();
        self.entries.push(format!(
            r#""{name}":{{"dtype":"{dtype}","shape":[{len}],"data_offsets":[{begin},{end}]}}"#
        ));
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let header = format!("{{{}}}", self.entries.join(","));
        let length = (header.len() as u64).to_le_bytes();
        fs::write(path, [&length, header.as_bytes(), &self.values].concat())
    }
}
