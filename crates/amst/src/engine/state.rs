//! What a method remembers from one step to the next.

use std::collections::BTreeMap;

use amst_encoders::HeldTensor;
use burn::tensor::{Device, Tensor};

use crate::MethodError;

/// Everything that a method would have to know to go on in another process as if nothing had
/// happened: by name, tensors and numbers in double precision. Counts and switches are numbers too.
#[derive(Clone, Debug, Default)]
pub struct MethodState {
    /// Held as they are now.
    pub tensors: Vec<HeldTensor>,
    /// Exact to the last bit, infinities included.
    pub numbers: BTreeMap<String, Vec<f64>>,
}

impl MethodState {
    /// Nothing: what a method without memory saves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty() && self.numbers.is_empty()
    }

    /// Adds numbers.
    pub fn with_numbers(mut self, name: impl Into<String>, numbers: &[f64]) -> Self {
        self.numbers.insert(name.into(), numbers.to_vec());
        self
    }

    /// Adds a tensor.
    pub fn with_tensor<const D: usize>(
        mut self,
        name: impl Into<String>,
        tensor: &Tensor<D>,
    ) -> Self {
        self.tensors.push(HeldTensor::from_tensor(name, tensor));
        self
    }

    /// Takes numbers out.
    ///
    /// # Errors
    ///
    /// There are none of that name, or not `count` of them.
    pub fn take<const N: usize>(&mut self, name: &str) -> Result<[f64; N], MethodError> {
        let numbers = self.take_all(name)?;
        let found = numbers.len();
        numbers
            .try_into()
            .map_err(|_| wrong(format!("`{name}` has {found} numbers, not {N}")))
    }

    /// Takes numbers out, however many there are.
    ///
    /// # Errors
    ///
    /// There are none of that name.
    pub fn take_all(&mut self, name: &str) -> Result<Vec<f64>, MethodError> {
        self.numbers
            .remove(name)
            .ok_or_else(|| wrong(format!("`{name}` is missing")))
    }

    /// Takes as many numbers out as there must be.
    ///
    /// # Errors
    ///
    /// There are none of that name, or not `count` of them.
    pub fn take_some(&mut self, name: &str, count: usize) -> Result<Vec<f64>, MethodError> {
        let numbers = self.take_all(name)?;
        let found = numbers.len();
        if found != count {
            return Err(wrong(format!("`{name}` has {found} numbers, not {count}")));
        }
        Ok(numbers)
    }

    /// Takes a tensor out, if there is one of that name, onto a device.
    ///
    /// # Errors
    ///
    /// A tensor of another rank.
    pub fn take_tensor<const D: usize>(
        &mut self,
        name: &str,
        device: &Device,
    ) -> Result<Option<Tensor<D>>, MethodError> {
        let Some(at) = self.tensors.iter().position(|tensor| tensor.name() == name) else {
            return Ok(None);
        };
        self.tensors
            .remove(at)
            .tensor(device)
            .map(Some)
            .map_err(|e| wrong(e.to_string()))
    }

    /// Takes out all tensors below a name, `name.…`, and leaves that part of their names away.
    pub fn take_below(&mut self, name: &str) -> Vec<HeldTensor> {
        let below = format!("{name}.");
        let (taken, left) = std::mem::take(&mut self.tensors)
            .into_iter()
            .partition(|t| t.name().starts_with(&below));
        self.tensors = left;
        let renamed = |tensor: HeldTensor| {
            let own = tensor.name()[below.len()..].to_string();
            tensor.named(own)
        };
        Vec::into_iter(taken).map(renamed).collect()
    }

    /// Refuses what was not taken out.
    ///
    /// # Errors
    ///
    /// Something is left.
    pub fn end(self) -> Result<(), MethodError> {
        let names = self
            .numbers
            .into_keys()
            .chain(self.tensors.iter().map(|tensor| tensor.name().to_string()));
        match names.reduce(|a, b| format!("{a}, {b}")) {
            None => Ok(()),
            Some(names) => Err(wrong(format!(
                "it remembers {names}, which this method does not"
            ))),
        }
    }
}

/// What is wrong with a method's saved state.
fn wrong(why: String) -> MethodError {
    MethodError::State { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn what_was_put_in_is_taken_out_once() {
        let device = Device::flex();
        let tensor = Tensor::<2>::from_data([[1.0, -0.0], [f32::MIN_POSITIVE, 2.5]], &device);
        let mut state = MethodState::new()
            .with_tensor("p", &tensor)
            .with_tensor("kept.a.w", &tensor);
        state = state.with_numbers("best", &[f64::INFINITY, 0.1]);
        assert_eq!(state.take::<2>("best").unwrap(), [f64::INFINITY, 0.1]);
        assert_eq!(
            values(state.take_tensor::<2>("p", &device).unwrap().unwrap()),
            values(tensor)
        );
        assert!(state.take_tensor::<2>("p", &device).unwrap().is_none());
        let below = state.take_below("kept.a");
        assert_eq!(
            below.iter().map(HeldTensor::name).collect::<Vec<_>>(),
            ["w"]
        );
        assert!(state.is_empty() && state.end().is_ok());
    }

    #[test]
    fn what_is_missing_too_long_of_another_rank_or_left_over_is_refused() {
        let device = Device::flex();
        let tensor = Tensor::<1>::from_data([1.0], &device);
        let mut state = MethodState::new()
            .with_numbers("n", &[1.0])
            .with_tensor("t", &tensor);
        for refused in [
            state.clone().take::<2>("n").err(),
            state.clone().take_some("m", 1).err(),
        ] {
            assert!(
                matches!(refused, Some(MethodError::State { .. })),
                "{refused:?}"
            );
        }
        assert!(state.clone().take_tensor::<2>("t", &device).is_err());
        let left = state.clone().end().unwrap_err().to_string();
        assert!(left.contains("n, t"), "{left}");
        state.take_all("n").unwrap();
        assert!(state.end().is_err());
    }
}
