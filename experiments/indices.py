r"""Two numbers that say, before a run, which constraint is near.

Deposits change what a model learns only through who can and will still pay. With k the price scale (60 w units, 3600 w
in the profile ``solidity``), :math:`\Lambda` contributions per second if everyone added at each wake-up, and
:math:`\lambda` those of one address:

* price index :math:`k\sqrt{\pi\Lambda}` / willingness to pay: the mean deposit of a Poisson stream (B1) as a share
  of what somebody pays at most; near 1 and above, prices shut people out;
* capital index :math:`\lambda d t` / balance, with d the same mean deposit and t the refund window: the deposits an
  address has in the contract at a time as a share of its money; near 1 and above, wallets are empty.

A limit that does not exist gives index 0; a balance of 0 gives None.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from experiments.build import is_adversarial, is_contributor
from experiments.people import AgentGroup
from experiments.schema import Scenario
from mechanisms import Points, PredictionMarket
from sim.units import HOUR, to_units


class Index(NamedTuple):
    """Price and capital index, shares (1 is 100 %); None where undefined."""

    price: float | None
    capital: float | None


class Indices(NamedTuple):
    """The largest indices among honest groups (among all if none is honest), and those of each group."""

    price: float | None
    capital: float | None
    by_group: dict[str, Index]


def mean_deposit(scenario: Scenario) -> float:
    """The deposit, in units, that contributions would cost on average if everyone added at each wake-up.

    Of ``eip1559`` the price it starts at; multiples of the price, by what or by whom, are left aside.
    """
    mechanism = scenario.mechanism
    if mechanism.kind == Points.kind:
        return 0.0
    if mechanism.kind == PredictionMarket.kind:
        return 1.0
    policy = mechanism.deposit_rules(scenario.unit).price_policy
    if policy in ("fixed", "eip1559"):
        return to_units(mechanism.deposit.wei(scenario.unit), scenario.unit)
    rate = math.fsum(group.count / group.arrival.mean_gap for group in scenario.agents)
    if policy == "inv_linear":
        from scipy.special import exp1

        return HOUR * float(mechanism.cost_weight) * float(rate * exp1(rate) - math.expm1(-rate))
    scale = 3600 if mechanism.profile == "solidity" else 60
    return scale * float(mechanism.cost_weight) * math.sqrt(math.pi * rate)


def indices(scenario: Scenario) -> Indices:
    """Both indices of each group and of the honest."""
    by_group = {group.name: _index(scenario, group) for group in scenario.agents}
    honest = [
        by_group[group.name]
        for group in scenario.agents
        if is_contributor(group.kind) and not is_adversarial(group.kind)
    ]
    chosen = honest or list(by_group.values())
    return Indices(_largest(index.price for index in chosen), _largest(index.capital for index in chosen), by_group)


def _index(scenario: Scenario, group: AgentGroup) -> Index:
    deposit, unit = mean_deposit(scenario), scenario.unit
    limit = group.willingness_to_pay
    price = 0.0 if limit is None else deposit / to_units(limit.mean.wei(unit), unit)
    locked = deposit * scenario.mechanism.refund_window / group.arrival.mean_gap
    balance = to_units(group.balance.wei(unit), unit)
    return Index(price, locked / balance if balance else None)


def _largest(values) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) if known else None
