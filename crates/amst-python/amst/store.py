"""The file of one modality's prepared features, as ``amst prepare`` writes it.

::

    head     magic, version, modality, key, four counts; SHA-256 over the head and the index
    index    of each sample, where its references start; the references (record numbers);
             of each record, start, length and SHA-256
    payload  the records, one after the other

All numbers are little-endian and unsigned, of 64 bits in the head and 32 bits in records.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Tuple, Union

from .errors import AmstError, FormatError, required

if TYPE_CHECKING:
    from numpy import ndarray

_MAGIC = b"amstore1"
_PLAIN = 8 + 8 + 32 + 4 * 8
_FIXED = _PLAIN + 32
_RECORD = 8 + 8 + 32
_MODALITIES = ("audio", "text", "visual")

# Kinds of a filterbank's record, and of a picture's.
_EXACT, _SIXTEEN_BITS = 0, 1
_FILE, _PIXELS, _FRAMES = 0, 1, 2


class Store:
    """One store file, memory-mapped. Reads from any number of processes and threads.

    The head and the index are checked when the file is opened, each record when it is first read.
    """

    #: The file.
    path: Path
    #: ``audio``, ``text`` or ``visual``.
    modality: str
    #: Identity of the features: 64 hexadecimal digits, of which the file's name has the first 12.
    key: str

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Open a file ``<modality>-<key>.store``.

        Raises :class:`AmstError` where it cannot be read, :class:`FormatError` where it is damaged
        or no store.
        """
        self.path = Path(path)
        self._open()

    def _open(self) -> None:
        numpy = required("numpy", "numpy", "amst.Store")
        try:
            size = self.path.stat().st_size
            if size < _FIXED:
                raise self._damaged("it is shorter than its head")
            self._bytes = numpy.memmap(self.path, dtype=numpy.uint8, mode="r")
        except OSError as error:
            raise AmstError(f"{self.path}: {error.strerror}; `amst prepare` makes stores") from error
        head = self._bytes[:_FIXED].tobytes()
        if head[:8] != _MAGIC:
            raise self._damaged("it does not start as a store does")
        modality, *counts = (
            int.from_bytes(head[at : at + 8], "little") for at in (8, 48, 56, 64, 72)
        )
        samples, references, records, payload = counts
        if modality >= len(_MODALITIES):
            raise self._damaged("its modality is unknown")
        self.modality = _MODALITIES[modality]
        self.key = head[16:48].hex()
        index = 8 * (samples + 1) + 8 * references + _RECORD * records
        if _FIXED + index + payload != size:
            raise self._damaged(f"it has {size} bytes instead of {_FIXED + index + payload}")
        table = self._bytes[_FIXED : _FIXED + index].tobytes()
        if hashlib.sha256(head[:_PLAIN] + table).digest() != head[_PLAIN:]:
            raise self._damaged("the hash of its index does not match")
        number = numpy.dtype("<u8")
        self._starts = numpy.frombuffer(table, number, samples + 1)
        self._references = numpy.frombuffer(table, number, references, 8 * (samples + 1))
        entry = numpy.dtype([("start", "<u8"), ("length", "<u8"), ("hash", "V32")])
        self._records = numpy.frombuffer(table, entry, records, 8 * (samples + 1 + references))
        self._payload = _FIXED + index
        self._verified = bytearray(records)

    def __len__(self) -> int:
        """Number of samples, of all splits."""
        return len(self._starts) - 1

    def __getitem__(self, sample: int) -> Any:
        """One sample's input as it is stored, before padding, resizing and normalisation.

        - audio: ``float32 [frames, mels]``, a log-mel filterbank of its natural length,
        - text: ``int64 [tokens]``, not padded,
        - visual: a list of pictures or video frames, each ``uint8 [height, width, 3]``.
        """
        records = self.records(sample)
        try:
            if self.modality == "visual":
                return [picture for record in records for picture in _pictures(record)]
            if len(records) != 1:
                raise ValueError(f"{len(records)} records for one {self.modality} sample")
            return _filterbank(records[0]) if self.modality == "audio" else _tokens(records[0])
        except (ValueError, IndexError) as error:
            raise self._damaged(f"sample {sample}: {error}") from error

    def pictures(self, sample: int, frames: int) -> List["ndarray"]:
        """The ``frames`` pictures that the trainer reads of a sample, each ``uint8 [height, width, 3]``.

        Of a video they are spread over its kept frames; a single picture is repeated. Only what is
        returned is decoded.
        """
        if self.modality != "visual":
            raise AmstError(f"{self.path}: a store of {self.modality} holds no pictures")
        records = self.records(sample)
        try:
            if len(records) == 1 and records[0][:1] == bytes([_FRAMES]):
                pictures = _taken(records[0], frames)
            else:
                pictures = [picture for record in records for picture in _pictures(record)]
                if len(pictures) == 1:
                    pictures *= frames
            if len(pictures) != frames:
                raise ValueError(f"{len(pictures)} pictures where {frames} are wanted")
        except (ValueError, IndexError) as error:
            raise self._damaged(f"sample {sample}: {error}") from error
        return pictures

    def records(self, sample: int) -> List[bytes]:
        """The records of a sample, each checked once."""
        if not 0 <= sample < len(self):
            raise IndexError(f"{self.path}: sample {sample} of {len(self)}")
        first, end = int(self._starts[sample]), int(self._starts[sample + 1])
        return [self._record(int(number)) for number in self._references[first:end]]

    def _record(self, number: int) -> bytes:
        entry = self._records[number]
        start = self._payload + int(entry["start"])
        record: bytes = self._bytes[start : start + int(entry["length"])].tobytes()
        if not self._verified[number]:
            if hashlib.sha256(record).digest() != entry["hash"].tobytes():
                raise self._damaged(f"the hash of record {number} does not match")
            self._verified[number] = 1
        return record

    def _damaged(self, why: str) -> FormatError:
        return FormatError(f"{self.path}: {why}; delete it, and `amst prepare` makes it again")

    # A process that loads data opens the file by itself: pickling a map would copy it.
    def __getstate__(self) -> Dict[str, Any]:
        return {"path": self.path}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.path = state["path"]
        self._open()


def _u32(record: bytes, at: int) -> int:
    if at + 4 > len(record):
        raise ValueError("a record that is too short")
    return int.from_bytes(record[at : at + 4], "little")


def _filterbank(record: bytes) -> "ndarray":
    numpy = required("numpy", "numpy", "amst.Store")
    frames, mels, kind = _u32(record, 0), _u32(record, 4), record[8]
    if kind == _EXACT:
        values = numpy.frombuffer(record, "<f4", offset=9)
    elif kind == _SIXTEEN_BITS:
        low, step = numpy.frombuffer(record, "<f4", 2, offset=9)
        # In single precision, in this order, as the program does it.
        values = low + step * numpy.frombuffer(record, "<u2", offset=17).astype(numpy.float32)
    else:
        raise ValueError("a filterbank of an unknown kind")
    if len(values) != frames * mels:
        raise ValueError(f"{len(values)} values where {frames}×{mels} are said to be")
    filterbank: ndarray = numpy.array(values, numpy.float32).reshape(frames, mels)
    return filterbank


def _tokens(record: bytes) -> "ndarray":
    numpy = required("numpy", "numpy", "amst.Store")
    tokens: ndarray = numpy.frombuffer(record, "<u4").astype(numpy.int64)
    return tokens


def _pictures(record: bytes) -> List["ndarray"]:
    kind = record[0]
    if kind == _FILE:
        return [_decoded(record[1:])]
    if kind == _PIXELS:
        return [_pixels(record)]
    if kind == _FRAMES:
        return [_decoded(record[start:end]) for start, end in _frame_files(record)]
    raise ValueError("a picture of an unknown kind")


def _pixels(record: bytes) -> "ndarray":
    numpy = required("numpy", "numpy", "amst.Store")
    width, height = _u32(record, 1), _u32(record, 5)
    values = numpy.frombuffer(record, numpy.uint8, offset=9)
    picture: ndarray = values.reshape(height, width, 3)
    return picture


def _frame_files(record: bytes) -> List[Tuple[int, int]]:
    """Start and end of the file of each frame in a video's record."""
    count = _u32(record, 1)
    at = 5 + 8 * count
    files = []
    for number in range(count):
        length = _u32(record, 5 + 8 * number + 4)
        if at + length > len(record):
            raise ValueError("a frame that is cut off")
        files.append((at, at + length))
        at += length
    return files


def _taken(record: bytes, frames: int) -> List["ndarray"]:
    """Those of the kept frames that a sample takes, each decoded once."""
    files = _frame_files(record)
    if not files:
        raise ValueError("a video without frames")
    segment = len(files) // frames
    decoded: Dict[int, Any] = {}
    for number in (nth * segment for nth in range(frames)):
        if number not in decoded:
            start, end = files[number]
            decoded[number] = _decoded(record[start:end])
    return [decoded[nth * segment] for nth in range(frames)]


def _decoded(file: bytes) -> "ndarray":
    numpy = required("numpy", "numpy", "amst.Store")
    image = required("PIL.Image", "pillow", "a store of picture files")
    with image.open(io.BytesIO(file)) as opened:
        picture: ndarray = numpy.asarray(opened.convert("RGB"))
    return picture
