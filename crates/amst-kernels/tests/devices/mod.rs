//! The devices that tests run on: Flex, and with the feature `tch` LibTorch on the CPU.
//!
//! On a processor where LibTorch's tensors use this crate's kernels, `AMST_ONLY_LIBTORCH=1` tests
//! LibTorch's instead.

use burn::tensor::Device;

/// A device, and what it is called where a test fails.
pub fn devices() -> Vec<(&'static str, Device)> {
    vec![
        ("flex", Device::flex()),
        #[cfg(feature = "tch")]
        #[allow(deprecated)] // Kept for speed on CPUs (docs/decisions/0001).
        ("tch", Device::libtorch()),
    ]
}
