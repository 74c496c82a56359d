"""What can go wrong, and packages that are only needed for some calls."""

from __future__ import annotations

import importlib
from typing import Any


class AmstError(Exception):
    """Something that this package refuses; the message says what to do."""


class FormatError(AmstError):
    """A file is damaged, or was written by another version of the program."""


class MissingPackage(AmstError, ImportError):
    """A package is not installed that this call needs."""


def required(package: str, pip_name: str, caller: str) -> Any:
    """Import ``package`` for ``caller``, or say which pip command installs it."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingPackage(
            f"{caller} needs {package}, which cannot be imported ({error}): "
            f"python -m pip install {pip_name}"
        ) from error
