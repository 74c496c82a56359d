//! The items of cubecl-llvm that cubecl-cuda 0.11.3 names, without LLVM.
//!
//! It compiles nothing: a program that is built with it must let NVRTC compile its kernels, which
//! the feature `cuda-nvrtc` of amst-cli chooses. See README.md.
#![warn(missing_docs)]

use core::ffi::c_char;
use core::fmt;

use cubecl_core::Compiler;
use cubecl_core::ir::amd::GfxArch;
use cubecl_core::ir::nvidia::SmArch;
use cubecl_core::prelude::KernelDefinition;
use cubecl_environment::backtrace::BackTrace;
use cubecl_runtime::compiler::CompilationError;
use cubecl_runtime::kernel::BufferIOAttr;

use nvptx::ptx_version::PtxVersion;

/// What LLVM would compile for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LlvmTarget {
    /// The processor.
    #[default]
    Cpu,
    /// NVIDIA GPUs.
    Nvptx,
}

/// The compiler, which refuses every kernel.
#[derive(Clone, Debug, Default)]
pub struct PlironCompiler {
    /// What it was asked to compile for.
    pub target: LlvmTarget,
}

/// Its settings, none of which is read.
#[derive(Clone, Debug, Default)]
pub struct PlironOptions {
    /// An AMD GPU.
    pub arch: Option<GfxArch>,
    /// An NVIDIA GPU.
    pub sm_arch: Option<SmArch>,
    /// The assembly that its driver reads.
    pub ptx_version: Option<PtxVersion>,
    /// How launches pass parameters.
    pub grid_constants: bool,
    /// Alignment of buffers on a processor.
    pub cpu_buffer_alignment: Option<u32>,
}

/// A compiled kernel for NVIDIA GPUs. There is never one.
#[derive(Clone, Debug)]
pub struct NvptxModule {
    /// Its assembly, ended by a zero.
    pub ptx: Vec<c_char>,
    /// The function to launch.
    pub entrypoint: String,
    /// The same in LLVM's language.
    pub ir: String,
    /// Bytes of shared memory.
    pub shared_memory_size: usize,
    /// Which buffers it reads and writes.
    pub io: Vec<BufferIOAttr>,
}

/// What compiling would give. There is never one.
#[derive(Clone)]
pub enum PlironArtifact {
    /// For NVIDIA GPUs.
    NvptxCode(NvptxModule),
    /// For anything else.
    Elsewhere,
}

impl fmt::Display for PlironArtifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NvptxCode(module) => f.write_str(&module.ir),
            Self::Elsewhere => Ok(()),
        }
    }
}

impl Compiler for PlironCompiler {
    type Representation = PlironArtifact;
    type CompilationOptions = PlironOptions;

    fn compile(
        &mut self,
        _: KernelDefinition,
        _: &PlironOptions,
    ) -> Result<PlironArtifact, CompilationError> {
        Err(CompilationError::Generic {
            reason:
                "this program was built without LLVM (`cargo xtask setup cuda`): build it with \
                     `--features cuda-nvrtc`"
                    .into(),
            backtrace: BackTrace::capture(),
        })
    }

    fn extension(&self) -> &'static str {
        "ll"
    }

    fn lang_tag(&self) -> &'static str {
        "ptx"
    }
}

/// Of NVIDIA GPUs.
pub mod nvptx {
    /// Versions of their assembly.
    pub mod ptx_version {
        use core::fmt;

        /// A version, of which there is none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum PtxVersion {}

        impl PtxVersion {
            /// The newest that a driver reads: unknown, because nothing here writes any.
            pub fn for_driver(_: i32) -> Option<Self> {
                None
            }
        }

        impl fmt::Display for PtxVersion {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {}
            }
        }
    }
}

/// Of all targets.
pub mod shared {
    /// What a target leaves out.
    pub mod lowered_features {
        use cubecl_core::ir::DeviceProperties;

        /// A kind of GPU.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum GpuTarget {
            /// NVIDIA's.
            Nvptx,
        }

        /// Takes from a device what LLVM's kernels cannot use of it. There are none.
        pub fn restrict_features(_: &mut DeviceProperties, _: GpuTarget) {}
    }
}
