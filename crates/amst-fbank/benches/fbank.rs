//! One thread: a 3 s, 16 kHz clip at 128 and at 80 filters, and its transforms
//! alone. Two threads: the same over a batch. `against_python.py` times
//! torchaudio and kaldi-native-fbank beside it.

use amst_fbank::{Fbank, FbankConfig, Wave};
use criterion::{Criterion, criterion_group, criterion_main};
use rayon::prelude::*;
use realfft::RealFftPlanner;
use std::hint::black_box;

const RATE: u32 = 16_000;
const FRAMES: usize = 298;
const BATCH: usize = 64;

/// Three seconds of noise over a tone, as `against_python.py` makes them.
fn clip() -> Wave {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let tone = |n: u32| (n as f32 * 440.0 * std::f32::consts::TAU / RATE as f32).sin();
    let samples = (0..3 * RATE)
        .map(|n| 0.3 * tone(n) + 0.2 * noise())
        .collect();
    Wave {
        samples,
        channels: 1,
        sample_rate: RATE,
    }
}

fn planned(mels: usize) -> Fbank {
    let config = FbankConfig {
        mels,
        target_frames: None,
        ..FbankConfig::default()
    };
    Fbank::new(&config, RATE).expect("a valid configuration")
}

fn one_thread(c: &mut Criterion) {
    let clip = clip();
    for mels in [128, 80] {
        let fbank = planned(mels);
        assert_eq!(fbank.compute(&clip).expect("a sound clip").frames, FRAMES);
        c.bench_function(&format!("3 s clip, {mels} mels"), |b| {
            b.iter(|| fbank.compute(black_box(&clip)))
        });
    }
}

fn transforms_alone(c: &mut Criterion) {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(512);
    let samples = clip().samples;
    let mut frame = fft.make_input_vec();
    let (mut spectrum, mut scratch) = (fft.make_output_vec(), fft.make_scratch_vec());
    c.bench_function("its 298 transforms alone", |b| {
        b.iter(|| {
            for index in 0..FRAMES {
                // The copy stands for the fresh frame that each transform needs.
                frame[..400].copy_from_slice(&samples[index * 160..][..400]);
                frame[400..].fill(0.0);
                fft.process_with_scratch(&mut frame, &mut spectrum, &mut scratch)
                    .expect("buffers fit");
                black_box(&spectrum);
            }
        })
    });
}

fn batch(c: &mut Criterion) {
    let (clips, fbank) = (vec![clip(); BATCH], planned(128));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a thread pool");
        let run = || {
            clips
                .par_iter()
                .map(|clip| fbank.compute(clip).map(|f| f.frames))
                .collect::<Result<Vec<_>, _>>()
        };
        c.bench_function(&format!("{BATCH} clips, {threads} threads"), |b| {
            b.iter(|| pool.install(run))
        });
    }
}

criterion_group!(benches, one_thread, transforms_alone, batch);
criterion_main!(benches);
