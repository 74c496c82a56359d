use std::collections::HashMap;

use amst_kernels::descent::{Descent, Sgd};
use amst_recipe::Optim;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Gradients, Tensor};

/// Stochastic gradient descent exactly as PyTorch's `SGD(momentum, weight_decay)` (D4):
/// `v ← momentum·v + (g + weight_decay·p)`, `p ← p − lr·v`, with `v = g + weight_decay·p`
/// at a parameter's first step.
///
/// A parameter without a gradient is left alone entirely: no weight decay, and its velocity
/// waits unchanged for its next step. That is what makes a skipped modality bit-frozen.
///
/// Our own, because burn's optimiser does not let its velocities be read by parameter
/// (docs/decisions/0009-own-sgd.md); the arithmetic is [`amst_kernels::descent`]'s.
#[derive(Clone)]
pub struct Optimiser {
    momentum: f64,
    weight_decay: f64,
    /// Flattened.
    velocities: HashMap<ParamId, Tensor<1>>,
}

impl Optimiser {
    /// An optimiser without any velocity yet.
    pub fn new(optim: &Optim) -> Self {
        Self {
            momentum: optim.momentum,
            weight_decay: optim.weight_decay,
            velocities: HashMap::new(),
        }
    }

    /// One with the same settings and without any velocity.
    pub fn fresh(&self) -> Self {
        Self {
            momentum: self.momentum,
            weight_decay: self.weight_decay,
            velocities: HashMap::new(),
        }
    }

    /// Moves those parameters of `module` that have a gradient, and takes their gradients out.
    pub fn step<M: Module>(&mut self, lr: f64, module: M, gradients: &mut Gradients) -> M {
        let of_module = GradientsParams::from_module(gradients, &module);
        self.apply(lr, module, of_module)
    }

    /// Moves those parameters of `module` for which there is a gradient.
    pub fn apply<M: Module>(&mut self, lr: f64, module: M, gradients: GradientsParams) -> M {
        if gradients.is_empty() {
            return module;
        }
        let mut descent = Descent::new(Sgd {
            lr,
            momentum: self.momentum,
            weight_decay: self.weight_decay,
        });
        let moved = module.map(&mut Moved {
            velocities: &mut self.velocities,
            descent: &mut descent,
            gradients,
        });
        descent.finish();
        moved
    }

    /// A copy of `module` in which every parameter that has a velocity is replaced by it, and
    /// the ids of those parameters.
    pub fn velocities<M: Module>(&self, module: M) -> (M, Vec<ParamId>) {
        (
            module.map(&mut Shown(self)),
            self.velocities.keys().copied().collect(),
        )
    }

    /// Takes the values of those parameters of `module` that `ids` names for their velocities: the
    /// inverse of [`Optimiser::velocities`].
    pub fn restore<M: Module>(&mut self, module: &M, ids: &[ParamId]) {
        module.visit(&mut Taken {
            optimiser: self,
            ids,
        });
    }
}

struct Moved<'a> {
    velocities: &'a mut HashMap<ParamId, Tensor<1>>,
    descent: &'a mut Descent,
    gradients: GradientsParams,
}

impl ModuleMapper for Moved<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        let (id, tensor, mapper) = param.consume();
        let (value, velocity) =
            self.descent
                .step(tensor.inner(), gradient, self.velocities.remove(&id));
        self.velocities.insert(id, velocity);
        Param::from_mapped_value(id, Tensor::from_inner(value).require_grad(), mapper)
    }
}

struct Taken<'a> {
    optimiser: &'a mut Optimiser,
    ids: &'a [ParamId],
}

impl ModuleVisitor for Taken<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.ids.contains(&param.id) {
            let velocity = param.val().without_autodiff();
            let size = velocity.dims().iter().product::<usize>();
            self.optimiser
                .velocities
                .insert(param.id, velocity.reshape([size]));
        }
    }
}

struct Shown<'a>(&'a Optimiser);

impl ModuleMapper for Shown<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(velocity) = self.0.velocities.get(&param.id) else {
            return param;
        };
        let (id, tensor, mapper) = param.consume();
        Param::from_mapped_value(
            id,
            Tensor::from_inner(velocity.clone().reshape(tensor.dims())),
            mapper,
        )
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
        Self {
            lr: optim.lr,
            step: optim.lr_step.max(1),
            gamma: optim.lr_gamma,
        }
    }

    /// The learning rate of an epoch.
    pub fn at(&self, epoch: usize) -> f64 {
        self.lr * self.decay(epoch)
    }

    /// What every learning rate is multiplied by in an epoch.
    pub fn decay(&self, epoch: usize) -> f64 {
        (0..epoch / self.step).fold(1.0, |decay, _| decay * self.gamma)
    }
}
