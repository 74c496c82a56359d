//! Published logs: excerpts in their format with invented numbers, and the real ones if at hand.

mod comma_separated;
mod damaged;
mod differences;
mod excerpt;
mod folders;
mod originals;
mod reading;
