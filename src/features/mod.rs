//! What is measured of a name. Each feature is a pure function of bytes in a file of its own.

mod entropy;
mod text;

pub use entropy::shannon;
pub use text::{characters, length};
pub fn meaning_ratio(_: &[u8]) -> f64 {
    0.0
}
pub fn bayesian(_: &[u8]) -> [f64; 3] {
    [0.0; 3]
}
