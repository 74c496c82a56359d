//! Devices `wgpu`, `vulkan` and `metal`: the adapters of this machine, by number.
//!
//! burn counts adapters by kind and, asked for its default, takes the one that wgpu prefers. Here an
//! adapter has the number under which `amst devices` lists it, and no other one is ever opened.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use burn::tensor::wgpu::{WgpuBackend, WgpuInitError, WgpuSetup, wgpu};
use burn::tensor::{Device, DeviceKind};

use super::listing::{Absent, DeviceClass, Listed, Listing, card_memory, machine_memory};
use crate::failure::Usage;

/// wgpu's handles of what this process opened.
static OPENED: OnceLock<WgpuSetup> = OnceLock::new();

/// Whether the driver took away what this process opened.
///
/// wgpu says so once, to cubecl; what fails because of it says other things, such as that a buffer
/// is not valid. So it is asked for a buffer and to write to it, which nothing else refuses.
pub fn was_lost() -> bool {
    let Some(setup) = OPENED.get() else {
        return false;
    };
    let refusal = setup.device.push_error_scope(wgpu::ErrorFilter::Validation);
    let buffer = setup.device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 4,
        usage: wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    setup.queue.write_buffer(&buffer, 0, &[0; 4]);
    answer(refusal.pop()).is_some()
}

/// A graphics API, or the best one that has a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graphics {
    /// `wgpu`: of Vulkan, Metal and Direct3D 12 the first that has a GPU here, or else the first
    /// that has anything. Never OpenGL, whose limits are too low for training.
    Any,
    /// `vulkan`.
    Vulkan,
    /// `metal`.
    Metal,
}

impl Graphics {
    /// The API of a device's name without its number.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "wgpu" => Some(Self::Any),
            "vulkan" => Some(Self::Vulkan),
            "metal" => Some(Self::Metal),
            _ => None,
        }
    }

    /// The name of its devices, without a number.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
        }
    }

    /// Whether this system has any of its APIs.
    fn is_built(self) -> bool {
        let built = wgpu::Instance::enabled_backend_features();
        self.apis().iter().any(|api| built.contains((*api).into()))
    }

    fn apis(self) -> &'static [wgpu::Backend] {
        match self {
            Self::Any => &[
                wgpu::Backend::Vulkan,
                wgpu::Backend::Metal,
                wgpu::Backend::Dx12,
            ],
            Self::Vulkan => &[wgpu::Backend::Vulkan],
            Self::Metal => &[wgpu::Backend::Metal],
        }
    }
}

/// An adapter of this machine.
#[derive(Clone, Debug)]
pub struct Adapter {
    info: wgpu::AdapterInfo,
    limits: wgpu::Limits,
    computes: bool,
    /// How burn addresses it; `None` where it cannot.
    kind: Option<DeviceKind>,
}

impl Adapter {
    /// burn's device, and wgpu's handles of it.
    fn open(&self) -> Result<(Device, WgpuSetup), WgpuInitError> {
        let opened = Device::wgpu_options()
            .device_kind(self.kind.clone().unwrap_or_default())
            .graphics_api(pinned(self.info.backend))
            .init_with_setup()?;
        // A process opens one.
        let _ = OPENED.set(opened.1.clone());
        Ok(opened)
    }

    /// What training needs of it and it has not.
    fn lack(&self) -> Option<String> {
        if !self.computes {
            return Some("its driver has no compute shaders".into());
        }
        if self.kind.is_none() {
            return Some(
                "burn addresses GPUs, and the first processor that a driver offers; it is neither"
                    .into(),
            );
        }
        too_low(&self.limits)
    }

    /// As `amst devices` shows it.
    pub fn listed(&self, graphics: Graphics, number: usize) -> Listed {
        let is_software = self.info.device_type == wgpu::DeviceType::Cpu;
        Listed {
            device: format!("{}:{number}", graphics.name()),
            name: Some(self.info.name.clone()),
            class: class(self.info.device_type),
            interface: Some(api_name(self.info.backend).into()),
            driver: Some(format!("{} {}", self.info.driver, self.info.driver_info))
                .map(|driver| driver.trim().to_string())
                .filter(|driver| !driver.is_empty()),
            memory_bytes: if is_software {
                machine_memory()
            } else {
                card_memory(&self.info.device_pci_bus_id)
            },
            largest_tensor_bytes: Some(
                self.limits
                    .max_storage_buffer_binding_size
                    .min(self.limits.max_buffer_size),
            ),
            unusable: self.lack(),
        }
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.info.name, api_name(self.info.backend))
    }
}

/// The adapters of an API, GPUs first, in the order of their numbers.
pub fn adapters(graphics: Graphics) -> Vec<Adapter> {
    let mut software = Vec::new();
    for api in graphics.apis() {
        let found = on(*api);
        if found
            .iter()
            .any(|adapter| adapter.info.device_type != wgpu::DeviceType::Cpu)
        {
            return found;
        }
        if software.is_empty() {
            software = found;
        }
    }
    software
}

/// Lists the devices of every API: those of `wgpu`, and again by API, since a card that two APIs
/// reach has a number in each.
pub fn list(listing: &mut Listing) {
    for graphics in [Graphics::Any, Graphics::Vulkan, Graphics::Metal] {
        if !graphics.is_built() {
            continue;
        }
        let adapters = adapters(graphics);
        // What has no card at all is said once.
        if adapters.is_empty() && graphics == Graphics::Any {
            listing.absent.push(Absent {
                device: graphics.name().into(),
                why: no_adapter(graphics),
            });
        }
        let listed = adapters.iter().enumerate();
        listing
            .devices
            .extend(listed.map(|(number, adapter)| adapter.listed(graphics, number)));
    }
}

/// Opens the adapter of a number.
///
/// # Errors
///
/// There is none of that number, it is not fit, or its driver refuses.
pub fn open(graphics: Graphics, number: usize) -> Result<Opened, Usage> {
    let adapters = adapters(graphics);
    let adapter = chosen(graphics, number, &adapters)?;
    let refused = |why: &str| {
        Usage(format!(
            "device `{}:{number}` ({adapter}) cannot be opened: {why}; another program may hold \
             its memory, or its driver is too old. --device flex needs no driver",
            graphics.name()
        ))
    };
    let (device, setup) = adapter
        .open()
        .map_err(|error| refused(&on_one_line(&error.to_string())))?;
    // burn asks the driver for its list a second time.
    let got = setup.adapter.get_info();
    if got != adapter.info {
        return Err(refused(&format!(
            "the driver gave {} in its place",
            got.name
        )));
    }
    Ok(Opened {
        device,
        adapter: adapter.clone(),
    })
}

/// The adapter of a number, if it is there and fit.
fn chosen(graphics: Graphics, number: usize, adapters: &[Adapter]) -> Result<&Adapter, Usage> {
    let name = graphics.name();
    if adapters.is_empty() {
        return Err(Usage(no_adapter(graphics)));
    }
    let Some(adapter) = adapters.get(number) else {
        let there: Vec<String> = (0..adapters.len()).map(|i| format!("{name}:{i}")).collect();
        return Err(Usage(format!(
            "device `{name}:{number}` does not exist: this machine has {}; `amst devices` says \
             what they are",
            there.join(", ")
        )));
    };
    match adapter.lack() {
        None => Ok(adapter),
        Some(lack) => Err(Usage(format!(
            "device `{name}:{number}` ({adapter}) cannot train: {lack}; `amst devices` lists the \
             others, or use --device flex"
        ))),
    }
}

/// An adapter in use.
pub struct Opened {
    /// What tensors are made on.
    pub device: Device,
    /// What it is.
    pub adapter: Adapter,
}

impl Opened {
    /// Whether it is a processor that imitates a GPU.
    pub fn is_software(&self) -> bool {
        self.adapter.info.device_type == wgpu::DeviceType::Cpu
    }
}

/// What to do where there is no adapter.
fn no_adapter(graphics: Graphics) -> String {
    if !graphics.is_built() {
        return format!(
            "device `{name}`: this system has no {name}; `--device wgpu` takes what it has",
            name = graphics.name()
        );
    }
    let apis: Vec<&str> = graphics.apis().iter().map(|api| api_name(*api)).collect();
    let remedy = if cfg!(target_os = "linux") {
        "install the Vulkan driver of the card (`sudo apt-get install mesa-vulkan-drivers` for AMD \
         and Intel, NVIDIA's own driver for NVIDIA), and look that VK_DRIVER_FILES and \
         VK_ICD_FILENAMES are not set to a file that is missing"
    } else {
        "install the driver of the card"
    };
    format!(
        "device `{}`: no adapter was found for {}: {remedy}; or use --device flex",
        graphics.name(),
        apis.join(" or ")
    )
}

fn on(api: wgpu::Backend) -> Vec<Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: api.into(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let mut seen = [0; 3];
    let mut processors = 0;
    let mut adapters: Vec<Adapter> = answer(instance.enumerate_adapters(api.into()))
        .iter()
        .map(|adapter| {
            let info = adapter.get_info();
            Adapter {
                kind: kind(info.device_type, &mut seen, &mut processors),
                limits: adapter.limits(),
                computes: adapter
                    .get_downlevel_capabilities()
                    .flags
                    .contains(wgpu::DownlevelFlags::COMPUTE_SHADERS),
                info,
            }
        })
        .collect();
    adapters.sort_by_key(|adapter| class(adapter.info.device_type));
    adapters
}

/// burn's address of an adapter: it counts each kind by itself, in the driver's order, and knows one
/// processor.
fn kind(
    device_type: wgpu::DeviceType,
    seen: &mut [usize; 3],
    processors: &mut usize,
) -> Option<DeviceKind> {
    let mut next = |of: usize| {
        seen[of] += 1;
        seen[of] - 1
    };
    match device_type {
        wgpu::DeviceType::DiscreteGpu => Some(DeviceKind::DiscreteGpu(next(0))),
        wgpu::DeviceType::IntegratedGpu => Some(DeviceKind::IntegratedGpu(next(1))),
        wgpu::DeviceType::VirtualGpu => Some(DeviceKind::VirtualGpu(next(2))),
        wgpu::DeviceType::Cpu => {
            *processors += 1;
            (*processors == 1).then_some(DeviceKind::Cpu)
        }
        wgpu::DeviceType::Other => None,
    }
}

/// burn's kernels are written for what WebGPU promises everywhere; a driver may offer less.
fn too_low(limits: &wgpu::Limits) -> Option<String> {
    let promised = wgpu::Limits::default();
    let pairs = [
        (
            "threads in a workgroup",
            u64::from(limits.max_compute_invocations_per_workgroup),
            u64::from(promised.max_compute_invocations_per_workgroup),
        ),
        (
            "bytes of memory of a workgroup",
            u64::from(limits.max_compute_workgroup_storage_size),
            u64::from(promised.max_compute_workgroup_storage_size),
        ),
        (
            "buffers of a kernel",
            u64::from(limits.max_storage_buffers_per_shader_stage),
            u64::from(promised.max_storage_buffers_per_shader_stage),
        ),
        (
            "workgroups in a dimension",
            u64::from(limits.max_compute_workgroups_per_dimension),
            u64::from(promised.max_compute_workgroups_per_dimension),
        ),
        (
            "bytes of a buffer",
            limits
                .max_buffer_size
                .min(limits.max_storage_buffer_binding_size),
            promised.max_storage_buffer_binding_size,
        ),
    ];
    let lacking: Vec<String> = pairs
        .iter()
        .filter(|(_, has, needs)| has < needs)
        .map(|(what, has, needs)| format!("{has} {what} where {needs} are needed"))
        .collect();
    (!lacking.is_empty()).then(|| format!("it has {}", lacking.join(", and ")))
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn pinned(api: wgpu::Backend) -> WgpuBackend {
    match api {
        wgpu::Backend::Vulkan => WgpuBackend::Vulkan,
        wgpu::Backend::Metal => WgpuBackend::Metal,
        wgpu::Backend::Dx12 => WgpuBackend::Dx12,
        wgpu::Backend::Gl => WgpuBackend::Gl,
        wgpu::Backend::BrowserWebGpu | wgpu::Backend::Noop => WgpuBackend::WebGpu,
    }
}

fn api_name(api: wgpu::Backend) -> &'static str {
    match api {
        wgpu::Backend::Vulkan => "Vulkan",
        wgpu::Backend::Metal => "Metal",
        wgpu::Backend::Dx12 => "Direct3D 12",
        wgpu::Backend::Gl => "OpenGL",
        wgpu::Backend::BrowserWebGpu => "WebGPU",
        wgpu::Backend::Noop => "none",
    }
}

fn class(device_type: wgpu::DeviceType) -> DeviceClass {
    match device_type {
        wgpu::DeviceType::DiscreteGpu => DeviceClass::DiscreteGpu,
        wgpu::DeviceType::IntegratedGpu => DeviceClass::IntegratedGpu,
        wgpu::DeviceType::VirtualGpu => DeviceClass::VirtualGpu,
        wgpu::DeviceType::Other => DeviceClass::Other,
        wgpu::DeviceType::Cpu => DeviceClass::Cpu,
    }
}

/// The answer of wgpu, which outside a browser is there when it is first asked for.
fn answer<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            return answer;
        }
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use amst::methods::built_in;
    use amst_data::Prepared;
    use amst_recipe::{CellResult, DataLock, DatasetSpec, ResolvedDataset};
    use amst_train::{EventKind, Run, TrainError, Trainer};

    use super::*;
    use crate::internal_error::{DEVICE_LOST, catch};

    fn adapter(device_type: wgpu::DeviceType, limits: wgpu::Limits) -> Adapter {
        Adapter {
            info: wgpu::AdapterInfo::new(device_type, wgpu::Backend::Vulkan),
            limits,
            computes: true,
            kind: kind(device_type, &mut [0; 3], &mut 0),
        }
    }

    #[test]
    fn an_adapter_with_the_limits_of_a_web_page_of_old_is_refused_with_what_it_lacks() {
        let good = adapter(wgpu::DeviceType::DiscreteGpu, wgpu::Limits::default());
        assert!(chosen(Graphics::Any, 0, std::slice::from_ref(&good)).is_ok());
        let poor = adapter(
            wgpu::DeviceType::IntegratedGpu,
            wgpu::Limits::downlevel_webgl2_defaults(),
        );
        let adapters = [good, poor];
        let message = chosen(Graphics::Any, 1, &adapters).unwrap_err().to_string();
        for part in [
            "`wgpu:1`",
            "0 threads in a workgroup where 256 are needed",
            "amst devices",
        ] {
            assert!(message.contains(part), "{message}");
        }
        let shaderless = Adapter {
            computes: false,
            ..adapters[0].clone()
        };
        let message = chosen(Graphics::Vulkan, 0, &[shaderless])
            .unwrap_err()
            .to_string();
        assert!(message.contains("no compute shaders"), "{message}");
    }

    #[test]
    fn burn_counts_each_kind_by_itself_and_one_processor() {
        let (mut seen, mut processors) = ([0; 3], 0);
        let kinds = [
            wgpu::DeviceType::DiscreteGpu,
            wgpu::DeviceType::IntegratedGpu,
            wgpu::DeviceType::DiscreteGpu,
            wgpu::DeviceType::Cpu,
            wgpu::DeviceType::Cpu,
        ]
        .map(|device_type| kind(device_type, &mut seen, &mut processors));
        assert_eq!(
            kinds,
            [
                Some(DeviceKind::DiscreteGpu(0)),
                Some(DeviceKind::IntegratedGpu(0)),
                Some(DeviceKind::DiscreteGpu(1)),
                Some(DeviceKind::Cpu),
                None,
            ]
        );
    }

    fn trainer(runs: &Path, device: Device) -> Result<Trainer, TrainError> {
        let dataset = ResolvedDataset {
            spec: DatasetSpec::synthetic(),
            root: PathBuf::new(),
        };
        let lock = DataLock::of(&dataset).unwrap();
        let settings = [
            "method=naive",
            "epochs=4",
            "batch_size=16",
            "synthetic.train=32",
            "synthetic.val=16",
            "synthetic.test=16",
        ]
        .map(String::from);
        let recipe = built_in().resolve(&[dataset.spec.recipe], &settings);
        let cell = built_in().cell(recipe.unwrap(), &lock);
        let data = Prepared::synthetic(&cell.recipe).unwrap();
        Trainer::new(Run::create(runs, &cell, &lock)?, data, device)
    }

    #[test]
    fn a_device_that_is_lost_in_a_run_is_told_and_the_run_goes_on_from_its_checkpoint() {
        let Some(adapter) = adapters(Graphics::Any).into_iter().next() else {
            eprintln!("skipped, no adapter: {}", no_adapter(Graphics::Any));
            return;
        };
        let out = tempfile::tempdir().unwrap();
        let (device, setup) = adapter.open().unwrap();
        let trainer_here = trainer(out.path(), device).unwrap();
        let fault = catch(was_lost, move || {
            trainer_here.train(&mut |event| {
                // The checkpoint of the first epoch is on the disk when that of the second begins.
                if matches!(event.kind, EventKind::Epoch { epoch: 2, .. }) {
                    // As a driver that is reset or a card that is unplugged.
                    setup.device.destroy();
                }
            })
        })
        .map(|ended| ended.map(|_| ()))
        .unwrap_err();
        assert_eq!(fault.exit_code, DEVICE_LOST, "{}", fault.message);
        assert!(
            fault.message.contains("last checkpoint"),
            "{}",
            fault.message
        );
        let mut resumed_at = None;
        let result: CellResult = trainer(out.path(), Device::flex())
            .unwrap()
            .train(&mut |event| {
                if let EventKind::Epoch { epoch, .. } = event.kind {
                    resumed_at.get_or_insert(epoch);
                }
            })
            .unwrap();
        let resumed_at = resumed_at.unwrap();
        assert!((1..=2).contains(&resumed_at), "resumed at {resumed_at}");
        assert_eq!(result.epochs, 4);
    }
}
