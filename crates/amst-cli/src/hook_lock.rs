//! The panic hook belongs to the process, so tests that set it run one after the other: a panic of
//! one test would be noted as the first panic of another.

use std::sync::{Mutex, MutexGuard, PoisonError};

static HOOK: Mutex<()> = Mutex::new(());

/// Held by a test for as long as its panic hook is set.
pub fn only_hook() -> MutexGuard<'static, ()> {
    HOOK.lock().unwrap_or_else(PoisonError::into_inner)
}
