//! The release build of `amst`.

use std::path::PathBuf;

use super::device::Device;
use crate::build::program;

/// Builds `amst` for a device, showing cargo's progress, and says where it is.
pub fn build(device: &Device) -> anyhow::Result<PathBuf> {
    match device {
        Device::Flex => program("amst-cli", "amst", &["--release"]),
        other => program(
            "amst-cli",
            "amst",
            &[
                "--release",
                "--no-default-features",
                "--features",
                other.feature(),
            ],
        ),
    }
}
