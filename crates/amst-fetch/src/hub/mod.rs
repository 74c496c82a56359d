//! Models of the Hugging Face Hub, in the cache that Python's `huggingface_hub` uses too.

#[cfg(feature = "hub")]
mod describe;
#[cfg(feature = "hub")]
mod fetch;
mod known;
mod place;
mod settings;

#[cfg(feature = "hub")]
pub use fetch::{Fetched, fetch};
pub use known::{Model, ModelFile, model, models};
pub use place::{Folder, Missing, MissingFile, State, check, located, located_in, text_model};
pub use settings::{ENDPOINT, Settings};
