//! Requests to stop a run.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a run was asked to stop by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The system or a scheduler wants the machine back.
    Terminate,
    /// A scheduler wants the run saved now and will start it again.
    Again,
}

impl Signal {
    const ALL: [Self; 3] = [Self::Interrupt, Self::Terminate, Self::Again];

    /// What the program returns after it.
    pub fn exit_code(self) -> u8 {
        match self {
            Signal::Interrupt => 130,
            Signal::Terminate => 143,
            Signal::Again => 75,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
            Signal::Again => "SIGUSR1",
        })
    }
}

/// How a [`Trainer`](crate::Trainer) is asked to stop, from a signal handler or another thread. It
/// finishes the step, writes a checkpoint and ends with
/// [`TrainError::Interrupted`](crate::TrainError). Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Nothing was asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks.
    pub fn raise(&self, signal: Signal) {
        self.0.store(Self::code(signal), Ordering::SeqCst);
    }

    /// What was asked, if anything was.
    pub fn raised(&self) -> Option<Signal> {
        let code = self.0.load(Ordering::SeqCst);
        Signal::ALL
            .into_iter()
            .find(|signal| Self::code(*signal) == code)
    }

    /// Where a signal handler may store [`Interrupt::code`] without any lock.
    pub fn flag(&self) -> Arc<AtomicUsize> {
        self.0.clone()
    }

    /// What a handler stores for a signal; never 0.
    pub fn code(signal: Signal) -> usize {
        signal as usize + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_raised_on_one_clone_is_seen_on_another() {
        let interrupt = Interrupt::new();
        assert_eq!(interrupt.raised(), None);
        for signal in Signal::ALL {
            interrupt.clone().raise(signal);
            assert_eq!(interrupt.raised(), Some(signal));
        }
    }
}
