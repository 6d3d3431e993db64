"""The closed forms, from their definitions: nothing here asks the simulator anything.

Rates are per second, deposits in units. Clocks are memoryless in whole seconds: in each second an address wakes up with
probability p = 1 / mean gap, whatever happened before, so the number of adds and the waits are known exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Price = Callable[[int], float]
"""The deposit in units, by the seconds since the last contribution."""


# -- B1: deposits ----------------------------------------------------------------------------------------------------


def corrected_price(weight: float) -> Price:
    """60 w / sqrt(max(1, T)); its floor to a wei is not seen in units."""
    return lambda elapsed: 60 * weight / math.sqrt(max(1, elapsed))


def reference_price(weight: float) -> Price:
    """max(1, int(60 w / int(sqrt(T)))); T = 0 is refused, so it is never asked."""
    return lambda elapsed: max(1, int(weight * 60 / int(math.sqrt(elapsed))))


def solidity_price(weight: float) -> Price:
    """3600 w / int(sqrt(T)), and 3600 w within the same second."""
    return lambda elapsed: 3600 * weight / max(1, int(math.sqrt(elapsed)))


def any_in_a_second(gaps: Sequence[int]) -> float:
    """Probability that at least one of the addresses with these mean gaps wakes up in a given second."""
    return 1 - math.prod(1 - 1 / gap for gap in gaps)


def mean_deposit_poisson(price: Price, gaps: Sequence[int], same_second_refused: bool = False) -> float:
    """E[d] when every wake-up adds: the integer rule summed over the geometric gap of the merged clocks.

    Several addresses may wake up within one second. All but the first of them find a gap of 0.
    """
    busy, adds = any_in_a_second(gaps), sum(1 / gap for gap in gaps)
    first, chance, left = 0.0, busy, 1.0
    elapsed = 0
    while left > 1e-12:
        elapsed += 1
        first += chance * price(elapsed)
        left -= chance
        chance *= 1 - busy
    if same_second_refused:
        return first
    return (busy * first + (adds - busy) * price(0)) / adds


def mean_deposit_uniform(price: Price, longest: int) -> float:
    """E[d] for gaps uniform on 1 .. ``longest``."""
    return sum(price(elapsed) for elapsed in range(1, longest + 1)) / longest


def deposits_until(price: Price, gaps: Sequence[int], seconds: int) -> float:
    """E[sum of the deposits paid in seconds 1 .. ``seconds``], the contract being deployed in second 0.

    An add in second s looks back to the last busy second, or to the deployment if there was none.
    """
    busy, adds = any_in_a_second(gaps), sum(1 / gap for gap in gaps)
    sum_, looked_back, quiet = 0.0, 0.0, 1.0  # quiet: no add in seconds 1 .. s - 1
    for second in range(1, seconds + 1):
        sum_ += looked_back + quiet * price(second)
        looked_back += quiet * busy * price(second)
        quiet *= 1 - busy
    return busy * sum_ + (adds - busy) * price(0) * seconds


# -- B2 and B3: refunds and standing ---------------------------------------------------------------------------------


def refunded_share(accuracy: float, honest: bool, n_classes: int = 2) -> float:
    """B2: a frozen model of this accuracy agrees with a true label, or with one certain false label."""
    return accuracy if honest else (1 - accuracy) / (n_classes - 1)


def verified_share(mine: float, my_refunded: float, theirs: float, their_refunded: float) -> float:
    """B3: S = lambda rho / sum of lambda rho, with rates of adding and shares refunded by count."""
    return mine * my_refunded / (mine * my_refunded + theirs * their_refunded)


# -- B4: the fate of a failed deposit --------------------------------------------------------------------------------


def reporters_part(reporter: str, adds: Mapping[str, float], refunded: Mapping[str, float], records: range) -> float:
    """B4 with the order of claims: the mean part of a failed deposit that one reporter takes.

    It takes n_r / N. Since it refunds its own before it reports, its own standing is up to date, while every other
    address j lags by what matured since its last wake-up, one add's worth: rho_j on average. So N is short by the sum
    of those, and the share is S_r (1 + sum of rho_j / N). N is the verified part of the records before this one; the
    mean is over the numbers of the ``records`` looked at.
    """
    verified = {who: adds[who] * refunded[who] for who in adds}
    lag = sum(rho for who, rho in refunded.items() if who != reporter)
    inverse_n = sum(1 / number for number in records) / len(records) * sum(adds.values()) / sum(verified.values())
    return verified[reporter] / sum(verified.values()) * (1 + lag * inverse_n)


# -- B5: what bad data cost ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """One side of an economy: ``addresses`` that together add, and poll for claims, at these rates."""

    adds: float
    refunded: float
    deposit: float
    polls: float
    addresses: int = 1


def loss_two_addresses(good: Side, bad: Side) -> float:
    """B5 as it stands: net loss of the adversary for each of its contributions.

    Its own failed deposits are lost but for the verified share S_b that no reporter gets, if it is the first caller
    (p_b). From the honest's failed deposits it takes S_b as a reporter, and S_g as the first caller. Rates of adding
    make the shares, rates of polling the first caller.
    """
    s_g = verified_share(good.adds, good.refunded, bad.adds, bad.refunded)
    s_b, p_b = 1 - s_g, bad.polls / (bad.polls + good.polls)
    lost = bad.deposit * (1 - bad.refunded) * (1 - (1 - s_g) * p_b)
    won = good.adds / bad.adds * good.deposit * (1 - good.refunded) * (s_b + (1 - s_b) * p_b)
    return lost - won


def loss_many_addresses(good: Side, bad: Side) -> float:
    """B5': the limit of many addresses on both sides and one deposit for all."""
    weight = good.adds * good.refunded + bad.adds * bad.refunded
    return bad.deposit * good.adds * (good.refunded - bad.refunded) / weight


def loss_some_addresses(good: Side, bad: Side) -> float:
    """Between B5 and B5': m_g and m_b equal addresses.

    Only the owner of a failed deposit cannot report it, so its own share s = S / m is what waits for the first caller:
    the adversaries lose (1 - rho_b) (S_g + s_b (1 - p_b)) of a deposit of theirs and win (1 - rho_g) (S_b + s_g p_b) of
    an honest one.
    """
    s_g = verified_share(good.adds, good.refunded, bad.adds, bad.refunded)
    s_b, p_b = 1 - s_g, bad.polls / (bad.polls + good.polls)
    lost = bad.deposit * (1 - bad.refunded) * (s_g + s_b / bad.addresses * (1 - p_b))
    won = good.deposit * (1 - good.refunded) * (s_b + s_g / good.addresses * p_b)
    return lost - good.adds / bad.adds * won


# -- B8: working capital ---------------------------------------------------------------------------------------------


def mean_lock(good: Side, bad: Side, window: int, any_claim: int) -> float:
    """E[seconds a deposit of the honest side is locked, weighted by the part still locked].

    A refund comes at the owner's first poll after t. Of a failed deposit each reporter takes its share at its own first
    poll after t, and the owner's share goes at anyone's first poll after t_a.
    """
    s_g = verified_share(good.adds, good.refunded, bad.adds, bad.refunded)
    own_poll = good.addresses / good.polls - 1
    their_poll = bad.addresses / bad.polls - 1
    anyone = 1 / (good.polls + bad.polls) - 1
    s_owner = s_g / good.addresses
    refund = window + own_poll
    failed = (s_g - s_owner) * (window + own_poll) + (1 - s_g) * (window + their_poll) + s_owner * (any_claim + anyone)
    return good.refunded * refund + (1 - good.refunded) * failed


def mean_lock_prompt(good: Side, bad: Side, window: int, any_claim: int) -> float:
    """B8 as it stands, t + (1 - rho) (E[claim time] - t), for an owner with all of the honest standing; no waiting."""
    s_g = verified_share(good.adds, good.refunded, bad.adds, bad.refunded)
    return window + (1 - good.refunded) * s_g / good.addresses * (any_claim - window)
