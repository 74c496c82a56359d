use amst_recipe::Optim;
use burn::module::Module;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::Gradients;

/// Stochastic gradient descent exactly as PyTorch's `SGD(momentum, weight_decay)` (D4):
/// `v ← momentum·v + (g + weight_decay·p)`, `p ← p − lr·v`, with `v = g + weight_decay·p`
/// at a parameter's first step.
///
/// A parameter without a gradient is left alone entirely: no weight decay, and its velocity
/// waits unchanged for its next step. That is what makes a skipped modality bit-frozen.
pub struct Optimiser {
    sgd: ModuleOptimizer,
}

impl Optimiser {
    /// An optimiser without any velocity yet.
    pub fn new(optim: &Optim) -> Self {
        // burn's default dampening is 0.1; PyTorch's is 0.
        let momentum = MomentumConfig { momentum: optim.momentum, dampening: 0.0, nesterov: false };
        let decay = WeightDecayConfig { penalty: optim.weight_decay as f32 };
        Self { sgd: SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(Some(decay)).init() }
    }

    /// Moves those parameters of `module` that have a gradient, and takes their gradients out.
    pub fn step<M: Module>(&mut self, lr: f64, module: M, gradients: &mut Gradients) -> M {
        let of_module = GradientsParams::from_module(gradients, &module);
        self.sgd.step(lr, module, of_module)
    }
}

/// StepLR: the learning rate of an epoch counted from 0, `lr · gamma^⌊epoch / step⌋`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepLr {
    lr: f64,
    step: usize,
    gamma: f64,
}

impl StepLr {
    /// The schedule of a recipe.
    pub fn new(optim: &Optim) -> Self {
        Self { lr: optim.lr, step: optim.lr_step.max(1), gamma: optim.lr_gamma }
    }

    /// The learning rate of an epoch.
    pub fn at(&self, epoch: usize) -> f64 {
        (0..epoch / self.step).fold(self.lr, |lr, _| lr * self.gamma)
    }
}
