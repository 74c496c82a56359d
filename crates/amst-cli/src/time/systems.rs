//! What is timed: the rows of the table on a data set, each in its executions.

use amst::methods::trainable;
use amst_data::Prepared;
use amst_fetch::hub;
use amst_recipe::{
    Cell, DataLock, DatasetSpec, Execution, Precision, RecipeError, ResolvedDataset, TextModel,
    TextModels, TimedSystem, TimesTable, find_dataset,
};
use anyhow::Result;
use serde_json::json;

use super::args::{Args, ExecutionKind};
use crate::args::ProgressKind;
use crate::datasets::{Resolved, folder};
use crate::failure::Usage;
use crate::prepare::prepare;

/// A data set and the systems that are timed on it.
pub struct Setup {
    /// The data set, or its shapes.
    pub dataset: ResolvedDataset,
    /// Whether its contents are drawn.
    pub drawn: bool,
    /// Id of the row that the others are compared with.
    pub reference: String,
    /// In the order of the table.
    pub systems: Vec<System>,
    /// Rows that do not apply to the data set, and why.
    pub left_out: Vec<(String, String)>,
}

/// One row in one execution.
pub struct System {
    /// The row's id.
    pub id: String,
    /// The paper's seconds on the data set.
    pub published: Option<f64>,
    /// Whether the row's method skips: one that never does may be trained as another that could
    /// (deviation D19).
    skips: bool,
    /// What is trained.
    pub cell: Cell,
    lock: DataLock,
    text_model: Option<TextModel>,
}

impl Setup {
    /// Resolves the arguments; nothing is prepared yet.
    pub fn resolve(args: &Args, table: &TimesTable) -> Result<Self> {
        let drawn = args.shapes.is_some();
        let dataset = match &args.shapes {
            Some(name) => ResolvedDataset {
                spec: DatasetSpec::shapes(name)?,
                root: Default::default(),
            },
            None => find_dataset(&args.dataset, &folder())?,
        };
        let mut setup = Self {
            dataset,
            drawn,
            reference: table.system[0].id.clone(),
            systems: Vec::new(),
            left_out: Vec::new(),
        };
        let assignments = setup.assignments(args)?;
        let lock = DataLock::of(&setup.dataset)?;
        // A mistake in the settings themselves is an error, not a row that does not apply.
        trainable().resolve(
            std::slice::from_ref(&setup.dataset.spec.recipe),
            &assignments,
        )?;
        for row in table.rows(&args.methods)? {
            let skips = trainable().facts(&row.method)?.skips();
            for execution in executions(skips, &args.execution) {
                match setup.system(args, row, execution, &lock, &assignments) {
                    Ok(system) => setup.systems.push(system),
                    Err(
                        why @ (RecipeError::Value { .. }
                        | RecipeError::Contradiction(_)
                        | RecipeError::NoPreset { .. }),
                    ) => setup.left_out.push((row.name.clone(), why.to_string())),
                    Err(wrong) => return Err(wrong.into()),
                }
            }
        }
        match (setup.systems.is_empty(), setup.left_out.first()) {
            (true, Some((name, why))) => {
                Err(Usage(format!("nothing to time: {name} does not apply: {why}")).into())
            }
            _ => Ok(setup),
        }
    }

    fn system(
        &self,
        args: &Args,
        row: &TimedSystem,
        execution: Execution,
        lock: &DataLock,
        assignments: &[String],
    ) -> Result<System, RecipeError> {
        let spec = &self.dataset.spec;
        let named = json!({
            "dataset": spec.name,
            "method": row.method,
            "skip": { "execution": execution },
        });
        let own = std::slice::from_ref(&spec.recipe);
        let cell = |assignments: &[String]| {
            let above = std::slice::from_ref(&named);
            let recipe = trainable().resolve_preset(own, args.preset, above, assignments)?;
            Ok(trainable().cell(recipe, lock))
        };
        let (cell, text_model) = if self.drawn {
            (cell(assignments)?, None)
        } else {
            TextModels::new(hub::text_model).complete(assignments, cell)?
        };
        amst_train::check(&cell.recipe, text_model.as_ref())
            .map_err(|e| RecipeError::Contradiction(e.to_string()))?;
        let published = row.published.get(&spec.name).filter(|_| self.drawn);
        Ok(System {
            id: row.id.clone(),
            published: published.copied(),
            skips: trainable().facts(&row.method)?.skips(),
            cell,
            lock: lock.clone(),
            text_model,
        })
    }

    /// The settings of every system. With fewer samples recalibration keeps its share of an epoch.
    fn assignments(&self, args: &Args) -> Result<Vec<String>> {
        let mut all = Vec::new();
        all.extend(args.epochs.map(|n| format!("epochs={n}")));
        all.extend(
            args.modalities
                .iter()
                .map(|list| format!("modalities={list}")),
        );
        all.extend(args.precision.map(|p| format!("precision={p}")));
        if let Some(samples) = args.samples {
            if !self.drawn {
                return Err(Usage(
                    "`--samples` chooses how many are drawn: give `--shapes NAME` with it".into(),
                )
                .into());
            }
            all.extend(self.fewer(samples, &args.assignments)?);
        }
        // What was typed last is what counts.
        all.extend(args.assignments.iter().cloned());
        Ok(all)
    }

    /// Settings that scale the data set down to so many training samples.
    fn fewer(&self, samples: usize, typed: &[String]) -> Result<Vec<String>> {
        let own = std::slice::from_ref(&self.dataset.spec.recipe);
        let (whole, scaled) = (
            trainable().resolve(own, &[])?,
            trainable().resolve(own, typed)?,
        );
        let share = samples as f64 / whole.synthetic.train as f64;
        let [val, test] = [whole.synthetic.val, whole.synthetic.test]
            .map(|count| ((count as f64 * share).round() as usize).max(1));
        let steps = whole.synthetic.train.div_ceil(whole.batch_size);
        let scaled_steps = samples.div_ceil(scaled.batch_size);
        let recalibrated = whole.skip.recalibrate as f64 / steps as f64;
        let tail = (recalibrated * scaled_steps as f64).round().max(1.0);
        Ok(vec![
            format!("synthetic.train={samples}"),
            format!("synthetic.val={val}"),
            format!("synthetic.test={test}"),
            format!("skip.recalibrate={tail}"),
        ])
    }

    /// Of all systems alike.
    pub fn precision(&self) -> Precision {
        self.systems[0].cell.recipe.precision
    }

    /// The data of a system; prepared where there are files.
    pub fn data(&self, system: &System, args: &Args) -> Result<Prepared> {
        if self.drawn {
            return Ok(Prepared::shapes(&system.cell.recipe)?);
        }
        let (dataset, lock) = (self.dataset.clone(), system.lock.clone());
        let resolved = Resolved {
            dataset,
            lock,
            cell: system.cell.clone(),
            text_model: system.text_model.clone(),
        };
        prepare(&resolved, &args.out, ProgressKind::Auto)
    }
}

impl System {
    /// The identity of the data.
    pub fn lock(&self) -> &DataLock {
        &self.lock
    }

    /// `fast` or `official`; `None` where nothing is skipped, and both are one.
    pub fn execution(&self) -> Option<&'static str> {
        self.skips.then_some(match self.cell.recipe.skip.execution {
            Execution::Fast => "fast",
            Execution::Official => "official",
        })
    }

    /// For a line of progress.
    pub fn title(&self) -> String {
        match self.execution() {
            Some(execution) => format!("{}, {execution}", self.id),
            None => self.id.clone(),
        }
    }
}

/// A system that skips nothing does the same under both.
fn executions(skips: bool, asked: &[ExecutionKind]) -> Vec<Execution> {
    let kinds = if skips { asked } else { &asked[..1] };
    let executions = kinds.iter().map(|kind| match kind {
        ExecutionKind::Fast => Execution::Fast,
        ExecutionKind::Official => Execution::Official,
    });
    executions.collect()
}
