//! Measures of a name or a word. Each is a pure function of bytes, in a file of its own.

mod dictionary;
mod entropy;
pub(crate) mod fixed_point;
mod ngram_packing;
mod ngrams;
mod text;

pub use dictionary::meaning_ratio;
pub use entropy::{shannon, shannon_of_bytes};
pub use ngrams::bayesian;
pub use text::{characters, length};
