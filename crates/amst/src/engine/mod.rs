//! What every method shares: networks, heads, the forward pass, the optimiser, and the session that
//! trains.

mod auto_skip;
mod batch;
mod error;
mod forward_pass;
mod gradients;
mod heads;
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

pub use auto_skip::{OwnScores, SkipDecision};
pub use batch::Batch;
pub use error::MethodError;
pub use forward_pass::ForwardPass;
pub use gradients::{BranchGradients, GradientChange, change_gradients};
pub use heads::{ConcatHead, Head, HeadKind, LateSumHead, SharedHead, SumHead};
pub use loss::cross_entropy;
pub use method::{EpochScores, LearningRate, Method, Score, Scores, StepContext, StepReport};
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
