//! A training frame from a 480x360 JPEG, one thread: `cargo bench -p amst-frames`.
//! `against_python.py` runs these beside torchvision on PIL.

use std::hint::black_box;
use std::path::Path;

use amst_frames::{EvalTransform, FrameConfig, Picture, TrainTransform, resize};
use criterion::{Criterion, criterion_group, criterion_main};

/// SplitMix64: the crops must vary from one frame to the next.
fn uniforms() -> impl FnMut() -> f64 {
    let mut state = 7u64;
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn frames(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pil/frame.jpg");
    let bytes = std::fs::read(path).expect("the fixture is there");
    let picture = Picture::decode(&bytes, "frame.jpg").expect("the fixture is a picture");
    let config = FrameConfig::default();
    let train = TrainTransform::new(&config).expect("the default is valid");
    let eval = EvalTransform::new(&config).expect("the default is valid");
    let mut out = vec![0.0; config.volume()];
    let mut uniform = uniforms();

    let mut group = criterion.benchmark_group("frame");
    group.bench_function("decode_and_train", |bench| {
        bench.iter(|| {
            let picture = Picture::decode(black_box(&bytes), "frame.jpg").expect("decoded before");
            train.apply(&picture, &mut uniform, &mut out)
        });
    });
    group.bench_function("train", |bench| {
        bench.iter(|| train.apply(black_box(&picture), &mut uniform, &mut out));
    });
    group.bench_function("decode", |bench| {
        bench.iter(|| Picture::decode(black_box(&bytes), "frame.jpg"));
    });
    group.bench_function("eval", |bench| {
        bench.iter(|| eval.apply(black_box(&picture), &mut out));
    });
    group.bench_function("resize", |bench| {
        bench.iter(|| resize(black_box(&picture), [224, 224]));
    });
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
