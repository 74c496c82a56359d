"""Times torchvision on PIL and this crate alternately, one thread each.

    cargo bench -p amst-frames --no-run
    python against_python.py TARGET/release/deps/transforms-HASH [rounds]

Needs Pillow, torch and torchvision (figures in docs/performance.md: 13.0.0,
2.9.1, 0.24.1). Each round times both sides one after the other; the ratios of
a round share the machine's mood, so the median ratio is what is quoted.
"""

import io
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from PIL import Image
from torchvision import transforms

torch.set_num_threads(1)
HERE = pathlib.Path(__file__).resolve().parent
JPEG = (HERE.parent / "tests/fixtures/pil/frame.jpg").read_bytes()
CASES = ["decode_and_train", "train", "decode"]

TRAIN = transforms.Compose(
    [
        transforms.RandomResizedCrop(224),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
)


def decode():
    return Image.open(io.BytesIO(JPEG)).convert("RGB")


PICTURE = decode()
PYTHON = {
    "decode_and_train": lambda: TRAIN(decode()),
    "train": lambda: TRAIN(PICTURE),
    "decode": decode,
}


def python_seconds(case, batches=12, size=40):
    work, means = PYTHON[case], []
    for _ in range(batches):
        start = time.perf_counter()
        for _ in range(size):
            work()
        means.append((time.perf_counter() - start) / size)
    return statistics.median(means)


def rust_seconds(program, case, folder):
    arguments = ["--bench", "--exact", f"frame/{case}", "--noplot"]
    times = ["--warm-up-time", "0.3", "--measurement-time", "1.5", "--sample-size", "12"]
    environment = {"CRITERION_HOME": folder, "PATH": "/usr/bin:/bin"}
    subprocess.run(
        [program, *arguments, *times],
        env=environment,
        cwd=HERE.parent,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    estimates = pathlib.Path(folder) / "frame" / case / "new" / "estimates.json"
    return json.loads(estimates.read_text())["median"]["point_estimate"] * 1e-9


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    for work in PYTHON.values():
        work()
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            pairs = [
                (python_seconds(case), rust_seconds(program, case, folder)) for _ in range(rounds)
            ]
            ratios = sorted(python / rust for python, rust in pairs)
            python = statistics.median(pair[0] for pair in pairs) * 1e3
            rust = statistics.median(pair[1] for pair in pairs) * 1e3
            print(
                f"{case:17} PIL/torchvision {python:.3f} ms  amst-frames {rust:.3f} ms  "
                f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
                flush=True,
            )


main()
