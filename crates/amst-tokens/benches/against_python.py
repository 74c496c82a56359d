"""Times Hugging Face's own library on the posts of benches/tokens.rs: rows of 128 ids, truncated and padded.

    cargo bench -p amst-tokens --bench tokens; python benches/against_python.py
Needs tokenizers 0.23.3. Each round runs in the other order of settings; prints the fastest, the median and the slowest
of 20 rounds in milliseconds, with TOKENIZERS_PARALLELISM off and on, for `encode_batch` and `encode_batch_fast` (the
one without offsets). The bytes and tokens printed must be those that the Rust program prints.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

WORDS = """the a of my your our coffee morning match goal tonight weather rain happy sad really lovely photo
street waiting train again never don't it's we're music album london dog dinner win news update""".split()
ENDS = ["", "!", "...", " 😂", " ❤️", " 👩‍👩‍👧‍👦", "?!", " 🇸🇪"]


class Draw:
    state = 1

    def below(self, most):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 8) % most


def post(draw):
    parts = []
    for _ in range(6 + draw.below(19)):
        word = WORDS[draw.below(len(WORDS))]
        kind = draw.below(16)
        if kind == 0:
            word = f"@{word}{draw.below(1000)}"
        elif kind == 1:
            word = f"#{word}2026"
        elif kind == 2:
            word = f"https://t.co/{draw.below(1 << 24):x}{draw.below(1 << 24):x}"
        elif kind in (3, 4):
            word = word + WORDS[draw.below(len(WORDS))]
        parts.append(word)
    return " ".join(parts) + ENDS[draw.below(len(ENDS))]


def rounds(parallel):
    from tokenizers import Tokenizer

    draw = Draw()
    posts = [post(draw) for _ in range(10_000)]
    fixture = Path(__file__).parent.parent / "tests/fixtures/roberta/tokenizer.json"
    tokenizer = Tokenizer.from_file(str(fixture))
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding(length=128, pad_id=1, pad_token="<pad>")
    total = sum(sum(row.attention_mask) for row in tokenizer.encode_batch(posts))
    print(f"{sum(len(p.encode()) for p in posts)} bytes, {total} tokens")
    calls = {"encode_batch": tokenizer.encode_batch, "encode_batch_fast": tokenizer.encode_batch_fast}
    times = {name: [] for name in calls}
    for number in range(20):
        for name in list(calls)[:: 1 if number % 2 else -1]:
            start = time.perf_counter()
            calls[name](posts)
            times[name].append((time.perf_counter() - start) * 1e3)
    for name, taken in times.items():
        low, mid, high = min(taken), statistics.median(taken), max(taken)
        print(f"{name}, parallelism {parallel}: min {low:.0f} ms, median {mid:.0f} ms, max {high:.0f} ms", flush=True)


def main():
    if len(sys.argv) > 1:
        return rounds(sys.argv[1])
    for parallel in ("false", "true"):
        environment = {**os.environ, "TOKENIZERS_PARALLELISM": parallel}
        subprocess.run([sys.executable, __file__, parallel], env=environment, check=True)


main()
