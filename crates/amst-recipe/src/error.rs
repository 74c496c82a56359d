use std::path::PathBuf;

use crate::Preset;

/// What can be wrong with a recipe, a descriptor or a table. Each message says the remedy.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// A key that no recipe has.
    #[error("unknown key `{key}`{hint}; `amst keys` lists them all")]
    UnknownKey {
        /// The dotted key as given.
        key: String,
        /// `; did you mean …?` or nothing.
        hint: String,
    },
    /// A value that does not fit its key.
    #[error("`{key}`: {why}")]
    Value {
        /// The dotted key.
        key: String,
        /// What is wrong and what would be right.
        why: String,
    },
    /// `--set` without an equals sign.
    #[error("`--set {0}` has no `=`: write `--set key=value`, for example `--set epochs=20`")]
    NotAnAssignment(String),
    /// A table that does not exist.
    #[error("unknown recipe `{name}`{hint}; there is: {known}")]
    UnknownRecipe {
        /// The name as given.
        name: String,
        /// `; did you mean …?` or nothing.
        hint: String,
        /// The names there are.
        known: String,
    },
    /// A preset that does not exist.
    #[error("unknown preset `{name}`{hint}; there is: {known}")]
    UnknownPreset {
        /// The name as given.
        name: String,
        /// `; did you mean …?` or nothing.
        hint: String,
        /// The names there are.
        known: String,
    },
    /// A method that does not exist.
    #[error("unknown method `{name}`{hint}; there is: {known}")]
    UnknownMethod {
        /// The name as given.
        name: String,
        /// `; did you mean …?` or nothing.
        hint: String,
        /// The names there are.
        known: String,
    },
    /// A preset that this method, or these modalities, cannot have.
    #[error("`{method}` has no preset `{preset}`: {why}")]
    NoPreset {
        /// The method.
        method: String,
        /// The preset that was asked for.
        preset: Preset,
        /// Why there is none, and what to use instead.
        why: String,
    },
    /// A row that the table does not have.
    #[error("recipe `{recipe}` has no experiment `{id}`; there is: {known}")]
    UnknownExperiment {
        /// The table.
        recipe: String,
        /// The row as given.
        id: String,
        /// The rows there are.
        known: String,
    },
    /// A row that has no meaning on a data set; in a table it prints `–`.
    #[error("experiment `{id}` of `{recipe}` does not apply to {dataset}: {why}")]
    NotApplicable {
        /// The table.
        recipe: String,
        /// The row.
        id: String,
        /// The data set.
        dataset: String,
        /// Why not, and what would make it apply.
        why: String,
    },
    /// A data set that is neither known nor a folder.
    #[error(
        "unknown data set `{name}`{hint}; known: {known}; or give the path of a folder that holds a `dataset.toml`"
    )]
    UnknownDataset {
        /// The name as given.
        name: String,
        /// `; did you mean …?` or nothing.
        hint: String,
        /// The names there are.
        known: String,
    },
    /// One of the paper's data sets, which must be brought first.
    #[error("{name} is not here: {access}; then give its folder: `--dataset path/to/{name}`")]
    NotBrought {
        /// The data set.
        name: String,
        /// Where it comes from.
        access: String,
    },
    /// A folder without a descriptor.
    #[error("{} has no `dataset.toml`: docs/datasets.md shows the ten lines to write", .0.display())]
    NoDescriptor(PathBuf),
    /// A descriptor or recipe file that cannot be read as TOML.
    #[error("{}: {why}", file.display())]
    Descriptor {
        /// The file.
        file: PathBuf,
        /// The parser's words, with line and column.
        why: String,
    },
    /// A name that would lead out of the folder it belongs to, or that some system cannot have.
    #[error("{place}: `{name}` cannot be a folder's name: {why}; call it `{instead}`")]
    FolderName {
        /// Where the name was read: the file and key, or the key.
        place: String,
        /// The name as given, control characters spelt out.
        name: String,
        /// What is wrong with it.
        why: String,
        /// A name that would do.
        instead: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {}: {source}; check that it exists and may be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A folder that should hold a pretrained text model and does not.
    #[error(
        "{} is no text model: it has {missing}; put the files that Hugging Face keeps for one model into that folder: \
         config.json, tokenizer.json (or vocab.json and merges.txt), model.safetensors (or pytorch_model.bin)",
        folder.display()
    )]
    TextModel {
        /// The folder.
        folder: PathBuf,
        /// `no config.json`, or what is wrong with it.
        missing: String,
    },
    /// A pretrained text model that is neither a folder nor fetched.
    #[error("text.encoder={name}: {why}")]
    NoTextModel {
        /// The name as given.
        name: String,
        /// Why not, and which files to put where.
        why: String,
    },
    /// A recipe that contradicts itself.
    #[error("{0}")]
    Contradiction(String),
}

impl RecipeError {
    /// A value that does not fit its key, and what would.
    pub fn value(key: &str, why: impl Into<String>) -> Self {
        Self::Value {
            key: key.into(),
            why: why.into(),
        }
    }
}
