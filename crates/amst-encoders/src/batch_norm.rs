use amst_kernels::batch_norm::{Fused, eval, train};
use burn::module::{Flag, Module, Param, RunningState};
use burn::tensor::{Device, Tensor};

/// Share of the batch's statistics in each update of the running ones, as in PyTorch.
const MOMENTUM: f64 = 0.1;
/// Added to the variance before its root is taken, as in PyTorch.
const EPSILON: f64 = 1e-5;

/// Batch normalisation with PyTorch's semantics.
///
/// In training the batch is normalised with its own biased variance, and the running
/// variance moves towards the *unbiased* one. burn's own layer keeps the biased one, which
/// is 3 % off where a channel has 36 samples, as in a ResNet's last stage.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// Scale, `[channels]`.
    pub gamma: Param<Tensor<1>>,
    /// Shift, `[channels]`.
    pub beta: Param<Tensor<1>>,
    /// Whether the layer normalises with the batch's statistics on a training device.
    pub training: Param<Flag>,
    /// Running mean, `[channels]`.
    pub running_mean: RunningState<Tensor<1>>,
    /// Running unbiased variance, `[channels]`.
    pub running_var: RunningState<Tensor<1>>,
}

impl BatchNorm {
    /// A layer with scale 1, shift 0, running mean 0 and running variance 1.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            gamma: Param::from_tensor(Tensor::ones([channels], device)),
            beta: Param::from_tensor(Tensor::zeros([channels], device)),
            training: Param::from_bool(true),
            running_mean: RunningState::new(Tensor::zeros([channels], device)),
            running_var: RunningState::new(Tensor::ones([channels], device)),
        }
    }

    /// Normalises `[batch, channels, height, width]` over all axes but the channels.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.forward_fused(input, Fused::Nothing)
    }

    /// As [`BatchNorm::forward`], then ReLU.
    pub fn forward_relu(&self, input: Tensor<4>) -> Tensor<4> {
        self.forward_fused(input, Fused::Relu)
    }

    /// As [`BatchNorm::forward`], then adds a shortcut of the same shape, then ReLU: the end of a
    /// residual block.
    pub fn forward_add_relu(&self, input: Tensor<4>, shortcut: Tensor<4>) -> Tensor<4> {
        self.forward_fused(input, Fused::AddRelu(shortcut))
    }

    fn forward_fused(&self, input: Tensor<4>, fused: Fused) -> Tensor<4> {
        if input.device().is_autodiff() && self.training.is_enabled() {
            return self.forward_train(input, fused);
        }
        let running = [self.running_mean.value(), self.running_var.value()];
        eval(
            input,
            [self.gamma.val(), self.beta.val()],
            running,
            EPSILON,
            fused,
        )
    }

    fn forward_train(&self, input: Tensor<4>, fused: Fused) -> Tensor<4> {
        let [batch, _, height, width] = input.dims();
        let count = (batch * height * width) as f64;
        // With one value a channel there is no unbiased variance: PyTorch refuses it, here the
        // biased one (0) is taken.
        let unbias = if count > 1.0 {
            count / (count - 1.0)
        } else {
            1.0
        };
        let normalised = train(input, self.gamma.val(), self.beta.val(), EPSILON, fused);
        Self::update(&self.running_mean, normalised.mean, 1.0);
        Self::update(&self.running_var, normalised.variance, unbias);
        normalised.output
    }

    fn update(running: &RunningState<Tensor<1>>, batch: Tensor<1>, scale: f64) {
        let old = running.value_sync().mul_scalar(1.0 - MOMENTUM);
        running.update(
            old.add(batch.detach().mul_scalar(MOMENTUM * scale))
                .detach(),
        );
    }
}
