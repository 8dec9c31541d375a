//! Every operator's cases behind one type, for whoever draws from all of them.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::{Case, Outcome, float, int8, other};

/// An operator in f32 or i8, or what else is tested like one.
pub struct Operator {
    pub name: &'static str,
    /// How many of the cases are of this one, compared to the others.
    pub weight: usize,
    space: Box<dyn Space>,
}

impl Operator {
    fn new<S>(name: &'static str, weight: usize, strategy: S) -> Self
    where
        S: Strategy + 'static,
        S::Value: Case,
    {
        Self { name, weight, space: Box::new(strategy) }
    }

    /// A case.
    pub fn draw(&self, runner: &mut TestRunner) -> Box<dyn Drawn> {
        self.space.draw(runner)
    }
}

/// A strategy, whatever its values are.
trait Space {
    fn draw(&self, runner: &mut TestRunner) -> Box<dyn Drawn>;
}

/// A case that can be made smaller.
pub trait Drawn {
    /// See [`Case::test`].
    fn test(&self) -> Outcome;
    /// See [`Case::rust`].
    fn rust(&self) -> String;
    /// Makes it smaller, if that is possible.
    fn simplify(&mut self) -> bool;
    /// Undoes a part of that, if that is possible.
    fn complicate(&mut self) -> bool;
}

impl<S> Space for S
where
    S: Strategy,
    S::Tree: 'static,
    S::Value: Case,
{
    fn draw(&self, runner: &mut TestRunner) -> Box<dyn Drawn> {
        Box::new(Tree(self.new_tree(runner).expect("no strategy rejects anything")))
    }
}

struct Tree<T>(T);

impl<T: ValueTree> Drawn for Tree<T>
where
    T::Value: Case,
{
    fn test(&self) -> Outcome {
        self.0.current().test()
    }

    fn rust(&self) -> String {
        self.0.current().rust()
    }

    fn simplify(&mut self) -> bool {
        self.0.simplify()
    }

    fn complicate(&mut self) -> bool {
        self.0.complicate()
    }
}

/// All there are.
pub fn operators() -> Vec<Operator> {
    vec![
        Operator::new("conv2d", 12, float::conv::case()),
        Operator::new("conv2d-winograd", 3, float::conv::winograd()),
        Operator::new("conv2d-i8", 12, int8::conv::case()),
        Operator::new("conv2d-winograd-i8", 3, int8::conv::winograd()),
        Operator::new("conv-transpose2d", 6, float::conv_transpose::case()),
        Operator::new("conv-transpose2d-i8", 6, int8::conv_transpose::case()),
        Operator::new("conv2d-far", 2, float::conv::far()),
        Operator::new("conv2d-far-i8", 6, int8::conv::far()),
        Operator::new("conv-transpose2d-far", 2, float::conv_transpose::far()),
        Operator::new("conv-transpose2d-far-i8", 4, int8::conv_transpose::far()),
        Operator::new("linear", 2, float::linear::case()),
        Operator::new("linear-i8", 2, int8::linear::case()),
        Operator::new("batch-norm2d", 1, float::linear::batch_norm()),
        Operator::new("prelu", 1, float::linear::prelu()),
        Operator::new("max-pool2d", 2, float::pool::max()),
        Operator::new("avg-pool2d", 2, float::pool::avg()),
        Operator::new("adaptive-pool2d", 1, float::pool::adaptive_case()),
        Operator::new("add-mul", 1, float::elementwise::add_and_mul()),
        Operator::new("concat", 1, float::elementwise::concat()),
        Operator::new("activate", 1, float::elementwise::activate()),
        Operator::new("softmax", 1, float::elementwise::softmax()),
        Operator::new("upsample", 1, float::resample::upsample()),
        Operator::new("zero-pad2d", 1, float::resample::zero_pad()),
        Operator::new("conv2d-quantize-i8", 2, int8::float_weights::conv2d()),
        Operator::new("conv-transpose2d-quantize-i8", 1, int8::float_weights::conv_transpose2d()),
        Operator::new("linear-quantize-i8", 1, int8::float_weights::linear()),
        Operator::new("max-pool2d-i8", 2, int8::pool::max()),
        Operator::new("avg-pool2d-i8", 2, int8::pool::avg()),
        Operator::new("adaptive-pool2d-i8", 1, int8::pool::adaptive_case()),
        Operator::new("add-mul-i8", 1, int8::elementwise::add_and_mul()),
        Operator::new("add-prepared-i8", 1, int8::elementwise::prepared()),
        Operator::new("concat-i8", 1, int8::elementwise::concat()),
        Operator::new("activate-i8", 1, int8::table::activate()),
        Operator::new("softmax-i8", 1, int8::table::softmax()),
        Operator::new("upsample-i8", 1, int8::resample::upsample()),
        Operator::new("zero-pad2d-i8", 1, int8::resample::zero_pad()),
        Operator::new("quantize-i8", 1, int8::resample::quantize()),
        Operator::new("jobs-lengths-garbage", 5, other::layers::layer()),
        Operator::new("safetensors", 2, other::safetensors::file()),
        Operator::new("memory", 1, other::memory::case()),
    ]
}
