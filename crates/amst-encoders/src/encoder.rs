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
                let first = Tensor::arange(0..length as i64, &ids.device())
                    .unsqueeze::<2>()
                    .equal_elem(0);
                // Token 0 opens a text and 1 pads it, in RoBERTa's vocabulary and in that of bytes.
                let ids = first.clone().bool_not().int();
                Input::Tokens {
                    ids,
                    mask: first.float().to_device(&mask.device()),
                }
            }
        }
    }

    /// The same values on the device without autodiff.
    pub fn inner(self) -> Self {
        match self {
            Input::Map(x) => Input::Map(x.inner()),
            Input::Frames(x) => Input::Frames(x.inner()),
            Input::Tokens { ids, mask } => Input::Tokens {
                ids: ids.inner(),
                mask: mask.inner(),
            },
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

/// Which step of a training a forward pass belongs to. It is all that random numbers drawn in
/// the pass may depend on besides the encoder itself, so that a step gives the same after a
/// resume, on any number of threads, and whatever else was forwarded before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingStep {
    /// Counted from 0.
    pub epoch: usize,
    /// Counted from 0 in the epoch.
    pub step: usize,
}

/// What the fusion heads and the training methods ask of an encoder.
///
/// Implement it for a module of your own to train that instead:
/// `crates/amst/examples/custom_encoder.rs`. An encoder knows no data set and no schedule. Whether
/// it behaves as in training is decided by burn: on an autodiff device batch statistics are used,
/// after [`Module::valid`] they are not. Dropout is random, and so belongs to a step:
/// [`embed_in_step`](Self::embed_in_step).
pub trait Encoder: Module + ModuleDisplay + 'static {
    /// Embeds a batch, without dropout.
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

    /// The same in a step of training. An encoder that draws random numbers draws them here and
    /// nowhere else, as a pure function of a seed of its own and of `step`; one that draws none
    /// leaves this as it is.
    fn embed_in_step(&self, input: &Input, step: TrainingStep) -> Tensor<2> {
        let _ = step;
        self.embed(input)
    }

    /// Whether a forward pass in training mode moves running statistics, so that they go
    /// stale while the encoder is skipped and need recalibration.
    fn has_running_statistics(&self) -> bool;
}
