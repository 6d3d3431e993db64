"""The bounty provider and the people around it, in economies with a prediction market."""

from __future__ import annotations

from typing import Any

import pytest

from agents import BountyProvider, Honest, LabelFlipper, Settings
from agents.checks import check_agent
from mechanisms import PredictionMarket
from mechanisms.prediction_market import Parameters, Phase
from sim.chain import Chain, Clock, FeeMarket, FixedPrice
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.data import DataStream
from sim.economy import SETTLED, Economy, Schedule
from sim.errors import ConfigError
from sim.models import NaiveBayes
from sim.rng import Streams
from sim.units import DAY, HOUR
from tests.support import TRAINER, make_dataset

UNIT = 10**15
BOUNTY = 100 * UNIT


def market_economy(seed: int = 0, *, fees: FeeMarket | None = None, **parameters: Any) -> Economy:
    """A market, an honest contributor and a liar, but no provider."""
    chain, streams = Chain(fees=fees, clock=Clock(now=0)), Streams(seed)
    stream = DataStream(make_dataset(), initial=30, size=200, generator=streams.generator("data"))
    records = DataHandler(chain, "records")
    mechanism = PredictionMarket(chain, "incentive", records, Parameters(**parameters), b"entropy")
    model = NaiveBayes(stream.dataset.x_train.n_features, 2, chain.journal, chain.meter)
    model.fit(stream.initial_features, stream.initial_labels)
    trainer = CollaborativeTrainer(chain, TRAINER, records, mechanism, model)
    for contract in (records, mechanism, trainer):
        chain.deploy(contract)
    economy = Economy(chain, trainer, stream, Schedule(60 * DAY, HOUR))
    for kind in (Honest, LabelFlipper):
        economy.join(kind(economy, kind.kind, Settings(balance=10**6 * UNIT, mean_gap=HOUR // 2), streams))
    return economy


def joined(economy: Economy, **parameters: Any) -> BountyProvider:
    terms = {"bounty": BOUNTY, "test_rows": 50, "parts": 5, "least_contributions": 20} | parameters
    settings = Settings(balance=10**6 * UNIT, mean_gap=600)
    provider = BountyProvider(economy, "provider", settings, Streams(0), **terms)
    economy.join(provider)
    return provider


def gains(economy: Economy) -> dict[str, int]:
    ledger = economy.chain.ledger
    return {who: ledger.balance(who) - actor.balance_at_start for who, actor in economy.actors.items()}


@pytest.mark.parametrize("strategy", ["honest", "withholding", "self_trading"])
@pytest.mark.parametrize("fees", [None, FixedPrice(10**6)], ids=["free", "fees"])
def test_passes_the_check(strategy: str, fees: FeeMarket | None) -> None:
    settings = Settings(balance=10**6 * UNIT, mean_gap=600)
    terms = {"bounty": BOUNTY, "test_rows": 50, "parts": 5, "least_contributions": 20, "strategy": strategy}
    check_agent(BountyProvider, lambda seed: market_economy(seed, fees=fees), settings, **terms)


def test_market_runs_to_its_end_and_pays_for_accuracy() -> None:
    """Money only changes hands; honesty pays better; the model has learnt; nothing is left over."""
    economy = market_economy(round_rule="to_zero", group_contributions=True, reset_model_during_reward_phase=True)
    joined(economy)
    economy.run()
    gained = gains(economy)
    assert economy.ended == SETTLED
    assert sum(gained.values()) == 0
    assert gained["honest"] > 0 > gained["provider"]
    assert gained["provider"] >= -BOUNTY
    assert gained["label_flipper"] < gained["honest"]
    assert economy.accuracy() > economy.initial_accuracy
    assert economy.trainer.escrow() == 0
    assert all(actor.statement.locked == 0 for actor in economy.actors.values())
    assert {entry.group for entry in economy.recorder.added} == {0, 1}


def test_locked_money_is_what_the_contract_holds() -> None:
    economy = market_economy()
    joined(economy)
    while not economy.ended:
        economy.advance(economy.reached + HOUR)
        locked = sum(actor.statement.locked for actor in economy.actors.values())
        assert locked == economy.trainer.escrow() == economy.trainer.mechanism.liabilities()


def test_withholding_costs_the_bounty() -> None:
    """Contributors close the market themselves and share the bounty by their stakes."""
    economy = market_economy()
    joined(economy, strategy="withholding")
    economy.run()
    gained = gains(economy)
    stakes = {who: economy.actors[who].statement.submitted for who in ("honest", "label_flipper")}
    assert economy.ended == SETTLED
    assert all(gained[who] == BOUNTY * number // sum(stakes.values()) for who, number in stakes.items())
    assert economy.accuracy() == economy.initial_accuracy


def test_self_trading_contributes_rows_of_the_test_set() -> None:
    economy = market_economy()
    provider = joined(economy, strategy="self_trading")
    economy.run()
    rows = {(data.key, label) for part in provider.parts for data, label in part.samples}
    records = economy.trainer.records
    own = [record for record, author in enumerate(records.author) if author == "provider"]
    assert len(own) == provider.statement.submitted > 5
    assert all((records.data[record].key, records.label[record]) in rows for record in own)


def test_batch_is_halved_until_a_block_has_room() -> None:
    """A thousand contributions at once need more gas than a block has."""
    for fees in (None, FixedPrice(1)):
        economy = market_economy(fees=fees)
        provider = joined(economy, batch=1_024, least_contributions=100)
        economy.chain.gas_limit = 2_500_000
        economy.run()
        assert economy.ended == SETTLED
        assert 1 <= provider.batch < 1_024


def test_market_without_contributions_costs_nothing() -> None:
    economy = market_economy()
    for actor in economy.actors.values():
        actor.settings = Settings(mean_gap=HOUR, willingness_mean=1)  # type: ignore[attr-defined]
        actor._willingness = lambda: 1  # type: ignore[attr-defined]
    joined(economy, least_contributions=0)
    economy.run()
    assert economy.ended == SETTLED
    assert set(gains(economy).values()) == {0}
    assert economy.trainer.mechanism.phase.value is Phase.REWARD_COLLECT  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "wrong",
    [{"strategy": "lazy"}, {"parts": 1}, {"test_rows": 3}, {"bounty": 0}, {"batch": 0}, {"least_length": -1}],
    ids=str,
)
def test_parameters_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        joined(market_economy(), **wrong)
