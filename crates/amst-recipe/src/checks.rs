//! Checks of settings that several methods share.

use crate::{BudgetUnit, Recipe, RecipeError};

/// Refuses a single modality: balancing needs something to balance against.
///
/// # Errors
///
/// [`RecipeError::Value`] of `modalities`.
pub fn several(recipe: &Recipe) -> Result<(), RecipeError> {
    if recipe.modalities.len() > 1 {
        return Ok(());
    }
    Err(RecipeError::value(
        "modalities",
        format!(
            "`{}` balances modalities and there is one: use `method=unimodal`",
            recipe.method
        ),
    ))
}

/// Refuses a negative number, NaN and infinity.
///
/// # Errors
///
/// [`RecipeError::Value`] of the key.
pub fn not_negative(key: &str, value: f64) -> Result<(), RecipeError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(RecipeError::value(
        key,
        format!("{value} is negative or not a number: use 0 or more"),
    ))
}

/// Refuses 0.
///
/// # Errors
///
/// [`RecipeError::Value`] of the key.
pub fn at_least_1(key: &str, value: usize) -> Result<(), RecipeError> {
    if value == 0 {
        return Err(RecipeError::value(key, "must be at least 1"));
    }
    Ok(())
}

/// Refuses a range of epochs that ends before it starts; the keys are `start` and `end` of a
/// section.
///
/// # Errors
///
/// [`RecipeError::Value`] of `section.start`.
pub fn window(section: &str, start: usize, end: usize) -> Result<(), RecipeError> {
    if start <= end {
        return Ok(());
    }
    Err(RecipeError::value(
        &format!("{section}.start"),
        format!("epoch {start} comes after `{section}.end` = {end}: the window would never open"),
    ))
}

pub(crate) fn budget(recipe: &Recipe) -> Result<(), RecipeError> {
    not_negative("budget.amount", recipe.budget.amount)?;
    if recipe.budget.unit == BudgetUnit::Seconds && recipe.budget.amount == 0.0 {
        return Err(RecipeError::value(
            "budget.amount",
            "say how many seconds each run may train, for example 60",
        ));
    }
    Ok(())
}
