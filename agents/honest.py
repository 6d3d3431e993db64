"""The honest contributor: submits true labels, within human error, while taking part seems worth it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar

from agents.base import Draw, Participant, Traits
from agents.labels import check_share, uniform
from sim.chain.transaction import Receipt, Transaction
from sim.data.stream import Sample
from sim.errors import ConfigError
from sim.units import DAY, Gas, Seconds, Wei
from sim.view import View


class Honest(Participant):
    """Labels truthfully but for mistakes, and takes part the more surely the better the model is.

    Names: Good (Harris & Waggoner 2019, the reference simulation).

    =====================  =========  =================================================================================
    parameter              default    meaning
    =====================  =========  =================================================================================
    mistake_rate           0.0001     probability of a wrong label, 0 to 1
    participation_margin   0.15       takes part with probability min(1, published accuracy + this); None: always
    quit_loss              None       wei a day: it stops adding, for good, when its smoothed daily profit has been
                                      below minus this for ``quit_patience``; None: never
    quit_patience          7 days     seconds; also the time constant of the smoothing
    point_value            0          wei that a point is worth to it, less and less with each: n points are worth
                                      this times log(1 + n)
    =====================  =========  =================================================================================

    Profit for the quit rule is the change of balance plus deposits in the contract.

    Where the mechanism awards points it contributes only what is worth effort and fees to it: it expects the published
    share of correct answers, a, of its contributions to become points, so that the contribution after s others is worth
    ``point_value`` · log((1 + a(s + 1)) / (1 + a s)). Fees are that of adding and, with probability a, that of having
    it verified: as much gas as last time, or at first as adding. It has one verified if the point is worth that fee.
    """

    kind: ClassVar[str] = "honest"
    traits: ClassVar[Traits] = Traits(adversarial=False, stochastic=True)

    def __init__(
        self,
        *args: Any,
        mistake_rate: float = 1e-4,
        participation_margin: float | None = 0.15,
        quit_loss: Wei | None = None,
        quit_patience: Seconds = 7 * DAY,
        point_value: Wei = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        check_share("mistake_rate", mistake_rate)
        if point_value < 0:
            raise ConfigError(f"point_value is {point_value} wei; it must be 0 or more.")
        self.mistake_rate = mistake_rate
        self.participation_margin = participation_margin
        self.quit_rule = _QuitRule(quit_loss, quit_patience, self.balance_at_start) if quit_loss is not None else None
        self.has_quit = False
        self.point_value = point_value
        self._for_points: bool = self.model.trainer.mechanism.awards_points
        self._gas_to_verify: Gas = 0  # of the last contribution it had verified
        self._runs = self._runs_of_labels()
        self._right_ahead, self._mistake_next = 0, False

    @cached_property  # like the next one, not of a crowd who need none
    def _other_label(self) -> Draw:
        return self.draws("wrong labels", uniform)

    @cached_property
    def _participation(self) -> Draw:
        return self.draws("participation", uniform)

    def choose_label(self, sample: Sample) -> int:
        """The true label, or by mistake another one."""
        if self._right_ahead:
            self._right_ahead -= 1
            return sample.label
        if not self._mistake_next:
            self._right_ahead, self._mistake_next = next(self._runs)
            return self.choose_label(sample)
        self._mistake_next = False
        return self.wrong_label(sample)

    def wrong_label(self, sample: Sample) -> int:
        """Any label but the true one."""
        others = sample.n_classes - 1
        return (sample.label + 1 + int(self._other_label() * others)) % sample.n_classes

    def _runs_of_labels(self) -> Iterator[tuple[int, bool]]:
        """How many labels are right, one draw for each, and whether there is a mistake after them.

        A mistake is seldom: to know so many draws ahead is quicker than to look at each in its turn.
        """
        for block in self.streams.blocks("labels", self.name, uniform):
            first = 0
            for place, draw in enumerate(block):
                if draw < self.mistake_rate:
                    yield place - first, True
                    first = place + 1
            yield len(block) - first, False

    def participates(self, view: View) -> bool:
        """Not after quitting, nor for a point not worth the effort; the more surely the more accurate the model is."""
        margin = self.participation_margin
        willing = margin is None or self._participation() < view.accuracy + margin
        if self.quit_rule is not None and not self.has_quit:
            self.has_quit = self.quit_rule.decides(view.now, view.balance + self.statement.locked)
        return willing and not self.has_quit and (not self._for_points or self._gain(view) >= 0)

    def on_receipt(self, receipt: Receipt) -> None:
        """What it takes to have a contribution verified."""
        if self._for_points and receipt.ok and receipt.transaction.method == "refund":
            self._gas_to_verify = receipt.gas_used

    def utility(self) -> float:
        """What its points are worth to it."""
        return self.point_value * math.log1p(self.statement.refunded) if self._for_points else 0.0

    def can_add(self, lowest_quote: Wei, balance: Wei) -> bool:
        """Not after quitting."""
        return not self.has_quit and super().can_add(lowest_quote, balance)

    def _gain(self, view: View) -> float:
        """Wei it expects of another contribution, beside fees: what the point it may become is worth, less effort."""
        share, added = view.accuracy, self.statement.submitted
        expected = math.log((1 + share * (added + 1)) / (1 + share * added))
        return self.point_value * expected - self.settings.effort_cost

    def _worth_its_fee(self, view: View, addition: Transaction, most: float) -> Sequence[Transaction]:
        additions = super()._worth_its_fee(view, addition, most)
        if additions and self._for_points:
            to_add = additions[0].gas_limit
            gas = to_add + view.accuracy * (self._gas_to_verify or to_add)
            if gas * view.gas_price > self._gain(view):
                self.statement.rejected_declined += 1
                return ()
        return additions

    def _reward(self, view: View, claim: Transaction, before: int) -> Wei:
        reward = super()._reward(view, claim, before)
        if self._for_points and claim.method == "refund":
            points = view.standing + before  # refunds come first
            reward += int(self.point_value * math.log((2 + points) / (1 + points)))
        return reward


class _QuitRule:
    """Gives up when the smoothed daily profit has stayed below ``-loss`` for ``patience`` seconds."""

    def __init__(self, loss: Wei, patience: Seconds, wealth: Wei) -> None:
        self.loss, self.patience = loss, max(patience, DAY)
        self._day, self._wealth, self._profit = 0, wealth, 0.0
        self._below_since: Seconds | None = None

    def decides(self, now: Seconds, wealth: Wei) -> bool:
        """Look at the wealth; once a day it enters the average. The answer is whether to quit now."""
        days = now // DAY - self._day
        if days:
            weight = 1 - (1 - DAY / self.patience) ** days
            self._profit += weight * ((wealth - self._wealth) / days - self._profit)
            self._day, self._wealth = now // DAY, wealth
            if self._profit >= -self.loss:
                self._below_since = None
            elif self._below_since is None:
                self._below_since = now
        return self._below_since is not None and now - self._below_since >= self.patience
