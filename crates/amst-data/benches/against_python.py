"""Preparing CREMA-D-like clips: the published steps in Python against `amst prepare`, in one run.

    python against_python.py path/to/amst [--clips 200] [--threads 2] [--work DIR]

Needs torch, torchaudio, opencv-python-headless and ffmpeg. The clips (flv of FLV1 and MP3, 480x360, 29.97 frames a
second, 2.5 s; WAV of 16 kHz beside) are made once in DIR. The Python side does what the published scripts do: cv2 reads
the flv and writes the kept frames as JPEG, torchaudio makes the filterbank, numpy writes it padded to 1024x128. It does
so twice: one clip after the other, as the published scripts do, their libraries free to use every core; and spread over
as many processes as the other side has threads, which the published scripts leave to their users. All are measured from
an empty folder, in turns; medians are printed, the size of the store, and that of the JPEG frames and the unpadded
features in 16 bits.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import time
from pathlib import Path

EMOTIONS = [("ANG", "Anger"), ("DIS", "Disgust"), ("FEA", "Fear"), ("HAP", "Happy"), ("NEU", "Neutral"), ("SAD", "Sad")]


def make_clip(job):
    number, flv, wav = job
    noise = f"testsrc2=size=480x360:rate=30000/1001:duration=2.5,noise=alls=12:all_seed={number},hue=h={number * 7}"
    tone = f"sine=frequency={300 + number}:sample_rate=16000:duration=2.5"
    run = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
    subprocess.run([*run, "-f", "lavfi", "-i", tone, wav], check=True)
    subprocess.run(
        [*run, "-f", "lavfi", "-i", noise, "-f", "lavfi", "-i", tone.replace("16000", "44100")]
        + ["-c:v", "flv", "-b:v", "800k", "-c:a", "libmp3lame", "-shortest", flv],
        check=True,
    )


def make_raw(raw, clips):
    if (raw / "complete").exists() and (raw / "complete").read_text() == str(clips):
        return
    shutil.rmtree(raw, ignore_errors=True)
    for folder in ["AudioWAV", "VideoFlash", "splits"]:
        (raw / folder).mkdir(parents=True)
    names = []
    for number in range(clips):
        code, label = EMOTIONS[number % 6]
        names.append((f"{1001 + number // 12}_{['DFA', 'IEO'][number // 6 % 2]}_{code}_XX", label))
    jobs = [(n, str(raw / "VideoFlash" / f"{i}.flv"), str(raw / "AudioWAV" / f"{i}.wav")) for n, (i, _) in enumerate(names)]
    with multiprocessing.Pool(os.cpu_count()) as pool:
        pool.map(make_clip, jobs)
    cuts = [0, clips * 8 // 10, clips * 9 // 10, clips]
    for list_name, start, end in zip(["80_train_cre", "10_val_cre", "10_test_cre"], cuts, cuts[1:]):
        (raw / "splits" / f"{list_name}.txt").write_text("".join(f"{i}.flv {label}\n" for i, label in names[start:end]))
    (raw / "complete").write_text(str(clips))


def published(job):
    """One clip, as `video_preprocessing.py` and `audio_preprocessing.py` treat it."""
    import cv2
    import numpy
    import torch
    import torchaudio

    flv, wav, frames, npy, spread = job
    if spread:
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
    os.makedirs(frames, exist_ok=True)
    video = cv2.VideoCapture(flv)
    fps = int(video.get(cv2.CAP_PROP_FPS))
    total = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    for index in range(total):
        there, image = video.read()
        if not there:
            break
        if index % fps == 0:
            cv2.imwrite(f"{frames}/{index:05d}.jpg", image)
    video.release()
    wave, rate = read_wav(wav)
    wave = wave - wave.mean()
    bank = torchaudio.compliance.kaldi.fbank(
        wave, htk_compat=True, sample_frequency=rate, use_energy=False, window_type="hanning",
        num_mel_bins=128, dither=0.0, frame_shift=10,
    )
    padded = torch.nn.functional.pad(bank, (0, 0, 0, max(0, 1024 - bank.shape[0])))[:1024]
    numpy.save(npy, padded.numpy())
    return bank.numel() * 2


def read_wav(path):
    # torchaudio.load of 2.9 wants torchcodec; the samples are the same.
    import wave

    import numpy
    import torch

    with wave.open(path) as file:
        samples = numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return torch.from_numpy(samples.astype("float32") / 32768)[None], file.getframerate()


def in_python(raw, out, processes):
    shutil.rmtree(out, ignore_errors=True)
    (out / "fbank").mkdir(parents=True)
    jobs = []
    for flv in sorted((raw / "VideoFlash").iterdir()):
        name = flv.stem
        wav, frames, bank = raw / "AudioWAV" / f"{name}.wav", out / "frames" / name, out / "fbank" / f"{name}.npy"
        jobs.append((str(flv), str(wav), str(frames), str(bank), processes > 1))
    started = time.perf_counter()
    with multiprocessing.Pool(processes) as pool:
        sizes = pool.map(published, jobs, chunksize=4)
    seconds = time.perf_counter() - started
    jpeg = sum(file.stat().st_size for file in (out / "frames").rglob("*.jpg"))
    return seconds, jpeg, sum(sizes)


def in_rust(amst, raw, out, threads):
    shutil.rmtree(out, ignore_errors=True)
    datasets = out / "datasets" / "crema-d"
    datasets.mkdir(parents=True)
    shutil.copy(Path(__file__).parents[3] / "datasets/crema-d/dataset.toml", datasets)
    environment = {**os.environ, "AMST_DATASETS": str(out / "datasets"), "RAYON_NUM_THREADS": str(threads)}
    command = [amst, "prepare", "crema-d", "--raw", str(raw), "--out", str(out / "runs"), "--progress", "none"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment)
    peak = watch(process)
    seconds = time.perf_counter() - started
    assert process.returncode == 0, before
    return seconds, peak, sum(file.stat().st_size for file in (out / "runs").rglob("*.store"))


def watch(process):
    """The largest resident memory of the process in MiB, and its end."""
    peak = 0
    while process.poll() is None:
        try:
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    peak = max(peak, int(line.split()[1]) / 1024)
        except (FileNotFoundError, ProcessLookupError):
            pass
        time.sleep(0.02)
    return peak


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("amst")
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path("target/against-python"))
    parser.add_argument("--only-make", action="store_true")
    args = parser.parse_args()
    work = args.work.absolute()
    raw = work / "raw"
    make_raw(raw, args.clips)
    if args.only_make:
        return
    python, spread, rust = [], [], []
    for _ in range(args.repeats):
        python.append(in_python(raw, work / "python", 1))
        rust.append(in_rust(os.path.abspath(args.amst), raw, work / "rust", args.threads))
        spread.append(in_python(raw, work / "python", args.threads))
    median = lambda runs: statistics.median(run[0] for run in runs)
    _, jpeg, features = python[-1]
    _, _, store = rust[-1]
    print(json.dumps({
        "clips": args.clips, "threads": args.threads, "repeats": args.repeats,
        "python_seconds": [round(run[0], 2) for run in python],
        "python_spread_seconds": [round(run[0], 2) for run in spread],
        "amst_seconds": [round(run[0], 2) for run in rust],
        "speed": round(median(python) / median(rust), 2), "speed_to_spread": round(median(spread) / median(rust), 2),
        "amst_peak_mib": round(max(run[1] for run in rust), 1),
        "store_bytes": store, "jpeg_bytes": jpeg, "features_16_bit_bytes": features,
        "store_over_jpeg_and_16_bit": round(store / (jpeg + features), 2),
    }, indent=1))


if __name__ == "__main__":
    main()
