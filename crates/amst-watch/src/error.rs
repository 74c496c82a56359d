//! Why there is no screen.

use std::io;

/// What can go wrong with the terminal. Each message says the remedy.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// There is no terminal to draw on or to read keys from.
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
