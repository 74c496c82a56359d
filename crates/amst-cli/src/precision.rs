//! `--precision`: which device supports which.

use amst_recipe::Precision;
use anyhow::{Result, bail};

use crate::failure::Usage;

/// Sets the precision of the device of this name, or refuses one that it lacks.
pub fn set(device: &str, precision: Precision) -> Result<()> {
    if let Some(why) = lack(device, precision) {
        bail!(Usage(format!(
            "device `{device}` has no {precision}: {why}"
        )));
    }
    // The switch acts on convolutions and products of float32, also on those that bf16 leaves in
    // float32.
    #[cfg(all(feature = "tch", not(windows)))]
    amst_kernels::tf32::allow(precision == Precision::Tf32);
    Ok(())
}

/// Why a device lacks a precision, and what has it; `None` if it has it, or for an unknown device.
fn lack(device: &str, precision: Precision) -> Option<&'static str> {
    let is_gpu = device.starts_with("tch:cuda");
    match (device.split(':').next()?, precision) {
        ("flex", Precision::Tf32 | Precision::Bf16) => {
            Some("it computes in f32 alone; `--device tch` has bf16")
        }
        ("wgpu" | "vulkan" | "metal", Precision::Tf32 | Precision::Bf16) => {
            Some("it computes in f32 alone; `--device tch:cuda:0` has both")
        }
        ("tch", Precision::Tf32) if !is_gpu => Some("GPUs do; it has f32 and bf16"),
        // cubek rounds the factors of f32 wherever a tensor core multiplies, and has no switch for
        // it.
        ("cuda", Precision::F32) => {
            Some("it multiplies in tf32; say so with `--precision tf32`, or use tch:cuda:0")
        }
        #[cfg(windows)]
        ("tch", Precision::F32 | Precision::Bf16) if is_gpu => {
            Some("on Windows LibTorch decides, which takes tf32")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::exit_code;

    #[test]
    fn what_a_device_lacks_is_a_mistake_on_the_command_line() {
        for (device, precision) in [
            ("flex", Precision::Tf32),
            ("flex", Precision::Bf16),
            ("tch", Precision::Tf32),
            ("tch:cpu", Precision::Tf32),
            ("cuda:1", Precision::F32),
            ("wgpu:1", Precision::Tf32),
            ("vulkan", Precision::Bf16),
        ] {
            let error = set(device, precision).unwrap_err();
            assert_eq!(exit_code(&error), 2, "{device}");
            assert!(error.to_string().contains(precision.name()), "{error}");
        }
    }

    #[cfg(not(windows))]
    #[test]
    fn what_a_device_has_is_granted() {
        for precision in Precision::ALL {
            assert_eq!(lack("tch:cuda:1", precision), None);
        }
        for (device, precision) in [
            ("flex", Precision::F32),
            ("tch", Precision::Bf16),
            ("cuda", Precision::Tf32),
            ("wgpu:0", Precision::F32),
            ("metal", Precision::F32),
        ] {
            assert_eq!(lack(device, precision), None);
        }
    }

    #[cfg(all(feature = "tch", not(windows)))]
    #[test]
    fn libtorch_is_told_about_tf32() {
        for precision in [
            Precision::Tf32,
            Precision::F32,
            Precision::Tf32,
            Precision::Bf16,
        ] {
            set("tch:cuda:0", precision).unwrap();
            assert_eq!(
                amst_kernels::tf32::is_allowed(),
                precision == Precision::Tf32
            );
        }
    }
}
