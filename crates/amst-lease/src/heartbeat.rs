//! Renewing a lease by a thread of its own.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::LeaseError;
use crate::guard::LeaseGuard;

/// How often a lease is renewed. A tenth of the expiry.
pub const HEARTBEAT: Duration = Duration::from_secs(30);

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    /// Renews at once and then every `interval`, until the lease is lost.
    pub fn start(guard: LeaseGuard, interval: Duration) -> Result<Self, LeaseError> {
        if interval > guard.expiry() / 3 {
            let why = format!(
                "a lease that expires after {:?} cannot be renewed every {interval:?}: choose at \
                 most a third",
                guard.expiry()
            );
            return Err(LeaseError::Times { why });
        }
        guard.renew()?;
        let dir = guard.dir();
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("lease".into())
            .spawn(move || {
                while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                    // A server that does not answer now may answer next time. If it does not in
                    // time, the lease expires, and the next check says so.
                    if let Err(LeaseError::Lost { .. }) = guard.renew() {
                        return;
                    }
                }
            })
            .map_err(LeaseError::io("start the heartbeat for", &dir))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
