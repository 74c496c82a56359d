//! Triangular filters, evenly spaced on the mel scale.

/// The filters over one power spectrum; each keeps only its nonzero weights.
#[derive(Debug)]
pub(crate) struct MelBank {
    filters: Vec<Filter>,
    weights: Vec<f32>,
}

/// One triangle: spectrum bins from `start` on meet `weights[offset..][..len]`.
#[derive(Debug)]
struct Filter {
    start: usize,
    offset: usize,
    len: usize,
}

impl MelBank {
    /// `mels` filters between `low_hz` and `high_hz` over the `fft_len / 2`
    /// bins below Nyquist (the Nyquist bin carries no weight, as in Kaldi).
    /// A filter narrower than a bin may be empty and then gives energy 0.
    ///
    /// In single precision, operation by operation as torchaudio computes
    /// them: a bin at the very foot of a triangle has a weight that consists
    /// of rounding, and a silent bin beside it makes that visible.
    pub(crate) fn new(mels: usize, fft_len: usize, rate: u32, low_hz: f64, high_hz: f64) -> Self {
        let low = mel(low_hz);
        let step = ((mel(high_hz) - low) / (mels as f64 + 1.0)) as f32;
        let low = low as f32;
        let hz_per_bin = (f64::from(rate) / fft_len as f64) as f32;
        let bins: Vec<f32> = (0..fft_len / 2)
            .map(|bin| 1127.0 * (1.0 + hz_per_bin * bin as f32 / 700.0).ln())
            .collect();
        let mut bank = Self {
            filters: Vec::with_capacity(mels),
            weights: Vec::new(),
        };
        for index in 0..mels {
            let edges = [0.0, 1.0, 2.0].map(|offset| low + (index as f32 + offset) * step);
            bank.push(edges, &bins);
        }
        bank
    }

    fn push(&mut self, [left, centre, right]: [f32; 3], bins: &[f32]) {
        let start = bins.partition_point(|&mel| mel <= left);
        let weights = bins[start..]
            .iter()
            .map(|mel| ((mel - left) / (centre - left)).min((right - mel) / (right - centre)))
            .take_while(|&w| w > 0.0);
        let offset = self.weights.len();
        self.weights.extend(weights);
        let len = self.weights.len() - offset;
        self.filters.push(Filter { start, offset, len });
    }

    /// Filter energies `[mels]` of a power spectrum `[fft_len / 2]`.
    pub(crate) fn apply(&self, power: &[f32], energies: &mut [f32]) {
        for (energy, filter) in energies.iter_mut().zip(&self.filters) {
            let bins = &power[filter.start..filter.start + filter.len];
            let weights = &self.weights[filter.offset..filter.offset + filter.len];
            *energy = bins
                .iter()
                .zip(weights)
                .map(|(bin, weight)| bin * weight)
                .sum();
        }
    }

    /// Filters that hold no bin, counted from 0.
    #[cfg(test)]
    fn empty(&self) -> Vec<usize> {
        (0..self.filters.len())
            .filter(|&index| self.filters[index].len == 0)
            .collect()
    }
}

/// Hz to mel, as HTK and Kaldi define it.
fn mel(hz: f64) -> f64 {
    1127.0 * (1.0 + hz / 700.0).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_that_are_narrower_than_a_bin_are_the_known_ones() {
        assert_eq!(MelBank::new(128, 512, 16_000, 20.0, 8_000.0).empty(), [3]);
        assert_eq!(
            MelBank::new(128, 256, 8_000, 20.0, 4_000.0).empty(),
            [4, 7, 12, 17]
        );
    }

    #[test]
    fn neighbouring_triangles_add_up_to_one() {
        let bank = MelBank::new(40, 512, 16_000, 20.0, 8_000.0);
        let mut total = vec![0.0_f32; 256];
        for filter in &bank.filters {
            for index in 0..filter.len {
                total[filter.start + index] += bank.weights[filter.offset + index];
            }
        }
        // Between the first and the last centre every bin lies under two slopes.
        assert!(
            total[8..230].iter().all(|sum| (sum - 1.0).abs() < 1e-4),
            "{total:?}"
        );
    }
}
