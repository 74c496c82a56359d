use std::path::PathBuf;

/// What can be wrong with a file of weights.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file cannot be read or written, or is not of the kind that its name says.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The store's message.
        why: String,
    },
    /// Tensors missing from the file, left over in it, or of another kind or shape.
    #[error(
        "{}: {why}; the file must hold exactly this network's tensors: check modalities, method, \
         width, stem and classes",
        path.display()
    )]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// Which tensors.
        why: String,
    },
    /// A file of `torch.save` that holds more than tensors.
    #[error(
        "{}: it holds {what}, and only tensors are read, by no code of the file's; save the \
         model's state dictionary as model.safetensors instead",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The Python types that it asks for.
        what: String,
    },
    /// Tensors missing from a pretrained model's file, beyond it, or of another shape.
    #[error(
        "{}: {why}; the file must be of the model that its config.json describes",
        path.display()
    )]
    Pretrained {
        /// The file.
        path: PathBuf,
        /// Which tensors.
        why: String,
    },
}
