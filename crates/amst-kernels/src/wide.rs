//! The same code for wider registers, where the processor has them.

/// Runs `work`, compiled for AVX2 where there is that.
///
/// No operation changes: lanes are explicit and nothing is contracted, so results are equal to the
/// bit either way. `work` and what it calls must be inlined to be compiled so.
#[inline(always)]
pub fn wide<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { with_avx2(work) };
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<T>(work: impl FnOnce() -> T) -> T {
    work()
}
