#![doc = include_str!("../README.md")]
//!
//! | what the paper says | where it is |
//! |---|---|
//! | `e mod s_m = 0` (Eq. 1) | [`SkipSchedule`] |
//! | what skipping spares (D3) | [`Skipping`], [`recalibrate`] |
//! | the alternating module, Algorithm 1 | [`Alternating`] |
//! | the joint module, Algorithm 2 | [`Joint`] |
//! | both together, logits `(M·A + J)/(M + 1)` (Section 3.4) | [`Full`] |
//! | shared head, independent head, summed embeddings, summed logits | [`SharedHead`], [`ConcatHead`], [`SumHead`], [`LateSumHead`] |
//! | linear probes | [`Probes`] |
//! | what trains, without files: plan, step, recalibrate, evaluate | [`Session`] |
//! | what every method shares | [`Method`], [`EpochPlan`], [`Net`], [`Branch`], [`Batch`] |
//! | the methods that AMST is compared with (Table 1), and three more | [`methods`], a folder each |
//!
//! Without the feature `train` there are only [`methods::built_in`], what a plan needs to know of
//! the methods, and nothing of burn is built.
//!
//! A method sees a [`Batch`], never a file; an encoder knows no data set; only a [`Method`]
//! decides what is skipped.
#![warn(missing_docs)]
#![recursion_limit = "256"]

#[cfg(feature = "train")]
mod engine;
pub mod methods;

pub use amst_recipe::{
    AccuracyGapSpec, AutoRule, AutoSpec, Execution, GapSplit, JointMode, Modality, ModalitySchedule,
};
#[cfg(feature = "train")]
pub use engine::*;
#[cfg(feature = "train")]
pub use methods::{
    TrainableMethod, TrainableMethods,
    agm::Agm,
    amst_alt::{Alternating, HeadGradient, alternating_step, alternating_step_with},
    amst_full::Full,
    amst_joint::{Joint, joint_step},
    early_stopping::EarlyStopping,
    gradient_blending::GradientBlending,
    mla::Mla,
    mslr::Mslr,
    naive::Naive,
    ogm_ge::{Noise, OgmGe},
    pmr::Pmr,
    unimodal::Unimodal,
};
