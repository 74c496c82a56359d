//! Whether LibTorch may use TF32 on a GPU.
//!
//! A process has one such switch. LibTorch lets cuDNN's convolutions use TF32 and cuBLAS's products
//! not, unless it is told; `tch` has no function for it, so that LibTorch's own are called.

use std::ffi::c_void;

// Members of `at::Context`, under the names that C++ compilers other than Microsoft's give them;
// `this` comes first.
unsafe extern "C" {
    #[link_name = "_ZN2at13globalContextEv"]
    fn global_context() -> *mut c_void;
    #[link_name = "_ZN2at7Context17setAllowTF32CuDNNEb"]
    fn set_of_convolutions(context: *mut c_void, allowed: bool);
    #[link_name = "_ZN2at7Context18setAllowTF32CuBLASEb"]
    fn set_of_products(context: *mut c_void, allowed: bool);
    #[link_name = "_ZNK2at7Context15allowTF32CuBLASEv"]
    fn of_products(context: *const c_void) -> bool;
}

/// From now on, convolutions and products of `f32` on LibTorch's GPUs round their factors to TF32,
/// or do not.
pub fn allow(allowed: bool) {
    // SAFETY: the functions have these types in every LibTorch that burn-tch builds against, and
    // the context lives as long as the process. They store a number each and throw nothing.
    unsafe {
        let context = global_context();
        set_of_convolutions(context, allowed);
        set_of_products(context, allowed);
    }
}

/// Whether products may.
pub fn is_allowed() -> bool {
    // SAFETY: as above.
    unsafe { of_products(global_context()) }
}
