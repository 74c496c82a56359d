//! `--device`: the only place that names a backend.

use amst_recipe::Precision;
use anyhow::{Result, bail};
use burn::tensor::Device;

use crate::failure::Usage;
use crate::precision;

/// The devices that are compiled in, as `--device` takes them.
fn compiled() -> Vec<&'static str> {
    let mut names = Vec::new();
    if cfg!(feature = "flex") {
        names.push("flex");
    }
    if cfg!(feature = "cuda") {
        names.push("cuda[:i]");
    }
    if cfg!(feature = "tch") {
        names.push("tch[:cpu|:cuda:i]");
    }
    names
}

/// Opens a device by name for work of a precision; one that is not compiled in is an error, never
/// another device, and so is a precision that it lacks.
pub fn open(name: &str, precision: Precision) -> Result<Device> {
    let device = compiled_in(name)?;
    precision::set(name, precision)?;
    Ok(device)
}

fn compiled_in(name: &str) -> Result<Device> {
    let (kind, rest) = name
        .split_once(':')
        .map_or((name, None), |(kind, rest)| (kind, Some(rest)));
    match (kind, rest) {
        #[cfg(feature = "flex")]
        ("flex", None) => Ok(Device::flex()),
        #[cfg(feature = "cuda")]
        ("cuda", given) => {
            let index = index(name, given)?;
            answering(name, || Device::cuda(index))
        }
        #[cfg(feature = "tch")]
        #[allow(deprecated)]
        // Upstream prefers its own backends; LibTorch is kept for speed on CPUs.
        ("tch", None | Some("cpu")) => Ok(Device::libtorch()),
        #[cfg(feature = "tch")]
        #[allow(deprecated)]
        ("tch", Some(rest)) if rest.starts_with("cuda") => {
            let index = index(name, rest.strip_prefix("cuda:"))?;
            answering(name, || Device::libtorch_cuda(index))
        }
        ("flex" | "cuda" | "tch", _) => bail!(Usage(format!(
            "device `{name}` is not in this program, which was compiled with: {}; build it with \
             `cargo build --release -p amst-cli --features {kind}`",
            compiled().join(", ")
        ))),
        _ => bail!(Usage(unknown(name))),
    }
}

fn unknown(name: &str) -> String {
    let near = amst_recipe::nearest(
        name,
        ["flex", "cuda", "tch", "tch:cpu", "tch:cuda:0", "cuda:0"],
    );
    let hint = near
        .map(|n| format!("; did you mean `{n}`?"))
        .unwrap_or_default();
    format!(
        "unknown device `{name}`{hint}; this program has: {}",
        compiled().join(", ")
    )
}

#[cfg(any(feature = "cuda", feature = "tch"))]
fn index(name: &str, text: Option<&str>) -> Result<usize> {
    let Some(text) = text else { return Ok(0) };
    text.parse().map_err(|_| {
        anyhow::Error::new(Usage(format!(
            "device `{name}`: `{text}` is not a device number"
        )))
    })
}

/// Whether a call to the device of this name returns only when it is done.
pub fn is_synchronous(name: &str) -> bool {
    matches!(name, "flex" | "tch" | "tch:cpu")
}

/// A device that was compiled in but may not be in this machine: it is tried before anything is
/// written. Backends panic where a driver is missing; that becomes an error like any other.
#[cfg(any(feature = "cuda", feature = "tch"))]
fn answering(name: &str, open: impl FnOnce() -> Device + std::panic::UnwindSafe) -> Result<Device> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let answer = std::panic::catch_unwind(|| {
        let device = open();
        burn::tensor::Tensor::<1>::ones([1], &device).into_data();
        device
    });
    std::panic::set_hook(hook);
    answer.map_err(|_| {
        anyhow::Error::new(Usage(format!(
            "device `{name}` is compiled in but does not answer: check the driver and the \
             device's number, or use --device flex"
        )))
    })
}
