//! Leases claimed, lost and taken over by real processes.

mod child;
mod claims;
mod clocks;
mod expiry;
mod faults;
mod grid;
mod race;
mod suspended;
