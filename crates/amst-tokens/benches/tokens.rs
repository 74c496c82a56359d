//! 10,000 posts to rows of 128 ids: on one thread, and on all of rayon's; here, and by Hugging
//! Face's library as a Rust program would call it. `against_python.py` times the same library from
//! Python.

use std::path::Path;
use std::time::Duration;

use amst_tokens::Tokenizer;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tokenizers::{PaddingParams, PaddingStrategy, TruncationParams};

const WORDS: &str = "the a of my your our coffee morning match goal tonight weather rain happy sad really lovely photo \
                     street waiting train again never don't it's we're music album london dog dinner win news update";
const ENDS: [&str; 8] = ["", "!", "...", " 😂", " ❤️", " 👩‍👩‍👧‍👦", "?!", " 🇸🇪"];

/// Numbers as `against_python.py` draws them.
struct Draw(u32);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % most
    }
}

fn post(draw: &mut Draw, words: &[&str]) -> String {
    let mut parts = Vec::new();
    for _ in 0..6 + draw.below(19) {
        let word = words[draw.below(words.len())];
        parts.push(match draw.below(16) {
            0 => format!("@{word}{}", draw.below(1_000)),
            1 => format!("#{word}2026"),
            2 => format!(
                "https://t.co/{:x}{:x}",
                draw.below(1 << 24),
                draw.below(1 << 24)
            ),
            3 | 4 => format!("{word}{}", words[draw.below(words.len())]),
            _ => word.to_string(),
        });
    }
    parts.join(" ") + ENDS[draw.below(ENDS.len())]
}

fn tokens(c: &mut Criterion) {
    let words: Vec<_> = WORDS.split_whitespace().collect();
    let mut draw = Draw(1);
    let posts: Vec<_> = (0..10_000).map(|_| post(&mut draw, &words)).collect();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/roberta");
    let tokenizer = Tokenizer::read(&fixture).expect("the fixture");
    let total: usize = tokenizer
        .encode_batch(&posts)
        .expect("rows")
        .iter()
        .map(|row| row.len())
        .sum();
    println!(
        "{} bytes, {total} tokens",
        posts.iter().map(String::len).sum::<usize>()
    );
    let theirs = hugging_face(&fixture);
    let rows = theirs.encode_batch_fast(posts.clone(), true).expect("rows");
    let ours = tokenizer.encode_batch(&posts).expect("rows");
    assert!(
        rows.iter()
            .zip(&ours)
            .all(|(theirs, ours)| theirs.get_ids() == ours.ids),
        "not the same work"
    );
    let mut group = c.benchmark_group("10,000 posts");
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(10));
    for threads in [1, rayon::current_num_threads().max(2)] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a thread pool");
        group.bench_function(format!("{threads} threads"), |b| {
            b.iter(|| {
                pool.install(|| tokenizer.encode_batch(black_box(&posts)))
                    .expect("rows")
            })
        });
        group.bench_function(format!("{threads} threads, Hugging Face"), |b| {
            b.iter(|| {
                pool.install(|| theirs.encode_batch_fast(black_box(posts.clone()), true))
                    .expect("rows")
            })
        });
        // `encode_batch_fast` takes texts that it owns.
        group.bench_function(format!("{threads} threads, copying the texts alone"), |b| {
            b.iter(|| black_box(black_box(&posts).clone()))
        });
    }
}

/// The same rows, by the library alone.
fn hugging_face(fixture: &Path) -> tokenizers::Tokenizer {
    let mut theirs =
        tokenizers::Tokenizer::from_file(fixture.join("tokenizer.json")).expect("the fixture");
    let truncation = TruncationParams {
        max_length: 128,
        ..TruncationParams::default()
    };
    theirs
        .with_truncation(Some(truncation))
        .expect("a length that leaves tokens for text");
    let padding = PaddingParams {
        strategy: PaddingStrategy::Fixed(128),
        pad_id: 1,
        ..PaddingParams::default()
    };
    theirs.with_padding(Some(padding));
    theirs
}

criterion_group!(benches, tokens);
criterion_main!(benches);
