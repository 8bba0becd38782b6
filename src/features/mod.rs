//! What is measured of a name. Each feature is a pure function of bytes in a file of its own.

mod bayes;
mod entropy;
mod meaning;
mod text;

pub use bayes::bayesian;
pub use entropy::shannon;
pub use meaning::meaning_ratio;
pub use text::{characters, length};
