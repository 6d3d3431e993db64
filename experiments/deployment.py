"""Models in and out of files: the deployment JSON of the 0xDeCA10B demo (`sim.models.deployment`).

A file is data: it is read with exact decimals, its size and every number are checked, and nothing in it is run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from experiments.files import check_folder, make_folder, write_whole
from sim.chain import Chain
from sim.data import Dataset
from sim.errors import ConfigError
from sim.models import Classifier, kind_of, models_of
from sim.models.deployment import TYPES, Deployment, Document, document_of, read_deployment, read_kind

LARGEST_FILE = 10**8


def has_file(kind: str, profile: str) -> bool:
    """Whether a model can be written to, and start from, a deployment file: only what is like a contract."""
    return profile != "reference" and kind_of(kind) in map(kind_of, TYPES.values())


def check_has_file(kind: str, profile: str) -> None:
    """Raise `ConfigError` for a model that no contract of 0xDeCA10B is like."""
    if not has_file(kind, profile):
        raise ConfigError(
            f"A model of kind {kind!r} and profile {profile!r} has no deployment file. Leave out --export-model, or "
            f"choose one of {', '.join(sorted(set(TYPES.values())))} under the profile 'corrected' or 'solidity'."
        )


def check_model_path(name: str) -> Path:
    """A path at which a model can be written. Raises `ConfigError`."""
    if not name.strip() or Path(name).is_dir():
        raise ConfigError(f"--export-model {name!r} is no name of a file. Name one, such as model.json.")
    check_folder(Path(name).parent)
    return Path(name)


def export_model(model: Classifier, dataset: Dataset, path: Path) -> Path:
    """Write a model as it is now. Raises `ConfigError` for a model without a file, or where the disk refuses."""
    make_folder(path.parent)
    return write_whole(path, to_json(document_of(model, dataset.classes)))


def imported_kind(name: str) -> str:
    """The kind of model in a file, by its one name. Raises `ConfigError`."""
    return kind_of(_told_with_file(name, lambda: read_kind(_document(name))))


def imported_settings(name: str) -> dict[str, Any]:
    """The parameters of a model that its file brings: ``step`` or ``smoothing``. Raises `ConfigError`."""
    return dict(_deployment(name).settings)


def imported_model(name: str, kind: str, profile: str, dataset: Dataset, chain: Chain | None = None) -> Classifier:
    """The model of a file under a profile, for the data it is to meet, on a chain or by itself.

    Raises `ConfigError` where the file is of another ``kind``, or does not fit the data.
    """
    deployment = _deployment(name)
    found, n_features, known = kind_of(deployment.kind), dataset.x_train.n_features, deployment.n_features
    if found != kind_of(kind):
        raise ConfigError(
            f"model.kind is {kind!r}, but {name!r} holds a {found}. Leave out model.kind, or write {found!r}."
        )
    if known > n_features or (known < n_features and not deployment.may_meet_more):
        raise ConfigError(
            f"Model file {name!r} knows {known} features, data set {dataset.name!r} has {n_features}. Choose the data "
            f"it was made for."
        )
    _check_classes(name, deployment.classes, dataset)
    journal, meter = (chain.journal, chain.meter) if chain else (None, None)

    def make() -> Classifier:
        constructor: Any = models_of(profile)[found]
        model = constructor(n_features, len(deployment.classes), journal, meter, **deployment.settings)
        model.load_state(deployment.state)
        return model

    return _told_with_file(name, make)


def file_digest(name: str) -> str:
    """SHA-256, in hex, of a file. Raises `ConfigError`."""
    return hashlib.sha256(_bytes(name)).hexdigest()


def _check_classes(name: str, classes: tuple[str, ...], dataset: Dataset) -> None:
    """Names may differ, but not their number; and the same names in another order would swap the labels."""
    if len(classes) != len(dataset.classes):
        raise ConfigError(
            f"Model file {name!r} has {len(classes)} classes, data set {dataset.name!r} {len(dataset.classes)}. Choose "
            f"the data it was made for."
        )
    if classes != tuple(dataset.classes) and set(classes) == set(dataset.classes):
        raise ConfigError(
            f"Model file {name!r} has the classes {', '.join(classes)} in this order, data set {dataset.name!r} has "
            f"{', '.join(dataset.classes)}, so that every label would be another. Put them in the order of the data."
        )


def _deployment(name: str) -> Deployment:
    return _told_with_file(name, lambda: read_deployment(_document(name)))


def _told_with_file(name: str, act: Callable[[], Any]) -> Any:
    """What ``act`` returns; its complaints begin with the file."""
    try:
        return act()
    except ConfigError as error:
        text = str(error)
        raise ConfigError(text if "model file" in text.lower() else f"Model file {name!r}: {text}") from error


def _bytes(name: str) -> bytes:
    path = Path(name)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(f"Model file {name!r} is larger than 100 MB. Check that it is a model.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no model file {name!r}. Correct the path, which starts at {Path.cwd()}, or write one with "
            f"'deca10b run … --export-model {name}'."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"Model file {name!r} cannot be read: {reason}. Give the path of a readable file.") from error


def _document(name: str) -> Any:
    """A file as JSON, decimals exact. Raises `ConfigError`."""
    content = _bytes(name)
    try:
        return json.loads(
            content.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        raise ConfigError("it is not UTF-8 text. Save it as UTF-8.") from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"it is not valid JSON: {error}. Check commas, quotes and brackets there.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError("a number or a nesting in it is absurdly large. Check that it is a model.") from error


def _no_number(word: str) -> Any:
    raise ConfigError(f"it has the number {word}, which no contract knows. Write finite numbers.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a key that stands twice only the last would count."""
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise ConfigError(f"{key[:60]!r} stands twice in one object. Keep one.")
        table[key] = value
    return table


def to_json(document: Document) -> str:
    """JSON with a line for each key and every decimal in full."""
    lines = ",\n".join(f"{json.dumps(key)}: {_json(value)}" for key, value in document.items())
    return f"{{\n{lines}\n}}\n"


def _json(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_json(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    return json.dumps(value)
