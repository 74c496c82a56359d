//! Published lists, the owners' files, and what is wrong in them.

mod owners;
mod properties;
mod published;
mod refusals;
mod shared;
