//! Published lists, the owners' files, and what is wrong in them.

mod audit;
mod owners;
mod properties;
mod published;
mod refusals;
mod selection;
mod shared;
