"""Times torchaudio and kaldi-native-fbank on the clip of benches/fbank.rs, one thread.

    cargo bench -p amst-fbank --bench fbank; python benches/against_python.py
Needs torch and torchaudio 2.9.1, kaldi-native-fbank 1.23.0 and numpy.
Prints the fastest, the median and the slowest of 40 rounds of 5 calls, in microseconds a clip.
"""

import time

import kaldi_native_fbank
import numpy as np
import torch
from torchaudio.compliance import kaldi

RATE = 16000


def clip():
    """Three seconds of noise over a tone."""
    state, noise = 1, np.empty(3 * RATE, np.float32)
    for n in range(3 * RATE):
        state = (state * 1664525 + 1013904223) % 2**32
        noise[n] = (state >> 8) / 2**24 - 0.5
    tone = np.sin(np.arange(3 * RATE) * 440 * 2 * np.pi / RATE)
    return (0.3 * tone + 0.2 * noise).astype(np.float32)


def timed(name, call):
    call()
    rounds = []
    for _ in range(40):
        start = time.perf_counter()
        for _ in range(5):
            call()
        rounds.append((time.perf_counter() - start) / 5 * 1e6)
    print(f"{name}: min {min(rounds):.0f} us, median {np.median(rounds):.0f} us, max {max(rounds):.0f} us", flush=True)


def with_torchaudio(wave, mels):
    wave = wave - wave.mean()
    return kaldi.fbank(wave, sample_frequency=RATE, window_type="hanning", num_mel_bins=mels, dither=0.0)


def with_kaldi_native(samples, mels):
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0.0
    options.frame_opts.samp_freq = RATE
    options.frame_opts.window_type = "hanning"
    options.mel_opts.num_bins = mels
    fbank = kaldi_native_fbank.OnlineFbank(options)
    fbank.accept_waveform(RATE, samples)
    fbank.input_finished()
    return [fbank.get_frame(index) for index in range(fbank.num_frames_ready)]


def main():
    torch.set_num_threads(1)
    samples = clip()
    wave, listed = torch.from_numpy(samples)[None], samples.tolist()
    assert with_torchaudio(wave, 128).shape == (298, 128) and len(with_kaldi_native(listed, 80)) == 298
    for mels in (128, 80):
        timed(f"torchaudio, {mels} mels", lambda: with_torchaudio(wave, mels))
    timed("kaldi-native-fbank, 80 mels", lambda: with_kaldi_native(listed, 80))
    timed("kaldi-native-fbank, 80 mels, from numpy", lambda: with_kaldi_native(samples, 80))


main()
