"""Small data sets and packed files for the tests of `sim.data`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.data import Dataset
from sim.features import Features


@pytest.fixture
def make_dataset() -> Callable[..., Dataset]:
    """A valid set of four training rows and two test rows over three features; keywords replace fields."""

    def make(**fields: Any) -> Dataset:
        x_train = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 1]])
        defaults: dict[str, Any] = {
            "name": "small",
            "title": "Small",
            "x_train": Features.from_dense(x_train),
            "y_train": np.array([0, 1, 0, 1]),
            "x_test": Features.from_dense(x_train[:2]),
            "y_test": np.array([1, 1]),
            "classes": ("NO", "YES"),
        }
        return Dataset(**(defaults | fields))

    return make


@pytest.fixture
def save_packed() -> Callable[..., Path]:
    """Write dense matrices in the packed form by its definition, not by the code under test."""

    def save(path: Path, x_train: Any, y_train: Any, x_test: Any, y_test: Any, /, **replaced: Any) -> Path:
        meta = {"name": path.stem, "classes": ["NO", "YES"], "license": "MIT", "source": "made here"}
        arrays = {
            "x_train_bits": np.packbits(np.asarray(x_train, bool).T, axis=1),
            "y_train": np.asarray(y_train, np.uint8),
            "x_test_bits": np.packbits(np.asarray(x_test, bool).T, axis=1),
            "y_test": np.asarray(y_test, np.uint8),
            "meta": np.frombuffer(json.dumps(meta).encode(), np.uint8),
            "vocab": np.zeros(0, np.uint8),
        } | replaced
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **{name: array for name, array in arrays.items() if array is not None})
        return path

    return save
