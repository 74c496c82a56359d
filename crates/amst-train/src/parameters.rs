use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// How many numbers training can move: burn's own count includes running statistics.
pub(crate) fn trainable<M: Module>(module: &M) -> usize {
    let mut count = Count(0);
    module.visit(&mut count);
    count.0
}

struct Count(usize);

impl ModuleVisitor for Count {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.val().is_require_grad() {
            self.0 += param.val().dims().iter().product::<usize>();
        }
    }
}
