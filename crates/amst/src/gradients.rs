//! Gradients of a branch, between backward and update, where a method may change them.

use amst_encoders::Encoder;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::method::Phase;
use crate::{Branch, StepContext};

/// The gradients of a branch, by part. A part that had no share in the loss has none.
pub struct BranchGradients {
    /// Of the head.
    pub head: GradientsParams,
    /// Of each encoder, in training order.
    pub encoders: Vec<GradientsParams>,
}

/// A change to the gradient of one parameter, whatever its rank.
pub trait GradientChange {
    /// What the gradient becomes.
    fn change<const D: usize>(&mut self, gradient: Tensor<D>) -> Tensor<D>;
}

/// Applies a change to every gradient of a module, in the order of its parameters.
pub fn change_gradients<M: Module>(module: &M, gradients: &mut GradientsParams, change: &mut impl GradientChange) {
    module.visit(&mut Changed { gradients, change });
}

struct Changed<'a, C> {
    gradients: &'a mut GradientsParams,
    change: &'a mut C,
}

impl<C: GradientChange> ModuleVisitor for Changed<'_, C> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.gradients.register(param.id, self.change.change(gradient));
        }
    }
}

impl<E: Encoder> Branch<E> {
    /// Backward: the gradients of a loss, sorted by part.
    pub fn gradients(&self, loss: &Tensor<1>, context: &mut StepContext<'_>) -> BranchGradients {
        context.clock.time(Phase::Backward, || {
            let mut all = loss.backward();
            BranchGradients {
                head: GradientsParams::from_module(&mut all, &self.head),
                encoders: self.encoders.iter().map(|e| GradientsParams::from_module(&mut all, e)).collect(),
            }
        })
    }

    /// Update: the head at the common learning rate, encoder `index` at `lr(index)`.
    pub fn descend(&mut self, gradients: BranchGradients, context: &mut StepContext<'_>, lr: impl Fn(usize) -> f64) {
        let optimiser = &mut *context.optimiser;
        context.clock.time(Phase::Update, || {
            self.head = optimiser.apply(context.lr, self.head.clone(), gradients.head);
            for (index, own) in gradients.encoders.into_iter().enumerate() {
                if !own.is_empty() {
                    self.change_encoder(index, |encoder| optimiser.apply(lr(index), encoder, own));
                }
            }
        });
    }
}
