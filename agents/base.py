"""The base of all participants: a wallet, a clock of its own, a willingness to pay, and a habit of claiming.

A behaviour is a subclass that says how it labels a sample (`Participant.choose_label`) and, if it likes, when it takes
part (`Participant.participates`). Everything else is settings.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import mesa
import numpy as np

from agents.promises import Promises
from sim.chain.transaction import Receipt, Transaction
from sim.data.stream import Sample
from sim.errors import ConfigError
from sim.features import Data
from sim.rng import Sampler, Streams
from sim.statement import Statement
from sim.units import HOUR, Gas, Seconds, Wei
from sim.view import Sight, View

if TYPE_CHECKING:
    from sim.economy import Economy

Draw = Callable[[], float]

_SAMPLERS_KEPT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits(Sight):
    """What kind of participant a behaviour is; checked by playing, see `agents.checks.check_agent`.

    What it looks at (``sees_log``, ``sees_model``, ``sees_mempool``) is told in `Sight`; nothing else is shown to it.
    """

    adversarial: bool
    """Whether it may submit labels that it knows or ought to know to be false."""
    stochastic: bool = False
    """Whether it acts by chance, beside when it wakes up and what it is willing to pay."""
    provides: bool = False
    """Whether it pays for contributions, so that it counts neither as an honest contributor nor as an adversary."""
    contributes: bool = True
    """Whether it adds contributions: who does not counts neither as an honest contributor nor as an adversary."""
    reports: bool = True
    """Whether it reports contributions of others that the model disagrees with, unless its settings forbid it."""
    pays_for_predictions: bool = False
    """Whether it asks the model for predictions and pays for them."""
    adaptive: bool = False
    """Whether what it does depends on what became of what it did before."""
    coordinated: bool = False
    """Whether several addresses act as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every participant has, whatever its behaviour. Raises `ConfigError` for values out of range.

    =================  ==========  ====================================================================================
    setting            default     meaning
    =================  ==========  ====================================================================================
    balance            0           wei at the start
    willingness_mean   no limit    most wei it pays for a sample, deposit and fee: drawn anew for each sample from a
                                   normal distribution
    willingness_sd     0           its standard deviation, wei; draws of 0 or less are drawn again
    most_gas_price     None        wei per gas above which it waits: it adds nothing and claims nothing; None: no limit
    tip                0           wei per gas it adds to the market's price so as to come first in a block
    arrival            poisson     ``poisson``: memoryless gaps; ``normal``: normal gaps, as in the reference
    mean_gap           3,600       mean seconds between wake-ups
    gap_sd             1           standard deviation of normal gaps, seconds; gaps below 1 s are drawn again
    refunds            True        claims own deposits the model agrees with
    reports            True        reports contributions of others the model disagrees with
    most_disputes      None        looks at no more than this many disputes per wake-up, the newest
    takes_expired      True        takes what is left of expired deposits; an owner, also by its earlier claim
    effort_cost        0           wei of effort for each sample submitted
    capital_cost       0           yearly return that locked deposits forgo (0.05 is 5 %)
    outside_value      0           wei gained elsewhere for each accuracy point destroyed
    =================  ==========  ====================================================================================

    Whom it claims from: ``reports`` = False keeps it to its own deposits, ``most_disputes`` = k to these and the newest
    k disputes since it last looked. Where gas costs money a claim is sent only if it pays more than its fee.
    """

    balance: Wei = 0
    willingness_mean: Wei | None = None
    willingness_sd: Wei = 0
    most_gas_price: Wei | None = None
    tip: Wei = 0
    arrival: str = "poisson"
    mean_gap: Seconds = HOUR
    gap_sd: Seconds = 1
    refunds: bool = True
    reports: bool = True
    most_disputes: int | None = None
    takes_expired: bool = True
    effort_cost: Wei = 0
    capital_cost: float = 0.0
    outside_value: Wei = 0

    def __post_init__(self) -> None:
        for field in ("balance", "willingness_sd", "tip", "gap_sd", "effort_cost", "capital_cost", "outside_value"):
            if getattr(self, field) < 0:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be 0 or more.")
        if self.mean_gap < 1:
            raise ConfigError(f"mean_gap is {self.mean_gap} s; it must be at least 1 s.")
        if self.willingness_mean is not None and self.willingness_mean <= 0:
            raise ConfigError(f"willingness_to_pay is {self.willingness_mean} wei; it must be above 0.")
        if self.most_gas_price is not None and self.most_gas_price < 0:
            raise ConfigError(f"most_gas_price is {self.most_gas_price} wei; it must be 0 or more.")
        if self.arrival not in ("poisson", "normal"):
            raise ConfigError(f"arrival is {self.arrival!r}; choose one of poisson, normal.")


class Participant(mesa.Agent):
    """An address with a behaviour.

    Parameters
    ----------
    economy : the Mesa model it lives in; joining it is the caller's business
    name : unique; also its address and the key of its random streams
    group : participants of one group are reported together
    settings : see `Settings`
    streams : the run's random streams
    """

    kind: ClassVar[str]
    """The word for this behaviour in a config."""

    traits: ClassVar[Traits]

    def __init__(self, economy: Economy, name: str, settings: Settings, streams: Streams, group: str = "") -> None:
        super().__init__(economy)
        self.name = self.address = name
        self.group = group or name
        self.settings = settings
        self.balance_at_start = settings.balance
        self.statement = Statement(settings.balance)
        self.streams = streams
        self.tip = settings.tip
        """Wei per gas that it now adds to the market's price."""
        self._promises: Promises | None = None
        self._disputes_seen = 0
        self._gas_of_claims: dict[Transaction, tuple[Gas, Wei]] = {}
        self._gap = self._gap_draws(settings)
        self._willingness = self._willingness_draws(settings)

    # -- behaviour ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def choose_label(self, sample: Sample) -> int:
        """The label to submit a sample under. Called once a wake-up, whether or not the sample is then sent."""

    def choose(self, view: View, sample: Sample) -> tuple[Data, int]:
        """What to submit and under which label, called once a wake-up: the sample on offer, by `choose_label`.

        Whoever submits something else leaves the sample on offer to others.
        """
        return sample.data, self.choose_label(sample)

    def participates(self, view: View) -> bool:
        """Whether it takes part at this wake-up; called once for each."""
        return True

    def act(self, view: View) -> Sequence[Transaction]:
        """Submit the sample on offer if it takes part, the price is right and the wallet allows.

        Where contributions must be committed to, reveal what was committed to before, and commit to another.
        """
        if view.must_commit:
            self._promises = self._promises or Promises(self)
            return self._promises.act(view)
        wish = self.wish(view)
        if wish is None:
            return ()
        data, label, cost, most = wish
        return self.afforded(view, view.add(data, label, cost), most)

    def wish(self, view: View) -> tuple[Data, int, Wei, float] | None:
        """What it would submit now if it takes part: data, label, the deposit and the most that may cost, in wei."""
        sample = view.sample
        if sample is None:
            return None
        # All draws are made whatever is decided, so that a change of prices shifts nobody's random numbers.
        takes_part, (data, label), most = self.participates(view), self.choose(view, sample), self._willingness()
        statement = self.statement
        if not takes_part:
            statement.rejected_declined += 1
            return None
        cost = view.quote(data, label)
        if cost is None or cost > most:
            statement.rejected_price += 1
            return None
        if cost > view.balance:
            statement.rejected_wallet += 1
            return None
        return data, label, cost, most

    def claims(self, view: View) -> Sequence[Transaction]:
        """Own refunds, reports of others, expired deposits, an owner's claims, in this order; each only if worth it."""
        settings = self.settings
        gas_price = view.gas_price + self.tip
        if gas_price and self._too_dear(gas_price):
            return ()
        wanted = []
        if settings.refunds and (records := view.refundable()):
            wanted = [view.refund(record) for record in records]
        # Without standing a report is refused. A refund sent first may earn it, but where gas costs money nothing is
        # sent on a maybe: the disputes stay unread until the next wake-up.
        if (
            view.disputes_logged > self._disputes_seen
            and settings.reports
            and (view.standing or (wanted and not gas_price))
        ):
            disputes, self._disputes_seen = view.disputed(self._disputes_seen, settings.most_disputes)
            if disputes:
                wanted += [view.report(record) for record in disputes]
        if view.anything_late and settings.takes_expired:
            wanted += [view.report(record) for record in [*view.expired(), *view.owned()]]
        ready = wanted if not gas_price else self._worth_their_fee(view, wanted)
        return [*ready, *self._remedy(view)] if view.ageless else ready

    def on_receipt(self, receipt: Receipt) -> None:
        """What became of a transaction; a behaviour that learns from its results overrides this."""

    def beliefs(self) -> Mapping[str, float | str]:
        """What it believes about the world, for display: short names with numbers or texts. By default nothing.

        The name of an amount of money ends in ``, wei``.
        """
        return {}

    # -- what the economy asks ---------------------------------------------------------------------------------------

    def first_gap(self) -> Seconds:
        """Seconds from the start to the first wake-up: one gap."""
        return self.next_gap()

    def next_gap(self) -> Seconds:
        """Seconds to the next wake-up, at least 1."""
        return int(self._gap())

    def can_add(self, lowest_quote: Wei, balance: Wei) -> bool:
        """Whether it could ever pay for a contribution again."""
        most = self.settings.willingness_mean
        if most is not None and not self.settings.willingness_sd and lowest_quote > most:
            return False
        return balance >= lowest_quote

    @property
    def committed_to(self) -> Data | None:
        """The data that it committed to last and has not revealed; None if there are none."""
        return None if self._promises is None else self._promises.newest

    def takes_expired(self) -> bool:
        """Whether it takes expired deposits."""
        return self.settings.takes_expired

    def utility(self) -> float:
        """Wei that what it has done is worth to it beside money; a part of its economic profit alone."""
        return 0.0

    # -- inside ------------------------------------------------------------------------------------------------------

    def draws(self, purpose: str, sampler: Callable[[np.random.Generator, int], Any]) -> Draw:
        """A function that returns the next random number for one of its purposes."""
        return self.streams.draws(purpose, self.name, sampler)

    def _gap_draws(self, settings: Settings) -> Draw:
        return self.draws("gaps", _gap_sampler(settings.arrival, settings.mean_gap, settings.gap_sd))

    def _willingness_draws(self, settings: Settings) -> Draw:
        mean, sd = settings.willingness_mean, settings.willingness_sd
        if mean is None:
            return _no_limit
        if not sd:
            return lambda: mean
        return self.draws("willingness", _willingness_sampler(mean, sd))

    def _remedy(self, view: View) -> list[Transaction]:
        """Close what somebody else left open too long, if money of one's own is in it and the wallet covers the fee."""
        errand = view.errand()
        if errand is None or errand.method != "time_out" or not self.statement.locked:
            return []
        return self._affordable(view, view.act(errand.method))

    def _affordable(self, view: View, transaction: Transaction) -> list[Transaction]:
        """A transaction with its gas limit, if a block has room for it and the wallet covers value and fee."""
        ready, fee = self.priced(view, transaction)
        room = ready.gas_limit < view.gas_limit
        return [ready] if room and transaction.value + fee <= view.balance else []

    def priced(self, view: View, transaction: Transaction) -> tuple[Transaction, Wei]:
        """A transaction with its own tip and the gas limit it needs, and the most it can cost in fees, in wei."""
        tip = self.tip
        return view.with_gas(transaction._replace(tip=tip) if tip else transaction)

    def _too_dear(self, gas_price: Wei) -> bool:
        """Whether gas costs more than it ever pays for it."""
        most = self.settings.most_gas_price
        return most is not None and gas_price > most

    def afforded(self, view: View, addition: Transaction, most: float) -> Sequence[Transaction]:
        """An addition, with its gas limit where gas costs money, and if then ``most`` and the wallet still cover it."""
        costs_gas = view.gas_price or self.tip
        return (addition,) if not costs_gas else self._worth_its_fee(view, addition, most)

    def _worth_its_fee(self, view: View, addition: Transaction, most: float) -> Sequence[Transaction]:
        """An addition with its gas limit, if gas is cheap enough, and ``most`` and the wallet cover deposit and fee."""
        statement = self.statement
        if self._too_dear(view.gas_price + self.tip):
            statement.rejected_gas += 1
            return ()
        transaction, fee = self.priced(view, addition)
        if transaction.gas_limit >= view.gas_limit:
            statement.rejected_gas += 1
        elif transaction.value + fee > most:
            statement.rejected_price += 1
        elif transaction.value + fee > view.balance:
            statement.rejected_wallet += 1
        else:
            return (transaction,)
        return ()

    def _reward(self, view: View, claim: Transaction, before: int) -> Wei:
        """What a claim is worth to it, after so many others that it is about to send."""
        return view.reward_of(claim)

    def _worth_their_fee(self, view: View, wanted: Sequence[Transaction]) -> list[Transaction]:
        """The claims that pay more than they cost, each with its gas limit, as long as the wallet covers the fees."""
        ready: list[Transaction] = []
        wallet, known = view.balance, self._gas_of_claims
        gas_price = view.gas_price + self.tip
        for claim in wanted:
            reward = self._reward(view, claim, len(ready))
            most = min(reward - 1, wallet)
            # What was too dear is offered again at every wake-up; its gas is not asked for anew while it pays the same.
            gas, paid = known.get(claim, (0, 0))
            if paid == reward and gas * gas_price > most:
                continue
            transaction, fee = self.priced(view, claim)
            if fee <= most:
                ready.append(transaction)
                wallet -= fee
            else:
                known[claim] = fee // gas_price, reward
        return ready


def _no_limit() -> float:
    return float("inf")


@lru_cache(_SAMPLERS_KEPT)  # one for all of a group: a hundred thousand addresses share it
def _gap_sampler(arrival: str, mean: Seconds, sd: Seconds) -> Sampler:
    if arrival == "poisson":
        # In whole seconds the memoryless distribution is the geometric one; its mean is exactly 1/p.
        return lambda rng, size: rng.geometric(1 / mean, size)
    return lambda rng, size: _truncated_normal(rng, mean, sd, 1, size).astype(np.int64)


@lru_cache(_SAMPLERS_KEPT)
def _willingness_sampler(mean: Wei, sd: Wei) -> Sampler:
    return lambda rng, size: _truncated_normal(rng, mean, sd, np.nextafter(0, 1), size)


def _truncated_normal(rng: np.random.Generator, mean: float, sd: float, low: float, size: int) -> Any:
    """Normal draws of at least ``low``: those below are drawn again."""
    values = rng.normal(mean, sd, size)
    while (below := values < low).any():
        values[below] = rng.normal(mean, sd, int(below.sum()))
    return values
