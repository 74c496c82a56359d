"""Run directories as tables."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Union

from .errors import AmstError, FormatError, required

if TYPE_CHECKING:
    import numpy
    import pandas

PathLike = Union[str, "os.PathLike[str]"]

#: Layouts of `result.json` and of a line of `events.jsonl` that are read here.
RESULT_SCHEMA = 2
EVENT_SCHEMA = 3

#: `amst train --fresh` moves an earlier run to `0-1a2b3c4d.1`; it is no longer part of the results.
_MOVED_ASIDE = re.compile(r"\.\d+$")


def read_runs(folder: PathLike) -> "pandas.DataFrame":
    """Every finished run in or below ``folder``, one row each, in the order of their paths.

    A run is finished when its directory has a ``result.json``; ``amst status`` lists the others.

    Columns:

    - ``run``: path of the run directory; ``cell``: its identity; ``data``: that of the data,
    - ``requested``: the method that was asked for; ``method`` is another one where the two are the
      same with these settings,
    - the settings of the recipe under the names that ``--set`` takes: ``method``, ``seed``,
      ``skip.audio``, ``optim.lr`` …; a list of modalities is ``"audio,visual"``, any other list a
      tuple,
    - ``selected.epoch``, ``selected.val_accuracy``: the epoch that was tested,
    - ``test.<output>.<metric>``, such as ``test.fused.accuracy`` (0 to 1) or
      ``test.joint.audio.loss`` (nats); ``class_entropy`` is a tuple, one number a class,
    - ``last_train_loss.<output>``, ``balance.<name>``,
    - ``trained_epochs`` and ``encoder_updates``: how much was trained,
    - ``seconds``, ``peak_mib``: from ``timing.json``; missing where that file is.

    Settings and outputs that a run does not have are ``NaN``.

    Raises :class:`AmstError` where there is no finished run, :class:`FormatError` for a result that
    is damaged or of another version.
    """
    pandas = required("pandas", "pandas", "amst.read_runs")
    folder = Path(folder)
    rows = [_result_row(run) for run in _finished_runs(folder)]
    if not rows:
        raise AmstError(
            f"{folder}: no finished run is in or below it; "
            f"`amst status {folder}` lists those that are not finished"
        )
    return pandas.DataFrame(rows)


def read_events(run: PathLike) -> "pandas.DataFrame":
    """The log of one run (``events.jsonl``), finished or not: one row a line.

    ``kind`` says what a line is: ``start``, ``epoch``, ``done`` and others. Lines of an epoch have
    ``epoch`` (from 0), ``active`` (the modalities that trained, ``"audio,visual"``), ``lr``, and
    ``train.<output>.<metric>``, ``val.<output>.<metric>`` and, with ``test_every_epoch=true``,
    ``test.<output>.<metric>``. An epoch that was trained again after a resume is there once, as it
    was the last time.

    A last line that was cut in the middle, by a process that was killed, is left out.

    Raises :class:`AmstError` where there is no such file, :class:`FormatError` for any other broken
    line and for one of another version.
    """
    pandas = required("pandas", "pandas", "amst.read_events")
    path = Path(run) / "events.jsonl"
    lines = _read_bytes(path, "a run directory has one").split(b"\n")
    rows: List[Dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            schema = event["schema"]
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                break
            raise FormatError(f"{path}:{number}: not an event ({error}): restore the file") from error
        if schema != EVENT_SCHEMA:
            raise FormatError(_other_version(f"{path}:{number}", schema, EVENT_SCHEMA))
        rows.append(_flattened({k: v for k, v in event.items() if k != "schema"}))
    return pandas.DataFrame(_last_of_each_epoch(rows))


def read_predictions(run: PathLike) -> "pandas.DataFrame":
    """What a finished run said of each sample of the test split (``predictions.csv``).

    Columns: ``id``, ``label`` (the class), one for each output (the class that it predicts), and
    ``p:<class>`` (the fused output's probability of each class). Classes and ids are texts.

    Raises :class:`AmstError` where there is no such file.
    """
    pandas = required("pandas", "pandas", "amst.read_predictions")
    path = Path(run) / "predictions.csv"
    _read_bytes(path, "a finished run has one")
    # As texts: a class `01`, and one called `nan`, stay what they are.
    table = pandas.read_csv(path, dtype=str, na_filter=False)
    for column in table.columns:
        if column.startswith("p:"):
            table[column] = table[column].astype(float)
    return table


def read_logits(run: PathLike) -> "Dict[str, numpy.ndarray]":
    """The logits of a finished run on the test split (``logits.safetensors``), by output.

    Each is ``float32 [samples, classes]``; ``labels`` is ``int64 [samples]``. Samples are in the
    order of :func:`read_predictions`, classes in that of the data set.

    Raises :class:`AmstError` where there is no such file, :class:`FormatError` for a damaged one.
    """
    safetensors = required("safetensors.numpy", "safetensors numpy", "amst.read_logits")
    path = Path(run) / "logits.safetensors"
    file = _read_bytes(path, "a finished run has one")
    try:
        return dict(safetensors.load(file))
    except Exception as error:  # safetensors has an exception of its own, which is no ValueError
        raise FormatError(f"{path}: not safetensors ({error}): train the run again") from error


def _finished_runs(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise AmstError(f"{folder}: there is no such folder; name the one that `--out` named")
    for path, inside, files in os.walk(folder):
        # Stores (`.store`) and checkpoints hold no runs.
        inside[:] = sorted(
            name
            for name in inside
            if not name.startswith(".") and name != "checkpoints" and not _MOVED_ASIDE.search(name)
        )
        if "result.json" in files:
            yield Path(path)


def _result_row(run: Path) -> Dict[str, Any]:
    path = run / "result.json"
    try:
        result = json.loads(_read_bytes(path, "a finished run has one"))
        schema = result["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(
            f"{path}: not a result ({error}): remove the run directory and train it again"
        ) from error
    if schema != RESULT_SCHEMA:
        raise FormatError(_other_version(path, schema, RESULT_SCHEMA))
    test = result["test"]
    row: Dict[str, Any] = {"run": str(run), "cell": result["cell"], "data": result["data"]}
    # The method that was asked for, where the recipe names another one that is the same.
    row["requested"] = result.get("requested", result["recipe"]["method"])
    row.update(_flattened(result["recipe"]))
    measured = {
        "selected": result["selected"],
        "test": {k: v for k, v in test.items() if k != "outputs"},
        "last_train_loss": result["last_train_loss"],
        "balance": result.get("balance", {}),
        "trained_epochs": result["epochs"],
        "encoder_updates": result["encoder_updates"],
    }
    row.update(_flattened(measured))
    row.update(_flattened({"test": test["outputs"]}))
    timing = run / "timing.json"
    if timing.is_file():
        try:
            times = json.loads(timing.read_bytes())
        except ValueError as error:
            raise FormatError(f"{timing}: not JSON ({error}): delete it") from error
        row.update({name: times.get(name) for name in ("seconds", "peak_mib")})
    return row


def _flattened(settings: Dict[str, Any], prefix: str = "") -> Dict[str, Any]:
    """Nested tables as one, under dotted names."""
    flat: Dict[str, Any] = {}
    for name, value in settings.items():
        name = f"{prefix}{name}"
        if isinstance(value, dict):
            flat.update(_flattened(value, f"{name}."))
        elif isinstance(value, list) and value and all(isinstance(v, str) for v in value):
            flat[name] = ",".join(value)
        elif isinstance(value, list):
            flat[name] = "" if name in ("active", "modalities") else tuple(value)
        else:
            flat[name] = value
    return flat


def _last_of_each_epoch(rows: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    last = {row["epoch"]: at for at, row in enumerate(rows) if row.get("kind") == "epoch"}
    return [
        row
        for at, row in enumerate(rows)
        if row.get("kind") != "epoch" or last[row["epoch"]] == at
    ]


def _read_bytes(path: Path, what_it_is: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AmstError(f"{path}: {error.strerror}; {what_it_is}") from error


def _other_version(where: Any, found: Any, known: int) -> str:
    return (
        f"{where}: layout {found}, where this package reads {known}: "
        "install the amst that wrote it, or train again with this one"
    )
