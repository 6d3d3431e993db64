"""The deployment file of a nearest centroid classifier: for each class by name a centroid and its samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.errors import ConfigError
from sim.models.deployment.fields import (
    Deployment,
    Document,
    by_index,
    needed,
    read_count,
    read_list,
    read_scaled,
    shown,
    written_decimal,
)
from sim.models.onchain import DenseNearestCentroid, SparseNearestCentroid

_WORD_END = 2**256
_JAVASCRIPT_INDEX = 2**32 - 2  # the largest key that JavaScript sorts as a number


def read_centroids(document: Document, kind: str) -> Deployment:
    """What the file of a nearest centroid classifier of a kind says."""
    key = "intents" if "centroids" not in document and "intents" in document else "centroids"
    given = needed(document, key)
    if not isinstance(given, dict) or not given:
        raise ConfigError(f"{key} is {shown(given)}; it must be an object {{class: {{centroid, dataCount}}}}.")
    for name, centroid in given.items():
        if not isinstance(centroid, dict):
            raise ConfigError(f"{key}.{name} is {shown(centroid)}; it must be an object {{centroid, dataCount}}.")
        for wanted in ("centroid", "dataCount"):
            if wanted not in centroid:
                raise ConfigError(f"{key}.{name}.{wanted} is missing. Add it.")
    names = javascript_order(given)
    dense = kind == DenseNearestCentroid.name
    read = _dense_centroid if dense else _sparse_centroid
    state = [read(f"{key}.{name}", given[name]) for name in names]
    if dense:
        sizes = [len(known["centroid"]) for known in state]
        if len(set(sizes)) > 1 or not sizes[0]:
            raise ConfigError(f"{key} have {', '.join(map(str, sizes))} numbers; give every class as many, 1 or more.")
        n_features = sizes[0]
    else:
        n_features = max((int(i) for known in state for i in known["centroid_value_and_numSamples"]), default=-1) + 1
    return Deployment(kind=kind, classes=names, n_features=n_features, settings={}, state={"classes": state})


def javascript_order(names: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of an object as JavaScript goes through them: whole numbers first, in order, then the others.

    >>> javascript_order({"b": 0, "10": 0, "a": 0, "9": 0, "01": 0})
    ('9', '10', 'b', 'a', '01')
    """
    numbers = [name for name in names if name.isascii() and name.isdigit() and _is_javascript_index(name)]
    return (*sorted(numbers, key=int), *(name for name in names if name not in set(numbers)))


def _is_javascript_index(digits: str) -> bool:
    return len(digits) <= 10 and str(int(digits)) == digits and int(digits) <= _JAVASCRIPT_INDEX


def _dense_centroid(key: str, given: Document) -> dict[str, Any]:
    values = [
        read_scaled(f"{key}.centroid[{i}]", value, 64, sign=True)
        for i, value in enumerate(read_list(given, "centroid", at=key))
    ]
    return {"dataCount": read_count(f"{key}.dataCount", given["dataCount"], 256), "centroid": values}


def _sparse_centroid(key: str, given: Document) -> dict[str, Any]:
    count, centroid = read_count(f"{key}.dataCount", given["dataCount"], 64), given["centroid"]
    entries = enumerate(centroid) if isinstance(centroid, list) else by_index(centroid, f"{key}.centroid")
    values = {i: read_scaled(f"{key}.centroid.{i}", value, 64) for i, value in entries}
    pairs = {str(i): [value, count] for i, value in values.items()}
    for index, pair in by_index(given.get("stale", {}), f"{key}.stale"):
        where = f"{key}.stale.{index}"
        if not isinstance(pair, list) or len(pair) != 2:
            raise ConfigError(f"{where} is {shown(pair)}; it must be a pair [value, samples].")
        value, samples = read_scaled(f"{where}[0]", pair[0], 64), read_count(f"{where}[1]", pair[1], 64)
        if values.get(index) != _value_now(value, samples, count):
            raise ConfigError(f"{where} does not make the value in {key}.centroid. Remove stale to begin from that.")
        pairs[str(index)] = [value, samples]
    squared = sum(value * value for value in values.values()) % _WORD_END
    if "squaredMagnitude" in given:
        squared = read_count(f"{key}.squaredMagnitude", given["squaredMagnitude"], 256)
    return {"numSamples": count, "squaredMagnitude": squared, "centroid_value_and_numSamples": pairs}


def _value_now(value: int, samples: int, count: int) -> int:
    """What a value that was true for ``samples`` samples is for ``count`` of them."""
    return value if samples == count or not count else value * samples // count


def centroids_document(model: DenseNearestCentroid | SparseNearestCentroid, classes: Sequence[str]) -> Document:
    """The file of a nearest centroid classifier as it is now."""
    state = model.to_state()["classes"]
    names = list(classes)
    if javascript_order(dict.fromkeys(names)) != tuple(names):
        names = [f"class {name}" for name in names]  # JavaScript would put these names in another order
    dense = isinstance(model, DenseNearestCentroid)
    written = [_dense_written(known) if dense else _sparse_written(known) for known in state]
    kind = "dense nearest centroid classifier" if dense else "sparse nearest centroid classifier"
    return {"type": kind, "centroids": dict(zip(names, written, strict=True))}


def _dense_written(known: dict[str, Any]) -> Document:
    return {"centroid": [written_decimal(value) for value in known["centroid"]], "dataCount": known["dataCount"]}


def _sparse_written(known: dict[str, Any]) -> Document:
    count, pairs = known["numSamples"], known["centroid_value_and_numSamples"]
    values = {index: _value_now(value, samples, count) for index, (value, samples) in pairs.items()}
    document: Document = {
        "centroid": {index: written_decimal(value) for index, value in values.items()},
        "dataCount": count,
    }
    if known["squaredMagnitude"] != sum(value * value for value in values.values()) % _WORD_END:
        document["squaredMagnitude"] = known["squaredMagnitude"]
    stale = {i: [written_decimal(value), samples] for i, (value, samples) in pairs.items() if samples != count}
    return document | ({"stale": stale} if stale else {})
