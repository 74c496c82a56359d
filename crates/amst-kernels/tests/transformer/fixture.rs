//! Fixtures of PyTorch's numbers, and how far from them an operation is.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::str::FromStr;

use amst_kernels::Dropout;
use burn::tensor::{DType, Device, Tensor, TensorData};
use safetensors::SafeTensors;

/// Tensors by name, and what the script wrote beside them.
pub struct Fixture {
    name: String,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    metadata: HashMap<String, String>,
}

impl Fixture {
    /// A case of an operation, from `fixtures/<operation>`.
    pub fn read(operation: &str, case: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!(
            "tests/transformer/fixtures/{operation}/{case}.safetensors"
        ));
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file
            .tensors()
            .into_iter()
            .map(|(name, tensor)| (name, (tensor.shape().to_vec(), floats_of(tensor.data()))))
            .collect();
        Self {
            name: format!("{operation}, {case}"),
            tensors,
            metadata: header.metadata().clone().unwrap(),
        }
    }

    pub fn told<T: FromStr>(&self, name: &str) -> T
    where
        T::Err: std::fmt::Debug,
    {
        self.metadata[name].parse().unwrap()
    }

    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let (shape, values) = &self.tensors[name];
        Tensor::from_data(TensorData::new(values.clone(), shape.clone()), device)
    }

    /// The case's dropout, if it has one.
    pub fn dropout(&self) -> Option<Dropout> {
        let (_, dropped) = self.tensors.get("dropped")?;
        let dropped = dropped.iter().map(|value| *value == 1.0).collect();
        Some(Dropout::new(dropped, self.told("probability")))
    }

    /// Whether tensors are as near as the tolerance, each over its largest magnitude.
    pub fn all_agree(&self, on: &str, names: &[&str], got: &[Vec<f32>], tolerance: f32) {
        assert_eq!(names.len(), got.len());
        for (name, got) in names.iter().zip(got) {
            self.agrees(on, name, got, tolerance);
        }
    }

    /// Whether a tensor is as near as the tolerance, over the largest magnitude.
    pub fn agrees(&self, on: &str, name: &str, got: &[f32], tolerance: f32) {
        let off = apart(got, &self.tensors[name].1);
        assert!(
            off < tolerance,
            "{} on {on}: {name} is {off:.1e} from PyTorch's",
            self.name
        );
    }
}

fn floats_of(bytes: &[u8]) -> Vec<f32> {
    let words = bytes.chunks_exact(4);
    words
        .map(|word| f32::from_le_bytes(word.try_into().unwrap()))
        .collect()
}

/// The largest difference over the largest magnitude; the difference itself where all is 0.
pub fn apart(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    assert!(got.iter().all(|value| value.is_finite()));
    let largest = want.iter().fold(0.0f32, |most, v| most.max(v.abs()));
    let pairs = got.iter().zip(want);
    let apart = pairs.fold(0.0f32, |most, (g, w)| most.max((g - w).abs()));
    if largest == 0.0 {
        apart
    } else {
        apart / largest
    }
}

/// Numbers without a pattern, from -1 to 1.
pub fn noise<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((state >> 40) as f32) / (1u64 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| next()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The same numbers, with the last two dimensions exchanged in memory.
pub fn turned<const D: usize>(t: Tensor<D>) -> Tensor<D> {
    let device = t.device();
    let data = t.swap_dims(D - 2, D - 1).into_data();
    Tensor::<D>::from_data(data, &device).swap_dims(D - 2, D - 1)
}

pub fn double<const D: usize>(t: Tensor<D>) -> Tensor<D> {
    t.cast(DType::F64)
}

pub fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.cast(DType::F32).into_data().try_to_vec().unwrap()
}

/// What `run` computes with some numbers of threads.
pub fn with_threads<T: Send>(run: impl Fn() -> T + Sync) -> Vec<T> {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(&run)
    };
    [1, 2, 3, 7].map(with).into()
}

/// The words with which `call` refuses.
pub fn refusal<T>(call: impl FnOnce() -> T) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call))
        .err()
        .expect("refused");
    let owned = panic.downcast_ref::<String>().cloned();
    owned
        .or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()))
        .unwrap()
}
