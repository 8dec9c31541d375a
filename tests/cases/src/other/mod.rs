//! What is tested beside results: layers cut into jobs, buffers of wrong lengths, weights that mean nothing, files, and
//! plans of memory.

pub mod layers;
pub mod memory;
pub mod safetensors;
