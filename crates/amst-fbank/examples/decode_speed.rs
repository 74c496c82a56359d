//! Seconds of sound that are decoded in a second, the best of several rounds:
//! `cargo run --release -p amst-fbank --example decode_speed -- FILE...`.
//! `benches/decode_against_soundfile.py` measures soundfile in the same way.

use std::time::Instant;

use amst_fbank::Wave;

const ROUNDS: usize = 9;

fn main() -> Result<(), amst_fbank::FbankError> {
    for file in std::env::args().skip(1) {
        let (mut best, mut length) = (f64::INFINITY, 0.0);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            length = Wave::read(&file)?.seconds();
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!(
            "{file}: {length:.1} s in {:.1} ms, {:.0} times as fast",
            best * 1e3,
            length / best
        );
    }
    Ok(())
}
