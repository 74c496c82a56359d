//! The steps of an epoch, and what comes before and after them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

use amst::{EpochContext, EpochError, Net, Phase, StepContext, StepReport, recalibrate};
use amst_data::Loader;
use amst_encoders::held_tensors;
use amst_recipe::{Modality, OutputMetrics};
use burn::module::{Module, ParamId};

use crate::pass::Pass;
use crate::session::Elapsed;
use crate::step_log::Place;
use crate::supply::Loaders;
use crate::trainer::Trainer;
use crate::upload::Uploaded;
use crate::{Evaluator, Event, EventKind, TrainError};

/// What an epoch's steps gave.
pub(crate) struct Trained {
    /// Training metrics by output.
    pub metrics: BTreeMap<String, OutputMetrics>,
    /// How far apart the modalities are, and what the method did about it.
    pub balance: BTreeMap<String, f64>,
}

impl Trainer {
    /// Trains an epoch, or what is left of it, and recalibrates.
    pub(crate) fn steps(
        &mut self,
        validation: &Evaluator,
        observe: &mut dyn FnMut(&Event),
    ) -> Result<Trained, TrainError> {
        let epoch = self.session.epoch;
        let done = self.session.step;
        if done == 0 {
            // What was done since the epoch before, such as saving it, is part of neither.
            self.close_account();
            self.session.epoch_time = Elapsed::after(0.0);
            self.clock.at(epoch, 0);
            let began = Instant::now();
            self.begin_epoch(epoch, validation.loader())?;
            self.budget.spend(0, began);
        }
        let loads = self.built.method.loads(epoch);
        let steps = self.train.steps();
        // The last step of an earlier process may have spent the budget.
        if !loads.is_empty() && (done == 0 || self.budget.allows(epoch)) {
            let mut uploads = self.ahead.take(&self.reading(epoch, done..steps, loads));
            for step in done..steps {
                self.clock.at(epoch, step);
                let Some(uploaded) = self.clock.time(Phase::Load, || uploads.next()) else {
                    break;
                };
                if step + 1 == steps {
                    let next = self
                        .recalibration(epoch)
                        .or_else(|| validation.pass(&self.devices.1));
                    self.ahead.begin(next);
                }
                self.train_on(uploaded?, epoch, step)?;
                observe(
                    &EventKind::Step {
                        epoch,
                        step: step + 1,
                        steps,
                    }
                    .into(),
                );
                self.rest(false)?;
                if !self.budget.allows(epoch) {
                    break;
                }
            }
        }
        let began = Instant::now();
        self.recalibrate(epoch, validation)?;
        self.budget.spend(0, began);
        Ok(self.trained(epoch))
    }

    fn trained(&mut self, epoch: usize) -> Trained {
        self.session.read();
        let sums = std::mem::take(&mut self.session.sums);
        let metrics: BTreeMap<String, OutputMetrics> = sums
            .scores
            .into_iter()
            .filter_map(|(name, scores)| Some((name, scores.metrics()?)))
            .collect();
        self.session.balance.see(&self.recipe.modalities, &metrics);
        let mut balance = self.session.balance.of(epoch, self.data.classes().len());
        balance.extend(
            sums.method
                .into_iter()
                .map(|(name, (sum, count))| (name, sum / count as f64)),
        );
        Trained { metrics, balance }
    }

    /// Lets the method look at the data before an epoch.
    fn begin_epoch(&mut self, epoch: usize, validation: &Loader) -> Result<(), TrainError> {
        let lr = self.budget.lr(epoch);
        let (train, sample) = (&self.train, &self.sample);
        let mut supply = Loaders {
            epoch,
            train,
            sample,
            validation,
            device: &self.devices.0,
        };
        let mut context = EpochContext {
            epoch,
            lr,
            classes: self.data.classes().len(),
            optimiser: &self.optimisers.method,
            clock: &mut self.clock,
            supply: &mut supply,
        };
        self.built
            .method
            .begin_epoch(&self.built.net, &mut context)
            .map_err(|error| match error {
                EpochError::Method(error) => error.into(),
                EpochError::Supply(error) => match error.downcast::<TrainError>() {
                    Ok(own) => *own,
                    Err(other) => {
                        let source = std::io::Error::other(other);
                        TrainError::Io {
                            verb: "read",
                            path: self.run.dir().into(),
                            source,
                            option: "--out",
                        }
                    }
                },
            })
    }

    /// One batch: the method's step, the probes', and what is noted of them.
    fn train_on(
        &mut self,
        uploaded: Uploaded,
        epoch: usize,
        step: usize,
    ) -> Result<(), TrainError> {
        let Uploaded {
            batch,
            indices,
            labels,
        } = uploaded;
        let (began, lr) = (Instant::now(), self.budget.lr(epoch));
        self.session.moves();
        let (report, fault) = self.step(&batch, epoch, step);
        let active = self.built.method.active(epoch);
        self.budget
            .spend(active.len() * self.built.net.branches.len(), began);
        self.check_finite(&report, fault, epoch, step, &indices)?;
        for (name, logits) in report.outputs.iter() {
            self.session.unread.keep(name, logits, &labels);
        }
        for (name, value) in &report.balance {
            let (sum, count) = self.session.sums.method.entry(name.clone()).or_default();
            (*sum, *count) = (*sum + *value as f64, *count + 1);
        }
        if let Some(log) = &mut self.log {
            let samples = indices
                .iter()
                .map(|i| self.train.split().id(*i).to_string())
                .collect();
            log.add(
                Place {
                    epoch,
                    step,
                    lr,
                    active,
                    samples,
                },
                &report,
                &labels,
            )?;
        }
        self.session.step = step + 1;
        self.session.steps += 1;
        self.pace.step();
        Ok(())
    }

    fn step(
        &mut self,
        batch: &amst::Batch,
        epoch: usize,
        step: usize,
    ) -> (StepReport, Option<ParamId>) {
        let (lr, decay) = (self.budget.lr(epoch), self.budget.decay(epoch));
        let (optimiser, clock) = (&mut self.optimisers.method, &mut self.clock);
        let mut context = StepContext {
            epoch,
            step,
            steps: self.train.steps(),
            lr,
            decay,
            optimiser,
            clock,
            fault: None,
        };
        // The method takes the network and gives it back; an empty one stands in meanwhile.
        let net = std::mem::replace(&mut self.built.net, Net::empty());
        let (mut net, mut report) = self.built.method.step(net, batch, &mut context);
        let fault = context.fault;
        if let Some(probes) = &net.probes {
            let branches: Vec<&str> = self
                .built
                .method
                .branches()
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            let places = (branches.as_slice(), self.recipe.modalities.as_slice());
            report
                .outputs
                .extend(probes.outputs(places.0, places.1, &report.embeddings));
            let optimiser = &mut self.optimisers.probes;
            report.losses.extend(net.step_probes(
                lr,
                optimiser,
                places,
                &report.embeddings,
                &batch.labels,
            ));
        }
        self.built.net = net;
        (report, fault)
    }

    fn check_finite(
        &self,
        report: &StepReport,
        fault: Option<ParamId>,
        epoch: usize,
        step: usize,
        indices: &[usize],
    ) -> Result<(), TrainError> {
        let loss = report.losses.iter().find(|(_, loss)| !loss.is_finite());
        if loss.is_none() && fault.is_none() {
            return Ok(());
        }
        let ids: Vec<_> = indices
            .iter()
            .take(5)
            .map(|i| self.train.split().id(*i))
            .collect();
        let more = if indices.len() > ids.len() {
            ", …"
        } else {
            ""
        };
        let samples = format!("{}{more}", ids.join(", "));
        Err(match loss {
            Some((output, value)) => TrainError::Diverged {
                output: output.clone(),
                value: *value,
                epoch,
                step,
                samples,
            },
            None => TrainError::Gradient {
                parameter: self.name_of(fault)?,
                epoch,
                step,
                samples,
            },
        })
    }

    /// What files of weights call a parameter.
    fn name_of(&self, id: Option<ParamId>) -> Result<String, TrainError> {
        let tensors = held_tensors(&self.built.net.valid(), &self.built.names())?;
        let found = tensors.into_iter().find(|tensor| tensor.id() == id);
        Ok(found.map_or("a parameter of the network".into(), |tensor| {
            tensor.name().to_string()
        }))
    }

    /// Some batches of an epoch of training.
    pub(crate) fn reading(
        &self,
        epoch: usize,
        numbers: Range<usize>,
        modalities: Vec<Modality>,
    ) -> Pass {
        let (loader, device) = (self.train.clone(), self.devices.0.clone());
        Pass {
            loader,
            epoch: epoch as u64,
            numbers,
            modalities,
            device,
        }
    }

    /// The epoch's last batches, of the modalities that need them again: those of a skip schedule,
    /// or all of them under precise BatchNorm.
    fn recalibration(&self, epoch: usize) -> Option<Pass> {
        let (due, tail) = match self.recipe.precise_bn {
            0 => (
                self.built.method.recalibrates(epoch),
                self.recipe.skip.recalibrate,
            ),
            tail => (self.recipe.modalities.clone(), tail),
        };
        let steps = self.train.steps();
        let numbers = steps.saturating_sub(tail)..steps;
        (tail > 0 && !due.is_empty()).then(|| self.reading(epoch, numbers, due))
    }

    /// Lets modalities read the epoch's last batches again, so that their running statistics fit
    /// their final weights.
    fn recalibrate(&mut self, epoch: usize, validation: &Evaluator) -> Result<(), TrainError> {
        let Some(pass) = self.recalibration(epoch) else {
            return Ok(());
        };
        let modalities = self.built.method.schedule().modalities();
        let mut uploads = self.ahead.take(&pass);
        let mut left = pass.numbers.len();
        while let Some(uploaded) = self.clock.time(Phase::Load, || uploads.next()) {
            left -= 1;
            if left == 0 {
                self.ahead.begin(validation.pass(&self.devices.1));
            }
            let batch = uploaded?.batch;
            self.clock.time(Phase::Recalibrate, || {
                recalibrate(&self.built.net, &modalities, &batch)
            });
        }
        Ok(())
    }
}
