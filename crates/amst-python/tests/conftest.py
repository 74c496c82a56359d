"""Runs and stores made by the real program, which ``AMST_PROGRAM`` names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

DATASETS = Path(__file__).resolve().parents[3] / "datasets"


class Program:
    """``amst`` in a folder of its own."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self.folder = folder
        self.runs = folder / "runs"

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(self.path), *arguments],
            cwd=self.folder,
            env={**os.environ, "AMST_DATASETS": str(DATASETS)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    named = os.environ.get("AMST_PROGRAM")
    if not named:
        pytest.skip("AMST_PROGRAM names no program: AMST_PROGRAM=target/release/amst pytest")
    return Program(Path(named).resolve(), tmp_path_factory.mktemp("amst"))


@pytest.fixture(scope="session")
def runs(program: Program) -> Path:
    """Two methods, one seed each, two epochs of generated data."""
    for method in ("amst-joint", "naive"):
        program(
            "train", "--dataset", "synthetic", "--epochs", "2", "--set", f"method={method}",
            "--set", "skip.audio=2", "--out", "runs",
        )  # fmt: skip
    return program.runs


@pytest.fixture(scope="session")
def store(program: Program) -> Path:
    """Stores of three modalities, and `val.safetensors`: what the program's loader makes of them."""
    what = ("--dataset", "spoken-digits", "--modalities", "audio,visual,text")
    program("prepare", *what, "--out", "runs")
    program("export-features", *what, "--split", "val", "--runs", "runs", "--out", "val.safetensors")
    return program.runs / ".store" / "spoken-digits"
