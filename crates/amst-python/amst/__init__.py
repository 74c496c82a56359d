"""Runs and stores of the program ``amst``, in Python.

========================  =========================================================
:func:`read_runs`         finished runs below a folder, one row each (pandas)
:func:`read_events`       the log of one run, one row a line (pandas)
:func:`read_predictions`  what one run predicted for each test sample (pandas)
:func:`read_logits`       the logits of that, in full (numpy)
:class:`StoreDataset`     prepared features as a ``torch.utils.data.Dataset``
:class:`Store`            the file of one modality, memory-mapped (numpy)
========================  =========================================================

The package is read-only: whatever trains or prepares is the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import AmstError, FormatError, MissingPackage
from .runs import read_events, read_logits, read_predictions, read_runs
from .store import Store

if TYPE_CHECKING:
    from .dataset import StoreDataset

__version__ = "0.1.0"

__all__ = [
    "AmstError",
    "FormatError",
    "MissingPackage",
    "Store",
    "StoreDataset",
    "read_events",
    "read_logits",
    "read_predictions",
    "read_runs",
]


def __getattr__(name: str) -> Any:
    # A subclass of torch's Dataset can only be defined where torch is installed.
    if name == "StoreDataset":
        from .dataset import StoreDataset

        return StoreDataset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
