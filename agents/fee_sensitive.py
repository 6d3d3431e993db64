"""The fee-sensitive contributor: honest, but not at a price of gas that eats what it expects to earn."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.base import Traits
from agents.honest import Honest
from agents.labels import check_at_least
from sim.chain.transaction import ADDITIONS, Receipt
from sim.units import DEFAULT_UNIT, Wei
from sim.view import View


class FeeSensitive(Honest):
    r"""Submits true labels when a contribution is expected to earn more than the fee of adding it, and else waits.

    Names: marginal contributor. What it expects of a contribution, before that fee, is
    :math:`(n_0\pi_0 + \Pi)/(n_0 + n)`: a belief :math:`\pi_0` it comes with, worth :math:`n_0` contributions, and what
    its n contributions brought, deposits in the contract counted as its own. It labels and takes part as `Honest` does.

    ====================  ===========  ================================================================================
    parameter             default      meaning
    ====================  ===========  ================================================================================
    expected_profit       1 unit       π₀, wei a contribution is expected to earn at first
    prior_weight          10           n₀, how many own contributions that belief is worth, 1 or more
    mistake_rate          0.0001       probability of a wrong label, 0 to 1
    participation_margin  0.15         takes part with probability min(1, published accuracy + this); None: always
    ====================  ===========  ================================================================================
    """

    kind: ClassVar[str] = "fee_sensitive"
    traits: ClassVar[Traits] = Traits(adversarial=False, stochastic=True, adaptive=True)

    def __init__(
        self,
        *args: Any,
        expected_profit: Wei = DEFAULT_UNIT,
        prior_weight: int = 10,
        mistake_rate: float = 1e-4,
        participation_margin: float | None = 0.15,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, mistake_rate=mistake_rate, participation_margin=participation_margin, **kwargs)
        check_at_least("prior_weight", prior_weight, 1)
        self.expected_profit, self.prior_weight = expected_profit, prior_weight
        self.expects: Wei = expected_profit
        """Wei that it believes a contribution earns, before the fee of adding it."""
        self._fees_of_adding: Wei = 0

    def participates(self, view: View) -> bool:
        """As an honest contributor does, if gas is free or cheap enough."""
        takes_part, sample = super().participates(view), view.sample
        if not view.gas_price or sample is None:
            return takes_part
        statement = self.statement
        earned = view.balance + statement.locked + self._fees_of_adding - statement.start_balance
        prior = self.prior_weight * self.expected_profit
        self.expects = (prior + earned) // (self.prior_weight + statement.submitted)
        cost = view.quote(sample.data, sample.label) if takes_part else None
        if cost is None or cost > view.balance:
            return takes_part
        return self.expects > self.priced(view, view.add(sample.data, sample.label, cost))[1]

    def on_receipt(self, receipt: Receipt) -> None:
        """Note what adding cost."""
        super().on_receipt(receipt)
        if receipt.transaction.method in ADDITIONS:
            self._fees_of_adding += receipt.fee

    def beliefs(self) -> dict[str, float | str]:
        """What it expects a contribution to earn."""
        return {"expected profit, wei": float(self.expects)}
