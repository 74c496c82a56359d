"""Runs the steps of gpu.sh within a limit of minutes and prints one table with a verdict for each target.

    python3 measure.py [--dry-run] [--out FOLDER] [--minutes 10] [--devices tch:cuda:0,wgpu,cuda]

Needs nothing but Python 3.8 for itself; the PyTorch side needs torch. What cannot be measured is a row of the table
that says why. Exit code 0: every step was measured, whatever the verdicts are. 1: at least one was not. 2: the folder
or the options are not as they should be.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent

# Largest difference of a step's loss from the recorded PyTorch run, in float32: relative where the loss is above 1.
# PyTorch's own float32 is up to 1.8e-5 away from its float64 in these runs, whose losses are 1.4 to 3.
REPLAY_TARGET = 1e-5
# An epoch of AMST-Alt beside PyTorch's in the same precision.
EPOCH_TARGETS = {"tf32": 0.6, "bf16": 0.5}
# Waiting for data, of an epoch of 4,096 samples.
WAITING_TARGET = 0.05
# Training samples of an epoch that is measured beside PyTorch.
SAMPLES = 1024
# Device memory beside PyTorch's.
MEMORY_TARGET = 0.6

CASES = ["alt-av-fast", "joint-av-official", "full-avt-fast"]


def most_exact(device):
    """The precision nearest to PyTorch's float32 that a device has: burn's CUDA device multiplies in TF32."""
    return "tf32" if device.split(":")[0] == "cuda" else "f32"


class NotMeasured(Exception):
    """Why a step has no figure."""


class Steps:
    """Starts programs, each with a limit of seconds, and none after the whole time is over."""

    def __init__(self, seconds, log):
        self.end = time.monotonic() + seconds
        self.log = log

    def left(self):
        return self.end - time.monotonic()

    def run(self, command, limit, needs=5):
        """What a program prints on standard output; `needs` seconds must be left to begin it."""
        seconds = min(limit, self.left())
        if seconds < needs:
            raise NotMeasured("no time was left")
        command = [str(word) for word in command]
        self.log.write("$ " + " ".join(command) + "\n")
        self.log.flush()
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds, text=True)
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"it took more than {seconds:.0f} s") from None
        except OSError as error:
            raise NotMeasured(f"it cannot be started: {error}") from None
        self.log.write(done.stdout + done.stderr + f"exit code {done.returncode}\n")
        self.log.flush()
        if done.returncode != 0:
            said = [line for line in done.stderr.strip().splitlines() if line.strip()]
            reason = said[0] if said else "it says nothing"
            raise NotMeasured(f"exit code {done.returncode}: {reason}")
        return done.stdout


class DeviceMemory:
    """The most memory of the card in use while something runs, above what was in use before, in MiB.

    By nvidia-smi, so that both sides are measured in the same way: a CUDA context, kernels and cached blocks count.
    """

    def __init__(self):
        self.most = None
        self.before = used_memory()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def watch(self):
        while not self.over.wait(0.2):
            used = used_memory()
            if used is not None and self.before is not None:
                self.most = max(self.most or 0, used - self.before)

    def __enter__(self):
        if self.before is not None:
            self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        if self.thread.is_alive():
            self.thread.join()


def used_memory():
    """MiB in use on the first card, or None where nvidia-smi does not say."""
    command = ["nvidia-smi", "--id=0", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    try:
        return float(subprocess.run(command, capture_output=True, timeout=10, text=True, check=True).stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


class Table:
    """Rows of what was asked, what came out, the target, and whether it is met."""

    def __init__(self):
        self.rows = []

    def measured(self, what, value, shown, target=None, target_shown=""):
        verdict = "" if target is None else "met" if value <= target else "missed"
        self.add(what, shown, target_shown, verdict, value, target)

    def not_measured(self, what, why, target_shown=""):
        self.add(what, "", target_shown, f"not measured: {why}", None, None)

    def add(self, what, shown, target_shown, verdict, value, target):
        # JSON has neither NaN nor infinity.
        value = value if value is None or math.isfinite(value) else None
        row = {"what": what, "measured": shown, "target": target_shown, "verdict": verdict, "value": value, "limit": target}
        self.rows.append(row)
        print(f"  {what}: {shown or verdict}{f'  ({verdict})' if shown and verdict else ''}", file=sys.stderr)

    def text(self):
        names = ["what", "measured", "target", "verdict"]
        widths = [max(len(name), *(len(row[name]) for row in self.rows)) for name in names]
        lines = ["  ".join(name.ljust(width) for name, width in zip(names, widths)).rstrip()]
        for row in self.rows:
            lines.append("  ".join(row[name].ljust(width) for name, width in zip(names, widths)).rstrip())
        return "\n".join(lines)

    def gaps(self):
        return [row for row in self.rows if row["verdict"].startswith("not measured")]


def replay(steps, table, amst, device, out):
    """Whether a device computes the recorded runs; TF32 rounds by design, so there the figure has no target."""
    precision = most_exact(device)
    target, target_shown = (REPLAY_TARGET, f"{REPLAY_TARGET:.0e}") if precision == "f32" else (None, "")
    for case in CASES:
        what = f"replay of {case} on {device}, {precision}, largest difference of a loss"
        folder = out / f"replay-{case}-{device.replace(':', '-')}"
        try:
            recorded = HERE / "cases" / case
            command = [amst, "replay", recorded, "--device", device, "--precision", precision, "--out", folder]
            # A GPU's kernels are compiled, and on wgpu chosen, in each process anew.
            steps.run(command, limit=90)
            difference = largest_difference(recorded / "expect/result.json", folder / "result.json")
            table.measured(what, difference, f"{difference:.1e}", target, target_shown)
        except NotMeasured as why:
            table.not_measured(what, why, target_shown)


def largest_difference(expected, found):
    """Of the losses of all steps of two result files, relative where they are above 1."""
    expected, found = (json.loads(Path(file).read_text())["steps"] for file in (expected, found))
    if len(expected) != len(found):
        raise NotMeasured(f"{len(found)} steps instead of {len(expected)}")
    largest = 0.0
    for wanted, got in zip(expected, found):
        if set(wanted["metrics"]) != set(got["metrics"]):
            raise NotMeasured(f"epoch {wanted['epoch']}, step {wanted['step']} has other losses")
        for name, value in wanted["metrics"].items():
            difference = abs(value - got["metrics"][name]) / max(1.0, abs(value))
            if math.isnan(difference):
                return math.nan
            largest = max(largest, difference)
    return largest


class Sizes:
    """What is measured: CREMA-D's shape on a card, something small in a dry run."""

    def __init__(self, dry_run):
        self.dry_run = dry_run
        self.rounds = 1 if dry_run else 3
        self.torch_device = "cpu" if dry_run else "cuda"
        self.precisions = ["f32"] if dry_run else ["tf32", "bf16"]

    def ours(self, samples):
        if self.dry_run:
            return ["--dataset", "synthetic"]
        return ["--shapes", "crema-d", "--samples", samples]

    def pytorch(self, samples):
        if self.dry_run:
            small = {"samples": 96, "batch": 16, "width": 4, "visual": 32, "frames": 1}
            return [word for name, value in small.items() for word in (f"--{name}", value)] + ["--audio", 64, 32]
        return ["--samples", samples]


def epochs(steps, table, amst, device, sizes, out):
    """Epochs of ours and of PyTorch's, turn by turn, and the memory of both."""
    for precision in sizes.precisions:
        ours, theirs, memory = {}, {}, {}
        why = {}
        for turn in range(sizes.rounds):
            # Neither side is always the one that finds the card warm.
            for name in ["ours", "PyTorch"] if turn % 2 == 0 else ["PyTorch", "ours"]:
                try:
                    if name == "ours":
                        our_turn(steps, amst, device, precision, sizes, out, ours, memory)
                    else:
                        pytorch_turn(steps, precision, sizes, theirs, memory)
                except NotMeasured as reason:
                    why.setdefault(name, f"{name}: {reason}")
        for method in ("naive", "amst-alt", "amst-full"):
            report_epoch(table, method, precision, device, ours.get(method), theirs.get(method), why)
        report_memory(table, precision, memory, why)


def our_turn(steps, amst, device, precision, sizes, out, seconds, memory):
    command = [amst, "time", *sizes.ours(SAMPLES), "--methods", "naive,amst-alt,amst-full", "--execution", "fast"]
    command += ["--rounds", 1, "--device", device, "--precision", precision, "--out", out / "timed", "--json"]
    with DeviceMemory() as used:
        measured = json.loads(steps.run(command, limit=120))
    for system in measured["systems"]:
        seconds.setdefault(system["id"], []).append(system["epoch"]["median"])
    if used.most is not None:
        memory.setdefault("ours", []).append(used.most)


def pytorch_turn(steps, precision, sizes, seconds, memory):
    with DeviceMemory() as used:
        for method in ("naive", "amst-alt"):
            command = [sys.executable, HERE / "amst_epoch.py", "--method", method, "--device", sizes.torch_device]
            command += ["--precision", precision, "--epochs", 5, *sizes.pytorch(SAMPLES)]
            measured = json.loads(steps.run(command, limit=90))
            seconds.setdefault(method, []).append(measured["seconds_an_epoch"])
    if used.most is not None:
        memory.setdefault("PyTorch", []).append(used.most)


def report_epoch(table, method, precision, device, ours, theirs, why):
    what = f"epoch of {method} on {device}, {precision}, beside PyTorch"
    # In a dry run the precision is one that has no target.
    target = EPOCH_TARGETS.get(precision) if method == "amst-alt" else None
    target_shown = "" if target is None else f"{target} of PyTorch's"
    if not ours:
        table.not_measured(what, why.get("ours", "ours: no epoch"), target_shown)
    elif method == "amst-full":
        table.measured(f"epoch of {method} on {device}, {precision}", median(ours), f"{spread(ours)} s")
    elif not theirs:
        table.not_measured(what, why.get("PyTorch", "PyTorch: no epoch"), target_shown)
    else:
        ratio = median(a / b for a, b in zip(ours, theirs))
        table.measured(what, ratio, f"{ratio:.2f}: {spread(ours)} s, PyTorch {spread(theirs)} s", target, target_shown)


def report_memory(table, precision, memory, why):
    what = f"device memory, {precision}, beside PyTorch"
    target_shown = f"{MEMORY_TARGET} of PyTorch's"
    if "ours" in memory and "PyTorch" in memory:
        ours, theirs = max(memory["ours"]), max(memory["PyTorch"])
        ratio = ours / max(theirs, 1)
        table.measured(what, ratio, f"{ratio:.2f}: {ours:.0f} MiB, PyTorch {theirs:.0f} MiB", MEMORY_TARGET, target_shown)
    else:
        table.not_measured(what, "; ".join(why.values()) or "nvidia-smi does not say", target_shown)


def waiting(steps, table, amst, device, sizes, out):
    """The share of an epoch of AMST-Alt that waits for data."""
    precision = sizes.precisions[0]
    what = f"waiting for data on {device}, {precision}, amst-alt, {'synthetic' if sizes.dry_run else '4,096 samples'}"
    target_shown = f"{WAITING_TARGET:.0%} of the epoch"
    command = [amst, "time", *sizes.ours(4096), "--methods", "amst-alt", "--execution", "fast", "--rounds", 1]
    command += ["--device", device, "--precision", precision, "--out", out / "timed", "--json"]
    try:
        measured = json.loads(steps.run(command, limit=120))
        system = next(s for s in measured["systems"] if s["id"] == "amst-alt")
        phases = system["phases"]
        share = phases["load"] / sum(phases.values())
        target = None if sizes.dry_run else WAITING_TARGET
        table.measured(what, share, f"{share:.1%} of {system['epoch']['median']:.2f} s", target, target_shown)
    except NotMeasured as why:
        table.not_measured(what, why, target_shown)


def levers(steps, table, sizes, out):
    """What each change would be worth, measured in PyTorch: figures for the next person, without a target."""
    what = "levers (levers.json)"
    small = ["--small"] if sizes.dry_run else []
    command = [sys.executable, HERE / "levers.py", "--device", sizes.torch_device, "--out", out / "levers.json", *small]
    try:
        (out / "levers.txt").write_text(steps.run(command, limit=240, needs=30))
        rows = json.loads((out / "levers.json").read_text())
        table.measured(what, len(rows), f"{len(rows)} figures")
    except NotMeasured as why:
        table.not_measured(what, why)


def spread(seconds):
    low, high = min(seconds), max(seconds)
    return f"{median(seconds):.2f}" if len(seconds) == 1 else f"{median(seconds):.2f} ({low:.2f} to {high:.2f})"


def machine(steps):
    """What was measured on, in words."""
    lines = []
    questions = [
        ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.sm,clocks.mem", "--format=csv,noheader"],
        [sys.executable, "-c", "import torch; print('torch', torch.__version__, torch.version.cuda)"],
    ]
    for command in questions:
        try:
            lines.append(steps.run(command, limit=60).strip())
        except NotMeasured as why:
            lines.append(f"{Path(command[0]).name}: {why}")
    lines.append(f"{os.cpu_count()} processor threads")
    built = HERE / "built.json"
    lines.append(f"built: {built.read_text().strip()}" if built.is_file() else "built: not by --prepare")
    return lines


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="the same steps on the processor, small, without verdicts")
    parser.add_argument("--amst", type=Path, default=HERE / "amst", help="the program; the one beside this script if left out")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--minutes", type=float, default=10.0, help="no step begins or goes on after so many")
    parser.add_argument("--devices", help="where ours computes; the first is the one beside PyTorch (tch:cuda:0,wgpu,cuda)")
    return parser.parse_args()


def main():
    args = options()
    amst = args.amst.resolve()
    if not os.access(amst, os.X_OK):
        print(f"there is no program {amst}: `cargo xtask bench gpu --prepare` makes the folder with it", file=sys.stderr)
        return 2
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    devices = args.devices or ("flex" if args.dry_run else "tch:cuda:0,wgpu,cuda")
    first, *others = devices.split(",")
    sizes = Sizes(args.dry_run)
    table = Table()
    with open(out / "log.txt", "w") as log:
        steps = Steps(args.minutes * 60, log)
        about = machine(steps)
        print("\n".join(about), file=sys.stderr)
        replay(steps, table, amst, first, out)
        epochs(steps, table, amst, first, sizes, out)
        waiting(steps, table, amst, first, sizes, out)
        for device in others:
            replay(steps, table, amst, device, out)
            own_epoch(steps, table, amst, device, sizes, out)
        levers(steps, table, sizes, out)
    text = "\n".join(about) + "\n\n" + table.text() + "\n"
    (out / "table.txt").write_text(text)
    (out / "table.json").write_text(json.dumps({"machine": about, "dry_run": args.dry_run, "rows": table.rows}, indent=1))
    print(text)
    gaps = table.gaps()
    print(f"{len(table.rows) - len(gaps)} measured, {len(gaps)} not measured; all of it is in {out}")
    return 1 if gaps else 0


def own_epoch(steps, table, amst, device, sizes, out):
    """An epoch of AMST-Alt on a device that has no PyTorch side."""
    precision = most_exact(device)
    what = f"epoch of amst-alt on {device}, {precision}"
    command = [amst, "time", *sizes.ours(256), "--methods", "amst-alt", "--execution", "fast", "--rounds", 1]
    command += ["--device", device, "--precision", precision, "--out", out / "timed", "--json"]
    try:
        measured = json.loads(steps.run(command, limit=90))
        seconds = next(s for s in measured["systems"] if s["id"] == "amst-alt")["epoch"]["median"]
        table.measured(what, seconds, f"{seconds:.2f} s{'' if sizes.dry_run else ' for 256 samples'}")
    except NotMeasured as why:
        table.not_measured(what, why)


if __name__ == "__main__":
    sys.exit(main())
