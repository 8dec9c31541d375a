//! Suites of operator cases with known results.
//!
//! A suite is one `.safetensors` file. Its header's `__metadata__` maps each case's name to a JSON
//! object with the operator and its parameters; the case's tensors are `NAME/x`, `NAME/w`, ..., the
//! result `NAME/y`.

use std::ops::Deref;
use std::path::Path;

use serde::Deserialize;

use crate::operator::{Dtype, Op, Quantization};
use crate::tensors::{LoadError, Tensors};

/// The cases of one file.
#[derive(Clone, Debug)]
pub struct Suite {
    cases: Vec<Case>,
}

/// One operator with its operands and its result. Dereferences to its tensors: `case.f32("x")`.
#[derive(Clone, Debug)]
pub struct Case {
    /// Unique in its suite.
    pub name: String,
    /// Everything but the tensors.
    pub header: CaseHeader,
    /// By role: x, x2, w, b, mean, var, gamma, beta, slope, mult, shift, w_scale, y.
    pub tensors: Tensors,
}

/// What a case states besides its tensors.
#[derive(Clone, Debug, Deserialize)]
pub struct CaseHeader {
    /// The operator.
    #[serde(flatten)]
    pub op: Op,
    /// Type of x and y.
    pub dtype: Dtype,
    /// Lower limit of a fused clamp; in i8 of the quantized output.
    pub activation_min: Option<f64>,
    /// Upper limit of a fused clamp; in i8 of the quantized output.
    pub activation_max: Option<f64>,
    /// Zero points and scalings, for i8.
    #[serde(flatten)]
    pub quantization: Quantization,
    /// Flat bound `tolerance * (1 + |y|)` where the source printed few digits.
    pub tolerance: Option<f64>,
    /// Where the case comes from.
    pub source: String,
    /// Licence of the case.
    pub license: String,
}

impl Suite {
    /// Reads a suite file. An error names what is not as described above.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let (tensors, headers) = Tensors::load_with_metadata(path)?;
        let mut cases = Vec::new();
        for (name, tensors) in tensors.into_groups() {
            let error = |message: &str| LoadError::new(path, format!("case {name}: {message}"));
            let json = headers.get(&name).ok_or_else(|| error("not in the header"))?;
            let header = serde_json::from_str(json).map_err(|e| error(&e.to_string()))?;
            if !tensors.contains("x") || !tensors.contains("y") {
                return Err(error("x or y is missing"));
            }
            cases.push(Case { name, header, tensors });
        }
        if cases.len() != headers.len() {
            return Err(LoadError::new(path, "a case has no tensors"));
        }
        Ok(Self { cases })
    }

    /// All cases, sorted by name.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }
}

impl Case {
    /// The operator.
    pub fn op(&self) -> &Op {
        &self.header.op
    }

    /// Type of x and y.
    pub fn dtype(&self) -> Dtype {
        self.header.dtype
    }

    /// Number of images N.
    pub fn batch(&self) -> usize {
        match self.header.dtype {
            Dtype::F32 => self.f32("x").batch(),
            Dtype::I8 => self.i8("x").batch(),
        }
    }
}

impl Deref for Case {
    type Target = Tensors;

    fn deref(&self) -> &Tensors {
        &self.tensors
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::PathBuf;

    use safetensors::tensor::TensorView;

    use super::*;
    use crate::operator::Requant;

    /// A suite file of 1-element f32 tensors.
    fn file(name: &str, headers: &[(&str, &str)], tensors: &[&str]) -> PathBuf {
        let bytes = 1.5_f32.to_le_bytes();
        let view = || TensorView::new(safetensors::Dtype::F32, vec![1, 1, 1, 1], &bytes).unwrap();
        let headers = headers.iter().map(|(k, v)| (k.to_string(), v.to_string()));
        let directory = std::env::temp_dir().join(format!("nchw-suite-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join(name);
        let tensors: Vec<_> = tensors.iter().map(|name| (name, view())).collect();
        let headers: HashMap<_, _> = headers.collect();
        safetensors::serialize_to_file(tensors, Some(headers), &path).unwrap();
        path
    }

    const RELU: &str = r#"{"op": "relu", "dtype": "f32", "source": "s", "license": "l"}"#;

    #[test]
    fn cases_are_sorted_and_typed() {
        let add = r#"{"op": "add", "dtype": "f32", "activation_min": 0, "activation_max": null,
            "input_zero_point": -3, "requant": "fixed_double", "left_shift": 20, "x_mult": 1,
            "x_shift": 2, "x2_mult": 3, "x2_shift": 4, "y_mult": 5, "y_shift": -6,
            "source": "s", "license": "l"}"#;
        let names = ["b/x", "b/y", "a_c/x", "a_c/x2", "a_c/y"];
        let suite = Suite::load(&file("sorted", &[("b", RELU), ("a_c", add)], &names)).unwrap();
        let [first, second] = suite.cases() else { panic!("{suite:?}") };
        assert_eq!((first.name.as_str(), second.name.as_str()), ("a_c", "b"));
        assert_eq!((first.op(), second.op()), (&Op::Add, &Op::Relu));
        assert_eq!((first.header.activation_min, first.header.activation_max), (Some(0.0), None));
        let quantization = &first.header.quantization;
        assert_eq!(quantization.input_zero_point, Some(-3));
        assert_eq!(quantization.requant, Some(Requant::FixedDouble));
        assert_eq!(quantization.add.unwrap().y_shift, -6);
        assert_eq!(second.header.quantization, Quantization::default());
        assert_eq!(first.f32("x2").values, [1.5]);
        assert!(first.optional_f32("w").is_none());
        assert_eq!(first.batch(), 1);
    }

    #[test]
    fn incomplete_files_are_refused() {
        let message = |path: PathBuf| Suite::load(&path).unwrap_err().to_string();
        let error = message(file("headless", &[("a", RELU)], &["a/x", "a/y", "b/x", "b/y"]));
        assert!(error.contains("case b: not in the header"), "{error}");
        let error = message(file("no-y", &[("a", RELU)], &["a/x"]));
        assert!(error.contains("case a: x or y is missing"), "{error}");
        let error = message(file("no-tensors", &[("a", RELU), ("b", RELU)], &["a/x", "a/y"]));
        assert!(error.contains("a case has no tensors"), "{error}");
        let unknown = RELU.replace("relu", "relu7");
        let error = message(file("unknown", &[("a", &unknown)], &["a/x", "a/y"]));
        assert!(error.contains("relu7"), "{error}");
    }
}
