//! The floor of the pipes: reads every chunk and answers with so many bytes of nothing for each of its bytes.
//!
//!     null RATIO [PIPE]      PIPE: widen both pipes to so many bytes

use std::io;

use nix::fcntl::{FcntlArg, fcntl};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let ratio: f64 = arguments.next().and_then(|ratio| ratio.parse().ok()).unwrap_or(1.0);
    if let Some(size) = arguments.next().and_then(|size| size.parse().ok()) {
        fcntl(io::stdin(), FcntlArg::F_SETPIPE_SZ(size))?;
        fcntl(io::stdout(), FcntlArg::F_SETPIPE_SZ(size))?;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    floors::converse(|body, reply| reply.resize((body.len() as f64 * ratio) as usize, b' '))
}
