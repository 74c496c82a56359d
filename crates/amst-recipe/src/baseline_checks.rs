//! What the types of the methods' settings cannot say.

use crate::error::bad;
use crate::{BudgetUnit, MethodName, MlaFusion, Modality, PmrRule, Recipe, RecipeError};

/// Checks the section of the recipe's own method; those of others are idle.
pub(crate) fn check(recipe: &Recipe) -> Result<(), RecipeError> {
    match recipe.method {
        MethodName::Unimodal => unimodal(recipe),
        MethodName::Naive => naive(recipe),
        MethodName::OgmGe => ogm(recipe),
        MethodName::Pmr => pmr(recipe),
        MethodName::Mslr => mslr(recipe),
        MethodName::Mla => mla(recipe),
        MethodName::GradientBlending => {
            at_least_1("blending.super_epoch", recipe.blending.super_epoch)
        }
        MethodName::Agm => agm(recipe),
        MethodName::EarlyStopping => at_least_1("stopping.patience", recipe.stopping.patience),
        MethodName::AmstAlt | MethodName::AmstJoint | MethodName::AmstFull => Ok(()),
    }?;
    budget(recipe)
}

fn unimodal(recipe: &Recipe) -> Result<(), RecipeError> {
    match recipe.modalities.as_slice() {
        [_] => Ok(()),
        more => Err(bad(
            "modalities",
            format!(
                "`unimodal` trains one modality, not {}: choose one, for example `modalities={}`",
                more.len(),
                more[0]
            ),
        )),
    }
}

fn naive(recipe: &Recipe) -> Result<(), RecipeError> {
    let rate = |m: &Modality| not_negative(&format!("naive.lr.{m}"), recipe.naive.lr.of(*m));
    Modality::ALL.iter().try_for_each(rate)
}

fn ogm(recipe: &Recipe) -> Result<(), RecipeError> {
    several(recipe)?;
    not_negative("ogm.alpha", recipe.ogm.alpha)?;
    window("ogm", recipe.ogm.start, recipe.ogm.end)
}

fn pmr(recipe: &Recipe) -> Result<(), RecipeError> {
    let pmr = &recipe.pmr;
    several(recipe)?;
    not_negative("pmr.alpha", pmr.alpha)?;
    if !(0.0..=1.0).contains(&pmr.momentum) {
        return Err(bad(
            "pmr.momentum",
            format!("{} is not between 0 and 1", pmr.momentum),
        ));
    }
    if !(pmr.fraction > 0.0 && pmr.fraction <= 1.0) {
        return Err(bad(
            "pmr.fraction",
            format!("{} is not above 0 and at most 1", pmr.fraction),
        ));
    }
    if pmr.rule == PmrRule::Published && recipe.modalities.len() != 2 {
        return Err(bad(
            "pmr.rule",
            format!(
                "the published rule compares two modalities and there are {}: use `pmr.rule=below-mean`, \
                 an extension of ours that equals it for two",
                recipe.modalities.len()
            ),
        ));
    }
    window("pmr", pmr.start, pmr.end)
}

fn mslr(recipe: &Recipe) -> Result<(), RecipeError> {
    at_least_1("mslr.window", recipe.mslr.window)?;
    for modality in &recipe.modalities {
        let (key, rate) = (format!("mslr.lr.{modality}"), recipe.mslr.lr.of(*modality));
        not_negative(&key, rate)?;
        if rate == 0.0 {
            return Err(bad(
                &key,
                format!(
                    "MSLR needs a learning rate for {modality}: set one, best that of its best unimodal run \
                     (the paper took audio 1e-3, visual 1e-2, text 8e-5)"
                ),
            ));
        }
    }
    Ok(())
}

fn mla(recipe: &Recipe) -> Result<(), RecipeError> {
    if recipe.mla.fusion != MlaFusion::Fixed {
        return Ok(());
    }
    let mut total = 0.0;
    for modality in Modality::ALL {
        let (key, share) = (
            format!("mla.shares.{modality}"),
            recipe.mla.shares.of(modality),
        );
        not_negative(&key, share)?;
        if share > 0.0 && !recipe.modalities.contains(&modality) {
            return Err(bad(
                &key,
                format!("{modality} takes no part in this run: set it to 0 or add the modality"),
            ));
        }
        total += share;
    }
    if (total - 1.0).abs() > 1e-6 {
        let even = 1.0 / recipe.modalities.len() as f64;
        return Err(bad(
            "mla.shares",
            format!(
                "the weights add up to {total}, not 1: for an even split give each modality {even:.4}"
            ),
        ));
    }
    Ok(())
}

fn agm(recipe: &Recipe) -> Result<(), RecipeError> {
    several(recipe)?;
    not_negative("agm.alpha", recipe.agm.alpha)?;
    not_negative("agm.cap", recipe.agm.cap)?;
    not_negative("agm.clip", recipe.agm.clip)
}

fn budget(recipe: &Recipe) -> Result<(), RecipeError> {
    not_negative("budget.amount", recipe.budget.amount)?;
    if recipe.budget.unit == BudgetUnit::Seconds && recipe.budget.amount == 0.0 {
        return Err(bad(
            "budget.amount",
            "say how many seconds each run may train, for example 60".into(),
        ));
    }
    Ok(())
}

/// Balancing needs something to balance against.
fn several(recipe: &Recipe) -> Result<(), RecipeError> {
    match recipe.modalities.len() {
        0 | 1 => Err(bad(
            "modalities",
            format!(
                "`{}` balances modalities and there is one: use `method=unimodal`",
                recipe.method.name()
            ),
        )),
        _ => Ok(()),
    }
}

fn not_negative(key: &str, value: f64) -> Result<(), RecipeError> {
    match value.is_finite() && value >= 0.0 {
        true => Ok(()),
        false => Err(bad(
            key,
            format!("{value} is negative or not a number: use 0 or more"),
        )),
    }
}

fn at_least_1(key: &str, value: usize) -> Result<(), RecipeError> {
    if value == 0 {
        Err(bad(key, "must be at least 1".into()))
    } else {
        Ok(())
    }
}

fn window(section: &str, start: usize, end: usize) -> Result<(), RecipeError> {
    match start <= end {
        true => Ok(()),
        false => Err(bad(
            &format!("{section}.start"),
            format!(
                "epoch {start} comes after `{section}.end` = {end}: the window would never open"
            ),
        )),
    }
}
