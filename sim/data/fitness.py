"""`fitness`, Endomondo workouts: bike or run? From ``endomondoHR_proper.json`` in the user's folder.

The first 5000 workouts of the file that are 'bike' or 'run' and tell their speed. Six measurements each: heart rate,
mean and median as multiples of the lowest; speed, highest, lowest, mean and median (km/h). As in the reference
simulation a measurement is a bit: above the whole part of its median over all 5000 workouts, or not. (The thresholds of
the heart rate are then likely 1, which nearly every workout is above.) A bit for each gender follows, in the order of
appearance. The rows are shuffled with the reference's seed; 3500 train, 1500 test.

Each line of the file is a Python dictionary; in copies that were converted it may be a JSON object. Its fields are
picked out by pattern and their lists read as JSON, so that nothing in the file is ever executed, and only what is
needed is parsed. The sha256 is that of the lines read.

Source: Ni, Muhlstein & McAuley, "Modeling heart rate and activity data for personalized fitness recommendation", WWW
2019
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sim.data.dataset import Dataset
from sim.data.own import own_dataset
from sim.errors import ConfigError
from sim.features import Features

FILES = ("fitness/endomondoHR_proper.json", "endomondoHR_proper.json")
CLASSES = ("BIKING", "RUNNING")
MEASUREMENTS = (
    "heart rate mean/min", "heart rate median/min", "highest speed", "lowest speed", "mean speed", "median speed",
)  # fmt: skip
_TRAIN_ROWS, _TEST_ROWS, _SHUFFLE_SEED = 3_500, 1_500, 2
_SPORTS = {b"bike": 0, b"run": 1}
_LONGEST_LINE = 2**24
_SPORT = re.compile(rb"""['"]sport['"]: ?['"](bike|run)['"]""")
_GENDER = re.compile(rb"""['"]gender['"]: ?['"]([^'"\\]{1,40})['"]""")
_SPEED = re.compile(rb"""['"]speed['"]:""")
_LISTS = {field: re.compile(rb"""['"]%s['"]: ?(\[[^\]\[]*\])""" % field) for field in (b"speed", b"heart_rate")}

FloatArray = NDArray[np.float64]


def fitness() -> Dataset:
    """Workout BIKING or RUNNING? Raises `ConfigError` with what to do if it is not in the user's folder."""
    return own_dataset(
        "fitness",
        FILES,
        read_fitness,
        "download endomondoHR_proper.json from https://sites.google.com/eng.ucsd.edu/fitrec-project/home and put it "
        "there, or use the synthetic stand-in 'fitness-like', which needs no download",
        title="Endomondo workouts (bike or run)",
        licence="none stated: for research, not for redistribution",
        source="Ni, Muhlstein & McAuley, Modeling heart rate and activity data, WWW 2019",
    )


def read_fitness(path: Path, **about: Any) -> Dataset:
    """The set in Endomondo's file. Raises `ConfigError` naming the line that is wrong."""
    digest = hashlib.sha256()
    values, labels, genders = [], [], []
    try:
        with path.open("rb") as file:
            for value, label, gender in _workouts(path, file, digest):
                values.append(value)
                labels.append(label)
                genders.append(gender)
                if len(values) == _TRAIN_ROWS + _TEST_ROWS:
                    break
    except OSError as error:
        raise ConfigError(f"Data file {str(path)!r} cannot be read: {error.strerror}. Download it again.") from error
    if len(values) < _TRAIN_ROWS + _TEST_ROWS:
        raise ConfigError(
            f"{str(path)!r} holds {len(values)} workouts by bike or run with speed; {_TRAIN_ROWS + _TEST_ROWS} are "
            f"needed. Download it again."
        )
    order = np.random.RandomState(_SHUFFLE_SEED).permutation(len(values))
    names = list(dict.fromkeys(genders))
    bits = featurised(np.array(values), np.array([names.index(gender) for gender in genders]), len(names))[order]
    numbers = np.array(labels, np.int64)[order]
    return Dataset(
        x_train=Features.from_dense(bits[:_TRAIN_ROWS]),
        y_train=numbers[:_TRAIN_ROWS],
        x_test=Features.from_dense(bits[_TRAIN_ROWS:]),
        y_test=numbers[_TRAIN_ROWS:],
        classes=CLASSES,
        vocabulary=(*MEASUREMENTS, *names),
        sha256=digest.hexdigest(),
        **about,
    )


def featurised(values: FloatArray, genders: NDArray[np.int64], n_genders: int) -> NDArray[np.bool_]:
    """Bits of shape (workouts, 6 + n_genders): measurements above the whole part of their median, one gender each."""
    above = values > np.trunc(np.median(values, axis=0))
    return np.concatenate([above, genders[:, None] == np.arange(n_genders)], axis=1)


def _workouts(path: Path, file: BinaryIO, digest: Any) -> Iterator[tuple[list[float], int, str]]:
    """Measurements, label and gender of each workout by bike or run that tells its speed."""
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        digest.update(line)
        if len(line) == _LONGEST_LINE:
            raise ConfigError(f"{str(path)!r} line {number} is longer than {_LONGEST_LINE} bytes. Download it again.")
        sport = _SPORT.search(line)
        if sport is None or not _SPEED.search(line):
            continue
        speeds, rates = (_numbers(path, number, line, field) for field in (b"speed", b"heart_rate"))
        gender = _GENDER.search(line)
        if gender is None:
            raise ConfigError(f"{str(path)!r} line {number} has no 'gender'. Download the file again.")
        values = [_ratio(rates.mean(), rates.min()), _ratio(np.median(rates), rates.min())]
        values += [speeds.max(), speeds.min(), speeds.mean(), float(np.median(speeds))]
        yield values, _SPORTS[sport[1]], gender[1].decode("utf-8", "replace")


def _numbers(path: Path, number: int, line: bytes, field: bytes) -> FloatArray:
    found = _LISTS[field].search(line)
    try:
        numbers = np.array(json.loads(found[1]) if found else [], np.float64)
    except (ValueError, TypeError, OverflowError):
        numbers = np.zeros(0)
    if not numbers.size or numbers.ndim != 1 or not np.all(np.isfinite(numbers)):
        raise ConfigError(
            f"{str(path)!r} line {number}: {field.decode()!r} must be a list of finite numbers, at least one. Download "
            f"the file again."
        )
    return numbers


def _ratio(number: float, least: float) -> float:
    """A heart rate as a multiple of the lowest one; without end if that is 0, and 1 if all are."""
    if least:
        return float(number / least)
    return math.inf if number else 1.0
