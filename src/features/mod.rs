//! What is measured of a name. Each feature is a pure function of bytes in a file of its own.

mod entropy;
mod text;

pub use entropy::shannon;
pub use text::{characters, length};
