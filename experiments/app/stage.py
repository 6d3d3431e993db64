"""One economy on stage: built from a scenario, advanced in small steps, and photographed for charts."""

from __future__ import annotations

import time
from dataclasses import dataclass

from experiments.app.chronicle import Chronicle, Flow
from experiments.build import baseline_accuracy, build, is_adversarial, is_provider
from experiments.result import Result
from experiments.runner import result_of
from experiments.schema import Scenario
from experiments.story import story
from sim.actor import Actor
from sim.recorder import Snapshot
from sim.statement import Statement
from sim.units import DAY, HOUR, MINUTE, Seconds, to_units

_IN_WEI = ", wei"
MOST_POINTS = 400
"""A line in a chart has at most about so many points, and so has each group's cloud of deposits."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the deposits of a group, in units: ``other`` is what it took back after all, or lost in a market.

    ``deposited == returned + taken + locked + other``.
    """

    deposited: float
    returned: float
    taken: float
    locked: float

    @property
    def other(self) -> float:
        """What is neither returned, nor taken by others, nor locked."""
        return max(0.0, self.deposited - self.returned - self.taken - self.locked)


@dataclass(frozen=True, slots=True)
class GroupFrame:
    """A group at one moment. Money is units; lines are pairs of day and units.

    ``willingness`` is mean and standard deviation of the most it pays, None without limit.
    """

    name: str
    kind: str
    adversarial: bool
    provides: bool
    count: int
    start: float
    balance: float
    submitted: int
    refunded: int
    willingness: tuple[float, float] | None
    balances: list[tuple[float, float]]
    deposits: list[tuple[float, float]]
    fate: Fate

    @property
    def profit(self) -> float:
        """Balance less what it began with; deposits still locked are not in it."""
        return self.balance - self.start


@dataclass(frozen=True, slots=True)
class Frame:
    """An economy at one moment, all that charts and numbers on a page need. Accuracies are shares in [0, 1]."""

    day: float
    horizon: float
    ended: str
    accuracy: float
    initial: float
    baseline: float
    accepted: int
    offered: int
    price: float | None
    fees: float
    accuracies: list[tuple[float, float]]
    groups: list[GroupFrame]
    flows: list[Flow]

    def total(self, field: str, adversarial: bool) -> float:
        """The sum of a number of `GroupFrame`, such as ``profit``, over all honest groups, or over all adversaries."""
        mine = [group for group in self.groups if group.adversarial is adversarial and not group.provides]
        return sum(getattr(group, field) for group in mine)

    def metric(self, name: str) -> float:
        """A number that stories ask for, by its name in `METRICS`."""
        return float(METRICS[name](self))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


METRICS = {
    "accuracy": lambda frame: frame.accuracy,
    "accuracy_gained": lambda frame: frame.accuracy - frame.initial,
    "honest_profit_share": lambda frame: _share(frame.total("profit", False), frame.total("start", False)),
    "adversary_profit_share": lambda frame: _share(frame.total("profit", True), frame.total("start", True)),
    "fees_share": lambda frame: _share(frame.fees, frame.total("start", False) + frame.total("start", True)),
    "accepted_share": lambda frame: _share(frame.accepted, frame.offered),
    "lies_refunded": lambda frame: _share(frame.total("refunded", True), frame.total("submitted", True)),
}
"""What a story can ask for: shares of the money at the start, accuracy in [0, 1], or shares of contributions."""


class Stage:
    """An economy that can be advanced and looked at. Raises `ConfigError` when its scenario cannot be built."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.baseline = baseline_accuracy(scenario)
        self.economy = build(scenario)
        self.offered = self.economy.stream.remaining
        self.chronicle = Chronicle(self.economy, scenario.unit)
        self._slice: Seconds = HOUR

    @property
    def now(self) -> Seconds:
        """The second up to which everybody has acted; where the economy has ended, the last of its life."""
        return self.economy.ended_at if self.economy.ended else self.economy.reached

    def advance(self, until: Seconds, budget: float) -> bool:
        """Advance towards a moment for about ``budget`` seconds of real time; whether it is there, or at its end."""
        economy, deadline = self.economy, time.perf_counter() + budget
        while not economy.ended and economy.reached < min(until, self.scenario.horizon):
            began = time.perf_counter()
            if began >= deadline:
                return False
            economy.advance(min(until, economy.reached + self._slice))
            took = time.perf_counter() - began
            if took > budget / 4:
                self._slice = max(MINUTE, self._slice // 2)
            elif took < budget / 16:
                self._slice = min(30 * DAY, self._slice * 2)
        return True

    def result(self) -> Result:
        """The run as it is now, as `experiments.run` gives it at the end."""
        return result_of(self.scenario, self.economy, self.baseline)

    def story(self) -> list[str]:
        """The run told in three sentences; none before it has ended."""
        return story(self.result()) if self.economy.ended else []

    def statement(self, address: str) -> list[tuple[str, str]]:
        """One address's account in sums, and what it believes: label and value of each line."""
        actor, unit = self.economy.actors[address], self.scenario.unit
        account: Statement = actor.statement
        balance = self.economy.chain.ledger.balance(address)

        def units(wei: int) -> str:
            return f"{to_units(wei, unit):,.2f}"

        return [
            ("at the start", units(actor.balance_at_start)),
            ("in the wallet", units(balance)),
            ("deposits in the contract", units(account.locked)),
            (f"deposited, {account.submitted:,} times", units(account.deposited)),
            (f"came back, {account.refunded:,} times", units(account.refunded_value)),
            (f"taken from others, {account.reported + account.expired:,} times",
             units(account.reported_value + account.expired_value)),
            ("lost to others", units(account.taken_from)),
            ("spent on gas", units(account.fees)),
            ("too dear to contribute", f"{account.rejected_price:,} times"),
            ("wallet too small", f"{account.rejected_wallet:,} times"),
            *((f"believes: {name}", value) for name, value in self._beliefs(actor)),
        ]  # fmt: skip

    def _beliefs(self, actor: Actor) -> list[tuple[str, str]]:
        """What an address believes, money in units."""
        told = []
        for name, value in actor.beliefs().items():
            if isinstance(value, str):
                told.append((name, value))
            elif name.endswith(_IN_WEI):
                told.append((name.removesuffix(_IN_WEI), f"{value / self.scenario.unit:,.4g}"))
            else:
                told.append((name, f"{value:,.4g}"))
        return told

    # -- photographs -------------------------------------------------------------------------------------------------

    def frame(self) -> Frame:
        """The economy as it is now."""
        economy, unit = self.economy, self.scenario.unit
        snapshots = economy.recorder.snapshots
        kept = _thinned(snapshots)
        now, accuracy = self.now / DAY, economy.accuracy()
        live = bool(snapshots) and snapshots[-1].time < self.now
        line = [(row.time / DAY, row.accuracy) for row in kept]
        price = snapshots[-1].price if snapshots else None
        return Frame(
            day=now,
            horizon=self.scenario.horizon / DAY,
            ended=economy.ended,
            accuracy=accuracy,
            initial=economy.initial_accuracy,
            baseline=self.baseline,
            accepted=len(economy.recorder.added),
            offered=self.offered,
            price=None if price is None else to_units(price, unit),
            fees=to_units(sum(actor.statement.fees for actor in economy.actors.values()), unit),
            accuracies=[*line, (now, accuracy)] if live else line,
            groups=[self._group_frame(number, name, kept, live) for number, name in enumerate(economy.recorder.groups)],
            flows=self.chronicle.flows(),
        )

    def _group_frame(self, number: int, name: str, kept: list[Snapshot], live: bool) -> GroupFrame:
        economy, unit, group = self.economy, self.scenario.unit, self.scenario.group(name)
        members = [actor for actor in economy.actors.values() if actor.group == name]
        balance = to_units(sum(economy.chain.ledger.balance(actor.address) for actor in members), unit)
        line = [(row.time / DAY, to_units(row.balances[number], unit)) for row in kept]
        limit = group.willingness_to_pay
        mine = [row for row in economy.recorder.added if row.group == number and row.deposit]

        def total(field: str) -> float:
            return to_units(sum(getattr(actor.statement, field) for actor in members), unit)

        return GroupFrame(
            name=name,
            kind=group.kind,
            adversarial=is_adversarial(group.kind),
            provides=is_provider(group.kind),
            count=len(members),
            start=to_units(sum(actor.balance_at_start for actor in members), unit),
            balance=balance,
            submitted=sum(actor.statement.submitted for actor in members),
            refunded=sum(actor.statement.refunded for actor in members),
            willingness=None
            if limit is None
            else (to_units(limit.mean.wei(unit), unit), to_units(limit.sd.wei(unit), unit)),
            balances=[*line, (self.now / DAY, balance)] if live else line,
            deposits=[(row.time / DAY, to_units(row.deposit, unit)) for row in _thinned(mine)],
            fate=_fate(total("deposited"), total("refunded_value"), total("taken_from"), total("locked")),
        )


def _fate(deposited: float, returned: float, taken: float, locked: float) -> Fate:
    """Of what came back only what had been deposited: a market also pays what others lost, and the bounty."""
    return Fate(deposited, min(returned, deposited - taken - locked), taken, locked)


def _thinned(rows: list) -> list:
    """Every so many-th row, so that not many more than `MOST_POINTS` remain, and the last one."""
    every = 1 + len(rows) // MOST_POINTS
    return rows[::every] if every == 1 or not rows or (len(rows) - 1) % every == 0 else [*rows[::every], rows[-1]]
