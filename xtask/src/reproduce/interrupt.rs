//! Ctrl-C while runs go on.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGINT;
use signal_hook::flag;

/// What a program that was ended by Ctrl-C returns.
pub const EXIT_CODE: u8 = 130;

/// Becomes true with the first Ctrl-C; the second one ends the program at once. A terminal sends it
/// to the whole group of processes, so every `amst` saves its run and ends by itself, and is waited
/// for.
pub fn listen() -> anyhow::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    // In this order: the first one finds nothing asked, and asks.
    flag::register_conditional_shutdown(SIGINT, EXIT_CODE.into(), interrupted.clone())?;
    flag::register(SIGINT, interrupted.clone())?;
    Ok(interrupted)
}
