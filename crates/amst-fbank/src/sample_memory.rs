//! Memory for the samples of a recording.

/// From this many bytes on, the system is asked for large pages, as NumPy asks for its arrays: a
/// recording of five minutes has 26,000 pages of 4 KiB, and each is a fault when it is first
/// written to.
#[cfg(target_os = "linux")]
const LARGE: usize = 4 << 20;

/// A multiple of every system's page.
#[cfg(target_os = "linux")]
const ALIGNMENT: usize = 1 << 16;

/// Reserves memory for exactly so many further samples.
pub(crate) fn reserve(samples: &mut Vec<f32>, more: usize) {
    samples.reserve_exact(more);
    #[cfg(target_os = "linux")]
    ask_for_large_pages(samples);
}

/// Where the system has none to give, nothing is different.
#[cfg(target_os = "linux")]
fn ask_for_large_pages(samples: &mut Vec<f32>) {
    use rustix::mm::{Advice, madvise};

    let bytes = samples.capacity() * size_of::<f32>();
    let start = samples.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(ALIGNMENT);
    if bytes < LARGE || skipped >= bytes {
        return;
    }
    let length = (bytes - skipped) / ALIGNMENT * ALIGNMENT;
    // SAFETY: the range lies within the allocation of `samples`, and this advice changes neither
    // what is in it nor who may read and write it.
    let _ = unsafe { madvise(start.add(skipped).cast(), length, Advice::LinuxHugepage) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stay_however_much_is_reserved() {
        for more in [0, 1, 1 << 10, 1 << 20, 3 << 20] {
            let mut samples = vec![0.25, -0.5];
            reserve(&mut samples, more);
            assert!(samples.capacity() >= 2 + more);
            samples.resize(2 + more, 1.0);
            assert_eq!(samples[..2], [0.25, -0.5]);
            assert!(samples[2..].iter().all(|sample| *sample == 1.0));
        }
    }
}
