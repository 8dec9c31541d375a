//! A layer ready to run.

use core::hint::black_box;

use nchw::{Algorithm, Backend, Error, Int8Parameters, Parameters, WeightScale};

use crate::layers::Layer;
use crate::time::Subject;

/// Every algorithm that may be asked for by name, beside [`Algorithm::Auto`].
pub const ALGORITHMS: &[Algorithm] =
    &[Algorithm::Direct, Algorithm::Winograd2, Algorithm::Winograd4];

/// A layer on one instruction set by one algorithm, with weights and buffers.
pub struct Case {
    /// The algorithm that runs; never [`Algorithm::Auto`].
    pub algorithm: Algorithm,
    /// Runs the layer.
    pub subject: Subject,
}

impl Case {
    /// The layer in f32 on `images` images, one after the other; `None` if the layer cannot be computed by
    /// `algorithm`.
    ///
    /// # Errors
    ///
    /// What the crate finds wrong with the layer or with `backend`.
    pub fn f32(
        layer: &Layer,
        backend: Backend,
        algorithm: Algorithm,
        images: usize,
    ) -> Result<Option<Self>, Error> {
        let Ok(plan) = layer.plan::<f32>(algorithm).and_then(|plan| plan.backend(backend)) else {
            // Wrong without the algorithm as well?
            layer.plan::<f32>(Algorithm::Auto)?.backend(backend)?;
            return Ok(None);
        };
        if algorithm != Algorithm::Auto && plan.algorithm() != algorithm {
            return Ok(None);
        }

        let weight = Aligned::random(plan.weight_shape().iter().product());
        let bias = Aligned::random(layer.out_channels);
        let mut packed = Aligned::zero(plan.packed_len());
        let parameters = Parameters::NONE.bias(bias.get());
        plan.pack(&plan.weight_shape(), weight.get(), &parameters, packed.get_mut())?;

        let x = Aligned::random(images * plan.input_len());
        let mut y = Aligned::zero(images * plan.output_len());
        let mut workspace = Aligned::zero(plan.workspace_len());
        let mut run = move || {
            let inputs = x.get().chunks_exact(plan.input_len());
            for (x, y) in inputs.zip(y.get_mut().chunks_exact_mut(plan.output_len())) {
                plan.run(packed.get(), black_box(x), y, workspace.get_mut())?;
                black_box(&mut *y);
            }
            Ok(())
        };
        run()?;
        let run = move || {
            // It went well before; lengths do not change.
            let _: Result<(), Error> = run();
        };
        Ok(Some(Self { algorithm: plan.algorithm(), subject: Subject::new(run) }))
    }
}

impl Case {
    /// The layer in i8 on one image; `None` if the layer cannot be computed by `algorithm`.
    ///
    /// # Errors
    ///
    /// What the crate finds wrong with the layer or with `backend`.
    pub fn int8(
        layer: &Layer,
        backend: Backend,
        algorithm: Algorithm,
    ) -> Result<Option<Self>, Error> {
        let Ok(plan) = layer.int8(algorithm).and_then(|plan| plan.backend(backend)) else {
            layer.int8(Algorithm::Auto)?.backend(backend)?;
            return Ok(None);
        };
        let numbers = |len: usize| -> Vec<i8> {
            let mut random = fastrand::Rng::with_seed(len as u64);
            (0..len).map(|_| random.i8(..)).collect()
        };
        let weight = numbers(plan.weight_shape().iter().product());
        let parameters = Int8Parameters { bias: None, scale: WeightScale::PerTensor(0.01) };
        let mut packed = vec![0; plan.packed_len()];
        plan.pack(&plan.weight_shape(), &weight, &parameters, &mut packed)?;
        let (x, mut y) = (numbers(plan.input_len()), vec![0; plan.output_len()]);
        let mut workspace = vec![0; plan.workspace_len()];
        let run = move || {
            // Lengths are those of the plan.
            let _: Result<(), Error> = plan.run(&packed, black_box(&x), &mut y, &mut workspace);
            black_box(&mut y);
        };
        Ok(Some(Self { algorithm: plan.algorithm(), subject: Subject::new(run) }))
    }
}

/// f32 numbers from a multiple of 64 bytes on, so that times do not depend on the allocator.
pub struct Aligned {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    const ELEMENTS: usize = 64 / size_of::<f32>();

    /// `len` zeros.
    pub fn zero(len: usize) -> Self {
        // Written, not only reserved: reads of fresh pages would all hit the one page of zeros.
        let memory: Vec<f32> = (0..len + Self::ELEMENTS).map(|_| black_box(0.0)).collect();
        let start = memory.as_ptr().align_offset(64).min(Self::ELEMENTS);
        Self { memory, start, len }
    }

    /// `len` numbers from -1 to 1, always the same.
    pub fn random(len: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(len as u64);
        let mut this = Self::zero(len);
        this.get_mut().fill_with(|| 2.0 * random.f32() - 1.0);
        this
    }

    /// The numbers.
    pub fn get(&self) -> &[f32] {
        &self.memory[self.start..self.start + self.len]
    }

    /// The numbers.
    pub fn get_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use nchw::{__Kernel as Kernel, __kernels as kernels, Dtype};

    use super::*;
    use crate::pools;

    /// A new algorithm has to be added to the list.
    #[test]
    fn every_algorithm_is_listed() {
        for layer in Layer::all().unwrap() {
            for backend in Backend::available() {
                let plan = layer.plan::<f32>(Algorithm::Auto).unwrap().backend(backend).unwrap();
                assert!(ALGORITHMS.contains(&plan.algorithm()), "{:?}", plan.algorithm());
            }
        }
    }

    /// Every kernel that this machine has is measured by some layer or pool.
    #[test]
    fn every_kernel_is_measured() {
        let mut missed = Vec::new();
        for backend in Backend::available() {
            let mut met = Vec::new();
            for layer in Layer::all().unwrap() {
                for &algorithm in ALGORITHMS {
                    let plan = layer.plan::<f32>(algorithm).and_then(|plan| plan.backend(backend));
                    met.extend(plan.map(|plan| (false, Dtype::F32, plan.kernel())));
                    let plan = layer.int8(algorithm).and_then(|plan| plan.backend(backend));
                    met.extend(plan.map(|plan| (false, Dtype::I8, plan.kernel())));
                }
            }
            for (_, plan) in pools::<f32>().unwrap() {
                let kernel = plan.backend(backend).unwrap().kernel().unwrap();
                met.push((true, Dtype::F32, kernel));
            }
            for (_, plan) in pools::<i8>().unwrap() {
                let kernel = plan.backend(backend).unwrap().kernel().unwrap();
                met.push((true, Dtype::I8, kernel));
            }
            let here = |kernel: &&Kernel| {
                kernel.here && !kernel.when.is_empty() && kernel.backends.contains(&backend)
            };
            for kernel in kernels().filter(here) {
                let pool = kernel.operators.contains("Pool");
                if !met.contains(&(pool, kernel.dtype, kernel.name)) {
                    missed.push((kernel.name, kernel.dtype, backend));
                }
            }
        }
        assert!(missed.is_empty(), "nothing measures {missed:?}");
    }

    #[test]
    fn buffers_are_aligned() {
        assert!((0..100).all(|len| Aligned::zero(len).get().as_ptr().addr().is_multiple_of(64)));
    }
}
