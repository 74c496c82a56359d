"""Reads event files back with PyPI's `tensorboard` and compares every scalar with `events.jsonl`,
the hyperparameters with `recipe.toml`, and what the HPARAMS tab would list with both.

    amst export-metrics RUNS --to tensorboard --out LOGS
    python read_tensorboard.py RUNS LOGS

RUNS is the folder that holds `DATASET/METHOD/SEED-CELL`, as LOGS does afterwards.
"""

import json
import struct
import sys
import tomllib
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import DataType, Status
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

COLUMNS = {
    "method": "STRING",
    "dataset": "STRING",
    "seed": "FLOAT64",
    "epochs": "FLOAT64",
    "batch_size": "FLOAT64",
    "optim.lr": "FLOAT64",
    "skip.audio": "STRING",
    "skip.text": "STRING",
    "skip.visual": "STRING",
}
TEST_ACCURACY = "result/test/fused/accuracy"
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
        for split in ("train", "val", "test"):
            for output, metrics in event.get(split, {}).items():
                for metric in METRICS:
                    if metrics.get(metric) is not None:
                        tag = f"{split}/{output}/{metric}"
                        scalars.setdefault(tag, {})[epoch] = as_float32(metrics[metric])
    result = run / "result.json"
    if result.is_file():
        result = json.loads(result.read_text())
        accuracy = result["test"]["outputs"]["fused"]["accuracy"]
        scalars[TEST_ACCURACY] = {result["selected"]["epoch"]: as_float32(accuracy)}
    return scalars, epochs


def setting(value):
    """A `google.protobuf.Value` as Python has it."""
    return getattr(value, value.WhichOneof("kind"))


def check_hyperparameters(reader, run, file):
    """Compares with the recipe; returns how many settings agree."""
    content = reader.PluginTagToContent(metadata.PLUGIN_NAME)
    parse = {
        metadata.EXPERIMENT_TAG: metadata.parse_experiment_plugin_data,
        metadata.SESSION_START_INFO_TAG: metadata.parse_session_start_info_plugin_data,
        metadata.SESSION_END_INFO_TAG: metadata.parse_session_end_info_plugin_data,
    }
    read = {tag: parse[tag](content[tag]) for tag in content}
    for tag in content:
        # Nothing is there that tensorboard's definitions do not know.
        again = HParamsPluginData.FromString(content[tag])
        again.DiscardUnknownFields()
        assert again == HParamsPluginData.FromString(content[tag]), (file, tag)
    is_finished = (run / "result.json").is_file()
    assert (metadata.SESSION_END_INFO_TAG in read) == is_finished, file
    if is_finished:
        assert read[metadata.SESSION_END_INFO_TAG].status == Status.STATUS_SUCCESS, file
    experiment = read[metadata.EXPERIMENT_TAG]
    types = {info.name: DataType.Name(info.type) for info in experiment.hparam_infos}
    assert types == {name: f"DATA_TYPE_{kind}" for name, kind in COLUMNS.items()}, types
    metrics = [info.name.tag for info in experiment.metric_infos]
    assert metrics == ["val/fused/accuracy", TEST_ACCURACY], metrics
    recipe = tomllib.loads((run / "recipe.toml").read_text())
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    asked = [event.get("requested") for event in events if event["kind"] == "start"]
    wanted = {
        "method": (asked and asked[-1]) or recipe["method"],
        "optim.lr": recipe["optim"]["lr"],
        **{key: recipe[key] for key in ("dataset", "seed", "epochs", "batch_size")},
        **{f"skip.{modality}": str(every) for modality, every in recipe["skip"].items()
           if modality in ("audio", "text", "visual")},
    }
    hparams = read[metadata.SESSION_START_INFO_TAG].hparams
    assert {name: setting(hparams[name]) for name in hparams} == wanted, (file, hparams)
    return len(wanted)


def check_the_tab(logs, files):
    """What TensorBoard answers the HPARAMS tab: each run with its settings and metrics."""
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(logs)).Reload()
    provider = MultiplexerDataProvider(multiplexer, str(logs))
    context = backend_context.Context(TBContext(data_provider=provider))
    request = RequestContext()
    experiment = context.experiment_from_metadata(
        request, "", True, context.hparams_metadata(request, ""),
        context.hparams_from_data_provider(request, "", None),
    )
    shown = api_pb2.ListSessionGroupsRequest(
        start_index=0, slice_size=len(files) + 1, allowed_statuses=Status.values()
    )
    handler = list_session_groups.Handler(request, context, "", shown)
    groups = handler.run().session_groups
    assert len(groups) == len(files), (len(groups), len(files))
    assert {info.name for info in experiment.hparam_infos} == set(COLUMNS)
    for group in groups:
        assert set(group.hparams) == set(COLUMNS), group
    return sum(len(group.metric_values) for group in groups)


def main():
    runs, logs = Path(sys.argv[1]), Path(sys.argv[2])
    compared = settings = images = 0
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
        settings += check_hyperparameters(reader, run, file)
        for tag in reader.Tags()["images"]:
            for image in reader.Images(tag):
                assert image.step == max(epochs), (file, tag)
                assert image.encoded_image_string.startswith(b"\x89PNG"), (file, tag)
                size = struct.unpack(">II", image.encoded_image_string[16:24])
                assert size == (image.width, image.height), (file, tag)
                images += 1
    print(f"{compared} numbers, {settings} settings and {images} images of {len(files)} runs agree")
    print(f"the HPARAMS tab lists them with {check_the_tab(logs, files)} metrics")


if __name__ == "__main__":
    main()
