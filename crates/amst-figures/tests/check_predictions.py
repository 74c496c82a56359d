#!/usr/bin/env python3
"""Recomputes what is said of single predictions from the logits, by PyTorch and scikit-learn.

    check_predictions.py FOLDER [--confusion FIGURE.csv] [--calibration FIGURE.csv]

Every run in or below the folder: loss, accuracy, entropy of each class (Figure 4), macro-F1 and mean
average precision of `result.json` against `logits.safetensors`. The CSV files are those of
`amst figure confusion|calibration FOLDER`, whose runs differ in their seed only.

    pip install torch torchmetrics scikit-learn safetensors
"""

import argparse
import csv
import json
import math
import pathlib

import torch
from safetensors.torch import load_file
from sklearn.metrics import average_precision_score, confusion_matrix, f1_score
from torchmetrics.functional.classification import multiclass_calibration_error


def near(what, found, expected, tolerance=1e-6):
    assert abs(found - expected) <= tolerance * max(1.0, abs(expected)), f"{what}: {found}, not {expected}"


def check(run):
    """Metrics of every output of one run. Logits are 32-bit, sums are taken in 64."""
    result = json.loads((run / "result.json").read_text())
    tensors = load_file(run / "logits.safetensors")
    labels = tensors.pop("labels")
    assert tensors.keys() == result["test"]["outputs"].keys(), run
    for output, logits in tensors.items():
        said = result["test"]["outputs"][output]
        logits = logits.double()
        logs = torch.log_softmax(logits, dim=1)
        probabilities = logs.exp()
        entropies = torch.special.entr(probabilities).sum(dim=1)
        predicted = logits.argmax(dim=1)
        name = f"{run} {output}"
        near(f"{name} loss", said["loss"], torch.nn.functional.cross_entropy(logits, labels).item())
        near(f"{name} accuracy", said["accuracy"], (predicted == labels).double().mean().item())
        near(f"{name} entropy", said["entropy"], entropies.mean().item())
        classes = range(logits.shape[1])
        for label in classes:
            own = entropies[labels == label]
            expected = own.mean().item() if len(own) else 0.0
            near(f"{name} entropy of class {label}", said["class_entropy"][label], expected)
        macro = f1_score(labels, predicted, average="macro", labels=list(classes), zero_division=0)
        near(f"{name} macro-F1", said["macro_f1"], macro)
        present = [label for label in classes if (labels == label).any()]
        precision = [average_precision_score(labels == c, probabilities[:, c]) for c in present]
        near(f"{name} mAP", said["mean_average_precision"], math.fsum(precision) / len(present))
    return labels, tensors


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_confusion(path, runs):
    classes = next(iter(runs))[1]["fused"].shape[1]
    expected = sum(
        confusion_matrix(labels, tensors["fused"].argmax(dim=1), labels=list(range(classes)))
        for labels, tensors in runs
    )
    found = rows(path)
    assert len(found) == classes * classes, path
    for row in found:
        assert int(row["count"]) == expected[int(row["actual"]), int(row["predicted"])], row
    print(f"{path}: {len(found)} cells agree with scikit-learn's confusion matrix")


def check_calibration(path, runs):
    errors = [row for row in rows(path) if row["output"].endswith(" (ECE)")]
    assert errors, path
    for row in errors:
        output = row["output"].removesuffix(" (ECE)")
        of_runs = []
        for labels, tensors in runs:
            probabilities = torch.softmax(tensors[output].double(), dim=1)
            error = multiclass_calibration_error(
                probabilities, labels, num_classes=probabilities.shape[1], n_bins=10, norm="l1"
            )
            of_runs.append(error.item())
        # torchmetrics computes in 32 bits.
        near(f"ECE of {output}", float(row["accuracy"]), math.fsum(of_runs) / len(of_runs), 1e-5)
    print(f"{path}: {len(errors)} calibration errors agree with torchmetrics'")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--confusion", type=pathlib.Path)
    parser.add_argument("--calibration", type=pathlib.Path)
    arguments = parser.parse_args()
    found = sorted(file.parent for file in arguments.folder.rglob("result.json"))
    assert found, f"no finished run in {arguments.folder}"
    runs = [check(run) for run in found]
    print(f"{len(runs)} runs: every metric of the test split agrees with PyTorch and scikit-learn")
    if arguments.confusion:
        check_confusion(arguments.confusion, runs)
    if arguments.calibration:
        check_calibration(arguments.calibration, runs)


if __name__ == "__main__":
    main()
