use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Int, Tensor};

/// One modality of one batch, as an encoder reads it.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // A handful exist at a time; a box would stand in every encoder's way.
pub enum Input {
    /// A spectrogram, `[batch, 1, time, mel]`.
    Map(Tensor<4>),
    /// Pictures, `[batch, channels, frames, height, width]`.
    Frames(Tensor<5>),
    /// Token ids `[batch, length]` and their mask (1 = a token, 0 = padding), `[batch, length]`.
    Tokens {
        /// Ids below the vocabulary's size.
        ids: Tensor<2, Int>,
        /// 1 where there is a token.
        mask: Tensor<2>,
    },
}

impl Input {
    /// Samples in the batch.
    pub fn batch_size(&self) -> usize {
        match self {
            Input::Map(x) => x.dims()[0],
            Input::Frames(x) => x.dims()[0],
            Input::Tokens { ids, .. } => ids.dims()[0],
        }
    }

    /// One sample in which there is nothing: zeros, or a text of one token.
    pub fn blank(&self) -> Self {
        match self {
            Input::Map(x) => Input::Map(x.clone().narrow(0, 0, 1).zeros_like()),
            Input::Frames(x) => Input::Frames(x.clone().narrow(0, 0, 1).zeros_like()),
            Input::Tokens { ids, mask } => {
                let [_, length] = ids.dims();
                let first = Tensor::arange(0..length as i64, &ids.device()).unsqueeze::<2>().equal_elem(0);
                // Token 0 opens a text and 1 pads it, in RoBERTa's vocabulary and in that of bytes.
                let ids = first.clone().bool_not().int();
                Input::Tokens { ids, mask: first.float().to_device(&mask.device()) }
            }
        }
    }

    /// The same values on the device without autodiff.
    pub fn inner(self) -> Self {
        match self {
            Input::Map(x) => Input::Map(x.inner()),
            Input::Frames(x) => Input::Frames(x.inner()),
            Input::Tokens { ids, mask } => Input::Tokens { ids: ids.inner(), mask: mask.inner() },
        }
    }

    /// The device that holds it.
    pub fn device(&self) -> Device {
        match self {
            Input::Map(x) => x.device(),
            Input::Frames(x) => x.device(),
            Input::Tokens { mask, .. } => mask.device(),
        }
    }
}

/// What the fusion heads and the training methods ask of an encoder.
///
/// Implement it for a module of your own to train that instead: `crates/amst/examples/custom_encoder.rs`.
/// An encoder knows no data set and no schedule. Whether it behaves as in training (batch
/// statistics, dropout) is decided by burn: on an autodiff device it does, after
/// [`Module::valid`] it does not.
pub trait Encoder: Module + ModuleDisplay + 'static {
    /// Embeds a batch.
    ///
    /// # Shapes
    ///
    /// - `input`: one of [`Input`]'s,
    /// - output: `[batch, D]`, with the same D for every encoder that shares a head.
    ///
    /// # Panics
    ///
    /// When given a kind of input that this encoder does not read; a recipe cannot ask for that.
    fn embed(&self, input: &Input) -> Tensor<2>;

    /// Whether a forward pass in training mode moves running statistics, so that they go
    /// stale while the encoder is skipped and need recalibration.
    fn has_running_statistics(&self) -> bool;
}
