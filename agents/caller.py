"""The caller: contributes nothing, but asks the model for predictions and pays those who made it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_choice, uniform
from sim.chain.transaction import Receipt, Transaction
from sim.data.stream import Sample
from sim.errors import ConfigError
from sim.features import Data
from sim.units import DEFAULT_UNIT, Wei
from sim.view import View

RULES = ("reference", "worth")


class Caller(Participant):
    """Asks for predictions of the samples on offer and pays for them, as long as its money lasts.

    Names: Caller (the reference simulation). It asks at most once a wake-up, about the sample on offer, which stays
    there. Under ``reference`` it does so with a probability equal to the published accuracy a; under ``worth`` whenever
    payment and fee are less than ``value`` · (a − 1/K), what an answer is worth above a guess among K classes. The
    payment is shared among contributors as the mechanism says; what nobody gets comes back.

    =========  ==========  =============================================================================================
    parameter  default     meaning
    =========  ==========  =============================================================================================
    payment    50 units    wei it sends along with each question
    rule       reference   ``reference`` or ``worth``: when it asks
    value      0           wei that a right answer is worth to it, a wrong one being worth nothing; ``worth`` needs it
    =========  ==========  =============================================================================================

    What its answers were worth above guesses counts in its economic profit alone.
    """

    kind: ClassVar[str] = "caller"
    traits: ClassVar[Traits] = Traits(
        adversarial=False, stochastic=True, contributes=False, reports=False, pays_for_predictions=True
    )

    def __init__(
        self, *args: Any, payment: Wei = 50 * DEFAULT_UNIT, rule: str = "reference", value: Wei = 0, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        check_choice("rule", rule, RULES)
        if payment < 0 or value < 0:
            raise ConfigError(f"payment is {payment} wei, value {value} wei; both must be 0 or more.")
        if rule == "worth" and not value:
            raise ConfigError("value is 0, so with rule = 'worth' it never asks. Give value, or rule = 'reference'.")
        self.payment, self.rule, self.value = payment, rule, value
        self._asked: dict[bytes, tuple[int, int]] = {}
        self._worth_of_answers = 0.0
        self._luck = self.draws("calls", uniform)

    def choose_label(self, sample: Sample) -> int:
        """The true label: what it hopes to be told."""
        return sample.label

    def act(self, view: View) -> Sequence[Transaction]:
        """A question, if it is worth payment and fee and the wallet covers both."""
        draw, sample = self._luck(), view.sample
        if sample is None or self._too_dear(view.gas_price) or self.payment > view.balance:
            return ()
        most = self._most(view.accuracy, sample.n_classes, draw)
        if self.payment >= most:
            return ()
        questions = self._affordable(view, view.ask(sample.data, self.payment))
        if not questions or self.payment + questions[0].gas_limit * view.gas_price >= most:
            return ()
        self._asked[sample.data.key] = sample.label, sample.n_classes
        return questions

    def _most(self, accuracy: float, n_classes: int, draw: float) -> float:
        """An answer must cost less than this."""
        if self.rule == "worth":
            return self.value * (accuracy - 1 / n_classes)
        return math.inf if draw < accuracy else 0.0

    def claims(self, view: View) -> Sequence[Transaction]:
        """Nothing: it has no contributions."""
        return ()

    def on_receipt(self, receipt: Receipt) -> None:
        """Whether the answer was right."""
        data: Data = receipt.transaction.arguments[0]
        label, n_classes = self._asked[data.key]
        if receipt.ok:
            right = receipt.result == label
            self.statement.predictions_right += right
            self._worth_of_answers += right - 1 / n_classes

    def can_add(self, lowest_quote: Wei, balance: Wei) -> bool:
        """It adds nothing, but as long as it can pay, others may be paid and add."""
        return balance >= self.payment > 0

    def takes_expired(self) -> bool:
        """Never."""
        return False

    def utility(self) -> float:
        """What its answers were worth above guesses."""
        return self.value * self._worth_of_answers
