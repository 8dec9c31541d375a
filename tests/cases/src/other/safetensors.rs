//! Files of weights, as they are and damaged.

use nchw::safetensors::find;
use nchw_test_support::{Guarded, Random};
use proptest::prelude::*;

use crate::{Case, Outcome};

/// A file of a few tensors, and what is done to it.
#[derive(Clone, Debug)]
pub struct FileCase {
    /// Types and shapes.
    pub tensors: Vec<(usize, Vec<usize>)>,
    pub damages: Vec<Damage>,
    pub seed: u64,
}

/// What is done to some bytes; positions are taken modulo the length, mostly of the header.
#[derive(Clone, Copy, Debug)]
pub enum Damage {
    Set(usize, u8),
    /// Another character that means something there.
    Token(usize, usize),
    Insert(usize, usize),
    Remove(usize),
    Cut(usize),
    Length(u64),
}

const TYPES: [(&str, usize); 4] = [("F32", 4), ("I8", 1), ("I32", 4), ("F16", 2)];

const TOKENS: &[u8] = b"{}[]\":,0919e-.\\u \n\x00\xff";

/// Any file, half of them as they should be.
pub fn file() -> impl Strategy<Value = FileCase> {
    let shape = prop::collection::vec(0..5_usize, 0..6);
    let at = any::<usize>;
    let damage = prop_oneof![
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        4 => (at(), at()).prop_map(|(at, token)| Damage::Token(at, token)),
        3 => (at(), at()).prop_map(|(at, token)| Damage::Insert(at, token)),
        2 => at().prop_map(Damage::Remove),
        1 => at().prop_map(Damage::Cut),
        1 => (0..64_u32, any::<u64>()).prop_map(|(shift, len)| Damage::Length(len >> shift)),
    ];
    let tensors = prop::collection::vec((0..TYPES.len(), shape), 0..4);
    let damages = prop_oneof![
        1 => Just(Vec::new()),
        1 => prop::collection::vec(damage, 1..6),
    ];
    (tensors, damages, any::<u64>()).prop_map(|(tensors, damages, seed)| FileCase {
        tensors,
        damages,
        seed,
    })
}

impl FileCase {
    fn bytes(&self) -> Vec<u8> {
        let (mut header, mut data) = (String::from("{"), Vec::new());
        let mut random = Random::new(self.seed);
        for (index, (dtype, shape)) in self.tensors.iter().enumerate() {
            let (name, size) = TYPES[*dtype];
            let start = data.len();
            let bytes = random.i8s(shape.iter().product::<usize>() * size);
            data.extend(bytes.into_iter().map(|byte| byte as u8));
            let separator = if index == 0 { "" } else { ", " };
            header += &format!(
                "{separator}\"t{index}\": {{\"dtype\": \"{name}\", \"shape\": {shape:?}, \
                 \"data_offsets\": [{start}, {}]}}",
                data.len()
            );
        }
        header += "}";
        let mut file = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat();
        for damage in &self.damages {
            let end = (8 + header.len()).min(file.len());
            let token = |token: usize| TOKENS[token % TOKENS.len()];
            match *damage {
                _ if end == 0 => {}
                Damage::Set(at, byte) => file[at % end] = byte,
                Damage::Token(at, which) => file[at % end] = token(which),
                Damage::Insert(at, which) => file.insert(at % end, token(which)),
                Damage::Remove(at) => drop(file.remove(at % end)),
                Damage::Cut(at) => file.truncate(at % file.len()),
                Damage::Length(len) => {
                    let prefix = file.len().min(8);
                    file[..prefix].copy_from_slice(&len.to_le_bytes()[..prefix]);
                }
            }
        }
        file
    }
}

impl Case for FileCase {
    fn test(&self) -> Outcome {
        let bytes = self.bytes();
        let mut file = Guarded::new(bytes.len());
        file.slice_mut().copy_from_slice(&bytes);
        for (index, (dtype, shape)) in self.tensors.iter().enumerate() {
            let found = find(file.slice(), &format!("t{index}"));
            if self.damages.is_empty() && *dtype < 3 && shape.len() <= 4 {
                let tensor = found.as_ref().expect("the file is right");
                assert_eq!((tensor.dtype().name(), tensor.shape()), (TYPES[*dtype].0, &shape[..]));
            }
            let Ok(tensor) = found else { continue };
            assert_eq!(tensor.bytes().len(), tensor.elements() * tensor.dtype().size());
            // Every byte is one of the file's.
            let sum: usize = tensor.bytes().iter().map(|byte| usize::from(*byte)).sum();
            assert!(sum <= 255 * file.slice().len());
            let mut copy = Guarded::<i8>::new(tensor.elements());
            if tensor.copy_i8(copy.slice_mut()).is_ok() {
                let same = copy.slice().iter().zip(tensor.bytes()).all(|(a, b)| *a as u8 == *b);
                assert!(same, "bytes are others");
            }
            copy.check();
            let mut copy = Guarded::<f32>::new(tensor.elements());
            let _ = tensor.copy_f32(copy.slice_mut());
            copy.check();
        }
        Outcome::Ran
    }

    fn rust(&self) -> String {
        format!("{self:?}")
    }
}
