//! Recipes of the built-in methods: what is in their cards and descriptors, how layers resolve, and
//! which runs are one cell.

mod any_assignment;
mod cards;
mod descriptors;
mod explain;
mod identity;
mod resolving;
mod tables;
mod text;
