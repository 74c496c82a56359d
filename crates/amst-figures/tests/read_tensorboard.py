"""Reads event files back with PyPI's `tensorboard` and compares every scalar with `events.jsonl`.

    amst export-metrics RUNS --to tensorboard --out LOGS
    python read_tensorboard.py RUNS LOGS

RUNS is the folder that holds `DATASET/METHOD/SEED-CELL`, as LOGS does afterwards.
"""

import json
import struct
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

METRICS = ["accuracy", "loss", "entropy", "confidence"]


def as_float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def expected(run):
    """tag -> {epoch: value}; a later line of an epoch counts."""
    epochs = {}
    for line in (run / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["kind"] == "epoch":
            epochs[event["epoch"]] = event
    scalars = {}
    for epoch, event in epochs.items():
        scalars.setdefault("learning_rate", {})[epoch] = as_float32(event["lr"])
        for split in ("train", "val"):
            for output, metrics in event[split].items():
                for metric in METRICS:
                    if metrics.get(metric) is not None:
                        tag = f"{split}/{output}/{metric}"
                        scalars.setdefault(tag, {})[epoch] = as_float32(metrics[metric])
    return scalars, epochs


def main():
    runs, logs = Path(sys.argv[1]), Path(sys.argv[2])
    compared = 0
    files = sorted(logs.glob("*/*/*/events.out.tfevents.*"))
    assert files, f"no event file in {logs}"
    for file in files:
        # The folder of a run has the method that was trained, the event file the one asked for.
        run = next(runs.glob(f"*/*/{file.parent.name}"))
        scalars, epochs = expected(run)
        reader = EventAccumulator(str(file.parent), size_guidance={"scalars": 0})
        reader.Reload()
        tags = {tag for tag in reader.Tags()["scalars"] if not tag.startswith("trained/")}
        assert tags == set(scalars), tags ^ set(scalars)
        for tag in tags:
            found = {event.step: event.value for event in reader.Scalars(tag)}
            assert found == scalars[tag], (file, tag)
            compared += len(found)
        for tag in set(reader.Tags()["scalars"]) - tags:
            modality = tag.split("/")[1]
            for event in reader.Scalars(tag):
                assert event.value == (modality in epochs[event.step]["active"]), (file, tag)
                compared += 1
    print(f"{compared} numbers of {len(files)} runs agree")


if __name__ == "__main__":
    main()
