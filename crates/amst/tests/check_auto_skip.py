"""Recomputes every decision of automatic skip schedules from the numbers in events.jsonl, with NumPy.

    python check_auto_skip.py RUN…

RUN is a run directory of a recipe with skip.MODALITY = "auto". Says how many decisions agree, and fails on the first
that does not, or where there is none.
"""

import json
import sys
import tomllib
from pathlib import Path

import numpy as np


def own_scores(event: dict, split: str, modalities: list[str]) -> dict[str, dict[str, float]]:
    """Each modality's accuracy and loss, a mean over the modules that have such an output; not of one that has none."""
    scores = {}
    for modality in modalities:
        names = (modality, f"alt.{modality}", f"joint.{modality}")
        own = [event[split][name] for name in names if name in event[split]]
        if own:
            scores[modality] = {key: float(np.mean([one[key] for one in own])) for key in ("accuracy", "loss")}
    return scores


def check(run: Path) -> int:
    recipe = tomllib.loads((run / "recipe.toml").read_text())
    modalities = recipe["modalities"]
    adapted = [m for m in modalities if recipe["skip"][m] == "auto"]
    auto = recipe["skip"]["auto"]
    rule = auto["rule"]
    own = auto[rule.replace("-", "_")]
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    epochs = {event["epoch"]: event for event in events if event["kind"] == "epoch"}
    decided = {(event["epoch"], event["modality"]): event for event in events if event["kind"] == "skip"}
    s = {m: auto["min"] for m in adapted}
    last_trained: dict[str, int] = {}
    accuracies = {m: [] for m in modalities}
    losses = {m: [] for m in modalities}
    for epoch in sorted(epochs):
        event = epochs[epoch]
        due = [m for m in adapted if m not in last_trained or epoch - last_trained[m] >= s[m]]
        others = [m for m in event["active"] if m not in adapted]
        if not due and not others:
            due = [max(adapted, key=lambda m: epoch - last_trained[m])]
        trained = [m for m in event["active"] if m in adapted]
        assert sorted(trained) == sorted(due), f"{run}: epoch {epoch} trains {trained}, not {due}"
        for modality, score in own_scores(event, own.get("split", "val"), modalities).items():
            accuracies[modality].append(score["accuracy"])
        for modality, score in own_scores(event, "val", modalities).items():
            if modality in event["active"]:
                losses[modality].append(score["loss"])
        for modality in due:
            last_trained[modality] = epoch
            if rule == "accuracy-gap":
                means = {m: np.mean(accuracies[m][-own["mean_of"] :]) for m in modalities if accuracies[m]}
                signal = means[modality] - min(means.values())
            elif len(losses[modality]) > 1:
                signal = losses[modality][-1] - min(losses[modality][:-1])
            else:
                signal = None
            if signal is None or epoch + 1 < auto["warm_up"]:
                assert (epoch, modality) not in decided, f"{run}: epoch {epoch} decides about {modality} too early"
                continue
            found = decided.pop((epoch, modality))
            assert abs(found["signal"] - signal) < 1e-9, f"{run}: epoch {epoch}, {modality}: {found}, not {signal}"
            before = s[modality]
            if signal >= own["rest_at"]:
                s[modality] = min(before + 1, auto["max"])
            elif signal <= own["train_at"]:
                s[modality] = max(before - 1, auto["min"])
            assert (found["before"], found["after"]) == (before, s[modality]), f"{run}: {found}, not {before} to {s}"
    assert not decided, f"{run}: decisions that nothing calls for: {sorted(decided)}"
    return sum(event["kind"] == "skip" for event in events)


def main() -> None:
    total = 0
    for run in map(Path, sys.argv[1:]):
        count = check(run)
        assert count > 0, f"{run} holds no decision"
        total += count
    print(f"{total} decisions of {len(sys.argv) - 1} runs are as NumPy makes them")


if __name__ == "__main__":
    main()
