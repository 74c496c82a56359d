use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Int, Tensor};

/// One modality of one batch, as an encoder reads it.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // A handful exist at a time.
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

    /// One empty sample: zeros, or a text of one token.
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

    /// The same values without autodiff.
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

    /// The device of its tensors.
    pub fn device(&self) -> Device {
        match self {
            Input::Map(x) => x.device(),
            Input::Frames(x) => x.device(),
            Input::Tokens { mask, .. } => mask.device(),
        }
    }
}

/// Which training step a forward pass belongs to. Random numbers drawn in the pass may depend only
/// on this and on the encoder, so that a step gives the same results after a resume, with any
/// number of threads, and after any other forward passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingStep {
    /// Counted from 0.
    pub epoch: usize,
    /// Counted from 0 in the epoch.
    pub step: usize,
}

/// The interface of encoders to fusion heads and training methods.
///
/// Implement it for a module of your own to train that: `crates/amst/examples/custom_encoder.rs`.
/// An encoder is independent of data sets and schedules. As in all of burn, an autodiff device
/// means training (batch statistics are used), and [`Module::valid`] evaluation. Dropout is random,
/// and so belongs to a step: [`embed_in_step`](Self::embed_in_step).
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
    /// If this encoder does not read that kind of input; recipes cannot ask for that.
    fn embed(&self, input: &Input) -> Tensor<2>;

    /// Embeds a batch in a training step. Encoders draw random numbers only here, as a pure
    /// function of their own seed and of `step`. The default draws none.
    fn embed_in_step(&self, input: &Input, step: TrainingStep) -> Tensor<2> {
        let _ = step;
        self.embed(input)
    }

    /// Whether a forward pass in training mode updates running statistics, so that they become
    /// stale while the encoder is skipped and need recalibration.
    fn has_running_statistics(&self) -> bool;
}
