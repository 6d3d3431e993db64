"""`check_classifier`, the conformance check of models: run over everything registered, and open to a user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from sim.chain.gas import HARDFORKS, Meter
from sim.chain.journal import Column, Journal, Map, Value, Weights
from sim.errors import ConfigError, OutOfGas, Revert
from sim.features import Data, Features
from sim.models.base import Classifier, IndexArray
from sim.models.watch import Watch

CELLS = (Value, Map, Column, Weights)
_FEATURES, _CLASSES, _LESSONS, _PLENTY = 6, 2, 60, 10**9

Build = Callable[[int, int, Journal, Meter], Classifier]


def check_classifier(build: Build, samples: Iterable[tuple[IndexArray, int]] | None = None) -> None:
    """Raise `ConfigError` with the first rule a model breaks.

    ``build`` is the class itself, or a function of (n_features, n_classes, journal, meter). The model is taught and
    asked ``samples``, pairs of features and label that it accepts; by default random ones of six features and two
    classes. Predicting changes nothing and costs nothing outside a transaction; `predict_many` answers as
    `predict_one`; every update can be undone and charges gas; what the model does not know is refused; watches follow
    committed updates only; and equal lessons give equal models.
    """
    journal, meter = Journal(), Meter(HARDFORKS["prague"])
    meter.start(_PLENTY)
    model = build(_FEATURES, _CLASSES, journal, meter)
    twin = build(_FEATURES, _CLASSES, Journal(), meter)
    if not getattr(model, "name", ""):
        raise _broken(model, "has no name", "Set the class attribute `name` to its word in a config")
    journal.commit()
    samples = list(_samples() if samples is None else samples)
    watch = model.watch()
    for number, (features, label) in enumerate(samples):
        watch.add(number, features, label)
    for features, label in samples:
        _check_views(model, samples)
        _check_undo(model, samples, features, label)
        _check_watch(model, samples, watch, "hears of updates that are undone")
        before, version = _answers(model, samples), model.version.value
        meter.start(_PLENTY)
        model.learn_one(features, label)
        if not meter.used:
            raise _broken(model, "learn_one charges no gas", "Charge storage and arithmetic to self.meter")
        journal.commit()
        twin.learn_one(features, label)
        if _answers(model, samples) != before and model.version.value == version:
            raise _broken(model, "predictions changed, version did not", "Raise self.version in learn_one")
        _check_watch(model, samples, watch, "missed an update")
    if _answers(model, samples) != _answers(twin, samples):
        raise _broken(model, "equal lessons gave different models", "Draw no random numbers while learning")
    if model.refuses_unknown:
        _check_refusals(model, samples)


def _samples() -> Iterator[tuple[IndexArray, int]]:
    """Lessons of all lengths, some with repeated features, mostly of a simple truth."""
    rng = np.random.default_rng(0)
    for _ in range(_LESSONS):
        features = Data(rng.integers(0, _FEATURES, size=int(rng.integers(0, 5)))).features
        yield features, int((features < _FEATURES // 2).sum() * 2 > len(features)) ^ int(rng.random() < 0.2)


def _answers(model: Classifier, samples: list[tuple[IndexArray, int]]) -> list[int]:
    return [model.predict_one(features) for features, _ in samples]


def _check_views(model: Classifier, samples: list[tuple[IndexArray, int]]) -> None:
    """Predicting changes nothing, costs nothing and is the same one by one and all at once."""
    before, used = cells_of(model), model.meter.used
    one = _answers(model, samples)
    again = _answers(model, samples)
    rows = [features for features, _ in samples]
    indptr = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    many = model.predict_many(Features(indptr, np.concatenate(rows).astype(np.int32), model.n_features)).tolist()
    if not set(one) <= set(range(model.n_classes)):
        raise _broken(model, f"predict_one answers {sorted(set(one))}", f"Answer 0 to {model.n_classes - 1}")
    if one != again or cells_of(model) != before:
        raise _broken(model, "predict_one changes the model", "Let only learn_one write")
    if many != one:
        raise _broken(model, "predict_many differs from predict_one", "Break ties and round alike in both")
    if model.meter.used != used:
        raise _broken(model, "predict_one charges gas", "It is a free view; predict_on_chain charges")


def _check_undo(model: Classifier, samples: list[tuple[IndexArray, int]], features: IndexArray, label: int) -> None:
    """An update that is taken back, or that runs out of gas half-way, leaves no trace."""
    before = cells_of(model), _plain(model), _answers(model, samples)
    model.meter.start(_PLENTY)
    model.learn_one(features, label)
    needed = model.meter.used
    for limit in (_PLENTY, *range(0, needed, max(1, needed // 4))):
        model.journal.rollback()
        if (cells_of(model), _plain(model), _answers(model, samples)) != before:
            raise _broken(model, "an update cannot be undone", "Write only to cells of the journal, by their methods")
        model.meter.start(limit)
        try:
            model.learn_one(features, label)
        except OutOfGas:
            pass
    model.journal.rollback()
    model.meter.start(_PLENTY)
    model.predict_on_chain(features)
    if not model.meter.used:
        raise _broken(model, "predicting within a transaction is free", "Set gas_to_predict")


def _check_watch(model: Classifier, samples: list[tuple[IndexArray, int]], watch: Watch, fault: str) -> None:
    """The watch holds what `predict_one` answers now."""
    watch.refresh()
    for number, (features, label) in enumerate(samples):
        if watch.agrees(number) != (model.predict_one(features) == label):
            raise _broken(model, f"a watch {fault}", "Publish every update whole, through journal.after_commit")


def _check_refusals(model: Classifier, samples: list[tuple[IndexArray, int]]) -> None:
    """Labels and features the model does not know are reverts, and leave no trace."""
    known = samples[0][0]
    unknown = Data([model.n_features]).features
    actions: dict[str, Callable[[], Any]] = {
        f"label {model.n_classes}": lambda: model.learn_one(known, model.n_classes),
        "label -1": lambda: model.learn_one(known, -1),
        f"learning feature {model.n_features}": lambda: model.learn_one(unknown, 0),
        f"predicting feature {model.n_features}": lambda: model.predict_one(unknown),
    }
    for what, action in actions.items():
        before = cells_of(model)
        model.meter.start(_PLENTY)
        try:
            action()
        except Revert:
            model.journal.rollback()
            if cells_of(model) != before:
                raise _broken(model, f"{what}: refused, but leaves a trace", "Check before writing") from None
        except Exception as error:
            raise _broken(model, f"{what}: {error!r}", "Raise Revert for what the model does not know") from error
        else:
            raise _broken(model, f"{what} is accepted", "Raise Revert for what the model does not know")


def cells_of(thing: Any) -> list[Any]:
    """The contents of every cell that is an attribute of ``thing``, or lies in a list or tuple that is."""
    found: list[Any] = []
    for value in vars(thing).values():
        for cell in value if isinstance(value, list | tuple) and not isinstance(value, Column) else (value,):
            if isinstance(cell, Weights):
                found.append((cell.array.dtype.str, cell.array.tolist()))
            elif isinstance(cell, Value):
                found.append(cell.value)
            elif isinstance(cell, Map):
                found.append(list(cell.items()))
            elif isinstance(cell, Column):
                found.append(list(cell))
    return found


def _plain(model: Classifier) -> dict[str, Any]:
    """Public attributes that are plain numbers, words or collections of them; private ones may be caches."""
    return {
        name: repr(value)
        for name, value in vars(model).items()
        if not name.startswith("_") and isinstance(value, int | float | str | list | dict | set | tuple | np.ndarray)
        and name not in ("watches",) and not isinstance(value, Map | Column)
        and not (isinstance(value, list | tuple) and any(isinstance(item, CELLS) for item in value))
    }  # fmt: skip


def _broken(model: Classifier, found: str, fix: str) -> ConfigError:
    return ConfigError(f"Model {getattr(model, 'name', '') or type(model).__name__!r}: {found}. {fix}.")
