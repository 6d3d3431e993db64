"""`fitness-like`, a synthetic stand-in for the workouts of the papers' fitness set: bike or run?

Workouts are drawn as measurements, in km/h and multiples of the lowest heart rate, and become bits as those of the real
set do (`sim.data.fitness.featurised`); where two values stand, the first is for the bike, the second for running.

- label: y ~ Bernoulli(0.4316), 1 for running (2158 of the real set's 5000)
- mean speed: Normal(24.5, 4.2) | Normal(10.6, 1.5), at least 3, at most 60
- median speed: mean speed times Normal(1.02, 0.05)
- highest speed: mean speed times 1.9 | 1.42, times LogNormal(0, 0.14)
- lowest speed: 0 with probability 0.62 | 0.35, else mean speed times LogNormal(log 0.22 | log 0.45, 0.5)
- mean heart rate: 1 + Gamma(4, 0.1) times 1 | 0.85; its median: that times Normal(1.01, 0.015)
- gender, the shares of three: .90, .07, .03 | .78, .18, .04

Speeds and genders are assumptions, fitted to the published accuracies (naive Bayes .97, nearest centroid .9513,
perceptron .9507), not measured on the real set. Whatever is drawn from it must say that it is synthetic.

>>> data = fitness_like()
>>> len(data.x_train), data.x_train.n_features, data.synthetic
(3500, 9, True)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.data.dataset import Dataset
from sim.data.fitness import CLASSES, MEASUREMENTS, featurised
from sim.data.synthetic import check_sizes
from sim.features import Features
from sim.rng import Streams

_RUN_SHARE = 0.4316
_SPEED, _SPEED_SD = (24.5, 10.6), (4.2, 1.5)
_HIGHEST, _HIGHEST_SD = (1.9, 1.42), 0.14
_STOPS, _LOWEST, _LOWEST_SD = (0.62, 0.35), (0.22, 0.45), 0.5
_HEART = (1.0, 0.85)
_GENDERS = ((0.90, 0.07, 0.03), (0.78, 0.18, 0.04))

FloatArray = NDArray[np.float64]


def fitness_like(n_train: int = 3_500, n_test: int = 1_500, seed: int = 0) -> Dataset:
    """Synthetic workouts, BIKING or RUNNING, as 6 bits of measurements and 3 of gender.

    ``n_train`` and ``n_test`` are rows (at most a million each), ``seed`` picks the workouts. Raises `ConfigError` for
    sizes or seeds out of range.
    """
    check_sizes("fitness-like", n_train, n_test, seed)
    generator = Streams(seed).generator("dataset", "fitness-like")
    n = n_train + n_test
    labels = (generator.random(n) < _RUN_SHARE).astype(np.int64)
    labels[:2] = (0, 1)  # both classes are there, however few the rows
    values = _measurements(labels, generator)
    shares = np.cumsum(np.array(_GENDERS), axis=1)[labels, :2]
    genders = (generator.random(n)[:, None] > shares).sum(axis=1)
    bits = featurised(values, genders, 3)
    return Dataset(
        name="fitness-like",
        title="Fitness-like (synthetic)",
        x_train=Features.from_dense(bits[:n_train]),
        y_train=labels[:n_train],
        x_test=Features.from_dense(bits[n_train:]),
        y_test=labels[n_train:],
        classes=CLASSES,
        vocabulary=(*MEASUREMENTS, "male", "female", "unknown"),
        licence="none needed: generated",
        source="synthetic workouts tuned to baselines published for Endomondo's",
        synthetic=True,
    )


def _measurements(labels: NDArray[np.int64], generator: np.random.Generator) -> FloatArray:
    """Six measurements for each workout, in the order of `MEASUREMENTS`."""
    n = len(labels)

    def of(pair: tuple[float, float]) -> FloatArray:
        return np.asarray(pair)[labels]

    mean = np.clip(generator.normal(of(_SPEED), of(_SPEED_SD)), 3, 60)
    median = mean * generator.normal(1.02, 0.05, n)
    highest = mean * of(_HIGHEST) * generator.lognormal(0, _HIGHEST_SD, n)
    lowest = mean * generator.lognormal(np.log(of(_LOWEST)), _LOWEST_SD)
    lowest[generator.random(n) < of(_STOPS)] = 0
    heart = 1 + generator.gamma(4.0, 0.1, n) * of(_HEART)
    return np.stack([heart, heart * generator.normal(1.01, 0.015, n), highest, lowest, mean, median], axis=1)
