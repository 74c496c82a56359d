//! Ctrl-C while runs go on.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::ReproduceError;

/// What a program that was ended by Ctrl-C returns.
pub const EXIT_CODE: u8 = 130;

/// Becomes true with the first Ctrl-C; the second one ends the program at once. A terminal sends it
/// to the whole group of processes, so every `amst` saves its run and ends by itself, and is waited
/// for.
///
/// # Errors
///
/// The system tells of no signals.
pub fn listen() -> Result<Arc<AtomicBool>, ReproduceError> {
    let interrupted = Arc::new(AtomicBool::new(false));
    // In this order: the first one finds nothing asked, and asks.
    flag::register_conditional_shutdown(SIGINT, EXIT_CODE.into(), interrupted.clone())
        .map_err(ReproduceError::Signals)?;
    flag::register(SIGINT, interrupted.clone()).map_err(ReproduceError::Signals)?;
    Ok(interrupted)
}
