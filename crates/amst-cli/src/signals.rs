//! Signals, as requests to stop.

use amst_train::{Interrupt, Signal};
use anyhow::Result;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// From now on a first SIGINT, SIGTERM or SIGUSR1 asks for a checkpoint and an end after the step,
/// and a second one ends the program at once.
pub fn listen() -> Result<Interrupt> {
    let interrupt = Interrupt::new();
    let mut signals = vec![(SIGINT, Signal::Interrupt), (SIGTERM, Signal::Terminate)];
    #[cfg(unix)]
    signals.push((signal_hook::consts::SIGUSR1, Signal::Again));
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    for (number, signal) in &signals {
        // In this order: the first one finds nothing asked, and asks.
        flag::register_conditional_shutdown(*number, signal.exit_code().into(), asked.clone())?;
    }
    for (number, signal) in signals {
        flag::register(number, asked.clone())?;
        flag::register_usize(number, interrupt.flag(), Interrupt::code(signal))?;
    }
    Ok(interrupt)
}
