"""The contracts that replay the reference simulation: our own, told two things that only its floats and models know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.replay.comparison import Comparison
from experiments.replay.features import Samples
from experiments.replay.reference_models import ModelBeside
from mechanisms import DepositRefundTake, PredictionMarket
from mechanisms.prediction_market_judge import Judge
from sim.chain import Address, Chain
from sim.chain.transaction import Call
from sim.contracts import Predict, Record
from sim.contracts.parts import Sample
from sim.features import Data, Features
from sim.models import Classifier, Watch
from sim.models.onchain.watch import RecomputingWatch
from sim.units import DEFAULT_UNIT, Seconds, Wei

UNIT = DEFAULT_UNIT


class FloatShares(DepositRefundTake):
    """A share leaves something, be it a wei, exactly where the reference's floats do.

    Shares that make up the whole deposit leave nothing, or a remainder such as 4e-16 units, depending on how the floats
    were rounded; as long as there is one the reference goes on paying it out.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.left: dict[Record, float] = {}
        """What the reference has left of a contribution of which something was claimed, in units."""
        self.taken: float = 0
        """What the last claim takes in the reference, in units."""

    def on_refund(self, call: Call, record: Record, predict: Predict) -> Wei:
        """As ever; nothing is left."""
        amount = super().on_refund(call, record, predict)
        self.taken, self.left[record] = self._left(record), 0
        return amount

    def on_report(self, call: Call, record: Record, predict: Predict) -> Wei:
        """As ever; what the floats leave is noted."""
        left = self.taken = self._left(record)
        amount = super().on_report(call, record, predict)
        self.left[record] = left - self.taken
        return amount

    def _left(self, record: Record) -> float:
        return self.left.get(record, self.records.deposit[record] // UNIT)

    def _share(self, record: Record, reporter: Address) -> Wei:
        share, claimable = super()._share(record, reporter), self.records.claimable[record]
        if share:
            left, deposit = self._left(record), self.records.deposit[record] // UNIT
            self.taken = min(deposit * self.verified[reporter] / self.total_verified.value, left)
            share = claimable if self.taken == left else min(share, max(1, claimable - 1))
        return share


class ToldMarket(PredictionMarket):
    """A market that is told which part of the test set was drawn."""

    told = 0

    def _draw(self, now: Seconds, commitments: tuple[bytes, ...]) -> tuple[int, ...]:
        return (self.told,)


class ToldJudge(Judge):
    """Accuracies as a trace tells them, held against a model of the reference that learns the same.

    ``model_beside`` and ``samples`` are None where the features of a run were not found. Rows of the training part and
    of the test set go by their numbers, which stand in the place of features.
    """

    looks_ahead = False

    def __init__(self, model_beside: ModelBeside | None, samples: Samples | None, comparison: Comparison) -> None:
        self.model_beside, self.samples, self.comparison = model_beside, samples, comparison
        self._told: list[float] = []

    def tell(self, accuracies: Sequence[float]) -> None:
        """The accuracies of the next call."""
        self._told = list(accuracies)

    def hear(self) -> None:
        """Whether all were asked for."""
        if self._told:
            self.comparison.differ("predictions", "evals", self._told, "not asked for")

    def restart(self) -> None:
        """Back to the initial model."""
        if self.model_beside is not None:
            self.model_beside.restart()

    def learn(self, data: Data, label: int) -> None:
        """The model beside learns a row."""
        if self.model_beside is not None and self.samples is not None:
            self.model_beside.learn(self.samples.rows[int(data.features[0])].astype(np.float64), label)

    def right(self, test_set: Sequence[Sample]) -> int:
        """What the trace says, as a number of rows; the model beside must have got as many right."""
        comparison = self.comparison
        if not self._told:
            comparison.differ("predictions", "evals", None, "asked for")
            return 0
        told, size = self._told.pop(0), len(test_set)
        right = round(told * size)
        comparison.same("predictions", "evals", told, right / size)
        if self.model_beside is None or self.samples is None:
            comparison.skip("predictions", "the features of the run were not found")
            return right
        rows = [int(data.features[0]) for data, _ in test_set]
        least, most = self.model_beside.right(
            self.samples.test[rows].astype(np.float64), self.samples.test_labels[rows]
        )
        if not least <= right <= most:
            comparison.differ("predictions", "evals", told, least / size)
        return right


class ToldModel(Classifier):
    """A model that answers what it was told it answered."""

    name = "told"

    def __init__(self, chain: Chain) -> None:
        super().__init__(0, 2, chain.journal, chain.meter)
        self._answer = 0
        self.asked = False

    def tell(self, answer: int | None) -> None:
        """The answer to the next question."""
        self._answer = -1 if answer is None else answer
        self.asked = False

    def predict_one(self, features: Any) -> int:
        """What it was told."""
        self.asked = True
        return self._answer

    def fit(self, features: Features, labels: NDArray[np.int64]) -> None:
        """It has nothing to learn."""

    def learn_one(self, features: Any, label: int) -> None:
        """It has nothing to learn."""

    def predict_many(self, features: Features) -> NDArray[np.int64]:
        """What it was told, for each row."""
        return np.full(len(features), self._answer)

    def _new_watch(self) -> Watch:
        return RecomputingWatch(self.predict_one)
