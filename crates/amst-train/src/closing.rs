//! After an epoch's steps, and after the last epoch.

use std::collections::BTreeMap;

use amst::{Modality, Score, Scores};
use amst_data::{Split, SplitName};
use amst_encoders::write_weights;
use amst_recipe::{CellResult, OutputMetrics, RESULT_SCHEMA, Selected, TestResult, Timing};
use burn::module::Module;

use crate::epoch::Trained;
use crate::resume::add;
use crate::session::Best;
use crate::trainer::Trainer;
use crate::{Built, Evaluator, Event, EventKind, TrainError, peak_memory_mib, predictions};

/// The name in `events.jsonl` of what an epoch took besides its phases: metrics, probes, events.
const OTHER: &str = "other";

impl Trainer {
    /// One epoch, or what is left of it, with its validation and selection. `next` is the epoch
    /// that probably follows.
    pub(crate) fn train_epoch(
        &mut self,
        validation: &mut Evaluator,
        next: Option<usize>,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<(), TrainError> {
        let epoch = self.session.epoch;
        let active = self.built.method.active(epoch);
        // What precise BatchNorm or forwarding moves will no longer be what was embedded before.
        let moved = if self.recipe.precise_bn > 0 {
            self.recipe.modalities.clone()
        } else {
            Vec::new()
        };
        validation.stale(&[self.built.method.loads(epoch), moved].concat());
        let trained = self.steps(validation, observe)?;
        let val = self.validate(validation, next)?;
        self.check_evaluation(&val, epoch, SplitName::Val)?;
        let event = self.select(active, &trained, &val);
        self.tell(event, observe)?;
        let changed = self
            .built
            .method
            .end_epoch(&mut self.built.net, epoch, &scores(&val));
        if !changed.is_empty() {
            self.session.moves();
        }
        validation.stale(&changed);
        // A skipped modality's loss is that of its last active epoch.
        self.session.last_train.extend(
            trained
                .metrics
                .into_iter()
                .map(|(name, metrics)| (name, metrics.loss)),
        );
        self.session.next_epoch();
        Ok(())
    }

    pub(crate) fn validate(
        &mut self,
        validation: &mut Evaluator,
        next: Option<usize>,
    ) -> Result<BTreeMap<String, OutputMetrics>, TrainError> {
        let after = next.and_then(|epoch| {
            let loads = self.built.method.loads(epoch);
            (!loads.is_empty()).then(|| self.reading(epoch, 0..self.train.steps(), loads))
        });
        let Built { method, net } = &self.built;
        let (device, clock) = (&self.devices.1, &mut self.clock);
        let passes = (&mut self.ahead, after);
        Ok(validation
            .evaluate_ahead(method.as_ref(), &net.valid(), device, clock, passes)?
            .metrics)
    }

    /// Keeps the network if this epoch is strictly better than all before.
    fn select(
        &mut self,
        active: Vec<Modality>,
        trained: &Trained,
        val: &BTreeMap<String, OutputMetrics>,
    ) -> EventKind {
        let session = &mut self.session;
        let epoch = session.epoch;
        let val_accuracy = (val["fused"].accuracy * 1e4).round() / 1e4;
        let is_best = session
            .best
            .as_ref()
            .is_none_or(|b| val_accuracy > b.selected.val_accuracy);
        if is_best {
            let selected = Selected {
                epoch,
                val_accuracy,
            };
            let (net, balance) = (self.built.net.valid(), trained.balance.clone());
            session.best = Some(Best {
                selected,
                net,
                balance,
                is_present: true,
            });
        }
        let seconds = session.epoch_time.seconds();
        let mut phases = std::mem::take(&mut session.epoch_phases);
        add(&mut phases, self.clock.take_seconds());
        let rest = seconds - phases.values().sum::<f64>();
        phases.insert(OTHER.into(), rest.max(0.0));
        for (name, seconds) in &phases {
            *session.phases.entry(name.clone()).or_default() += seconds;
        }
        EventKind::Epoch {
            epoch,
            epochs: self.planned,
            active,
            lr: self.budget.lr(epoch),
            train: trained.metrics.clone(),
            val: val.clone(),
            val_accuracy,
            balance: trained.balance.clone(),
            best: is_best,
            seconds,
            phases,
        }
    }

    /// Books what the clock shows on the run, outside of its epochs.
    pub(crate) fn close_account(&mut self) {
        add(&mut self.session.phases, self.clock.take_seconds());
    }

    /// A network can be ruined by the last update before an evaluation, where no further step would
    /// tell.
    fn check_evaluation(
        &self,
        metrics: &BTreeMap<String, OutputMetrics>,
        epoch: usize,
        split: SplitName,
    ) -> Result<(), TrainError> {
        let Some((output, found)) = metrics.iter().find(|(_, m)| !m.loss.is_finite()) else {
            return Ok(());
        };
        let step = self.train.steps().saturating_sub(1);
        let samples = format!("seen in the {split} split after it");
        Err(TrainError::Diverged {
            output: output.clone(),
            value: found.loss as f32,
            epoch,
            step,
            samples,
        })
    }

    /// Tests the selected epoch, once, and writes everything down.
    pub(crate) fn finish(
        &mut self,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<CellResult, TrainError> {
        let best = self
            .session
            .best
            .take()
            .expect("at least one epoch was run and any accuracy beats none");
        let mut test = self.evaluator(SplitName::Test, best.net.branches.len())?;
        let (method, passes) = (self.built.method.as_ref(), (&mut self.ahead, None));
        let evaluation =
            test.evaluate_ahead(method, &best.net, &self.devices.1, &mut self.clock, passes)?;
        self.check_evaluation(&evaluation.metrics, best.selected.epoch, SplitName::Test)?;
        let split: Split = self.data.split(SplitName::Test);
        let predictions = predictions::table(&split, self.data.classes(), &evaluation.outputs);
        let test_accuracy = evaluation.metrics["fused"].accuracy;
        let selected = self.selected(&best)?;
        let result = CellResult {
            schema: RESULT_SCHEMA,
            cell: self.run.cell().id.clone(),
            data: self.run.data().clone(),
            requested: self.run.cell().requested_other(),
            recipe: self.recipe.clone(),
            test: TestResult {
                samples: split.len(),
                majority_rate: split.majority_rate(),
                outputs: evaluation.metrics,
            },
            selected: best.selected,
            last_train_loss: self.session.last_train.clone(),
            balance: best.balance,
            epochs: self.session.epoch,
            encoder_updates: self.budget.updates(),
        };
        self.close_account();
        self.writer.keep_selected(selected, result.selected.epoch)?;
        self.tell(
            EventKind::Done {
                epoch: result.selected.epoch,
                test_accuracy,
            },
            observe,
        )?;
        self.run.finish(&predictions, &self.timing(), &result)?;
        // Last: should these fail all the same, the result is not lost with them.
        if let Some(path) = &self.weights {
            write_weights(&best.net, path, &self.built.names())?;
        }
        self.writer.clear()?;
        Ok(result)
    }

    fn timing(&self) -> Timing {
        let threads = std::env::var("RAYON_NUM_THREADS")
            .ok()
            .and_then(|n| n.parse().ok());
        Timing {
            seconds: self.session.run_time.seconds(),
            threads: threads
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
            phases: self.session.phases.clone(),
            peak_mib: peak_memory_mib(),
        }
    }
}

fn scores(metrics: &BTreeMap<String, OutputMetrics>) -> Scores {
    metrics
        .iter()
        .map(|(name, m)| {
            (
                name.clone(),
                Score {
                    loss: m.loss,
                    accuracy: m.accuracy,
                },
            )
        })
        .collect()
}
