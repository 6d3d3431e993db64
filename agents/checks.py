"""`check_agent`, the conformance check of behaviours: run over everything registered, and open to a user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from agents.base import Participant, Settings
from sim.chain.transaction import Receipt, Transaction
from sim.economy import Economy
from sim.errors import ConfigError, InvalidTransaction
from sim.models.base import OUT_OF_BOUNDS
from sim.rng import Streams
from sim.units import ETHER, Seconds
from sim.view import View

NAME = "checked"
_LEAST_TRUE = 0.9

MakeEconomy = Callable[[int], Economy]
Deed = tuple[Seconds, str, tuple[Any, ...], int]


def check_agent(
    kind: type[Participant], make_economy: MakeEconomy, settings: Settings | None = None, **parameters: Any
) -> None:
    """Raise `ConfigError` with the first rule a behaviour breaks.

    ``make_economy(seed)`` gives a fresh economy, with or without others in it; the behaviour, made with ``settings``
    and ``parameters``, joins it and plays to the end. It sends only as itself, spends only what it has, changes
    nothing by looking, wakes up in the future, and does the same again under the same seed; without
    ``traits.stochastic`` under any seed. Unless it is ``traits.adversarial``, what it submits is nearly always true.
    """
    settings = settings or Settings(balance=100 * ETHER)
    for attribute in ("kind", "traits"):
        if not getattr(kind, attribute, None):
            raise ConfigError(f"Agent {kind.__name__!r}: has no {attribute}. Set the class attribute.")
    first = _play(kind, make_economy, settings, parameters, seed=0)
    if _play(kind, make_economy, settings, parameters, seed=0).deeds != first.deeds:
        raise _broken(kind, "does not do the same under the same seed", "Draw only from self.draws or self.streams")
    if not first.deeds:
        raise _broken(kind, "never sends a transaction", "Give it settings under which it can act")
    if not kind.traits.adversarial and first.added and first.true < _LEAST_TRUE * first.added:
        raise _broken(
            kind, f"submits {first.added - first.true} false labels of {first.added}", "Set traits.adversarial"
        )
    if not kind.traits.stochastic:
        steady = replace(settings, willingness_sd=0, arrival="normal", gap_sd=0)
        seeds = [
            _play(kind, make_economy, steady, parameters, seed=0, economy_seed=0).deeds,
            _play(kind, make_economy, steady, parameters, seed=1, economy_seed=0).deeds,
        ]
        if seeds[0] != seeds[1]:
            raise _broken(kind, "acts by chance", "Set traits.stochastic")


def _play(
    kind: type[Participant],
    make_economy: MakeEconomy,
    settings: Settings,
    parameters: dict[str, Any],
    seed: int,
    economy_seed: int | None = None,
) -> _Watched:
    economy = make_economy(seed if economy_seed is None else economy_seed)
    watched = _Watched(kind(economy, NAME, settings, Streams(seed), **parameters), economy)
    economy.join(watched)
    try:
        economy.run()
    except InvalidTransaction as error:
        raise _broken(kind, f"sends what no block would include ({error})", "Look at view.balance first") from error
    except ConfigError:
        raise
    except Exception as error:
        raise _broken(kind, f"fails with {type(error).__name__}: {error}", "See the cause above") from error
    return watched


class _Watched:
    """A participant with someone looking over its shoulder; to the economy it is the participant itself."""

    def __init__(self, actor: Participant, economy: Economy) -> None:
        self._actor, self._economy = actor, economy
        self.deeds: list[Deed] = []
        self.added = self.true = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._actor, name)

    def next_gap(self) -> Seconds:
        return self._gap(self._actor.next_gap())

    def first_gap(self) -> Seconds:
        return self._gap(self._actor.first_gap())

    def act(self, view: View) -> Sequence[Transaction]:
        return self._look(self._actor.act, view)

    def claims(self, view: View) -> Sequence[Transaction]:
        return self._look(self._actor.claims, view)

    def on_receipt(self, receipt: Receipt) -> None:
        if receipt.reason == OUT_OF_BOUNDS:
            label = receipt.transaction.arguments[1]
            raise _broken(type(self._actor), f"submits label {label!r}", "Choose one from 0 to sample.n_classes - 1")
        sample = self._economy.recorder.added[-1] if receipt.transaction.method == "add_data" and receipt.ok else None
        if sample is not None and sample.true_label is not None:
            self.added += 1
            self.true += sample.true_label
        self._actor.on_receipt(receipt)

    def _gap(self, gap: Seconds) -> Seconds:
        if type(gap) is not int or gap < 1:
            raise _broken(type(self._actor), f"waits {gap!r} s", "Wait whole seconds, at least 1")
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
            values = (getattr(argument, "key", argument) for argument in transaction.arguments)
            self.deeds.append((view.now, transaction.method, tuple(values), transaction.value))
        if sum(transaction.value for transaction in transactions) > view.balance:
            raise _broken(kind, "spends more than it has", "Look at view.balance first")
        return transactions

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
