"""The best responder: learns what each way to behave has earned it, and behaves accordingly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_at_least, check_choice, check_part, check_share, next_class, uniform
from sim.chain.transaction import ADDITIONS, Receipt, Transaction
from sim.contracts.data_handler import Record
from sim.data.stream import Sample
from sim.units import DAY, DEFAULT_UNIT, Seconds, Wei
from sim.view import View

ACTIONS = ("honest", "flip", "report_only", "idle")
RULES = ("logit", "epsilon_greedy")


class BestResponder(Participant):
    r"""Chooses now and then among honest work, lying, mere reporting and idling, by what each has earned.

    Names: logit response (McKelvey & Palfrey 1995); ε-greedy learner. It believes that a wake-up earns

    - honest, flip: :math:`q_a - e - f + r`, with the net gain :math:`q_a` of a contribution of that kind, its effort e
      (``effort_cost``) and the fee f of adding it;
    - report_only: r, what reports and expired deposits bring a wake-up after fees;
    - idle: 0 (it still takes its own refunds).

    :math:`q_a` and r are moving averages with weight ``memory`` on the newest; a contribution's net gain is what was
    refunded of its deposit less the deposit, known when that is refunded or gone. ``logit`` chooses a with probability
    proportional to :math:`e^{v_a/\tau}`; ``epsilon_greedy`` the best, with probability ε any. It is myopic: what the
    standing earned by a contribution will bring is not among its gains.

    ===========  ==============  ======================================================================================
    parameter    default         meaning
    ===========  ==============  ======================================================================================
    every        1 day           seconds between choices, 1 or more
    rule         epsilon_greedy  ``epsilon_greedy`` or ``logit``
    epsilon      0.1             of ``epsilon_greedy``: probability to try any action, 0 to 1
    temperature  1 unit          τ of ``logit``: wei a wake-up, above 0
    memory       0.1             weight of the newest observation in averages, above 0, at most 1
    ===========  ==============  ======================================================================================
    """

    kind: ClassVar[str] = "best_responder"
    traits: ClassVar[Traits] = Traits(adversarial=True, stochastic=True, adaptive=True, sees_log=True)

    def __init__(
        self,
        *args: Any,
        every: Seconds = DAY,
        rule: str = "epsilon_greedy",
        epsilon: float = 0.1,
        temperature: Wei = DEFAULT_UNIT,
        memory: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        check_choice("rule", rule, RULES)
        check_share("epsilon", epsilon)
        check_at_least("every", every, 1)
        check_at_least("temperature", temperature, 1)
        check_part("memory", memory)
        self.every, self.rule, self.epsilon, self.temperature, self.memory = every, rule, epsilon, temperature, memory
        self.action = self._contributes_as = ACTIONS[0]
        self.gain = {"honest": 0.0, "flip": 0.0}
        """Wei that a contribution of each kind is believed to bring, before effort and the fee of adding it."""
        self.income, self.fee = 0.0, 0.0
        """Wei that others' deposits are believed to bring a wake-up; the fee of adding."""
        self._chooses_at: Seconds = 0
        self._open: dict[Record, tuple[str, Wei]] = {}
        self._taken = 0
        self._chance = self.draws("actions", uniform)

    # -- behaviour ---------------------------------------------------------------------------------------------------

    def participates(self, view: View) -> bool:
        """While it chooses to contribute; the choice is made anew when it is time."""
        if self.action != "idle":
            self.income += self.memory * (self._taken - self.income)
            self._taken = 0
        if view.now >= self._chooses_at:
            self._chooses_at = view.now + self.every
            for record in [record for record in self._open if not view.claimable(record)]:
                self._learn(record, 0)
            self.action = self._choice()
        if self.action in self.gain:
            self._contributes_as = self.action
        return self.action in self.gain

    def choose_label(self, sample: Sample) -> int:
        """The true label, or the next class."""
        return next_class(sample.label, sample.n_classes) if self.action == "flip" else sample.label

    def claims(self, view: View) -> Sequence[Transaction]:
        """What anybody claims; idle, own refunds only."""
        wanted = super().claims(view)
        return wanted if self.action != "idle" else [claim for claim in wanted if claim.method == "refund"]

    def beliefs(self) -> dict[str, float | str]:
        """What it does, and what it believes that each action earns a wake-up."""
        return {"action": self.action, **{f"{action}, wei": value for action, value in self.values().items()}}

    # -- learning ----------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, float]:
        """Wei that each action is believed to earn a wake-up."""
        cost = self.settings.effort_cost + self.fee
        contributing = {action: gain - cost + self.income for action, gain in self.gain.items()}
        return {**contributing, "report_only": self.income, "idle": 0.0}

    def on_receipt(self, receipt: Receipt) -> None:
        """What became of its contributions and claims."""
        method = receipt.transaction.method
        if method in ADDITIONS:
            self.fee += self.memory * (receipt.fee - self.fee)
            if receipt.ok:
                record, deposit = receipt.logs[-1].data
                self._open[record] = self._contributes_as, deposit
            return
        self._taken -= receipt.fee
        if receipt.ok and method in ("refund", "report"):
            record, amount = receipt.logs[-1].data
            if method == "report":
                self._taken += amount
            elif record in self._open:
                self._learn(record, amount)

    def _learn(self, record: Record, refunded: Wei) -> None:
        """A contribution is closed: so much of its deposit came back."""
        action, deposit = self._open.pop(record)
        self.gain[action] += self.memory * (refunded - deposit - self.gain[action])

    def _choice(self) -> str:
        values, draw = self.values(), self._chance()
        if self.rule == "epsilon_greedy":
            if draw < self.epsilon:
                return ACTIONS[int(draw / self.epsilon * len(ACTIONS))]
            return max(ACTIONS, key=values.__getitem__)
        best = max(values.values())
        weights = [math.exp((values[action] - best) / self.temperature) for action in ACTIONS]
        aim, total = draw * math.fsum(weights), 0.0
        for action, weight in zip(ACTIONS, weights, strict=True):
            total += weight
            if aim < total:
                return action
        return ACTIONS[-1]
