"""The colluding ring: members agree on labels that have nothing to do with the truth, and stand by each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from agents.base import Traits
from agents.coalition import Member
from agents.labels import check_at_least
from sim.chain.transaction import Transaction
from sim.data.stream import Sample
from sim.units import HOUR, Seconds, Wei
from sim.view import View

_LARGEST_WEIGHT = 1_000


class ColludingRing(Member):
    r"""Submits every sample under a label f(x) that all members agree on, and that a model can learn.

    Names: collusion ring. f(x) is the class with the greatest sum of secret weights over the features of x;
    the weights are drawn once for the ring. If most data are the ring's, the model is the ring's, and honest deposits
    are its income. Members report outsiders but never each other, unless a deposit has expired.

    ============  =======  ============================================================================================
    parameter     default  meaning
    ============  =======  ============================================================================================
    burst_price   None     the ring waits until a deposit costs at most this many wei; None: it never waits
    burst_length  1 hour   seconds in which all members then submit at any price they are willing to pay, 1 or more
    ============  =======  ============================================================================================
    """

    kind: ClassVar[str] = "colluding_ring"
    traits: ClassVar[Traits] = Traits(adversarial=True, stochastic=True, coordinated=True)

    def __init__(
        self, *args: Any, burst_price: Wei | None = None, burst_length: Seconds = HOUR, **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        check_at_least("burst_length", burst_length, 1)
        self.burst_price, self.burst_length = burst_price, burst_length

    def participates(self, view: View) -> bool:
        """Always, or during a burst, which whoever sees a low price begins for all."""
        ring, sample = self.coalition, view.sample
        if self.burst_price is None or sample is None:
            return True
        if view.now >= ring.active_until:
            price = view.quote(sample.data, self.choose_label(sample))
            if price is not None and price <= self.burst_price:
                ring.active_until = view.now + self.burst_length
        return view.now < ring.active_until

    def choose_label(self, sample: Sample) -> int:
        """The class with the greatest sum of weights."""
        weights, features = self._weights(sample.n_classes), sample.data.features
        vector = features.dtype == object  # numbers, one for each feature there is, not the indices of those present
        scores = weights @ features if vector else weights[:, features].sum(axis=1)
        return int(np.argmax(scores))

    def claims(self, view: View) -> Sequence[Transaction]:
        """What anybody claims, but no report of a member whose deposit has not expired."""
        wanted, members = super().claims(view), self.coalition.members
        if not any(claim.method == "report" and claim.arguments[3] in members for claim in wanted):
            return wanted
        expired = {view.report(record).arguments for record in view.expired()}
        return [
            claim
            for claim in wanted
            if claim.method != "report" or claim.arguments[3] not in members or claim.arguments in expired
        ]

    def _weights(self, n_classes: int) -> Any:
        """The ring's weights, int64 of shape (n_classes, n_features), made when they are first needed."""
        notes = self.coalition.notes
        if "weights" not in notes:
            shape = n_classes, self.model.stream.dataset.x_train.n_features
            secret = self.streams.generator("weights", self.coalition.name)
            notes["weights"] = secret.integers(-_LARGEST_WEIGHT, _LARGEST_WEIGHT, shape, endpoint=True)
        return notes["weights"]
