//! Why there is no screen.

use std::io;

/// What can go wrong with the terminal. Each message says the remedy.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// Nobody could read a screen, or press a key.
    #[error("the screen needs a terminal for input and output: give --once, which prints a table")]
    NotATerminal,
    /// The terminal refused what it was asked.
    #[error("the terminal does not work: {cause}; give --once, which prints a table")]
    Terminal {
        /// What the operating system answered; the message holds it.
        #[from]
        cause: io::Error,
    },
}
