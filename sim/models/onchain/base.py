"""What the classifiers share that do what their contracts do on Ethereum."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import HARDFORKS, Meter
from sim.chain.journal import Journal
from sim.errors import ConfigError, ExceptionalHalt, Revert
from sim.models.base import Classifier, IndexArray
from sim.models.onchain.batch import Batch
from sim.models.onchain.fixed_point import ONE, stored
from sim.models.onchain.watch import RecomputingWatch
from sim.models.watch import Watch
from sim.units import exact

State = dict[str, Any]
"""A model's numbers as plain dictionaries and lists, ready for JSON; all are integers."""


class Rows(Protocol):
    """Samples one after the other: `Features` for models of indices, `UnitVectors` for models of vectors."""

    def __len__(self) -> int:
        """Number of samples."""

    def row(self, i: int) -> NDArray[Any]:
        """The numbers of sample ``i``."""


class OnChainClassifier(Classifier):
    """A contract's arithmetic to the last bit, in Python's integers, with the gas of the slots it touches.

    What the contract takes, the model takes: labels and features that nobody knows are refused only where the contract
    refuses them. An invalid opcode raises `ExceptionalHalt`, which burns gas; a refusal raises `Revert` with the
    contract's own reason, if it has one.
    """

    refuses_unknown: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def deploy(cls, parameters: Mapping[str, Any], journal: Journal | None = None, meter: Meter | None = None) -> Self:
        """A model from the arguments of its contract's constructor, decimals times 10**9, by the contract's names."""

    @abstractmethod
    def to_state(self, features: Iterable[int] | None = None) -> State:
        """All numbers that learning changes; a sparse model names ``features``, by default what is not zero."""

    @abstractmethod
    def load_state(self, state: State) -> None:
        """Take the numbers of `to_state`, before deployment: nothing is journalled, what is not named is zero."""

    def digest(self, features: Iterable[int] | None = None) -> str:
        """Sixteen hexadecimal digits that tell a state from others."""
        return state_digest(self.to_state(features))

    def fit(self, features: Rows, labels: NDArray[np.int64]) -> None:
        """Learn all samples in their order, as the chain would, without gas and without a note in the journal."""
        self._fit(features, labels, passes=1)

    def _fit(self, features: Rows, labels: NDArray[np.int64], passes: int) -> None:
        journal, meter = self.journal, self.meter
        noted, to_tell = len(journal.undo), len(journal.after_commit)
        self.meter = Meter(HARDFORKS["prague"])
        self.meter.start(limit=2**63)
        try:
            for _ in range(passes):
                for i, label in enumerate(labels.tolist()):
                    self.learn_one(features.row(i), label)
        except (Revert, ExceptionalHalt) as refusal:
            why = refusal.reason or "the contract gives no reason"
            raise ConfigError(f"Model {self.name!r} cannot learn initial sample {i}: {why}") from refusal
        finally:
            self.meter = meter
        del journal.undo[noted:], journal.after_commit[to_tell:]
        self.version.value += 1

    def predict_many(self, features: Rows) -> NDArray[np.int64]:
        """The class of each row, shape (n_rows,)."""
        batch = Batch.of(features, self.reads_vectors)
        found = None if batch is None else self._predict_batch(batch)
        if found is None:
            return np.array([self.predict_one(features.row(i)) for i in range(len(features))], np.int64)
        return found

    @abstractmethod
    def _predict_batch(self, batch: Batch) -> NDArray[np.int64] | None:
        """What `predict_one` would answer for each sample, quickly; None where that is not proved to be exact."""

    def _entries(self, features: IndexArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Indices and values of a sample, as a `Batch` has them."""
        numbers = features.astype(np.int64)
        if not self.reads_vectors:
            return numbers, np.ones(len(numbers), np.int64)
        (where,) = numbers.nonzero()
        return where.astype(np.int64), numbers[where]

    def predict_on_chain(self, features: IndexArray, known: int | None = None) -> int:
        """`predict_one` within a transaction. Gas depends on what is read, so that ``known`` saves no work here."""
        return self._ask(features.tolist())

    @abstractmethod
    def _ask(self, numbers: list[int]) -> int:
        """The class of a sample, charging the gas of what the contract reads and works out."""

    def _new_watch(self) -> Watch:
        return RecomputingWatch(self.predict_one, self._entries, self._predict_batch)

    def _note_change(self) -> None:
        """The model is another one; watches hear of it when the transaction is final."""
        self.version.set(self.version.value + 1)
        if self.watches:
            self.journal.after_commit.append((self._publish, ()))


def state_digest(state: State) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the state as compact JSON with sorted keys."""
    return hashlib.sha256(json.dumps(state, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def check_label(label: int) -> None:
    """Refuse, without a reason, what the contract's ABI cannot carry as a ``uint64``."""
    if not 0 <= label < 2**64:
        raise Revert


def fixed(field: str, decimal: Any, bits: int) -> int:
    """A decimal as the contract keeps it, times 10**9 in a ``uintN``; the nearest whole number, halves up."""
    scaled = 2 * exact(decimal) * ONE + 1
    return stored(f"{field} times 10^9", scaled.numerator // (2 * scaled.denominator), bits)
