//! Who reads what: `network!` states it in the compiler, and gets a plan. A network that makes no sense stops the compiler: at the statement that is wrong, if it is one, for
//! which the plan of such a network has the sentence and nothing else.

use crate::geometry::elements;
use crate::memory::{self, Slot};
use crate::message::Message;
use crate::network::layer::Layer;
use crate::network::meaning::Meanings;
use crate::network::plan::NetworkPlan;

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
    /// The tensor whose i8 numbers mean what those of its output do: a concatenation that it is a part of, the
    /// first of those that pools and the like pass on, or itself.
    pub meaning: &'static str,
    /// Multiply-adds.
    pub macs: u64,
    /// Bytes of its packed parameters.
    pub flash: usize,
    /// Bytes of its inputs, output and workspace.
    pub ram: usize,
}

/// Where a tensor comes from.
#[derive(Clone, Copy)]
pub(super) enum Source {
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
pub(super) struct Node {
    /// Empty between the layers of a pipe.
    pub(super) name: &'static str,
    pub(super) shape: [usize; 3],
    pub(super) source: Source,
    pub(super) layer: LayerInfo,
    /// Elements of scratch memory that its layer asks for.
    pub(super) workspace: usize,
    /// The step that writes it; a concatenation belongs to the step before it.
    pub(super) first: usize,
    /// The last step that reads it, if there is one.
    last: Option<usize>,
    /// The concatenation that it is a part of, and where its channels start there.
    pub(super) whole: Option<(usize, usize)>,
    /// Whether it is the caller's.
    output: bool,
}

impl Node {
    pub(super) const NONE: Self = Self {
        name: "",
        shape: [0; 3],
        source: Source::Input,
        layer: LayerInfo {
            name: "",
            operator: "",
            tensor: "",
            meaning: "",
            macs: 0,
            flash: 0,
            ram: 0,
        },
        workspace: 0,
        first: 0,
        last: None,
        whole: None,
        output: false,
    };

    /// Whether the tensor has the shape that a layer reads; the sentence, if not.
    const fn check(&self, step: &str, layer: &str, shape: [usize; 3]) -> Option<Message> {
        if same(self.shape, shape) {
            return None;
        }
        let mut m = Message::new();
        m.text("step `").text(step).text("`: `").text(layer).text("` reads ").list(&shape);
        // Between the layers of a pipe it has no name.
        match self.name.is_empty() {
            true => m.text(", but what comes from `").text(self.layer.name),
            false => m.text(", but `").text(self.name),
        };
        m.text("` is ").list(&self.shape);
        Some(m)
    }

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
    pub(super) nodes: [Node; N],
    len: usize,
    pub(super) inputs: usize,
    pub(super) steps: usize,
    pub(super) meanings: Meanings<N>,
    /// The first statement that is found wrong, and the sentence.
    pub(super) mistake: Option<(usize, Message)>,
}

impl<const N: usize> Wiring<N> {
    /// No tensors yet.
    #[expect(clippy::new_without_default, reason = "for the compiler")]
    pub const fn new() -> Self {
        Self {
            nodes: [Node::NONE; N],
            len: 0,
            inputs: 0,
            steps: 0,
            meanings: Meanings::NONE,
            mistake: None,
        }
    }

    /// Keeps what is wrong with the statement that writes the tensor number `tensor`.
    const fn note(&mut self, tensor: usize, mistake: Option<Message>) {
        if let Some(message) = mistake {
            if tensor < self.inputs {
                stop(&message);
            }
            if self.mistake.is_none() {
                self.mistake = Some((tensor - self.inputs, message));
            }
        }
    }

    const fn push(&mut self, node: Node) -> usize {
        let mut index = 0;
        while index < self.len {
            if !node.name.is_empty() && equal(node.name, self.nodes[index].name) {
                let mut m = Message::new();
                m.text("`").text(node.name).text("` is written twice");
                self.note(self.len, Some(m));
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
        step: &'static str,
        layer: &'static str,
        inputs: &[usize],
    ) -> usize {
        if inputs.len() != L::INPUTS {
            let mut m = Message::new();
            m.text("the number of inputs of `").text(layer).text("` is ");
            m.number(L::INPUTS).text(", here it is given ").number(inputs.len());
            self.note(self.len, Some(m));
        }
        let tensor = self.len;
        let mut index = 0;
        while index < inputs.len() && index < L::INPUTS {
            let input = inputs[index];
            self.nodes[input].last = Some(self.steps);
            let mistake = self.nodes[input].check(step, layer, L::INPUT_SHAPES[index]);
            self.note(tensor, mistake);
            if let Some(quantization) = L::INPUT_QUANTIZATION[index] {
                let read = (input, self.nodes[input].name);
                let mistake = self.meanings.state(read, (layer, "reads"), quantization);
                self.note(tensor, mistake);
            }
            index += 1;
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
                meaning: "",
                macs: L::MACS,
                flash: L::FLASH,
                ram: L::RAM,
            },
            workspace: L::WORKSPACE,
            first: self.steps - 1,
            ..Node::NONE
        });
        if L::KEEPS_MEANING {
            let mistake = self.meanings.join(tensor, inputs[0]);
            self.note(tensor, mistake);
        }
        if let Some(quantization) = L::OUTPUT_QUANTIZATION {
            let mistake = self.meanings.state((tensor, name), (layer, "writes"), quantization);
            self.note(tensor, mistake);
        }
        tensor
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
                m.text("` is an input, so it cannot lie in `").text(name).text("`");
                self.note(whole, Some(m));
            } else if let Some((other, _)) = self.nodes[part].whole {
                let other = if other == whole { name } else { self.nodes[other].name };
                m.text("` lies in `").text(other).text("` already");
                self.note(whole, Some(m));
            } else if h != first.shape[1] || w != first.shape[2] {
                let mut m = Message::new();
                m.text("step `").text(name).text("`: `").text(first.name).text("` is ");
                m.list(&first.shape).text(", but `").text(part_name).text("` is ");
                m.list(&[c, h, w]);
                self.note(whole, Some(m));
            }
            let mistake = self.meanings.join(part, parts[0]);
            self.note(whole, mistake);
            self.nodes[part].whole = Some((whole, channels));
            channels += c;
            rest = tail;
        }
        let [_, height, width] = self.nodes[parts[0]].shape;
        // The parts agree already.
        let _ = self.meanings.join(whole, parts[0]);
        self.push(Node {
            name,
            shape: [channels, height, width],
            source: Source::Concat(parts[0]),
            ..Node::NONE
        })
    }

    /// The plan, once every tensor is there; `outputs` are the caller's and their shapes, `fields` the layers
    /// that the network holds.
    pub const fn plan(
        mut self,
        outputs: &[(usize, [usize; 3])],
        fields: &[&str],
    ) -> NetworkPlan<N> {
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
        while let Some((&(output, shape), tail)) = rest.split_first() {
            let Node { name, shape: written, layer, .. } = self.nodes[output];
            if !same(written, shape) {
                let mut m = Message::new();
                m.text("step `").text(name).text("`: `").text(layer.name).text("` writes ");
                m.list(&written).text(", but `").text(name).text("` is ").list(&shape);
                self.note(output, Some(m));
            }
            let Node { source, whole, .. } = self.nodes[output];
            let mut m = Message::new();
            m.text("the output `").text(name);
            if !matches!(source, Source::Layer) {
                m.text("` has to be written by a layer");
                self.note(output, Some(m));
            } else if let Some((whole, _)) = whole {
                m.text("` cannot lie in `").text(self.nodes[whole].name).text("`");
                self.note(whole, Some(m));
            }
            self.nodes[output].output = true;
            rest = tail;
        }
        // Of tensors, and of the workspaces of the layers that write them.
        let mut slots = [[Slot::new(0, 0, 0); N]; 2];
        let mut index = 0;
        while index < N {
            let node = self.nodes[index];
            if node.last.is_none() && node.whole.is_none() && !node.output {
                let mut m = Message::new();
                m.text("nothing reads `").text(node.name).text("`");
                self.note(index, Some(m));
            }
            if matches!(node.source, Source::Layer | Source::Held) && !node.output {
                slots[0][index] = self.slot(index);
            }
            slots[1][index] = Slot::new(node.workspace, node.first, node.first);
            index += 1;
        }
        if self.mistake.is_some() {
            let (offsets, workspaces) = ([0; N], [0; N]);
            return NetworkPlan { wiring: self, offsets, workspaces, arena: 0, live: 0 };
        }
        let mut offsets = [[0; N]; 2];
        let (slots, all_offsets) = (slots.as_flattened(), offsets.as_flattened_mut());
        let (arena, live) = match (memory::plan(slots, all_offsets), memory::live(slots)) {
            (Ok(arena), Ok(live)) => (arena, live),
            (Err(error), _) | (_, Err(error)) => error.compile_error(),
        };
        // A concatenation lies where its first part does; parts come before it.
        let mut index = 0;
        while index < N {
            if let Source::Concat(part) = self.nodes[index].source {
                offsets[0][index] = offsets[0][part];
            }
            index += 1;
        }
        let [offsets, workspaces] = offsets;
        NetworkPlan { wiring: self, offsets, workspaces, arena, live }
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

/// Whether two shapes are the same.
const fn same([c, h, w]: [usize; 3], [other_c, other_h, other_w]: [usize; 3]) -> bool {
    c == other_c && h == other_h && w == other_w
}

/// One or two shapes, with zeros for the second if there is none.
pub const fn in_pair(shapes: &[[usize; 3]]) -> [[usize; 3]; 2] {
    match shapes {
        [first, second] => [*first, *second],
        [first, ..] => [*first, [0; 3]],
        [] => [[0; 3]; 2],
    }
}

/// Whether two names are the same.
pub(super) const fn equal(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let (Some((x, a_tail)), Some((y, b_tail))) = (a.split_first(), b.split_first()) {
        if *x != *y {
            return false;
        }
        (a, b) = (a_tail, b_tail);
    }
    a.len() == b.len()
}

#[track_caller]
pub(super) const fn stop(message: &Message) -> ! {
    panic!("{}", message.as_str())
}
