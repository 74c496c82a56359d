//! A training method of your own, as the whole program `amst` with one method more:
//!
//! ```sh
//! cargo run --release -p amst-cli --example custom_method -- ls methods
//! cargo run --release -p amst-cli --example custom_method -- explain weighted
//! cargo run --release -p amst-cli --example custom_method -- train --dataset synthetic \
//!     --set method=weighted --set weighted.memory=0.5 --out runs
//! ```
//!
//! The method adds each modality's own loss to the fused one. The more a modality's loss exceeded
//! the others' in the steps before, the more its loss counts. So it remembers something, and a
//! resumed run must remember it too: see `state` and `restore`.

use std::process::ExitCode;

use amst::methods::TrainableMethod;
use amst::{
    Batch, FUSED, ForwardPass, HeadKind, Method, MethodError, MethodState, Modality, Net, Noise,
    StepContext, StepReport, cross_entropy, training_order,
};
use amst_encoders::{AnyEncoder, Encoder};
use amst_recipe::{ENCODER_EPOCH, MethodFacts, OwnSettings, Recipe, RecipeError, checks};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// `[weighted]` of a recipe; `--set weighted.memory=0.5` reaches it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WeightedSpec {
    /// Weight of the modalities' own losses together.
    pub weight: f64,
    /// What the remembered losses keep of themselves in a step, from 0 to below 1.
    pub memory: f64,
}

impl Default for WeightedSpec {
    fn default() -> Self {
        Self {
            weight: 1.0,
            memory: 0.9,
        }
    }
}

/// What planning, `ls`, `explain` and `--set` need to know.
pub struct Weighted;

impl MethodFacts for Weighted {
    fn name(&self) -> &'static str {
        "weighted"
    }
    fn card(&self) -> &'static str {
        include_str!("custom_method.toml")
    }
    fn settings(&self) -> Option<OwnSettings> {
        Some(OwnSettings::new::<WeightedSpec>("weighted"))
    }
    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        let settings: WeightedSpec = recipe.own("weighted")?;
        checks::not_negative("weighted.weight", settings.weight)?;
        if !(0.0..1.0).contains(&settings.memory) {
            let why = format!("{} is not in 0 ≤ memory < 1", settings.memory);
            return Err(RecipeError::value("weighted.memory", why));
        }
        Ok(())
    }
    fn branches(&self) -> &'static [&'static str] {
        &[""]
    }
    fn takes_turns(&self) -> bool {
        false
    }
    fn skips(&self) -> bool {
        false
    }
    fn epoch_cost(&self, recipe: &Recipe) -> u64 {
        ENCODER_EPOCH * recipe.modalities.len() as u64
    }
}

impl TrainableMethod for Weighted {
    fn build(&self, recipe: &Recipe, _: Noise) -> Result<Box<dyn Method<AnyEncoder>>, MethodError> {
        Ok(Box::new(WeightedLosses::new(recipe)?))
    }
}

/// The method while it trains.
pub struct WeightedLosses {
    modalities: Vec<Modality>,
    settings: WeightedSpec,
    /// Of each modality's own loss, an exponential moving average over the steps so far.
    remembered: Vec<f64>,
}

impl WeightedLosses {
    /// The method of a recipe.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(recipe: &Recipe) -> Result<Self, MethodError> {
        Ok(Self {
            modalities: training_order(&recipe.modalities)?,
            settings: recipe.own("weighted")?,
            remembered: vec![1.0; recipe.modalities.len()],
        })
    }
}

impl<E: Encoder> Method<E> for WeightedLosses {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::LateSum)]
    }

    fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    fn step(
        &mut self,
        net: &mut Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> StepReport {
        let branch = &mut net.branches[0];
        let pass = ForwardPass::run(branch, &self.modalities, batch, context);
        let fused = cross_entropy(branch.head.fused(&pass.embeddings), &batch.labels);
        let mut losses = vec![(FUSED.to_string(), fused.clone().into_scalar())];
        let (sum, memory): (f64, f64) = (self.remembered.iter().sum(), self.settings.memory);
        let weights: Vec<f64> = self.remembered.iter().map(|own| own / sum).collect();
        let mut total = fused;
        for (m, embedding) in &pass.embeddings {
            let logits = branch.head.modality(*m, embedding.clone());
            let loss = cross_entropy(logits, &batch.labels);
            let value: f32 = loss.clone().into_scalar();
            losses.push((self.modalities[*m].to_string(), value));
            total = total + loss.mul_scalar(self.settings.weight * weights[*m]);
            self.remembered[*m] = memory * self.remembered[*m] + (1.0 - memory) * value as f64;
        }
        let mut report = pass.report(losses);
        report.balance_by_modality("weight", &self.modalities, &weights);
        // A loss that is NaN or infinite must move nothing.
        if report.is_finite() {
            branch.train_on(&total, context);
        }
        report
    }

    fn state(&self) -> MethodState {
        MethodState::new().with_numbers("remembered", &self.remembered)
    }

    fn restore(
        &mut self,
        mut state: MethodState,
        _: &Net<E>,
        _: &Device,
    ) -> Result<(), MethodError> {
        self.remembered = state.take_some("remembered", self.modalities.len())?;
        state.end()
    }
}

fn main() -> ExitCode {
    amst_cli::main_with(&[&Weighted])
}
