//! Which systems are one under two names or with a part switched off, to the bit, and what a
//! part that is switched on does in a single step, worked out by hand.

mod alternating;
mod divergence;
mod joint;
mod looking;
mod one_step;
mod switched_off;
mod toy;
#[path = "../toy/mod.rs"]
mod toy_network;
