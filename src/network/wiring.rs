//! Who reads what: `network!` states it in the compiler, and gets every tensor's place and the network's
//! costs. A network that makes no sense stops the compiler.

use crate::error::Error;
use crate::geometry::elements;
use crate::memory::{self, Slot};
use crate::message::Message;
use crate::network::layer::Layer;

/// A step of a network and what it costs.
///
/// ```
/// use nchw::{Conv2d, layer, network, Tensor};
///
/// layer! { struct Edges(f32) = Conv2d::new([1, 8, 8], 2, [3, 3]); }
/// network! {
///     struct Net(f32) { edges: Edges }
///     struct Memory;
///     fn infer(x: Tensor<f32, 1, 8, 8>) -> y: Tensor<f32, 2, 6, 6> {
///         y = edges(x);
///     }
/// }
/// let [step] = Net::LAYERS;
/// assert_eq!((step.name, step.operator, step.tensor), ("edges", "Conv2d", "y"));
/// assert_eq!(step.macs, 2 * 6 * 6 * 3 * 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LayerInfo {
    /// The layer's name in the network.
    pub name: &'static str,
    /// Its operator, such as `Conv2d`.
    pub operator: &'static str,
    /// The tensor that it writes, or the concatenation that this tensor is a part of.
    pub tensor: &'static str,
    /// Multiply-adds.
    pub macs: u64,
    /// Bytes of its packed parameters.
    pub flash: usize,
    /// Bytes of its inputs, output and workspace.
    pub ram: usize,
}

/// Where a tensor comes from.
#[derive(Clone, Copy)]
enum Source {
    /// The caller.
    Input,
    /// The caller, who writes it into the arena.
    Held,
    /// A step.
    Layer,
    /// Tensors that lie side by side; the index of the first.
    Concat(usize),
}

#[derive(Clone, Copy)]
struct Node {
    /// Empty between the layers of a pipe.
    name: &'static str,
    shape: [usize; 3],
    source: Source,
    layer: LayerInfo,
    /// The step that writes it; a concatenation belongs to the step before it.
    first: usize,
    /// The last step that reads it, if there is one.
    last: Option<usize>,
    /// The concatenation that it is a part of, and where its channels start there.
    whole: Option<(usize, usize)>,
    /// Whether it is the caller's.
    output: bool,
}

impl Node {
    const NONE: Self = Self {
        name: "",
        shape: [0; 3],
        source: Source::Input,
        layer: LayerInfo { name: "", operator: "", tensor: "", macs: 0, flash: 0, ram: 0 },
        first: 0,
        last: None,
        whole: None,
        output: false,
    };

    const fn len(&self) -> usize {
        match elements(&self.shape) {
            Ok(len) => len,
            Err(error) => error.compile_error(),
        }
    }
}

/// The tensors of a network, in the order in which they come to be.
#[derive(Clone, Copy)]
pub struct Wiring<const N: usize> {
    nodes: [Node; N],
    len: usize,
    inputs: usize,
    steps: usize,
    workspace: usize,
}

impl<const N: usize> Wiring<N> {
    /// No tensors yet.
    #[expect(clippy::new_without_default, reason = "for the compiler")]
    pub const fn new() -> Self {
        Self { nodes: [Node::NONE; N], len: 0, inputs: 0, steps: 0, workspace: 0 }
    }

    const fn push(&mut self, node: Node) -> usize {
        let mut index = 0;
        while index < self.len {
            if !node.name.is_empty() && equal(node.name, self.nodes[index].name) {
                stop(Message::new().text("`").text(node.name).text("` is written twice"));
            }
            index += 1;
        }
        self.nodes[self.len] = node;
        self.len += 1;
        self.len - 1
    }

    /// A tensor that the caller gives.
    pub const fn input(&mut self, name: &'static str, shape: [usize; 3]) -> usize {
        self.inputs += 1;
        self.push(Node { name, shape, ..Node::NONE })
    }

    /// A tensor that the caller writes into the arena before the first step.
    pub const fn held(&mut self, name: &'static str, shape: [usize; 3]) -> usize {
        self.inputs += 1;
        self.push(Node { name, shape, source: Source::Held, ..Node::NONE })
    }

    /// A tensor that a layer writes.
    pub const fn layer<L: Layer>(
        &mut self,
        name: &'static str,
        layer: &'static str,
        inputs: &[usize],
    ) -> usize {
        if inputs.len() != L::INPUTS {
            let mut m = Message::new();
            m.text("the number of inputs of `").text(layer).text("` is ");
            stop(m.number(L::INPUTS).text(", here it is given ").number(inputs.len()));
        }
        let mut rest = inputs;
        while let Some((&input, tail)) = rest.split_first() {
            self.nodes[input].last = Some(self.steps);
            rest = tail;
        }
        if L::WORKSPACE > self.workspace {
            self.workspace = L::WORKSPACE;
        }
        self.steps += 1;
        self.push(Node {
            name,
            shape: L::OUTPUT_SHAPE,
            source: Source::Layer,
            layer: LayerInfo {
                name: layer,
                operator: L::OPERATOR,
                tensor: if name.is_empty() { layer } else { name },
                macs: L::MACS,
                flash: L::FLASH,
                ram: L::RAM,
            },
            first: self.steps - 1,
            ..Node::NONE
        })
    }

    /// A tensor that others make up, one behind the other along the channels.
    pub const fn concat(&mut self, name: &'static str, parts: &[usize]) -> usize {
        let whole = self.len;
        let (mut rest, mut channels) = (parts, 0);
        while let Some((&part, tail)) = rest.split_first() {
            let Node { name: part_name, shape: [c, h, w], .. } = self.nodes[part];
            let first = self.nodes[parts[0]];
            let mut m = Message::new();
            m.text("`").text(part_name);
            if matches!(self.nodes[part].source, Source::Input | Source::Held) {
                stop(m.text("` is an input, so it cannot lie in `").text(name).text("`"));
            }
            if let Some((other, _)) = self.nodes[part].whole {
                let other = if other == whole { name } else { self.nodes[other].name };
                stop(m.text("` lies in `").text(other).text("` already"));
            }
            if h != first.shape[1] || w != first.shape[2] {
                Error::ShapeMismatch { first: first.shape, second: self.nodes[part].shape }
                    .compile_error();
            }
            self.nodes[part].whole = Some((whole, channels));
            channels += c;
            rest = tail;
        }
        let [_, height, width] = self.nodes[parts[0]].shape;
        self.push(Node {
            name,
            shape: [channels, height, width],
            source: Source::Concat(parts[0]),
            ..Node::NONE
        })
    }

    /// The plan, once every tensor is there; `outputs` are the caller's, `fields` the layers that the
    /// network holds.
    pub const fn plan(mut self, outputs: &[usize], fields: &[&str]) -> NetworkPlan<N> {
        let mut rest = fields;
        while let Some((&field, tail)) = rest.split_first() {
            let mut index = 0;
            while index < N && !equal(self.nodes[index].layer.name, field) {
                index += 1;
            }
            if index == N {
                stop(Message::new().text("no step runs `").text(field).text("`"));
            }
            rest = tail;
        }
        let mut rest = outputs;
        while let Some((&output, tail)) = rest.split_first() {
            let node = &mut self.nodes[output];
            let mut m = Message::new();
            m.text("the output `").text(node.name);
            if !matches!(node.source, Source::Layer) {
                stop(m.text("` has to be written by a layer"));
            }
            if let Some((whole, _)) = node.whole {
                stop(m.text("` cannot lie in `").text(self.nodes[whole].name).text("`"));
            }
            node.output = true;
            rest = tail;
        }
        let mut slots = [Slot::new(0, 0, 0); N];
        let mut index = 0;
        while index < N {
            let node = self.nodes[index];
            if node.last.is_none() && node.whole.is_none() && !node.output {
                stop(Message::new().text("nothing reads `").text(node.name).text("`"));
            }
            if matches!(node.source, Source::Layer | Source::Held) && !node.output {
                slots[index] = self.slot(index);
            }
            index += 1;
        }
        let mut offsets = [0; N];
        let (arena, live) = match (memory::plan(&slots, &mut offsets), memory::live(&slots)) {
            (Ok(arena), Ok(live)) => (arena, live),
            (Err(error), _) | (_, Err(error)) => error.compile_error(),
        };
        // A concatenation lies where its first part does; parts come before it.
        let mut index = 0;
        while index < N {
            if let Source::Concat(part) = self.nodes[index].source {
                offsets[index] = offsets[part];
            }
            index += 1;
        }
        NetworkPlan { wiring: self, offsets, arena, live }
    }

    /// The time and the block of a tensor in the arena.
    const fn slot(&self, index: usize) -> Slot {
        let node = &self.nodes[index];
        let mut slot = Slot::new(node.len(), node.first, node.first);
        let (mut within, mut above) = (0, Some(index));
        let mut root = index;
        while let Some(current) = above {
            let Node { last, whole, shape: [_, height, width], .. } = self.nodes[current];
            if let Some(last) = last
                && last > slot.last
            {
                slot.last = last;
            }
            root = current;
            above = match whole {
                Some((whole, channel)) => {
                    within += channel * height * width;
                    Some(whole)
                }
                None => None,
            };
        }
        if root == index { slot } else { slot.part_of(root, within) }
    }
}

/// Whether two names are the same.
const fn equal(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let (Some((x, a_tail)), Some((y, b_tail))) = (a.split_first(), b.split_first()) {
        if *x != *y {
            return false;
        }
        (a, b) = (a_tail, b_tail);
    }
    a.len() == b.len()
}

/// Where the tensors of a network lie, and what it needs.
#[derive(Clone, Copy)]
pub struct NetworkPlan<const N: usize> {
    wiring: Wiring<N>,
    offsets: [usize; N],
    /// Elements of all activations together.
    pub arena: usize,
    /// Elements of the activations that the most demanding step needs.
    pub live: usize,
}

impl<const N: usize> NetworkPlan<N> {
    /// Elements of scratch memory, for the most demanding layer.
    pub const fn workspace(&self) -> usize {
        self.wiring.workspace
    }

    /// How many layers run.
    pub const fn steps(&self) -> usize {
        self.wiring.steps
    }

    /// Where the tensor of a statement lies.
    pub const fn offset(&self, statement: usize) -> usize {
        self.offsets[self.wiring.inputs + statement]
    }

    /// The shape of the tensor of a statement.
    pub const fn shape(&self, statement: usize) -> [usize; 3] {
        self.wiring.nodes[self.wiring.inputs + statement].shape
    }

    /// Where the input called `name` lies in the arena, and its shape.
    pub const fn held(&self, name: &str) -> (usize, [usize; 3]) {
        let mut index = 0;
        while index < N && !equal(self.wiring.nodes[index].name, name) {
            index += 1;
        }
        (self.offsets[index], self.wiring.nodes[index].shape)
    }

    /// The step that a statement is.
    pub const fn step(&self, statement: usize) -> usize {
        self.wiring.nodes[self.wiring.inputs + statement].first
    }

    /// What each step costs.
    pub const fn layers<const STEPS: usize>(&self) -> [LayerInfo; STEPS] {
        let mut layers = [Node::NONE.layer; STEPS];
        let mut index = 0;
        while index < N {
            let node = &self.wiring.nodes[index];
            if matches!(node.source, Source::Layer) {
                let mut root = index;
                while let Some((whole, _)) = self.wiring.nodes[root].whole {
                    root = whole;
                }
                layers[node.first] = node.layer;
                if root != index {
                    layers[node.first].tensor = self.wiring.nodes[root].name;
                }
            }
            index += 1;
        }
        layers
    }

    /// Multiply-adds of one inference.
    pub const fn macs(&self) -> u64 {
        let (mut sum, mut index) = (0_u64, 0);
        while index < N {
            sum = sum.saturating_add(self.wiring.nodes[index].layer.macs);
            index += 1;
        }
        sum
    }
}

#[track_caller]
const fn stop(message: &Message) -> ! {
    panic!("{}", message.as_str())
}
