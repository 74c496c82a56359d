#![doc = include_str!("../README.md")]
//!
//! - [`ResNet18`]: torchvision's topology without its classifier, for spectrograms
//!   (`[batch, 1, time, mel]`) and for frames (`[batch, channels, frames, height, width]`),
//! - [`TokenMean`]: the mean of token embeddings and one linear layer,
//! - [`Roberta`]: RoBERTa or BERT from Hugging Face's configurations and weights,
//! - [`AnyEncoder`]: one of them, chosen at run time,
//! - [`Encoder`]: the trait that all share, and that an encoder of your own implements.
//!
//! [`BatchNorm`] keeps PyTorch's running variance (the unbiased one), and weights are read and
//! written under torchvision's and Hugging Face's names ([`read_weights`], [`write_weights`]).
#![warn(missing_docs)]
#![recursion_limit = "256"]

mod any;
mod batch_norm;
mod encoder;
mod error;
mod held_tensor;
mod init;
mod renames;
mod resnet;
mod roberta;
mod token_mean;
mod weights;

pub use any::AnyEncoder;
pub use batch_norm::BatchNorm;
pub use encoder::{Encoder, Input, TrainingStep};
pub use error::WeightsError;
pub use held_tensor::{HeldTensor, held_tensors, replace_all, replace_some};
pub use init::{Normal, xavier_linear};
pub use renames::Renames;
pub use resnet::{ResNet18, ResNet18Config, Stem};
pub use roberta::{
    Architecture, ConfigError, PrefixCache, PretrainedError, Roberta, RobertaConfig,
    pretrained_weights,
};
pub use token_mean::{TokenMean, TokenMeanConfig};
pub use weights::{
    NamedTensor, named_tensors, read_weights, read_weights_from, write_tensor_file, write_tensors,
    write_weights,
};
