"""The bounty provider: pays for a better model in a prediction market, measured on a test set it keeps secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_at_least, check_choice
from sim.chain.transaction import Receipt, Transaction
from sim.contracts.parts import SALT_BYTES, Part, split
from sim.data.stream import Sample
from sim.errors import OutOfGas
from sim.units import DAY, DEFAULT_UNIT, Seconds, Wei
from sim.view import View

STRATEGIES = ("honest", "withholding", "self_trading")


class BountyProvider(Participant):
    """Opens a prediction market with a bounty, reveals its test set, and has contributions processed.

    Names: bounty provider, initializer (Harris & Waggoner 2019, the reference simulation). It does one thing at a
    wake-up, and nothing at all where the mechanism is no market. ``honest`` does what the market asks for.
    ``withholding`` never reveals the test set once it has the contributions. ``self_trading`` is honest but contributes
    too: it knows the test set, and wins back its own bounty with rows of it.

    ====================  =============  ==============================================================================
    parameter             default        meaning
    ====================  =============  ==============================================================================
    bounty                1000 units     wei it commits, at least a unit
    parts                 10             parts of the test set it commits to, more than the market reveals first
    test_rows             1000           rows of its test set, at most those there are
    least_length          1 day          seconds the market takes contributions at least
    least_contributions   100            contributions after which the market may end, 0 or more
    strategy              honest         ``honest``, ``withholding`` or ``self_trading``
    batch                 16             contributions it has processed in one transaction; halved when gas runs out
    ====================  =============  ==============================================================================
    """

    kind: ClassVar[str] = "bounty_provider"
    traits: ClassVar[Traits] = Traits(adversarial=False, provides=True, stochastic=True, adaptive=True)

    def __init__(
        self,
        *args: Any,
        bounty: Wei = 1000 * DEFAULT_UNIT,
        parts: int = 10,
        test_rows: int = 1000,
        least_length: Seconds = DAY,
        least_contributions: int = 100,
        strategy: str = "honest",
        batch: int = 16,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        check_choice("strategy", strategy, STRATEGIES)
        lowest = {"bounty": 1, "parts": 2, "test_rows": parts, "least_length": 0, "least_contributions": 0, "batch": 1}
        values = (bounty, parts, test_rows, least_length, least_contributions, batch)
        for (field, least), value in zip(lowest.items(), values, strict=True):
            check_at_least(field, value, least)
        self.bounty, self.batch, self.strategy = bounty, batch, strategy
        self.terms = least_length, least_contributions
        self.parts = self._parts(parts, test_rows)
        self._drawn: tuple[int, ...] = ()
        self._own = iter([sample for part in self.parts for sample in part.samples])

    def _parts(self, parts: int, rows: int) -> list[Part]:
        """Its test set: the first rows of the data's, so that the market pays for what the results measure."""
        stream = self.model.stream
        labels = stream.dataset.y_test[:rows].tolist()
        salts = self.streams.generator("salts", self.name)
        samples = [(stream.test_features.data(row), label) for row, label in enumerate(labels)]
        return split(samples, [salts.bytes(SALT_BYTES) for _ in range(parts)])

    def choose_label(self, sample: Sample) -> int:
        """The true label."""
        return sample.label

    def first_gap(self) -> Seconds:
        """It is there from the start."""
        return 1

    def can_add(self, lowest_quote: Wei, balance: Wei) -> bool:
        """Never: it pays for contributions, and its own are made in a market, which ends by itself."""
        return False

    def takes_expired(self) -> bool:
        """In a market only."""
        return self.model.ageless and super().takes_expired()

    def claims(self, view: View) -> Sequence[Transaction]:
        """What it has in a market, and what others left there."""
        return super().claims(view) if view.ageless else ()

    def act(self, view: View) -> Sequence[Transaction]:
        """The next step of the market, or a row of its own."""
        if not view.ageless:
            return ()
        errand = view.errand()
        if errand is None:
            return self._trade(view) if self.strategy == "self_trading" else ()
        if errand.method == "commit":
            commitments = tuple(map(view.seal, self.parts))
            return self._affordable(view, view.act("commit", commitments, *self.terms, value=self.bounty))
        if errand.method == "reveal":
            hides = self.strategy == "withholding" and errand.number not in self._drawn
            return () if hides else self._affordable(view, view.act("reveal", self.parts[errand.number]))
        if errand.method != "process":
            return self._affordable(view, view.act(errand.method))
        steps = self._affordable(view, view.act("process", self.batch))
        if not steps:
            self._halve()
        return steps

    def on_receipt(self, receipt: Receipt) -> None:
        """Which parts were drawn to be revealed first; whether a transaction was given too much to do."""
        method = receipt.transaction.method
        if method == "commit" and receipt.ok:
            (self._drawn,) = (log.data[1:] for log in receipt.logs if log.event == "Committed")
        if method == "process" and receipt.reason == OutOfGas.reason:
            self._halve()

    def _trade(self, view: View) -> Sequence[Transaction]:
        """A row of the test set under its true label, if the market takes it."""
        row = None if view.sample is None else next(self._own, None)
        if row is None:
            return ()
        cost = view.quote(*row)
        return () if cost is None else self._affordable(view, view.add(*row, cost))

    def _halve(self) -> None:
        self.batch = max(1, self.batch // 2)
