//! The methods that AMST is compared with, one file each, to be read beside METHODS 4 in
//! `docs/paper.md`.
//!
//! | system | what it does | file |
//! |---|---|---|
//! | [`Unimodal`] | one encoder, one head | `unimodal.rs` |
//! | [`Naive`] | one loss on the fused logits | `naive.rs` |
//! | [`OgmGe`] | slows the leading modality's gradients | `ogm_ge.rs` |
//! | [`Pmr`] | pulls the lagging modality to class prototypes | `pmr.rs` |
//! | [`Mslr`] | a learning rate a modality | `mslr.rs` |
//! | [`Mla`] | alternates, protects the shared head, fuses by certainty | `mla.rs` |
//! | [`GradientBlending`] | weighs losses by overfitting | `gradient_blending.rs` |
//! | [`Agm`] | balances mono-modal responses | `agm.rs` |
//! | [`EarlyStopping`] | a modality that converged stops for good | `early_stopping.rs` |
//!
//! AMST itself lives in the crate `amst`; [`method`] makes any of them from a recipe.
//!
//! ```
//! use amst::{Method, Modality};
//! use amst_baselines::Naive;
//! use amst_encoders::AnyEncoder;
//! use amst_recipe::NaiveSpec;
//!
//! let naive = Naive::new(&[Modality::Audio, Modality::Visual], &NaiveSpec::default())?;
//! let method: &dyn Method<AnyEncoder> = &naive;
//! assert_eq!(method.plan(7).trains, [Modality::Audio, Modality::Visual]);
//! # Ok::<(), amst::MethodError>(())
//! ```
#![warn(missing_docs)]
#![recursion_limit = "256"]

mod agm;
mod early_stopping;
mod gradient_blending;
mod mla;
mod mslr;
mod naive;
mod ogm_ge;
mod pmr;
mod registry;
mod unimodal;

pub use agm::Agm;
pub use early_stopping::EarlyStopping;
pub use gradient_blending::GradientBlending;
pub use mla::Mla;
pub use mslr::Mslr;
pub use naive::Naive;
pub use ogm_ge::{Noise, OgmGe};
pub use pmr::Pmr;
pub use registry::method;
pub use unimodal::Unimodal;
