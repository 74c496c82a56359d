//! The process-wide switch for TF32 on LibTorch's GPUs.
//!
//! LibTorch's default allows TF32 in cuDNN's convolutions and not in cuBLAS's matrix products.
//! `tch` has no function for it, so LibTorch's own are called.

use std::ffi::c_void;

// Members of `at::Context`, under the names that C++ compilers other than Microsoft's give them;
// `this` comes first.
unsafe extern "C" {
    #[link_name = "_ZN2at13globalContextEv"]
    fn global_context() -> *mut c_void;
    #[link_name = "_ZN2at7Context17setAllowTF32CuDNNEb"]
    fn set_allow_tf32_cudnn(context: *mut c_void, allowed: bool);
    #[link_name = "_ZN2at7Context18setAllowTF32CuBLASEb"]
    fn set_allow_tf32_cublas(context: *mut c_void, allowed: bool);
    #[link_name = "_ZNK2at7Context15allowTF32CuBLASEv"]
    fn allow_tf32_cublas(context: *const c_void) -> bool;
}

/// Sets whether convolutions and matrix products of `f32` on LibTorch's GPUs round their factors to
/// TF32.
pub fn allow(allowed: bool) {
    // SAFETY: the functions have these types in every LibTorch that burn-tch builds against, and
    // the context lives as long as the process. They store a number each and throw nothing.
    unsafe {
        let context = global_context();
        set_allow_tf32_cudnn(context, allowed);
        set_allow_tf32_cublas(context, allowed);
    }
}

/// Whether matrix products may use TF32.
pub fn is_allowed() -> bool {
    // SAFETY: as above.
    unsafe { allow_tf32_cublas(global_context()) }
}
