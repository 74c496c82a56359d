"""Seconds of sound that soundfile decodes in a second, as examples/decode_speed.rs measures ours:
`python decode_against_soundfile.py FILE...`, with soundfile."""

import sys
import time

import soundfile

ROUNDS = 9

for file in sys.argv[1:]:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        samples, rate = soundfile.read(file, dtype="float32")
        best = min(best, time.perf_counter() - start)
    length = len(samples) / rate
    print(f"{file}: {length:.1f} s in {best * 1e3:.1f} ms, {length / best:.0f} times as fast")
