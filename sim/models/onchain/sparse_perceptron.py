r"""SparsePerceptron.sol: a perceptron over feature indices.

For a sample with indices x the margin is ``m = intercept + sum(weights[i] for i in x)``, an index counting as often as
it stands there; class 1 is predicted when m > 0, class 0 otherwise. If the prediction is not the label, each weight of
x moves by the learning rate once per occurrence: down for label 0, up for any other. The intercept never changes.

* Any index from 0 to 2^63 - 1 is known; its weight is 0 until it moves. A negative index is refused.
* Weights are ``int80`` and wrap round silently.
* Labels from 2 on are never predicted, so a sample with one always moves its weights up.

========== =============== ==========================================================
parameter  default         meaning
========== =============== ==========================================================
step       1               learning rate, a decimal; times 10**9 it is a ``uint32``
passes     5               passes over the initial samples when fitted
intercept  0               times 10**9, an ``int80``
========== =============== ==========================================================

Source: demo/client/contracts/classification/SparsePerceptron.sol of microsoft/0xDeCA10B at commit f97e40d.

>>> model = SparsePerceptron(n_features=3)
>>> model.learn_one(np.array([7, 7]), 1)
>>> model.to_state(), model.predict_one(np.array([7])), model.predict_one(np.array([2]))
({'weights': {'7': 2000000000}, 'intercept': 0}, 1, 0)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter, SlotWrites, memory
from sim.chain.journal import Journal, Map
from sim.errors import ConfigError, Revert
from sim.models.base import IndexArray
from sim.models.onchain.base import OnChainClassifier, Rows, State, check_label, fixed
from sim.models.onchain.batch import SAFE, Batch, by_index
from sim.models.onchain.fixed_point import ONE, signed, stored
from sim.units import Gas

# Gas beside storage, from gas measured on the contract: per call, index, index with a weight below 0; class 1.
_PREDICT_CALL, _PREDICT_INDEX, _NEGATIVE, _CLASS_ONE = 1_058, 739, 28, -10
_UPDATE_CALL, _UPDATE_INDEX, _UPWARDS = 89, 409, 10
_MEMORY_CALL = 6  # words


class SparsePerceptron(OnChainClassifier):
    """See the module's text. ``weights`` are the first ones by index, times 10**9."""

    name = "sparse_perceptron"

    def __init__(
        self,
        n_features: int,
        n_classes: int = 2,
        journal: Journal | None = None,
        meter: Meter | None = None,
        *,
        step: float | str | Fraction = 1,
        passes: int = 5,
        intercept: int = 0,
        weights: Mapping[int, int] | None = None,
    ) -> None:
        super().__init__(n_features, n_classes, journal, meter)
        if n_classes != 2:
            raise ConfigError(f"the perceptron tells two classes apart, the data have {n_classes}; use naive_bayes.")
        self.learning_rate = fixed("step", step, 32)
        self.passes = passes
        self.intercept = stored("intercept", intercept, 80, sign=True)
        self.weights: Map[int, int] = Map(self.journal)
        dict.update(self.weights, {i: stored(f"weight {i}", w, 80, sign=True) for i, w in (weights or {}).items()})
        schedule = self.meter.schedule
        self.gas_to_predict = schedule.loads(1) + _PREDICT_CALL
        self._gas_learn = schedule.loads(2) + _PREDICT_CALL

    @classmethod
    def deploy(cls, parameters: Mapping[str, Any], journal: Journal | None = None, meter: Meter | None = None) -> Self:
        """From ``weights`` (a list), ``sparseWeights`` (pairs of index and weight), ``intercept``, ``learningRate``.

        A negative index of a pair becomes the mapping's ``uint64`` key.
        """
        weights = dict(enumerate(parameters["weights"]))
        weights |= {index % 2**64: weight for index, weight in parameters.get("sparseWeights", ())}
        return cls(
            len(parameters["weights"]), len(parameters["classifications"]), journal, meter,
            step=Fraction(parameters["learningRate"], ONE), intercept=parameters["intercept"], weights=weights,
        )  # fmt: skip

    def to_state(self, features: Iterable[int] | None = None) -> State:
        """``{"weights": {index: weight}, "intercept": …}``."""
        get = self.weights.get
        listed = sorted(i for i, weight in self.weights.items() if weight) if features is None else features
        return {"weights": {str(i): get(i, 0) for i in listed}, "intercept": self.intercept}

    def load_state(self, state: State) -> None:
        """Take weights and intercept."""
        dict.clear(self.weights)
        dict.update(self.weights, {int(i): weight for i, weight in state["weights"].items()})
        self.intercept = state["intercept"]
        self.version.value += 1

    def fit(self, features: Rows, labels: NDArray[np.int64]) -> None:
        """``passes`` passes of the rule over the samples in their order, as the chain would apply it."""
        self._fit(features, labels, self.passes)

    def margin(self, features: IndexArray) -> int:
        """The score of a sample, times 10**9. Raises `Revert` for a negative index."""
        indices, get = features.tolist(), self.weights.get
        if indices and min(indices) < 0:
            raise Revert("Not all indices are >= 0.")
        return self.intercept + sum([get(i, 0) for i in indices])

    def predict_one(self, features: IndexArray) -> int:
        """Class 1 iff the margin is above zero."""
        return int(self.margin(features) > 0)

    def _predict_batch(self, batch: Batch) -> NDArray[np.int64] | None:
        limit = SAFE // (batch.longest + 1)
        weights = by_index(self.weights, self.n_features, limit)
        if weights is None or abs(self.intercept) >= limit or not batch.known(self.n_features):
            return None
        return np.asarray(batch.sums(weights[batch.indices]) + self.intercept > 0, np.int64)

    def _ask(self, numbers: list[int]) -> int:
        return self._charged(numbers, self.gas_to_predict)

    def _charged(self, indices: list[int], call: Gas) -> int:
        """The class of a sample; ``call`` is the gas of asking, to which each index adds."""
        schedule, get = self.meter.schedule, self.weights.get
        size = next((place for place, i in enumerate(indices) if i < 0), len(indices))
        weights = [get(i, 0) for i in indices[:size]]
        prediction = int(self.intercept + sum(weights) > 0)
        distinct = len(set(indices[:size]))
        self.meter.charge(
            call
            + schedule.loads(distinct, size - distinct)
            + _PREDICT_INDEX * size
            + _NEGATIVE * sum([w < 0 for w in weights])
            + _CLASS_ONE * prediction
            + memory(len(indices) + _MEMORY_CALL)
        )
        if size < len(indices):
            raise Revert("Not all indices are >= 0.")
        return prediction

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Move the weights of the sample if, and only if, it is not predicted as labelled."""
        # CHECKS, GAS
        check_label(label)
        indices = features.tolist()
        if self._charged(indices, self._gas_learn) == label:
            return
        schedule, size = self.meter.schedule, len(indices)
        self.meter.charge(_UPDATE_CALL + _UPWARDS * (label > 0) + _UPDATE_INDEX * size + schedule.loads(0, 3 * size))
        # EFFECTS
        step = self.learning_rate if label > 0 else -self.learning_rate
        weights, writes = self.weights, SlotWrites()
        for index, times in Counter(indices).items():
            before = weights.get(index, 0)
            weights[index] = after = signed(before + times * step, 80)
            writes.slot((before,), (after,), times)
        writes.charge(self.meter)
        self._note_change()
