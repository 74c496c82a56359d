"""Prepared stores as a data set for PyTorch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple, Union

from .errors import AmstError, FormatError, required
from .store import Store

if TYPE_CHECKING:
    import numpy
    import torch
    from torch.utils.data import Dataset
else:
    numpy = required("numpy", "numpy", "amst.StoreDataset")
    torch = required("torch", "torch", "amst.StoreDataset")
    Dataset = torch.utils.data.Dataset

#: Layout of `contents-<key>.json` that is read here.
CONTENTS_SCHEMA = 1


class StoreDataset(Dataset[Dict[str, Any]]):
    """One split of a prepared data set, as the trainer reads it in evaluation.

    ``amst prepare --dataset NAME --out runs`` and every training write stores to
    ``runs/.store/NAME``. They are memory-mapped, so that processes share their pages, and an item
    is the tensors that the program's own loader makes: padded, resized, normalised. Random crops
    and mirroring of training are not applied. :meth:`pictures` gives what to apply others to.

    An item is a dictionary:

    - ``id``: the sample's name, ``label``: its class (``int``), an index into :attr:`classes`,
    - ``audio``: ``float32 [1, target_frames, mels]``, normalised log-mel values; padding is 0,
    - ``visual``: ``float32 [channels, frames, height, width]``, normalised,
    - ``text``: ``int64 [max_length]``, token ids, and ``text_mask``: ``float32 [max_length]``, 1
      for a token and 0 for padding.
    """

    #: Class names, by label.
    classes: Tuple[str, ...]
    #: What an item holds, of ``audio``, ``text`` and ``visual``.
    modalities: Tuple[str, ...]
    #: Names of the samples.
    ids: List[str]
    #: Classes of the samples.
    labels: List[int]

    def __init__(
        self,
        store: Union[str, "os.PathLike[str]"],
        split: str = "train",
        modalities: Optional[Sequence[str]] = None,
    ) -> None:
        """Open the stores of a data set.

        ``store`` is a folder of stores, or one of its files ``contents-<key>.json``, which belong
        to one recipe each. ``split`` is ``train``, ``val`` or ``test``. ``modalities`` chooses what
        is read; by default all that the recipe has.

        Of a folder with several such files the one with the most modalities is taken, among those
        that have all of ``modalities``. Where that leaves more than one, they are listed and
        refused.

        Raises :class:`AmstError` where nothing fits, :class:`FormatError` for a damaged file.
        """
        path, contents = _contents(Path(store), modalities)
        if split not in ("train", "val", "test"):
            raise AmstError(f"split `{split}`: it is one of train, val, test")
        self.path = path
        self.split = split
        self.classes = tuple(contents["classes"])
        self.modalities = tuple(modalities if modalities is not None else contents["stores"])
        self._shapes: Dict[str, Any] = contents["shapes"]
        self._stores = {m: Store(path.parent / contents["stores"][m]) for m in self.modalities}
        samples = contents["samples"]
        for modality, opened in self._stores.items():
            if len(opened) != len(samples):
                raise FormatError(
                    f"{opened.path}: {len(opened)} samples where {path.name} lists {len(samples)}; "
                    "delete both, and `amst prepare` makes them again"
                )
        self._members = [at for at, sample in enumerate(samples) if sample["split"] == split]
        self.ids = [samples[at]["id"] for at in self._members]
        self.labels = [samples[at]["label"] for at in self._members]

    def __len__(self) -> int:
        """Number of samples in the split."""
        return len(self._members)

    def __getitem__(self, index: int) -> Dict[str, Any]:
        """The sample at ``index``; the class says what is in it."""
        sample = self._members[index]
        item: Dict[str, Any] = {"id": self.ids[index], "label": self.labels[index]}
        for modality, store in self._stores.items():
            shape = self._shapes[modality]
            if modality == "audio":
                item["audio"] = _audio(store[sample], shape)
            elif modality == "text":
                item["text"], item["text_mask"] = _text(store[sample], shape)
            else:
                item["visual"] = _visual(store.pictures(sample, shape["frames"]), shape)
        return item

    def pictures(self, index: int) -> List[Any]:
        """The pictures of the sample at ``index`` before any resizing.

        Each is a numpy array, ``uint8 [height, width, 3]``; ``PIL.Image.fromarray`` takes it.
        """
        if "visual" not in self._stores:
            raise AmstError(f"{self.path}: `visual` is not among {', '.join(self.modalities)}")
        frames = self._shapes["visual"]["frames"]
        return self._stores["visual"].pictures(self._members[index], frames)


def _contents(
    path: Path, modalities: Optional[Sequence[str]]
) -> Tuple[Path, Dict[str, Any]]:
    """The file that describes the stores, and what it says."""
    if path.is_file():
        candidates = [path]
    else:
        candidates = sorted(path.glob("contents-*.json"))
    if not candidates:
        raise AmstError(
            f"{path}: no contents-*.json is here, which `amst prepare` of this version writes beside "
            "the stores: name the folder `<runs>/.store/<data set>`, or prepare again"
        )
    read = [(candidate, _read(candidate)) for candidate in candidates]
    wanted = set(modalities or [])
    fitting = [(at, what) for at, what in read if wanted <= set(what["stores"])]
    if not fitting:
        there = "; ".join(f"{at.name}: {', '.join(what['stores'])}" for at, what in read)
        raise AmstError(f"{path}: no stores of {', '.join(sorted(wanted))} together, only {there}")
    most = max(len(what["stores"]) for _, what in fitting)
    fitting = [(at, what) for at, what in fitting if len(what["stores"]) == most]
    if len(fitting) > 1:
        there = "; ".join(f"{at}: {json.dumps(what['shapes'])}" for at, what in fitting)
        raise AmstError(f"{path}: several recipes have stores here, name one of these files: {there}")
    return fitting[0]


def _read(path: Path) -> Dict[str, Any]:
    try:
        contents = json.loads(path.read_bytes())
        schema = contents["schema"]
    except OSError as error:
        raise AmstError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path}: {error}; delete it, and `amst prepare` makes it again") from error
    if schema != CONTENTS_SCHEMA:
        raise FormatError(
            f"{path}: layout {schema}, where this package reads {CONTENTS_SCHEMA}: "
            "install the amst that wrote it, or prepare again with this one"
        )
    return contents  # type: ignore[no-any-return]


def _audio(filterbank: Any, shape: Dict[str, Any]) -> Any:
    """``float32 [1, target_frames, mels]`` of ``[frames, mels]``; padding stays 0, whatever the mean."""
    padded = numpy.zeros((1, shape["target_frames"], shape["mels"]), numpy.float32)
    kept = filterbank[: shape["target_frames"]]
    mean, std = numpy.float32(shape["mean"]), numpy.float32(shape["std"])
    padded[0, : len(kept)] = (kept - mean) / std
    return torch.from_numpy(padded)


def _text(tokens: Any, shape: Dict[str, Any]) -> Tuple[Any, Any]:
    """Ids ``int64 [max_length]`` and mask ``float32 [max_length]``."""
    kept = tokens[: shape["max_length"]]
    ids = numpy.full(shape["max_length"], shape["pad"], numpy.int64)
    mask = numpy.zeros(shape["max_length"], numpy.float32)
    ids[: len(kept)] = kept
    mask[: len(kept)] = 1.0
    return torch.from_numpy(ids), torch.from_numpy(mask)


def _visual(pictures: List[Any], shape: Dict[str, Any]) -> Any:
    """``float32 [channels, frames, height, width]`` of pictures ``[height, width, 3]``."""
    planes = [_channels(picture, shape) for picture in pictures]
    values = numpy.stack(planes, axis=1).astype(numpy.float32) / numpy.float32(255)
    for channel in range(shape["channels"]):
        mean = numpy.float32(shape["mean"][channel])
        values[channel] = (values[channel] - mean) / numpy.float32(shape["std"][channel])
    return torch.from_numpy(values)


def _channels(picture: Any, shape: Dict[str, Any]) -> Any:
    """``uint8 [channels, height, width]`` in the size that the recipe asks for."""
    height, width = shape["size"]
    if shape["channels"] == 1:
        # The weights of PIL's `convert("L")`, before resizing as there.
        weights = numpy.array([19595, 38470, 7471], numpy.uint32)
        picture = ((picture.astype(numpy.uint32) @ weights + 0x8000) >> 16).astype(numpy.uint8)
    if picture.shape[:2] != (height, width):
        image = required("PIL.Image", "pillow", "resizing the pictures of a store")
        resized = image.fromarray(picture).resize((width, height), image.BILINEAR)
        picture = numpy.asarray(resized)
    return picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)
