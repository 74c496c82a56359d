#!/usr/bin/env python3
"""Recomputes the numbers of a figure's CSV from the run directories, and compares.

    check_figures.py FIGURE.csv FOLDER...

A folder for each panel, in the panels' order; every run in or below it belongs to the panel. The
program shares nothing with the crate but the formats of the files. Standard library only.
"""

import csv
import json
import math
import os
import sys

SPLITS = {"training": "train", "validation": "val"}


def runs_below(folder):
    found = []
    for here, _, files in os.walk(folder, followlinks=True):
        if "events.jsonl" in files:
            found.append(here)
    return sorted(found)


def epochs_of(run):
    """The last line of each epoch. A last line without its end may be broken."""
    epochs = {}
    with open(os.path.join(run, "events.jsonl"), "rb") as file:
        lines = file.read().split(b"\n")
    for number, line in enumerate(lines):
        try:
            event = json.loads(line)
        except ValueError:
            if number + 1 == len(lines):
                break
            raise
        if event["kind"] == "epoch":
            epochs[event["epoch"]] = event
    return epochs


def usual(known, bases):
    """The outputs that a figure shows when none are named."""
    names = []
    for base in bases:
        candidates = [base] if base in known else ["alt." + base, "joint." + base]
        names += [name for name in candidates if name in known]
    return names


def add(rows, key, values):
    values = [value for value in values if value is not None]
    if values:
        rows[key] = (math.fsum(values) / len(values), min(values), max(values), len(values))


def curves(panel, folder, label):
    """The rows of a panel of curves, by panel, quantity, series and epoch."""
    words = label.split()
    split, metric = SPLITS[words[0]], words[1]
    factor = 100 if metric == "accuracy" else 1
    runs = [epochs_of(run) for run in runs_below(folder)]
    last = max(epoch for run in runs for epoch in run)
    known = {name for run in runs for event in run.values() for name in event[split]}
    rows = {}
    for epoch in range(last + 1):
        events = [run[epoch] for run in runs if epoch in run]
        for output in usual(known, ["audio", "text", "visual", "fused"]):
            values = [event[split].get(output, {}).get(metric) for event in events]
            values = [None if value is None else value * factor for value in values]
            add(rows, (panel, label, output, str(epoch)), values)
        for modality in {name for event in events for name in event["active"]}:
            values = [float(modality in event["active"]) for event in events]
            add(rows, (panel, "trained (share of runs)", modality, str(epoch)), values)
        add(rows, (panel, "learning rate", "", str(epoch)), [event["lr"] for event in events])
    return rows


def bars(panel, folder, label):
    """The rows of a panel of bars, by panel, quantity, series and class."""
    outputs = []
    for run in runs_below(folder):
        with open(os.path.join(run, "result.json"), encoding="utf-8") as file:
            outputs.append(json.load(file)["test"]["outputs"])
    rows = {}
    known = {name for of_run in outputs for name in of_run}
    for output in usual(known, ["audio", "text", "visual"]):
        of_runs = [of_run[output]["class_entropy"] for of_run in outputs if output in of_run]
        for index, values in enumerate(zip(*of_runs, strict=True)):
            add(rows, (panel, label, output, str(index)), values)
    return rows


def main():
    path, folders = sys.argv[1], sys.argv[2:]
    drawn = {}
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        place = "epoch" if "epoch" in reader.fieldnames else "class"
        for row in reader:
            key = (row["panel"], row["quantity"], row["series"], row[place])
            assert key not in drawn, f"{key} is there twice"
            numbers = [float(row[name]) for name in ("mean", "low", "high")]
            drawn[key] = (*numbers, int(row["n"]))
    panels = list(dict.fromkeys(key[0] for key in drawn))
    assert len(panels) == len(folders), f"{len(panels)} panels, {len(folders)} folders"
    label = next(iter(drawn))[1]
    rows_of = curves if place == "epoch" else bars
    expected = {}
    for panel, folder in zip(panels, folders):
        expected.update(rows_of(panel, folder, label))
    differs = sorted(drawn.keys() ^ expected.keys())
    assert not differs, f"only on one side: {differs[:5]}"
    worst = 0.0
    for key, numbers in expected.items():
        found = drawn[key]
        assert found[3] == numbers[3], f"{key}: {found}, not {numbers}"
        for one, other in zip(found[:3], numbers[:3]):
            error = abs(one - other) / max(abs(other), 1e-12)
            # Ten digits are written.
            assert error < 1e-9, f"{key}: {found}, not {numbers}"
            worst = max(worst, error)
    print(f"{path}: {len(expected)} rows of {len(panels)} panels agree, to {worst:.1e} at worst")


if __name__ == "__main__":
    main()
