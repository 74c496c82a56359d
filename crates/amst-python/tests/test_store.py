from __future__ import annotations

import hashlib
import io
import json
import pickle
import shutil
import struct
from pathlib import Path
from typing import List

import pytest

import amst

numpy = pytest.importorskip("numpy")


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


def test_items_are_the_tensors_that_the_trainer_reads(program, store: Path, torch) -> None:
    safetensors = pytest.importorskip("safetensors.numpy")
    expected = safetensors.load_file(str(program.folder / "val.safetensors"))
    val = amst.StoreDataset(store, split="val")
    assert set(val.modalities) == {"audio", "visual", "text"}
    seen = 0
    # `val.0000.a`: split, batch, modality.
    batches = sorted({".".join(name.split(".")[:2]) for name in expected})
    for batch in batches:
        for row, index in enumerate(expected[f"{batch}.index"]):
            item = val[int(index)]
            assert item["label"] == expected[f"{batch}.y"][row]
            assert item["label"] == val.labels[int(index)]
            for letter, name in [("a", "audio"), ("v", "visual"), ("t.ids", "text")]:
                assert_same(item[name], expected[f"{batch}.{letter}"][row])
            assert_same(item["text_mask"], expected[f"{batch}.t.mask"][row])
            seen += 1
    assert seen == len(val) > 100


def assert_same(tensor, expected) -> None:
    array = tensor.numpy()
    assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
    assert array.tobytes() == expected.tobytes()


def test_splits_classes_and_ids_are_those_of_the_manifest(store: Path, torch) -> None:
    import csv

    from conftest import DATASETS

    with open(DATASETS / "spoken-digits" / "manifest.csv", newline="") as file:
        manifest = list(csv.DictReader(file))
    for split in ("train", "val", "test"):
        dataset = amst.StoreDataset(store, split=split)
        rows = [row for row in manifest if row["split"] == split]
        assert dataset.ids == [row["id"] for row in rows]
        assert [dataset.classes[label] for label in dataset.labels] == [r["label"] for r in rows]


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_worker_processes_read_the_same_batches(store: Path, torch, start: str) -> None:
    train = amst.StoreDataset(store, split="train", modalities=["audio"])
    part = torch.utils.data.Subset(train, range(64))
    here = list(torch.utils.data.DataLoader(part, batch_size=32))
    workers = torch.utils.data.DataLoader(
        part, batch_size=32, num_workers=1, multiprocessing_context=start
    )
    for mine, theirs in zip(here, workers):
        assert mine["audio"].shape == (32, 1, 48, 32)
        assert torch.equal(mine["audio"], theirs["audio"])
        assert (mine["id"], mine["label"].tolist()) == (theirs["id"], theirs["label"].tolist())


def test_a_store_opens_by_itself_and_pickles_as_its_path(store: Path) -> None:
    (path,) = store.glob("audio-*.store")
    opened = amst.Store(path)
    assert (opened.modality, len(opened)) == ("audio", 1800)
    assert path.name == f"audio-{opened.key[:12]}.store"
    assert opened[0].dtype == numpy.float32 and opened[0].shape[1] == 32
    small = pickle.dumps(opened)
    assert len(small) < 1000
    assert numpy.array_equal(pickle.loads(small)[7], opened[7])
    with pytest.raises(IndexError, match="sample 1800 of 1800"):
        opened[1800]


def test_a_flipped_byte_is_noticed_where_it_is_read(store: Path, tmp_path: Path) -> None:
    (path,) = store.glob("visual-*.store")
    copy = tmp_path / path.name
    whole = bytearray(path.read_bytes())
    for at, what in [(3, "does not start as"), (40, "hash of its index"), (-1, "hash of record")]:
        damaged = bytearray(whole)
        damaged[at] ^= 1
        copy.write_bytes(damaged)
        with pytest.raises(amst.FormatError, match=what):
            opened = amst.Store(copy)
            for sample in range(len(opened)):
                opened[sample]
    copy.write_bytes(whole[:-1])
    with pytest.raises(amst.FormatError, match="bytes instead of"):
        amst.Store(copy)


def test_several_recipes_in_one_folder_are_told_apart(store: Path, tmp_path: Path, torch) -> None:
    for file in store.iterdir():
        shutil.copy(file, tmp_path)
    (path,) = tmp_path.glob("contents-*.json")
    contents = json.loads(path.read_text())
    contents["shapes"]["audio"]["mean"] = 0.0
    other = tmp_path / "contents-000000000000.json"
    other.write_text(json.dumps(contents))
    with pytest.raises(amst.AmstError, match="several recipes .*contents-000000000000.json"):
        amst.StoreDataset(tmp_path)
    assert amst.StoreDataset(other).path == other
    del contents["stores"]["text"]
    other.write_text(json.dumps(contents))
    assert amst.StoreDataset(tmp_path).path == path
    with pytest.raises(amst.AmstError, match="no stores of smell together"):
        amst.StoreDataset(tmp_path, modalities=["smell"])
    with pytest.raises(amst.AmstError, match="one of train, val, test"):
        amst.StoreDataset(path, split="dev")


def test_a_folder_without_contents_says_what_to_do(tmp_path: Path, torch) -> None:
    with pytest.raises(amst.AmstError, match="prepare again"):
        amst.StoreDataset(tmp_path)


def write_store(path: Path, records: List[bytes], samples: List[List[int]]) -> None:
    """A store of pictures, by the description in `amst/store.py`."""
    starts, references = [0], []
    for sample in samples:
        references += sample
        starts.append(len(references))
    index = struct.pack(f"<{len(starts) + len(references)}Q", *starts, *references)
    start = 0
    for record in records:
        index += struct.pack("<QQ", start, len(record)) + hashlib.sha256(record).digest()
        start += len(record)
    head = b"amstore1" + struct.pack("<Q", 2) + bytes(32)
    head += struct.pack("<4Q", len(samples), len(references), len(records), start)
    path.write_bytes(head + hashlib.sha256(head + index).digest() + index + b"".join(records))


def picture_file(value: int) -> bytes:
    image = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    image.new("RGB", (6, 4), (value, value, value)).save(file, "PNG")
    return file.getvalue()


def test_frames_of_a_video_are_spread_over_it(tmp_path: Path) -> None:
    files = [picture_file(10 * n) for n in range(7)]
    video = bytes([2]) + struct.pack("<I", len(files))
    for n, file in enumerate(files):
        video += struct.pack("<II", 5 * n, len(file))
    video += b"".join(files)
    write_store(tmp_path / "v.store", [video, bytes([0]) + files[3]], [[0], [1], [1, 1]])
    opened = amst.Store(tmp_path / "v.store")
    # Frames 0, 2 and 4 of seven, as docs of the program say (`frames_at_load`).
    assert [int(p[0, 0, 0]) for p in opened.pictures(0, 3)] == [0, 20, 40]
    assert [int(p[0, 0, 0]) for p in opened[0]] == [10 * n for n in range(7)]
    assert [int(p[0, 0, 0]) for p in opened.pictures(1, 3)] == [30, 30, 30]
    with pytest.raises(amst.FormatError, match="2 pictures where 3 are wanted"):
        opened.pictures(2, 3)
    cut = bytes([2]) + struct.pack("<III", 1, 0, len(files[0])) + files[0][:-5]
    write_store(tmp_path / "cut.store", [cut], [[0]])
    with pytest.raises(amst.FormatError, match="cut off"):
        amst.Store(tmp_path / "cut.store").pictures(0, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_another_size_are_resized_as_pil_does(
    tmp_path: Path, torch, channels: int
) -> None:
    image = pytest.importorskip("PIL.Image")
    pixels = numpy.random.default_rng(0).integers(0, 256, (9, 13, 3), dtype=numpy.uint8)
    record = bytes([1]) + struct.pack("<II", 13, 9) + pixels.tobytes()
    write_store(tmp_path / "v.store", [record], [[0]])
    shape = {"frames": 2, "size": [5, 7], "channels": channels}
    shape.update(mean=[0.5] * channels, std=[0.25] * channels)
    contents = {"schema": 1, "dataset": "d", "classes": ["c"], "stores": {"visual": "v.store"}}
    contents["shapes"] = {"visual": shape}
    contents["samples"] = [{"id": "s", "split": "test", "label": 0}]
    (tmp_path / "contents-0.json").write_text(json.dumps(contents))
    dataset = amst.StoreDataset(tmp_path, split="test")
    assert numpy.array_equal(dataset.pictures(0)[0], pixels)
    visual = dataset[0]["visual"]
    assert visual.shape == (channels, 2, 5, 7)
    mode = "L" if channels == 1 else "RGB"
    resized = image.fromarray(pixels).convert(mode).resize((7, 5), image.BILINEAR)
    expected = numpy.asarray(resized).reshape(5, 7, channels).transpose(2, 0, 1) / 255
    assert numpy.abs(visual[:, 1].numpy() - (expected - 0.5) / 0.25).max() < 1e-5
