from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import pytest

import amst

pandas = pytest.importorskip("pandas")


def test_a_run_is_a_row_of_settings_and_metrics(runs: Path) -> None:
    table = amst.read_runs(runs)
    assert list(table["method"]) == ["amst-joint", "naive"]
    for _, row in table.iterrows():
        result = json.loads((Path(row["run"]) / "result.json").read_text())
        assert row["cell"] == result["cell"]
        assert row["modalities"] == "audio,visual"
        assert (row["seed"], row["epochs"], row["trained_epochs"]) == (0, 2, 2)
        assert row["optim.lr"] == result["recipe"]["optim"]["lr"]
        assert row["visual.size"] == (16, 16)
        for output, metrics in result["test"]["outputs"].items():
            assert row[f"test.{output}.accuracy"] == metrics["accuracy"]
            assert row[f"test.{output}.class_entropy"] == tuple(metrics["class_entropy"])
        assert row["test.samples"] == 32
        assert row["selected.val_accuracy"] == result["selected"]["val_accuracy"]
        assert row["encoder_updates"] == result["encoder_updates"]
        assert row["seconds"] > 0
    # A method without skipping has no such setting but 1.
    assert list(table["skip.audio"]) == [2, 1]
    # Skipping audio in one of two epochs spares a quarter of the updates.
    joint, naive = table["encoder_updates"]
    assert joint * 4 == naive * 3


def test_a_run_directory_itself_will_do(runs: Path) -> None:
    run = amst.read_runs(runs)["run"][0]
    assert list(amst.read_runs(run)["run"]) == [run]


def test_the_log_has_what_the_program_exports(program, runs: Path) -> None:
    run = amst.read_runs(runs)["run"][0]
    events = amst.read_events(run)
    epochs = events[events["kind"] == "epoch"]
    assert list(epochs["epoch"]) == [0, 1]
    assert list(epochs["active"]) == ["audio,visual", "visual"]
    program("export-metrics", run, "--to", "jsonl", "--out", "metrics.jsonl")
    exported = (program.folder / "metrics.jsonl").read_text().splitlines()
    compared = 0
    for line in map(json.loads, exported):
        column = f"{line['split']}.{line['output']}.{line['metric']}"
        if column in epochs:
            (value,) = epochs.loc[epochs["epoch"] == line["epoch"], column]
            assert value == pytest.approx(line["value"], abs=1e-12), column
            compared += 1
    assert compared > 10


def test_predictions_and_logits_say_the_same(runs: Path) -> None:
    numpy = pytest.importorskip("numpy")
    pytest.importorskip("safetensors")
    run = Path(amst.read_runs(runs)["run"][0])
    predictions = amst.read_predictions(run)
    with open(run / "predictions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(predictions["id"]) == [row["id"] for row in rows]
    logits = amst.read_logits(run)
    classes = numpy.array([c[2:] for c in predictions.columns if c.startswith("p:")])
    assert logits["fused"].shape == (32, 4)
    assert logits["fused"].dtype == numpy.float32
    assert list(classes[logits["labels"]]) == list(predictions["label"])
    for output in ("audio", "visual", "fused"):
        assert list(classes[logits[output].argmax(1)]) == list(predictions[output])
    likely = numpy.exp(logits["fused"] - logits["fused"].max(1, keepdims=True))
    likely /= likely.sum(1, keepdims=True)
    printed = predictions[[f"p:{name}" for name in classes]].to_numpy()
    assert numpy.abs(likely - printed).max() < 1e-6


def test_what_was_moved_aside_is_no_result(runs: Path, tmp_path: Path) -> None:
    run = Path(amst.read_runs(runs)["run"][0])
    for name in (run.name, f"{run.name}.1"):
        shutil.copytree(run, tmp_path / name)
    assert [Path(p).name for p in amst.read_runs(tmp_path)["run"]] == [run.name]


def test_other_versions_and_damage_are_refused_by_file(runs: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(amst.read_runs(runs)["run"][0], run)
    result = json.loads((run / "result.json").read_text())
    (run / "result.json").write_text(json.dumps({**result, "schema": 3}))
    with pytest.raises(amst.FormatError, match=r"result\.json: layout 3, where .* reads 2"):
        amst.read_runs(tmp_path)
    (run / "result.json").write_text("{")
    with pytest.raises(amst.FormatError, match=r"result\.json: not a result"):
        amst.read_runs(tmp_path)

    lines = (run / "events.jsonl").read_text()
    whole = len(amst.read_events(run))
    (run / "events.jsonl").write_text(lines + '{"schema":3,"ki')
    assert len(amst.read_events(run)) == whole
    (run / "events.jsonl").write_text("garbage\n" + lines)
    with pytest.raises(amst.FormatError, match=r"events\.jsonl:1: not an event"):
        amst.read_events(run)
    (run / "events.jsonl").write_text('{"schema":9,"kind":"start"}\n')
    with pytest.raises(amst.FormatError, match=r"events\.jsonl:1: layout 9"):
        amst.read_events(run)

    pytest.importorskip("safetensors")
    (run / "logits.safetensors").write_bytes(b"garbage")
    with pytest.raises(amst.FormatError, match=r"logits\.safetensors: not safetensors"):
        amst.read_logits(run)


def test_an_epoch_that_was_trained_again_is_there_once(tmp_path: Path) -> None:
    epoch = {"schema": 3, "kind": "epoch", "epoch": 0, "active": []}
    lines = [{**epoch, "lr": 1.0}, {"schema": 3, "kind": "resumed"}, {**epoch, "lr": 2.0}]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    events = amst.read_events(tmp_path)
    assert list(events["kind"]) == ["resumed", "epoch"]
    assert (events["lr"].iloc[1], events["active"].iloc[1]) == (2.0, "")


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(amst.AmstError, match="no finished run is in or below it"):
        amst.read_runs(tmp_path)
    with pytest.raises(amst.AmstError, match="there is no such folder"):
        amst.read_runs(tmp_path / "nowhere")
    for read in (amst.read_events, amst.read_predictions):
        with pytest.raises(amst.AmstError, match="No such file"):
            read(tmp_path)


def test_a_missing_package_is_named_with_its_command(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(amst.MissingPackage, match="python -m pip install pandas$"):
        amst.read_runs(tmp_path)
