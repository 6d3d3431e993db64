"""`check_agent`, the conformance check of behaviours: run over everything registered, and open to a user's own."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from agents.base import Participant, Settings
from agents.coalition import Coalition, Member
from sim.chain.ledger import Address
from sim.chain.transaction import ADDITIONS, Call, Receipt, Transaction
from sim.economy import Economy
from sim.errors import ConfigError, InvalidTransaction, Revert
from sim.features import Data, UnitVectors
from sim.models.base import OUT_OF_BOUNDS
from sim.rng import Streams
from sim.statement import Statement
from sim.units import ETHER, Seconds
from sim.view import View

NAME = "checked"
_LEAST_TRUE = 0.75  # people err; whoever lies as seldom as that looks like them
_MOST_WAKE_UPS = 100_000
_ARGUMENTS_BEFORE_SALT = {"commit_data": 0, "reveal_data": 2}  # a salt is a matter of chance whatever the behaviour
_IN_COMPANY = 4
_REFUSED = 3  # of so many transactions one is refused, where refusals are tried

MakeEconomy = Callable[[int], Economy]
Company = Callable[[Economy], Sequence[Address]]
Deed = tuple[Seconds, str, tuple[Any, ...], int]


def check_agent(
    kind: type[Participant], make_economy: MakeEconomy, settings: Settings | None = None, **parameters: Any
) -> None:
    """Raise `ConfigError` with the first rule a behaviour breaks.

    ``make_economy(seed)`` gives a fresh economy, with or without others in it; the behaviour, made with ``settings``
    and ``parameters``, joins it and plays to the end, several times. It sends only as itself, spends only what it has,
    changes nothing by looking, wakes up in the future and not for ever, can be pickled, goes on when a transaction of
    its own is refused, and does the same again under the same seed. Its traits must be true:

    ======================  ===========================================================================================
    without                 under the same circumstances
    ======================  ===========================================================================================
    sees_log, sees_model,   it does not look there
    sees_mempool
    stochastic              it does the same under any seed
    adversarial             of what it submits of the data set's own samples three quarters are true
    reports                 it reports nobody; with it, it does when it may, free of charge, and its settings allow it
    pays_for_predictions    it pays for none; with it, it does
    provides                it pays no bounty
    contributes             it adds nothing
    adaptive                it does the same if it never hears what became of its transactions: no receipt reaches it,
                            its statement stays empty, and when it contributes it sees no standing of its own
    coordinated             it does the same whatever others of its kind, group and coalition think
    ======================  ===========================================================================================
    """
    play = _Play(kind, make_economy, settings or Settings(balance=100 * ETHER), parameters)
    for attribute in ("kind", "traits"):
        if not getattr(kind, attribute, None):
            raise ConfigError(f"Agent {kind.__name__!r}: has no {attribute}. Set the class attribute.")
    _check_pickles(play)
    first = play.run()
    if play.run().deeds != first.deeds:
        raise _broken(kind, "does not do the same under the same seed", "Draw only from self.draws or self.streams")
    if not first.deeds:
        raise _broken(kind, "never sends a transaction", "Give it settings under which it can act")
    _check_habits(kind, first)
    _check_chance(play)
    if not kind.traits.adaptive and play.run(deaf=True).deeds != first.deeds:
        raise _broken(kind, "learns from what became of its transactions", "Set traits.adaptive")
    for company in () if kind.traits.coordinated else (_newcomer, _neighbours):
        if play.run(company=company).deeds != first.deeds:
            raise _broken(kind, "shares what it knows with others of its kind", "Set traits.coordinated")
    play.run(refused=True)


def _check_pickles(play: _Play) -> None:
    """Worker processes are sent the class, its settings and parameters."""
    try:
        pickle.loads(pickle.dumps((play.kind, play.settings, play.parameters)))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        fix = "Define it at the top level of a module, with parameters of plain types"
        raise _broken(play.kind, f"cannot be pickled ({error})", fix) from error


def _check_habits(kind: type[Participant], first: _Watched) -> None:
    """What it was seen to do against what its traits say."""
    traits = kind.traits
    if not traits.adversarial and first.added and first.true < _LEAST_TRUE * first.added:
        false = f"submits {first.added - first.true} false labels of {first.added}, more than a quarter"
        raise _broken(kind, false, "Set traits.adversarial, or label truly but for mistakes")
    if first.reports and not traits.reports:
        raise _broken(kind, "reports others", "Set traits.reports")
    if first.could_report and traits.reports and not first.reports:
        raise _broken(kind, "never reports anybody", "Set traits.reports to False")
    if first.predictions and not traits.pays_for_predictions:
        raise _broken(kind, "pays for predictions", "Set traits.pays_for_predictions")
    if traits.pays_for_predictions and not first.predictions:
        raise _broken(kind, "never pays for a prediction", "Set traits.pays_for_predictions to False")
    if not traits.contributes and any(method in ADDITIONS for _, method, _, _ in first.deeds):
        raise _broken(kind, "adds contributions", "Set traits.contributes")
    if first.bounties and not traits.provides:
        raise _broken(kind, "pays a bounty", "Set traits.provides")


def _check_chance(play: _Play) -> None:
    if play.kind.traits.stochastic:
        return
    steady = replace(play, settings=replace(play.settings, willingness_sd=0, arrival="normal", gap_sd=0))
    if steady.run(0, economy_seed=0).deeds != steady.run(1, economy_seed=0).deeds:
        raise _broken(play.kind, "acts by chance", "Set traits.stochastic")


def _nobody(economy: Economy) -> Sequence[Address]:
    return ()


def _newcomer(economy: Economy) -> Sequence[Address]:
    return (f"{NAME} too",)


def _neighbours(economy: Economy) -> Sequence[Address]:
    """Some of those who are there anyway, as if they were of its kind."""
    return list(economy.actors)[:_IN_COMPANY]


@dataclass(frozen=True)
class _Play:
    """A behaviour, and the economies it is to be seen in."""

    kind: type[Participant]
    make_economy: MakeEconomy
    settings: Settings
    parameters: dict[str, Any]

    def run(
        self, seed: int = 0, *, economy_seed: int | None = None, deaf: bool = False, company: Company = _nobody,
        refused: bool = False,
    ) -> _Watched:  # fmt: skip
        """Play once to the end.

        ``deaf``: it does not hear what becomes of its transactions; ``company``: the addresses of others of its kind,
        group and coalition who think aloud beside it, but send nothing; ``refused``: every third of its transactions
        is refused.
        """
        economy = self.make_economy(seed if economy_seed is None else economy_seed)
        coalition = {"coalition": Coalition(NAME)} if issubclass(self.kind, Member) else {}
        actor = self._make(economy, NAME, seed, coalition)
        others = [self._make(economy, name, seed, coalition) for name in company(economy)]
        watched = _Watched(actor, economy, deaf, others)
        economy.join(watched)
        if refused:
            _plant_refusals(economy)
        try:
            economy.run()
        except InvalidTransaction as error:
            found = f"sends what no block would include ({error})"
            raise _broken(self.kind, found, "Look at view.balance first") from error
        except ConfigError:
            raise
        except Exception as error:
            after = " after a transaction of its own was refused" if refused else ""
            found = f"fails with {type(error).__name__}{after}: {error}"
            raise _broken(self.kind, found, "See the cause above") from error
        return watched

    def _make(self, economy: Economy, name: str, seed: int, coalition: dict[str, Any]) -> Participant:
        return self.kind(economy, name, self.settings, Streams(seed), NAME, **coalition, **self.parameters)


def _plant_refusals(economy: Economy) -> None:
    """Have the contract refuse every third transaction of the one who is checked."""
    counter = count(1)

    def refusing(method: Callable[..., Any]) -> Callable[..., Any]:
        def answer(call: Call, *arguments: Any) -> Any:
            if call.sender == NAME and not next(counter) % _REFUSED:
                raise Revert("refused to see what happens")
            return method(call, *arguments)

        return answer

    methods = economy.trainer.methods
    methods.update({name: refusing(method) for name, method in methods.items()})


class _Watched:
    """A participant with someone looking over its shoulder; to the economy it is the participant itself."""

    def __init__(self, actor: Participant, economy: Economy, deaf: bool, companions: Sequence[Participant]) -> None:
        self._actor, self._economy, self._deaf, self._companions = actor, economy, deaf, companions
        self.deeds: list[Deed] = []
        self.added = self.true = self.reports = self.predictions = self.bounties = self._wakeups = 0
        self.could_report = False
        self._truths: dict[bytes, set[int]] = {}
        if deaf:
            self.statement = Statement(actor.balance_at_start)  # the economy's; the actor keeps an empty one

    def __getattr__(self, name: str) -> Any:
        return getattr(self._actor, name)

    def next_gap(self) -> Seconds:
        return self._gap(self._actor.next_gap())

    def first_gap(self) -> Seconds:
        return self._gap(self._actor.first_gap())

    def act(self, view: View) -> Sequence[Transaction]:
        self._think_aloud()
        if not self._deaf:
            return self._look(self._actor.act, view)
        kind = type(view)
        view.__class__ = type(kind.__name__, (kind,), {"__slots__": (), "standing": 0})
        try:
            return self._look(self._actor.act, view)
        finally:
            view.__class__ = kind

    def claims(self, view: View) -> Sequence[Transaction]:
        free = self._actor.settings.reports and not view.gas_price and view.standing
        self.could_report = self.could_report or bool(free and view.disputed(0)[0])
        return self._look(self._actor.claims, view)

    def on_receipt(self, receipt: Receipt) -> None:
        if receipt.reason == OUT_OF_BOUNDS:
            label = receipt.transaction.arguments[1]
            raise _broken(type(self._actor), f"submits label {label!r}", "Choose one from 0 to sample.n_classes - 1")
        if receipt.transaction.method in ADDITIONS and receipt.ok:
            data, label = receipt.transaction.arguments[:2]
            true = self._economy.recorder.added[-1].true_label
            truth = self._truth_of(data) if true is None else None
            self.added += true is not None or truth is not None
            self.true += bool(true) or truth == label
        if not self._deaf:
            self._actor.on_receipt(receipt)

    def _truth_of(self, data: Data) -> int | None:
        """The label of a sample that is not on offer but of the data set; None where equal samples bear two labels."""
        if not self._truths:
            dataset, vectors = (
                self._economy.stream.dataset,
                isinstance(self._economy.stream.initial_features, UnitVectors),
            )
            train = UnitVectors(dataset.x_train) if vectors else dataset.x_train
            for row, label in enumerate(dataset.y_train.tolist()):
                self._truths.setdefault(train.data(row).key, set()).add(label)
        labels = self._truths.get(data.key, ())
        return next(iter(labels)) if len(labels) == 1 else None

    def _think_aloud(self) -> None:
        economy = self._economy
        for other in self._companions:
            view = View(economy.trainer, economy.claims, economy.stream, economy.recorder, other.address, other.traits)
            other.act(view)
            other.claims(view)

    def _gap(self, gap: Seconds) -> Seconds:
        if type(gap) is not int or gap < 1:
            raise _broken(type(self._actor), f"waits {gap!r} s", "Wait whole seconds, at least 1")
        self._wakeups += 1
        if self._wakeups > _MOST_WAKE_UPS:
            raise _broken(type(self._actor), f"wakes up {_MOST_WAKE_UPS:,} times", "Wait longer, so that runs end")
        return gap

    def _look(self, habit: Callable[[View], Sequence[Transaction]], view: View) -> Sequence[Transaction]:
        before = self._public()
        transactions = habit(view)
        kind = type(self._actor)
        if self._public() != before:
            raise _broken(kind, f"{habit.__name__} changes the world", "Return transactions; write to nothing you see")
        for transaction in transactions:
            if transaction.sender != self._actor.address:
                raise _broken(kind, f"sends as {transaction.sender!r}", "Build transactions with the view")
            self._count(transaction, view)
            plain = transaction.arguments[: _ARGUMENTS_BEFORE_SALT.get(transaction.method)]
            values = (getattr(argument, "key", argument) for argument in plain)
            self.deeds.append((view.now, transaction.method, tuple(values), transaction.value))
        if sum(transaction.value for transaction in transactions) > view.balance:
            raise _broken(kind, "spends more than it has", "Look at view.balance first")
        return transactions

    def _count(self, transaction: Transaction, view: View) -> None:
        """Keep count of what only some behaviours do."""
        mechanism, method = self._economy.trainer.mechanism, transaction.method
        self.predictions += method == "predict" and transaction.value > 0
        self.bounties += method in mechanism.paid_actions and transaction.value > 0
        if method == "report" and mechanism.windows is not None:
            age = view.now - transaction.arguments[2]
            self.reports += age < mechanism.windows.expired and self._actor.address != mechanism.owner

    def _public(self) -> Any:
        """What anyone can see of the world, money first."""
        economy = self._economy
        chain, trainer = economy.chain, economy.trainer
        return (
            dict(chain.ledger.balances), dict(chain.nonces), chain.clock.now, len(trainer.records),
            sum(trainer.records.claimable), trainer.mechanism.liabilities(), trainer.model.version.value,
            economy.stream.remaining, len(economy.queue), chain.transactions,
        )  # fmt: skip


def _broken(kind: type[Participant], found: str, fix: str) -> ConfigError:
    return ConfigError(f"Agent {getattr(kind, 'kind', '') or kind.__name__!r}: {found}. {fix}.")
