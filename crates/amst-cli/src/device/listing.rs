//! What is known of a device without computing on it.

use serde::Serialize;

/// What a device is made of, GPUs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(dead_code, reason = "features decide which of them there are")]
pub enum DeviceClass {
    /// A card with memory of its own.
    DiscreteGpu,
    /// A GPU that shares the machine's memory.
    IntegratedGpu,
    /// A GPU of a virtual machine.
    VirtualGpu,
    /// The driver does not say.
    Other,
    /// A processor, also one that imitates a GPU.
    Cpu,
}

impl DeviceClass {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::DiscreteGpu => "GPU",
            Self::IntegratedGpu => "integrated GPU",
            Self::VirtualGpu => "virtual GPU",
            Self::Other => "unknown kind",
            Self::Cpu => "CPU",
        }
    }
}

/// A device that `--device` opens.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// As `--device` takes it.
    pub device: String,
    /// What it calls itself.
    pub name: Option<String>,
    /// What it is made of.
    pub class: DeviceClass,
    /// Through what it is reached: `Vulkan`, `LibTorch`.
    pub interface: Option<String>,
    /// Its driver and version.
    pub driver: Option<String>,
    /// Bytes of memory, of the machine where it has none of its own.
    pub memory_bytes: Option<u64>,
    /// The largest tensor that its driver takes, in bytes.
    pub largest_tensor_bytes: Option<u64>,
    /// Why it cannot train.
    pub unusable: Option<String>,
}

impl Listed {
    /// The processor.
    pub fn processor(device: &str, interface: Option<&str>) -> Self {
        Self {
            device: device.into(),
            name: processor(),
            class: DeviceClass::Cpu,
            interface: interface.map(String::from),
            driver: None,
            memory_bytes: machine_memory(),
            largest_tensor_bytes: None,
            unusable: None,
        }
    }
}

/// The devices of this program and this machine.
#[derive(Debug, Default)]
pub struct Listing {
    /// What there is.
    pub devices: Vec<Listed>,
    /// Kinds that are compiled in and have nothing here, each with its reason.
    pub absent: Vec<Absent>,
}

/// A kind of device that is compiled in and not here.
#[derive(Clone, Debug, Serialize)]
pub struct Absent {
    /// The device without a number.
    pub device: String,
    /// What to do.
    pub why: String,
}

/// The machine's memory in bytes, where the system says.
pub fn machine_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

/// The memory of a card at a PCI address in bytes, where its driver tells the system, as AMD's does.
#[cfg(feature = "wgpu")]
pub fn card_memory(pci_address: &str) -> Option<u64> {
    let file = format!("/sys/bus/pci/devices/{pci_address}/mem_info_vram_total");
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// The model of the processor, where the system says.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_string())
}
