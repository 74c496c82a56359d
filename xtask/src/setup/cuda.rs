//! `cargo xtask setup cuda`: burn's CUDA device where the download of LLVM is out of reach.

use std::path::PathBuf;

use anyhow::Result;

use super::fragment::Fragment;
use crate::workspace::root;

/// The package that takes the place of cubecl-llvm.
fn stand_in() -> PathBuf {
    root().join("xtask/cubecl-llvm")
}

/// Puts the stand-in in the place of cubecl-llvm, or takes it away again, and says what to do next.
///
/// # Errors
///
/// The fragment cannot be written.
pub fn set(is_wanted: bool) -> Result<String> {
    let mut fragment = Fragment::read();
    fragment.cubecl_llvm = is_wanted.then(stand_in);
    let path = fragment.write()?;
    Ok(if is_wanted {
        format!(
            "cubecl-llvm is now {}, by {}: no LLVM is downloaded or linked.\nKernels are compiled \
             by NVRTC when the program runs, so it needs NVIDIA's libnvrtc and the CUDA headers \
             there (CUDA_PATH, or /usr/local/cuda). Now:\n\n    cargo build --release -p amst-cli \
             --features cuda-nvrtc\n    target/release/amst train … --device cuda --precision \
             tf32\n\ncargo notes the exchange in Cargo.lock. Do not commit that: `cargo xtask \
             setup cuda --undo` and then `git checkout Cargo.lock` take it back.\n",
            stand_in().display(),
            path.display()
        )
    } else {
        format!(
            "cubecl-llvm is again the one of crates.io ({} does not name it). `git checkout \
             Cargo.lock` takes back what cargo noted.\n",
            path.display()
        )
    })
}
