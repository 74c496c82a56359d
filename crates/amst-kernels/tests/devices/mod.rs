//! The devices that tests run on: Flex, with the feature `tch` LibTorch on the CPU, and with the
//! feature `wgpu` the adapter that wgpu prefers, which may be a processor that imitates a GPU.
//!
//! On a processor where LibTorch's tensors use this crate's kernels, `AMST_ONLY_LIBTORCH=1` tests
//! LibTorch's instead.

use burn::tensor::Device;

/// A device, and what it is called where a test fails.
#[allow(dead_code, reason = "tests of wgpu alone have no use for the others")]
pub fn devices() -> Vec<(&'static str, Device)> {
    #[allow(unused_mut, reason = "without wgpu")]
    let mut devices = vec![
        ("flex", Device::flex()),
        #[cfg(feature = "tch")]
        #[allow(deprecated)] // Kept for speed on CPUs (docs/decisions/0001).
        ("tch", Device::libtorch()),
    ];
    #[cfg(feature = "wgpu")]
    devices.extend(gpu().map(|gpu| ("wgpu", gpu)));
    devices
}

/// The adapter that wgpu prefers, opened once in a process; without one that is said, and with
/// `AMST_REQUIRE_ADAPTER` set it is a failure.
#[cfg(feature = "wgpu")]
pub fn gpu() -> Option<Device> {
    static GPU: std::sync::OnceLock<Option<Device>> = std::sync::OnceLock::new();
    let gpu = GPU.get_or_init(|| Device::wgpu_options().init().ok());
    if gpu.is_none() {
        assert!(
            std::env::var_os("AMST_REQUIRE_ADAPTER").is_none(),
            "wgpu finds no adapter"
        );
        eprintln!("skipped wgpu: no adapter");
    }
    gpu.clone()
}
