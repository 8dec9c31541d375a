//! Whether the portable kernels are worth having: against the plain loops of the tests' reference.

use anyhow::{Context, Result, bail};
use nchw::{Algorithm, Backend};
use nchw_benches::{Case, Layer, Operator, Subject};
use nchw_oracle::{Conv2d, ConvTranspose2d, float};

use crate::options::Options;
use crate::{case, measure_with_progress};

/// A layer by the crate's portable code and by plain loops.
struct Comparison<'a> {
    layer: &'a Layer,
    case: Case,
    plain: Subject,
}

impl Comparison<'_> {
    /// How many times faster the crate is.
    fn ratio(&self) -> f64 {
        self.plain.seconds() / self.case.subject.seconds()
    }
}

/// Measures each layer both ways, on one thread.
pub fn run(options: &Options, layers: &[Layer]) -> Result<()> {
    let comparison = |layer| {
        let case = case(options.dtype, layer, Backend::Scalar, Algorithm::Auto, 1)?
            .context("every layer can be computed somehow")?;
        Ok(Comparison { layer, case, plain: plain(layer) })
    };
    let mut comparisons = layers.iter().map(comparison).collect::<Result<Vec<_>>>()?;
    let subjects = comparisons.iter_mut().flat_map(|c| [&mut c.case.subject, &mut c.plain]);
    measure_with_progress(&mut subjects.collect::<Vec<_>>(), options.seconds);

    println!("{:<6}{:>12}{:>12}  {:>6}", "layer", "scalar, us", "plain, us", "ratio");
    for comparison in &comparisons {
        let (scalar, plain) = (comparison.case.subject.seconds(), comparison.plain.seconds());
        let (id, ratio) = (&comparison.layer.id, comparison.ratio());
        println!("{id:<6}{:>12.1}{:>12.1}  {ratio:>6.2}", scalar * 1e6, plain * 1e6);
    }
    let slower = comparisons.iter().filter(|comparison| comparison.ratio() < 1.0);
    let slower: Vec<_> = slower.map(|comparison| comparison.layer.id.as_str()).collect();
    if !slower.is_empty() {
        bail!("plain loops are faster: {}", slower.join(", "));
    }
    Ok(())
}

/// The layer by the reference, on zeros: its loops take as long on any numbers.
fn plain(layer: &Layer) -> Subject {
    let (input, kernel_size) = (layer.input, [layer.kernel; 2]);
    let [channels, height, width] = input;
    let x = vec![0.0; channels * height * width];
    let weights = channels * layer.out_channels * layer.kernel.pow(2) / layer.groups;
    let (weight, bias) = (vec![0.0; weights], vec![0.0; layer.out_channels]);
    let (stride, dilation, groups) = ([layer.stride; 2], [layer.dilation; 2], layer.groups);
    let padding = [layer.padding; 4];
    match layer.operator {
        Operator::Conv2d => {
            let conv = Conv2d::new(layer.out_channels, kernel_size);
            let conv = Conv2d { stride, padding, dilation, groups, ..conv };
            Subject::new(move || drop(float::conv2d(&conv, input, &x, &weight, Some(&bias))))
        }
        Operator::ConvTranspose2d => {
            let output_padding = [layer.output_padding; 2];
            let conv = ConvTranspose2d::new(layer.out_channels, kernel_size);
            let conv =
                ConvTranspose2d { stride, padding, output_padding, dilation, groups, ..conv };
            Subject::new(move || {
                drop(float::conv_transpose2d(&conv, input, &x, &weight, Some(&bias)));
            })
        }
    }
}
