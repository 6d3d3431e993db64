"""A table of measured gas against the gas of the same transactions here."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.gas.deployment import CREATE, FILL, creation, filling, transfer_of_ownership
from experiments.gas.records import CALLS, execute
from experiments.gas.situations import MODELS, Record
from sim.chain import HARDFORKS
from sim.errors import ConfigError, SimulatorError
from sim.units import Gas

MOST_CALL, MOST_MEAN_CALL, MOST_OTHER = 0.001, 0.0002, 0.003
"""Relative errors that are allowed: the largest of a call that succeeds, its mean in a group, the largest of others."""

_SUCCESSFUL = ("add_data", "refund", "report", "predict")
_IN_GROUPS = ("add_data", "refund", "report", "init", "deploy")
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Group:
    """Relative errors of records of one hard fork, model (of a creation: contract) and action."""

    hardfork: str
    model: str
    action: str
    errors: list[float] = field(default_factory=list)

    @property
    def mean(self) -> float:
        """The mean of their absolute values."""
        return math.fsum(self.errors) / len(self.errors)

    @property
    def max(self) -> float:
        """The largest absolute value."""
        return max(self.errors)

    @property
    def within(self) -> bool:
        """Whether the group is as exact as is claimed."""
        if self.action in _SUCCESSFUL:
            return self.max <= MOST_CALL and self.mean <= MOST_MEAN_CALL
        return self.max <= MOST_OTHER

    def to_dict(self) -> dict[str, Any]:
        """As the document of ``--json`` has it."""
        return {
            "hardfork": self.hardfork, "model": self.model, "action": self.action, "n": len(self.errors),
            "mean_rel_error": self.mean, "max_rel_error": self.max,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """All groups, in the table's order, and what is in the table but not known here."""

    found: list[Group]
    skipped: dict[str, int]

    @property
    def groups(self) -> list[Group]:
        """Calls that succeed, creations and first weights."""
        return [group for group in self.found if group.action in _IN_GROUPS]

    @property
    def other_groups(self) -> list[Group]:
        """Predictions, calls that are refused, ownership."""
        return [group for group in self.found if group.action not in _IN_GROUPS]

    @property
    def within(self) -> bool:
        """Whether every group is as exact as is claimed."""
        return all(group.within for group in self.found)

    @property
    def mean(self) -> float:
        """The mean error of all records."""
        errors = [error for group in self.found for error in group.errors]
        return math.fsum(errors) / len(errors)

    @property
    def max(self) -> float:
        """The largest error of all records."""
        return max(group.max for group in self.found)

    def to_dict(self) -> dict[str, Any]:
        """The document of ``--json``."""
        return {
            "groups": [group.to_dict() for group in self.groups],
            "other_groups": [group.to_dict() for group in self.other_groups],
            "max_rel_error": self.max,
            "mean_rel_error": self.mean,
            "not_compared": self.skipped,
        }


def check_file(path: str | Path) -> Check:
    """Compare a table of measured gas, JSON that may be packed with gzip. Raises `ConfigError` for what is none."""
    return check(read_table(path), str(path))


def read_table(path: str | Path) -> list[Record]:
    """The records of a file. Raises `ConfigError`."""
    try:
        raw = Path(path).read_bytes()
        if raw[:2] == _GZIP:
            raw = gzip.decompress(raw)
        table = json.loads(raw)
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror or error}. Name a gas table.") from error
    except (ValueError, RecursionError, EOFError, zlib.error) as error:
        raise ConfigError(f"{str(path)!r} is no gas table: it is no JSON. {_WANTED}") from error
    if not isinstance(table, list) or not table or not all(isinstance(record, dict) for record in table):
        raise ConfigError(f"{str(path)!r} is no gas table: it is no list of records. {_WANTED}")
    return table


_WANTED = "Name a JSON list of measured transactions as docs/gas.md describes them."


def check(records: Iterable[Record], source: str = "the table") -> Check:
    """Compare records one by one. Raises `ConfigError` for one that lacks what its gas depends on."""
    groups: dict[tuple[str, str, str], Group] = {}
    skipped: Counter[str] = Counter()
    for number, record in enumerate(records):
        try:
            fork, action, gas = record["hardfork"], record["action"], record["gas_used"]
            if not (isinstance(gas, int) and gas > 0):
                raise ValueError(f"gas_used is {gas!r}")
            known = _known(record)
            if not known:
                skipped[f"{action} of {record.get('model')} on {fork}"] += 1
                continue
            name, model, gas_here = known
            error = abs(gas_here(record) - gas) / gas
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError, SimulatorError) as why:
            raise ConfigError(
                f"{source!r} is no gas table: record {number} does not tell what its gas depends on "
                f"({type(why).__name__}: {why}). {_WANTED}"
            ) from why
        groups.setdefault((fork, model, name), Group(fork, model, name)).errors.append(error)
    if not groups:
        raise ConfigError(f"{source!r} is no gas table: it has no transaction that is known here. {_WANTED}")
    return Check(list(groups.values()), dict(skipped))


def _known(record: Record) -> tuple[str, str, Callable[[Record], Gas]] | None:
    """How a record's group names its action and its model, and what its gas is here; None for what is not known."""
    action, model = record["action"], record["model"]
    if record["hardfork"] not in HARDFORKS:
        return None
    if action in CALLS:
        name = "predict" if action.startswith("predict") else action
        return (name, model, lambda record: execute(record).gas_used) if model in MODELS else None
    if action == "init_weights":
        return ("init", model, _filling) if (model, record["init_method"]) in FILL else None
    if action == "transfer_ownership":
        return (action, record["contract"], _transfer) if record["contract"] in CREATE else None
    verb, _, contract = action.partition("_")
    return (verb, contract, _creation) if verb == "deploy" and contract in CREATE else None


def _sent(record: Record) -> tuple[int, int]:
    return record["data_bytes"]["zero"], record["data_bytes"]["nonzero"]


def _filling(record: Record) -> Gas:
    schedule = HARDFORKS[record["hardfork"]]
    numbers, slots_set = record["n_items"], record.get("words_set")
    return filling(record["model"], record["init_method"], schedule, _sent(record), numbers, slots_set)


def _transfer(record: Record) -> Gas:
    return transfer_of_ownership(record["contract"], HARDFORKS[record["hardfork"]], _sent(record))


def _creation(record: Record) -> Gas:
    contract = record["action"].partition("_")[2]
    gas = creation(
        contract, HARDFORKS[record["hardfork"]], _sent(record), record["init_code_bytes"], record["runtime_bytes"],
        record.get("n_items", 0), record.get("n_classes", 0), record.get("words_set"),
    )  # fmt: skip
    if record.get("cost_weight") == 0 and contract == "Stakeable64":  # which stores nothing then
        schedule = HARDFORKS[record["hardfork"]]
        gas -= schedule.store_set - schedule.store_noop
    return gas
