//! `custom_method` with a fault: it does not save what it remembers. A test kills and resumes both,
//! and shows that comparing results finds the fault.

#[path = "custom_method.rs"]
#[allow(dead_code)]
mod custom_method;

use std::process::ExitCode;

use amst::methods::TrainableMethod;
use amst::{Batch, HeadKind, Method, MethodError, Modality, Net, Noise, StepContext, StepReport};
use amst_encoders::AnyEncoder;
use amst_recipe::{MethodFacts, OwnSettings, Recipe, RecipeError};
use custom_method::{Weighted, WeightedLosses};

struct Forgetful;

impl MethodFacts for Forgetful {
    fn name(&self) -> &'static str {
        Weighted.name()
    }
    fn card(&self) -> &'static str {
        Weighted.card()
    }
    fn settings(&self) -> Option<OwnSettings> {
        Weighted.settings()
    }
    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        Weighted.check(recipe)
    }
    fn branches(&self) -> &'static [&'static str] {
        Weighted.branches()
    }
    fn takes_turns(&self) -> bool {
        Weighted.takes_turns()
    }
    fn skips(&self) -> bool {
        Weighted.skips()
    }
    fn epoch_cost(&self, recipe: &Recipe) -> u64 {
        Weighted.epoch_cost(recipe)
    }
}

impl TrainableMethod for Forgetful {
    fn build(&self, recipe: &Recipe, _: Noise) -> Result<Box<dyn Method<AnyEncoder>>, MethodError> {
        Ok(Box::new(WithoutState(WeightedLosses::new(recipe)?)))
    }
}

/// The method without `state` and `restore`.
struct WithoutState(WeightedLosses);

impl Method<AnyEncoder> for WithoutState {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        Method::<AnyEncoder>::branches(&self.0)
    }

    fn modalities(&self) -> &[Modality] {
        Method::<AnyEncoder>::modalities(&self.0)
    }

    fn step(
        &mut self,
        net: &mut Net<AnyEncoder>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> StepReport {
        self.0.step(net, batch, context)
    }
}

fn main() -> ExitCode {
    amst_cli::main_with(&[&Forgetful])
}
