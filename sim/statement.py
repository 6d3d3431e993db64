"""What became of one participant: the running account that tables and profits are made from."""

from __future__ import annotations

from dataclasses import dataclass

from sim.units import YEAR, Seconds, Wei


@dataclass(slots=True)
class Statement:
    """Counts and wei of one address since the start.

    ``locked`` are its deposits still in the contract; ``wei_times_time`` adds up every change of them times the second
    of it. ``rejected_*`` count the samples it could have added and did
    not: because the price was above its willingness to pay, the wallet too small, gas above its ceiling (or more of it
    needed than a block has), or it declined to take part; ``refused`` counts adds the contract reverted,
    ``dropped`` transactions that could not be paid for when their block came, or still waited for one at the end.
    ``taken_from`` is what others got of its deposits, ``burned`` what nobody got. ``lost_to_reports``,
    ``lost_to_owner`` and ``lost_late`` say how deposits went that were not refunded: within the window, by the owner's
    earlier claim, or after t_a to anyone, itself included.
    ``predictions`` are those it asked for, ``predictions_right`` the right ones, ``predictions_paid`` what others were
    paid for them; ``predictions_earned`` is its own part of what callers paid.
    """

    start_balance: Wei
    # First what nearly every contribution changes: in a crowd every cache line counts.
    submitted: int = 0
    deposited: Wei = 0
    locked: Wei = 0
    wei_times_time: int = 0
    taken_from: Wei = 0
    lost_to_reports: Wei = 0
    lost_late: Wei = 0
    refunded: int = 0
    refunded_value: Wei = 0
    crumbs: int = 0
    reported: int = 0
    reported_value: Wei = 0
    expired: int = 0
    expired_value: Wei = 0
    burned: Wei = 0
    lost_to_owner: Wei = 0
    fees: Wei = 0
    rejected_price: int = 0
    rejected_wallet: int = 0
    rejected_gas: int = 0
    rejected_declined: int = 0
    refused: int = 0
    dropped: int = 0
    predictions: int = 0
    predictions_right: int = 0
    predictions_paid: Wei = 0
    predictions_earned: Wei = 0

    def lock(self, amount: Wei, now: Seconds) -> None:
        """Deposits of ``amount`` more wei (fewer, if negative) are in the contract from now on."""
        self.locked += amount
        self.wei_times_time += amount * now

    def locked_wei_seconds(self, now: Seconds) -> int:
        """The sum over all deposits until now: wei times the seconds they were in the contract."""
        return self.locked * now - self.wei_times_time

    def cost_of_capital(self, rate_per_year: float, now: Seconds) -> float:
        """Wei that the locked deposits would have earned elsewhere at a yearly rate (0.05 is 5 %)."""
        return rate_per_year * self.locked_wei_seconds(now) / YEAR
