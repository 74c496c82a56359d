//! `--device`: the only place that names a backend.

#[cfg(feature = "wgpu")]
mod graphics;
pub mod listing;

use amst_recipe::Precision;
use anyhow::{Result, bail};
use burn::tensor::Device;
#[cfg(any(feature = "cuda", feature = "tch"))]
use burn::tensor::DeviceType;
use listing::{Listed, Listing};

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
    if cfg!(feature = "wgpu") {
        names.push("wgpu[:i]");
        names.push("vulkan[:i]");
        names.push("metal[:i]");
    }
    names
}

/// The features of this program that bring devices, and whether they are compiled in.
pub const FEATURES: [(&str, bool); 4] = [
    ("flex", cfg!(feature = "flex")),
    ("tch", cfg!(feature = "tch")),
    ("cuda", cfg!(feature = "cuda")),
    ("wgpu", cfg!(feature = "wgpu")),
];

/// What `--device` could open here, and why a compiled-in kind has nothing.
pub fn list() -> Listing {
    #[allow(unused_mut, reason = "with flex alone")]
    let mut listing = Listing::default();
    if cfg!(feature = "flex") {
        listing.devices.push(Listed::processor("flex", None));
    }
    if cfg!(feature = "tch") {
        listing
            .devices
            .push(Listed::processor("tch:cpu", Some("LibTorch")));
    }
    #[cfg(feature = "tch")]
    add_nvidia(&mut listing, "tch:cuda", "LibTorch", DeviceType::LibTorch);
    #[cfg(feature = "cuda")]
    add_nvidia(&mut listing, "cuda", "CUDA", DeviceType::Cuda);
    #[cfg(feature = "wgpu")]
    graphics::list(&mut listing);
    listing
}

/// Adds the GPUs that a backend counts; it knows no names of them.
#[cfg(any(feature = "cuda", feature = "tch"))]
fn add_nvidia(listing: &mut Listing, device: &str, interface: &str, kind: DeviceType) {
    let count = quietly(|| Device::enumerate(kind).len()).unwrap_or(0);
    listing.devices.extend((0..count).map(|number| Listed {
        device: format!("{device}:{number}"),
        name: None,
        class: listing::DeviceClass::DiscreteGpu,
        interface: Some(interface.into()),
        driver: None,
        memory_bytes: None,
        largest_tensor_bytes: None,
        unusable: None,
    }));
    if count == 0 {
        listing.absent.push(listing::Absent {
            device: device.into(),
            why: format!("{interface} finds no NVIDIA GPU: check `nvidia-smi`"),
        });
    }
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
        #[cfg(feature = "wgpu")]
        ("wgpu" | "vulkan" | "metal", given) => opened_adapter(kind, index(name, given)?),
        _ if FEATURES.iter().any(|(known, _)| *known == feature(kind)) => bail!(Usage(format!(
            "device `{name}` is not in this program, which was compiled with: {}; build it with \
             `cargo build --release -p amst-cli --features {}`",
            compiled().join(", "),
            feature(kind)
        ))),
        _ => bail!(Usage(unknown(name))),
    }
}

/// The feature of this program that has devices of a kind.
fn feature(kind: &str) -> &str {
    match kind {
        "vulkan" | "metal" => "wgpu",
        other => other,
    }
}

#[cfg(feature = "wgpu")]
fn opened_adapter(kind: &str, number: usize) -> Result<Device> {
    let graphics = graphics::Graphics::named(kind).expect("matched by name");
    let opened = graphics::open(graphics, number)?;
    if opened.is_software() {
        eprintln!(
            "warning: device `{kind}:{number}` is no GPU but a processor that imitates one ({}), \
             slower than --device flex",
            opened.adapter
        );
    }
    answering(&format!("{kind}:{number}"), move || opened.device)
}

fn unknown(name: &str) -> String {
    let near = amst_recipe::nearest(
        name,
        [
            "flex",
            "cuda",
            "tch",
            "tch:cpu",
            "tch:cuda:0",
            "cuda:0",
            "wgpu",
            "wgpu:0",
            "vulkan",
            "metal",
        ],
    );
    let hint = near
        .map(|n| format!("; did you mean `{n}`?"))
        .unwrap_or_default();
    format!(
        "unknown device `{name}`{hint}; this program has: {}",
        compiled().join(", ")
    )
}

#[cfg(any(feature = "cuda", feature = "tch", feature = "wgpu"))]
fn index(name: &str, text: Option<&str>) -> Result<usize> {
    let Some(text) = text else { return Ok(0) };
    text.parse().map_err(|_| {
        anyhow::Error::new(Usage(format!(
            "device `{name}`: `{text}` is not a device number"
        )))
    })
}

/// Whether the driver of the device that was opened took it away.
pub fn was_lost() -> bool {
    #[cfg(feature = "wgpu")]
    return graphics::was_lost();
    #[cfg(not(feature = "wgpu"))]
    false
}

/// Whether a call to the device of this name returns only when it is done.
pub fn is_synchronous(name: &str) -> bool {
    matches!(name, "flex" | "tch" | "tch:cpu")
}

/// A device that was compiled in but may not be in this machine: it is tried before anything is
/// written.
#[cfg(any(feature = "cuda", feature = "tch", feature = "wgpu"))]
fn answering(name: &str, open: impl FnOnce() -> Device) -> Result<Device> {
    let answer = quietly(|| {
        let device = open();
        burn::tensor::Tensor::<1>::ones([1], &device).into_data();
        device
    });
    answer.ok_or_else(|| {
        anyhow::Error::new(Usage(format!(
            "device `{name}` is compiled in but does not answer: check the driver and the \
             device's number, or use --device flex"
        )))
    })
}

/// Backends panic where a driver is missing; that becomes `None`, and nothing is printed.
#[cfg(any(feature = "cuda", feature = "tch", feature = "wgpu"))]
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    std::panic::set_hook(hook);
    answer.ok()
}
