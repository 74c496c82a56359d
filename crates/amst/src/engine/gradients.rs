//! Gradients of a branch, between backward and update, where a method may change them.

use amst_encoders::Encoder;
use amst_kernels::finite::Sum;
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::Phase;
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
pub fn change_gradients<M: Module>(
    module: &M,
    gradients: &mut GradientsParams,
    change: &mut impl GradientChange,
) {
    module.visit(&mut Changed { gradients, change });
}

struct Changed<'a, C> {
    gradients: &'a mut GradientsParams,
    change: &'a mut C,
}

impl<C: GradientChange> ModuleVisitor for Changed<'_, C> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.gradients
                .register(param.id, self.change.change(gradient));
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
                encoders: self
                    .encoders
                    .iter()
                    .map(|e| GradientsParams::from_module(&mut all, e))
                    .collect(),
            }
        })
    }

    /// Backward pass and update: everything that had a part in the loss moves at the common
    /// learning rate.
    pub fn train_on(&mut self, loss: &Tensor<1>, context: &mut StepContext<'_>) {
        let gradients = self.gradients(loss, context);
        self.descend(gradients, context);
    }

    /// Update at the common learning rate.
    ///
    /// Every gradient is checked before anything moves. One with NaN or infinity is noted in
    /// [`StepContext::fault`], and neither this update nor a later one of the same step happens;
    /// where modalities take turns, those before it in the step have had theirs.
    pub fn descend(&mut self, gradients: BranchGradients, context: &mut StepContext<'_>) {
        let rates = vec![context.rate.lr; self.encoders.len()];
        self.descend_at(&rates, gradients, context);
    }

    /// The same with a learning rate for each encoder, in training order. The head moves at the
    /// common one.
    pub fn descend_at(
        &mut self,
        rates: &[f64],
        gradients: BranchGradients,
        context: &mut StepContext<'_>,
    ) {
        if context.fault.is_none() {
            context.fault = context.clock.time(Phase::Update, || self.fault(&gradients));
        }
        if context.fault.is_some() {
            return;
        }
        let optimiser = &mut *context.optimiser;
        context.clock.time(Phase::Update, || {
            let head = self.head.clone();
            self.head = optimiser.apply(context.rate.lr, head, gradients.head);
            for (index, own) in gradients.encoders.into_iter().enumerate() {
                if !own.is_empty() {
                    let encoder = self.encoders.remove(index);
                    let moved = optimiser.apply(rates[index], encoder, own);
                    self.encoders.insert(index, moved);
                }
            }
        });
    }

    /// The first parameter whose gradient holds NaN or infinity, if there is one.
    ///
    /// One sum over everything is read once: it is finite only if each of its parts is. The
    /// parameters are looked at one by one only where it is not, because it may overflow by itself.
    pub fn fault(&self, gradients: &BranchGradients) -> Option<ParamId> {
        let parts = || self.encoders.iter().zip(&gradients.encoders);
        let mut total = Total {
            gradients: &gradients.head,
            sum: Sum::default(),
        };
        self.head.visit(&mut total);
        for (encoder, own) in parts() {
            total.gradients = own;
            encoder.visit(&mut total);
        }
        if total.sum.read().is_finite() {
            return None;
        }
        let mut first = FirstFault {
            gradients: &gradients.head,
            found: None,
        };
        self.head.visit(&mut first);
        for (encoder, own) in parts() {
            first.gradients = own;
            encoder.visit(&mut first);
        }
        first.found
    }
}

/// The sum of all gradients.
struct Total<'a> {
    gradients: &'a GradientsParams,
    sum: Sum,
}

impl ModuleVisitor for Total<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.sum.add(gradient);
        }
    }
}

struct FirstFault<'a> {
    gradients: &'a GradientsParams,
    found: Option<ParamId>,
}

impl ModuleVisitor for FirstFault<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self
            .found
            .is_none()
            .then(|| self.gradients.get::<D>(param.id))
            .flatten()
        else {
            return;
        };
        // 0 times a finite number is 0, and times infinity or NaN it is NaN.
        let zeros: f32 = gradient.mul_scalar(0.0).sum().into_scalar();
        self.found = (!zeros.is_finite()).then_some(param.id);
    }
}
