//! What comes of a network's wiring: every tensor's place, and what the network costs.

use crate::network::wiring::{LayerInfo, Node, Source, Wiring, equal, stop};

/// Where the tensors of a network lie, and what it needs.
#[derive(Clone, Copy)]
pub struct NetworkPlan<const N: usize> {
    pub(super) wiring: Wiring<N>,
    pub(super) offsets: [usize; N],
    pub(super) workspaces: [usize; N],
    /// Elements of all activations and workspaces together.
    pub arena: usize,
    /// Elements of the activations and the workspace that the most demanding step needs.
    pub live: usize,
}

impl<const N: usize> NetworkPlan<N> {
    /// Where the workspace of a statement's layer lies, and its elements.
    pub const fn workspace(&self, statement: usize) -> (usize, usize) {
        let index = self.wiring.inputs + statement;
        (self.workspaces[index], self.wiring.nodes[index].workspace)
    }

    /// Stops the compiler if this is the statement that is wrong.
    #[track_caller]
    pub const fn check(&self, statement: usize) {
        if let Some((mistaken, message)) = &self.wiring.mistake
            && *mistaken == statement
        {
            stop(message);
        }
    }

    /// Elements of scratch memory, for the most demanding layer.
    pub const fn largest_workspace(&self) -> usize {
        let (mut largest, mut index) = (0, 0);
        while index < N {
            let workspace = self.wiring.nodes[index].workspace;
            largest = if workspace > largest { workspace } else { largest };
            index += 1;
        }
        largest
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
                layers[node.first].meaning = self.meaning(index);
                if root != index {
                    layers[node.first].tensor = self.wiring.nodes[root].name;
                }
            }
            index += 1;
        }
        layers
    }

    /// The name of the tensors that mean what this one does: a concatenation's, or that of the first.
    const fn meaning(&self, tensor: usize) -> &'static str {
        let (nodes, meanings) = (&self.wiring.nodes, &self.wiring.meanings);
        let first = meanings.first(tensor);
        let mut index = N;
        while index > 0 {
            index -= 1;
            if matches!(nodes[index].source, Source::Concat(_)) && meanings.first(index) == first {
                return nodes[index].name;
            }
        }
        if nodes[first].name.is_empty() { nodes[first].layer.name } else { nodes[first].name }
    }

    /// The same of an input.
    pub const fn input_meaning(&self, name: &str) -> &'static str {
        let mut index = 0;
        while index < N && !equal(self.wiring.nodes[index].name, name) {
            index += 1;
        }
        self.meaning(index)
    }

    /// How many tensors inputs and layers write.
    pub const fn tensors(&self) -> usize {
        self.wiring.inputs + self.wiring.steps
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
