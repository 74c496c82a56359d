//! The paper: AMST, Alternating Multimodal Skip Training.
//!
//! When one network learns from several modalities at once, the one that converges fastest
//! dominates. AMST trains each modality only in every s-th epoch, the fast ones less often.
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
//! | what every method shares | [`Method`], [`Net`], [`Branch`], [`Batch`] |
//!
//! A method sees a [`Batch`], never a file; an encoder knows no data set; only a [`Method`]
//! decides what is skipped.
//!
//! ```
//! use amst::{Modality, SkipSchedule, Every};
//!
//! // The paper's CREMA-D setting: audio every fifth epoch, visual always.
//! let schedule = SkipSchedule::new(&[(Modality::Audio, Every::Epochs(5)), (Modality::Visual, Every::Epochs(1))], 0)?;
//! assert_eq!(schedule.active(0), [Modality::Audio, Modality::Visual]);
//! assert_eq!(schedule.active(1), [Modality::Visual]);
//! assert_eq!(schedule.active_epochs(Modality::Audio, 100), 20);
//! # Ok::<(), amst::MethodError>(())
//! ```
#![warn(missing_docs)]
#![recursion_limit = "256"]

mod alternating;
mod batch;
mod error;
mod forward_pass;
mod full;
mod gradients;
mod heads;
mod joint;
mod loss;
mod method;
mod net;
mod optimiser;
mod outputs;
mod plan;
mod probes;
mod recalibrate;
mod schedule;
mod session;
mod skipping;
mod state;
mod stopwatch;
mod supply;
mod weights;

pub use alternating::{Alternating, HeadGradient, alternating_step, alternating_step_with};
pub use amst_recipe::{Every, Execution, JointMode, Modality, Never};
pub use batch::Batch;
pub use error::MethodError;
pub use forward_pass::ForwardPass;
pub use full::Full;
pub use gradients::{BranchGradients, GradientChange, change_gradients};
pub use heads::{ConcatHead, Head, HeadKind, LateSumHead, SharedHead, SumHead};
pub use joint::{Joint, joint_step};
pub use loss::cross_entropy;
pub use method::{LearningRate, Method, Score, Scores, StepContext, StepReport};
pub use net::{Branch, Net};
pub use optimiser::{Optimiser, StepLr};
pub use outputs::{Embeddings, FUSED, Outputs};
pub use plan::EpochPlan;
pub use probes::Probes;
pub use recalibrate::recalibrate;
pub use schedule::{SkipSchedule, training_order};
pub use session::{
    Session, SessionSettings, StepNumber, outputs_of_present_with_probes, outputs_with_probes,
};
pub use skipping::Skipping;
pub use state::MethodState;
pub use stopwatch::{Phase, Span, Stopwatch};
pub use supply::{EpochContext, EpochError, NoSupply, Part, Supply, SupplyError};
pub use weights::{lettered, renames};
