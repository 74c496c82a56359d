/// Settings of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate.
    pub lr: f64,
    /// Share of the old velocity in the new one.
    pub momentum: f64,
    /// Share of the value that is added to its gradient.
    pub weight_decay: f64,
}
