//! The device strings, and which backends of `amst` they need.

use std::str::FromStr;

use amst_recipe::nearest;

use crate::ReproduceError;

/// A backend of `amst`, one a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The pure-Rust CPU device of the default build.
    Flex,
    /// NVIDIA GPUs through CubeCL.
    Cuda,
    /// LibTorch.
    Tch,
    /// GPUs of every maker through Vulkan, Metal or Direct3D 12.
    Wgpu,
}

impl Backend {
    /// The feature of `amst-cli`.
    pub fn feature(self) -> &'static str {
        match self {
            Backend::Flex => "flex",
            Backend::Cuda => "cuda",
            Backend::Tch => "tch",
            Backend::Wgpu => "wgpu",
        }
    }
}

/// The devices that runs are spread over: one a run on GPUs, or one that all share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Devices {
    /// What `amst` must be built with.
    pub backend: Backend,
    /// As `amst --device` takes them.
    pub names: Vec<String>,
}

impl Devices {
    /// Whether they are GPUs, whose memory is their own.
    pub fn are_gpus(&self) -> bool {
        self.backend == Backend::Wgpu || self.names.iter().all(|name| name.contains("cuda"))
    }
}

impl FromStr for Devices {
    type Err = ReproduceError;

    fn from_str(text: &str) -> Result<Self, ReproduceError> {
        let names: Vec<String> = text
            .split(',')
            .map(|name| name.trim().to_string())
            .collect();
        let backends = names
            .iter()
            .map(|name| name.parse())
            .collect::<Result<Vec<Backend>, _>>()?;
        let devices = Self {
            backend: backends[0],
            names,
        };
        if devices.names.len() > 1 && !devices.are_gpus() {
            return Err(ReproduceError::Usage(format!(
                "`{text}`: several devices are GPUs, such as cuda:0,cuda:1 or wgpu:0,wgpu:1; a CPU is one device"
            )));
        }
        if backends.iter().any(|backend| *backend != devices.backend) {
            return Err(ReproduceError::Usage(format!(
                "`{text}` mixes {} and another kind, which are two programs: name devices of one",
                devices.backend.feature()
            )));
        }
        if let Some(twice) = devices
            .names
            .iter()
            .enumerate()
            .find(|(at, name)| devices.names[..*at].contains(name))
        {
            return Err(ReproduceError::Usage(format!(
                "`{text}` names {} twice",
                twice.1
            )));
        }
        Ok(devices)
    }
}

impl FromStr for Backend {
    type Err = ReproduceError;

    fn from_str(text: &str) -> Result<Self, ReproduceError> {
        let parts: Vec<&str> = text.split(':').collect();
        let is_index = |i: &str| i.parse::<usize>().is_ok();
        match parts[..] {
            ["flex"] => Ok(Backend::Flex),
            ["cuda"] | ["tch", "cuda"] | ["tch"] | ["tch", "cpu"] => Ok(backend(parts[0])),
            ["wgpu" | "vulkan" | "metal"] => Ok(Backend::Wgpu),
            ["cuda", i] | ["tch", "cuda", i] if is_index(i) => Ok(backend(parts[0])),
            ["wgpu" | "vulkan" | "metal", i] if is_index(i) => Ok(Backend::Wgpu),
            _ => {
                let names = [
                    "flex",
                    "cuda",
                    "cuda:0",
                    "tch",
                    "tch:cpu",
                    "tch:cuda",
                    "tch:cuda:0",
                    "wgpu",
                    "wgpu:0",
                    "vulkan",
                    "metal",
                ];
                let hint = nearest(text, names)
                    .map(|n| format!("; did you mean `{n}`?"))
                    .unwrap_or_default();
                let known = "flex, cuda[:i], tch[:cpu|:cuda[:i]], wgpu[:i], vulkan[:i], metal[:i]";
                Err(ReproduceError::Usage(format!(
                    "unknown device `{text}`{hint}; there is: {known}"
                )))
            }
        }
    }
}

fn backend(name: &str) -> Backend {
    if name == "cuda" {
        Backend::Cuda
    } else {
        Backend::Tch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_device_is_understood() {
        for (text, device) in [
            ("flex", Backend::Flex),
            ("cuda", Backend::Cuda),
            ("cuda:1", Backend::Cuda),
            ("tch", Backend::Tch),
            ("tch:cpu", Backend::Tch),
            ("tch:cuda", Backend::Tch),
            ("tch:cuda:1", Backend::Tch),
            ("wgpu", Backend::Wgpu),
            ("wgpu:1", Backend::Wgpu),
            ("vulkan", Backend::Wgpu),
            ("metal:0", Backend::Wgpu),
        ] {
            assert_eq!(text.parse::<Backend>().unwrap(), device, "{text}");
        }
    }

    #[test]
    fn a_slip_is_answered_with_the_nearest_and_the_list() {
        let error = "flxe".parse::<Backend>().unwrap_err().to_string();
        assert!(
            error.contains("did you mean `flex`?") && error.contains("tch[:cpu|:cuda[:i]]"),
            "{error}"
        );
        for wrong in [
            "",
            "cuda:x",
            "flex:0",
            "tch:cpu:0",
            "cuda:0:0",
            "tch:gpu",
            "wgpu:x",
            "metal:0:0",
        ] {
            assert!(wrong.parse::<Backend>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn several_gpus_of_one_kind_can_be_named_and_nothing_else() {
        let devices = "cuda:0,cuda:1".parse::<Devices>().unwrap();
        assert_eq!(
            (devices.names.len(), devices.backend, devices.are_gpus()),
            (2, Backend::Cuda, true)
        );
        assert!(!"tch".parse::<Devices>().unwrap().are_gpus());
        assert!("wgpu:0,wgpu:1".parse::<Devices>().unwrap().are_gpus());
        for (wrong, why) in [
            ("flex,cuda:0", "a CPU is one"),
            ("cuda:0,tch:cuda:1", "mixes"),
            ("wgpu:0,cuda:0", "mixes wgpu and"),
            ("cuda:0,cuda:0", "twice"),
            ("", "unknown"),
        ] {
            let message = wrong.parse::<Devices>().unwrap_err().to_string();
            assert!(message.contains(why), "{wrong}: {message}");
        }
    }
}
