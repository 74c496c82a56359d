//! AVX2 for code that is compiled without it.

/// Runs `work`, compiled for AVX2 where the processor has it.
///
/// Vectorisation is explicit and nothing is contracted to FMA, so results are equal to the bit with
/// and without AVX2. `work` and what it calls must be inlined to be compiled for AVX2.
#[inline(always)]
pub fn with_avx2<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { compiled_for_avx2(work) };
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn compiled_for_avx2<T>(work: impl FnOnce() -> T) -> T {
    work()
}
