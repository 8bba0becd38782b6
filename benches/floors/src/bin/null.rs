//! The floor of the pipes: reads every chunk, keeps nothing, and replies with RATIO filler bytes for each byte read.
//!
//!     null RATIO [PIPE]      PIPE: widen both pipes to this many bytes

use std::io;

use floors::BLOCK;
use nix::fcntl::{FcntlArg, fcntl};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let ratio: f64 = arguments.next().and_then(|ratio| ratio.parse().ok()).unwrap_or(1.0);
    if let Some(size) = arguments.next().and_then(|size| size.parse().ok()) {
        fcntl(io::stdin(), FcntlArg::F_SETPIPE_SZ(size))?;
        fcntl(io::stdout(), FcntlArg::F_SETPIPE_SZ(size))?;
    }
    let mut block = vec![b' '; BLOCK];
    floors::each_request(|request, input, output| {
        let mut unread = request.body;
        while unread > 0 {
            let room = unread.min(BLOCK);
            unread -= input.read(&mut block[..room])?;
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let mut unwritten = (request.body as f64 * ratio) as usize;
        request.begin_reply(unwritten, output)?;
        while unwritten > 0 {
            let length = unwritten.min(BLOCK);
            output.write_all(&block[..length])?;
            unwritten -= length;
        }
        Ok(())
    })
}
