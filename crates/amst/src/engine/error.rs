use amst_recipe::{Modality, RecipeError};

/// What can be wrong with the settings of a method.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MethodError {
    /// s = 0.
    #[error("skip.{0} = 0 divides no epoch: use 1 to train in every epoch, or \"never\"")]
    ZeroSkip(Modality),
    /// Epochs that depend on the length or the seed of a run.
    #[error(
        "skip.{modality} = \"{schedule}\" names epochs only in a run: take the recipe of its cell \
         (`Methods::canonical`)"
    )]
    RelativeSchedule {
        /// Whose schedule.
        modality: Modality,
        /// As it is written.
        schedule: String,
    },
    /// A schedule in which nothing would ever train.
    #[error(
        "in {epochs} epochs this schedule never trains anything: give at least one modality a skip parameter of 1, or train longer"
    )]
    NothingTrains {
        /// The length of the run.
        epochs: usize,
    },
    /// Prototypes of a class of which no sample was seen.
    #[error(
        "no sample of class {class} in any batch that prototypes are made of: give the training split samples of \
         every class, or leave the class out"
    )]
    NoPrototype {
        /// Index of the class.
        class: usize,
    },
    /// What a method remembered was saved by another one, or by another version of it.
    #[error("the saved state of the method does not fit: {why}; start the run over")]
    State {
        /// What is missing or too much.
        why: String,
    },
    /// Settings or a name that do not belong to a method.
    #[error("{0}")]
    Settings(String),
    /// No modality at all.
    #[error("a network needs at least one modality")]
    NoModality,
}

impl From<RecipeError> for MethodError {
    fn from(error: RecipeError) -> Self {
        Self::Settings(error.to_string())
    }
}
