"""One run: what its JSON holds, what must add up, and that the same seed gives the same world."""

import json
import math
import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from experiments import Result as LazyResult
from experiments import run as lazy_run
from experiments.build import addresses, baseline_accuracy, build, dataset_of, honest_twin, training_rows
from experiments.indices import indices, mean_deposit
from experiments.result import Result
from experiments.runner import Progress, run
from experiments.scenario import Scenario, load_scenario, with_levers
from sim.data import Dataset
from sim.errors import ConfigError
from sim.features import Features
from sim.units import DAY

KEYS = {
    "scenario", "scenario_hash", "seed", "days", "wall_s", "cpu_s", "initial_accuracy", "final_accuracy",
    "baseline_accuracy", "captured", "agents", "supply", "indices", "counts",
}  # fmt: skip
AGENT_KEYS = {
    "name", "kind", "start_balance", "final_balance", "locked", "profit", "submitted", "rejected", "refunded",
    "refunded_value", "taken_from", "reported",
}  # fmt: skip
MONEY = ("start_balance", "final_balance", "locked", "profit", "refunded_value", "taken_from", "fees", "deposited")


def without_times(result: Result) -> dict[str, Any]:
    facts = result.to_dict()
    for table in (facts, facts["twin"] or {}):
        table.pop("wall_s", None)
        table.pop("cpu_s", None)
    return facts


def test_json_has_every_key(result: Result) -> None:
    facts = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert set(facts) >= KEYS
    assert set(facts["supply"]) == {"minted", "balances", "escrow", "burned", "tips"}
    assert set(facts["indices"]) >= {"price", "capital"}
    assert set(facts["counts"]) == {"transactions", "accepted", "rejected", "refunds", "reports", "expired_claims"}
    assert [agent["name"] for agent in facts["agents"][:2]] == ["honest-1", "honest-2"]
    for agent in facts["agents"]:
        assert set(agent) >= AGENT_KEYS
        assert set(agent["rejected"]) >= {"price", "wallet", "declined"}
        assert all(isinstance(agent[key], str) and str(int(agent[key])) == agent[key] for key in MONEY)
        assert all(isinstance(agent[key], int) for key in ("submitted", "refunded", "reported"))


@pytest.mark.parametrize(
    "levers",
    [
        {},
        {"chain.fees": "fixed", "chain.gas_price": "2 gwei", "chain.unit": "0.001 ether", "horizon": "3d"},
        {"chain.fees": "l1_2025", "chain.unit": "0.001 ether", "horizon": "3d"},
        {"chain.fees": "l2_rollup", "chain.unit": "0.0001 ether", "horizon": "3d"},
        {"mechanism.profile": "reference", "horizon": "3d"},
        {"mechanism.profile": "solidity", "chain.block_time": "12s", "horizon": "3d"},
        {"mechanism.deposit_policy": "fixed", "mechanism.deposit": "0.3", "horizon": "3d"},
    ],
)
def test_money_adds_up(small: Scenario, levers: dict[str, Any]) -> None:
    if "mechanism.deposit" in levers:
        levers = {**levers, "mechanism.deposit": 0.3}
    facts = run(with_levers(small, levers)).to_dict()
    supply = {name: int(amount) for name, amount in facts["supply"].items()}
    agents = facts["agents"]
    assert supply["minted"] == supply["balances"] + supply["escrow"] + supply["burned"] + supply["tips"]
    assert supply["minted"] == sum(int(agent["start_balance"]) for agent in agents)
    assert supply["balances"] == sum(int(agent["final_balance"]) for agent in agents)
    assert supply["escrow"] == sum(int(agent["locked"]) for agent in agents)
    assert supply["tips"] + supply["burned"] == sum(int(agent["fees"]) for agent in agents)
    assert (supply["tips"] > 0) == ("chain.fees" in levers)
    assert (supply["burned"] > 0) == (levers.get("chain.fees") == "l1_2025")
    assert sum(agent["submitted"] for agent in agents) == facts["counts"]["accepted"] > 0
    rejected = sum(sum(agent["rejected"].values()) for agent in agents)
    assert rejected == facts["counts"]["rejected"]
    for agent in agents:
        assert int(agent["profit"]) == int(agent["final_balance"]) - int(agent["start_balance"])
        gained = sum(int(agent[key]) for key in ("refunded_value", "reported_value", "expired_value"))
        assert int(agent["profit"]) == gained - int(agent["deposited"]) - int(agent["fees"])


def test_same_seed_same_world_other_seed_another(small: Scenario, result: Result) -> None:
    assert without_times(run(small, twin=True)) == without_times(result)
    assert run(with_levers(small, {"seed": 1})).adds().equals(result.adds()) is False
    assert run(with_levers(small, {"replication": 1})).adds().equals(result.adds()) is False


def test_steps_of_the_display_change_nothing(small: Scenario) -> None:
    seen: list[Progress] = []
    scenario = with_levers(small, {"record.display_every": "5h"})
    assert run(scenario, progress=seen.append).snapshots == run(small).snapshots
    assert len(seen) > 10
    assert all(one.day <= other.day and one.accepted <= other.accepted for one, other in pairwise(seen))
    assert seen[-1].horizon == 30


def test_twin_has_the_same_people_but_for_the_adversaries(small: Scenario, result: Result) -> None:
    twin = honest_twin(small)
    assert [group.name for group in twin.agents] == ["honest"]
    assert (twin.seed, twin.mechanism, twin.data) == (small.seed, small.mechanism, small.data)
    alone = run(twin)
    facts = result.to_dict()["twin"]
    assert facts["final_accuracy"] == alone.final_accuracy
    points = 100 * (alone.final_accuracy - result.final_accuracy)
    assert facts["accuracy_points_destroyed"] == pytest.approx(points)
    assert points > 0
    lost = -sum(row.profit for row in result.agents if row.kind == "label_flipper") / 10**15
    assert facts["price_of_corruption"] == pytest.approx(lost / points)
    first_alone, first = alone.added[0], next(row for row in result.added if row.group == 0)
    assert first_alone.time == first.time, "the honest wake up at the same moments with or without adversaries"


def test_no_twin_without_honest_people(small: Scenario) -> None:
    with pytest.raises(ConfigError, match="no honest group"):
        run(with_levers(small, {"agents": [{"kind": "label_flipper"}]}), twin=True)


def test_days_and_the_end(small: Scenario) -> None:
    short = run(with_levers(small, {"horizon": "2d"}))
    assert (short.days, short.ended) == (2.0, "horizon reached")
    assert short.samples_left > 0
    long = run(small)
    assert long.ended == "data and open claims are used up"
    assert long.samples_left == 0
    assert long.days == long.snapshots[-1].time / DAY


def test_captured_is_an_accuracy_below_one_half(small: Scenario) -> None:
    liars = [{"kind": "label_flipper", "balance": 10**6, "arrival": {"mean_gap": 600}}]
    captured = run(with_levers(small, {"agents": liars}))
    assert captured.captured
    assert captured.final_accuracy < 0.5
    assert captured.to_dict()["captured"] is True
    assert captured.price_of_corruption is None


def test_series_and_adds_agree(result: Result) -> None:
    series, adds = result.series(), result.adds()
    assert series["time_s"].is_monotonic_increasing
    assert series["time_s"].is_unique
    assert series["accepted"].iloc[-1] == len(adds) == len(result.added)
    assert series["accuracy"].iloc[0] == result.initial_accuracy
    assert series["accuracy"].iloc[-1] == result.final_accuracy
    assert adds["time_s"].is_monotonic_increasing
    assert set(adds["group"]) == {"honest", "flipper"}
    assert not adds.loc[adds["group"] == "flipper", "true_label"].any()
    money = [column for column in series if column.startswith(("balance_", "locked_"))]
    assert len(money) == 4
    assert series[money].sum(axis=1).to_numpy() == pytest.approx(20_000)


def test_indices_are_those_of_the_specification(quickstart: Scenario) -> None:
    rate = 10 / 6000 + 5 / 6000
    deposit = 60 * 5 * math.sqrt(math.pi * rate)
    assert mean_deposit(quickstart) == pytest.approx(deposit)
    found = indices(quickstart)
    assert (found.price, found.capital) == pytest.approx((deposit / 50, deposit * DAY / 6000 / 1000))
    assert found.by_group["flipper"] == pytest.approx((deposit / 100, deposit * DAY / 6000 / 2000))
    solidity = with_levers(quickstart, {"mechanism.profile": "solidity"})
    assert mean_deposit(solidity) == pytest.approx(60 * deposit)
    fixed = with_levers(quickstart, {"mechanism.deposit_policy": "fixed", "mechanism.deposit": 7})
    assert indices(fixed).price == pytest.approx(7 / 50)
    poor = with_levers(quickstart, {"agents.honest.balance": 0, "agents.honest.willingness_to_pay": "no limit"})
    assert indices(poor).by_group["honest"] == (0.0, None)


def test_economic_profit(small: Scenario) -> None:
    levers = {"agents.honest.effort_cost": 2, "agents.flipper.outside_value": 3, "agents.honest.capital_cost": 0.1}
    scenario = with_levers(small, levers)
    compared, alone = run(scenario, twin=True), run(scenario)
    honest, flipper = compared.agents[0], compared.agents[-1]
    points = compared.points_destroyed
    assert points is not None
    interest = honest.cost_of_capital / 10**15
    assert 0 < interest < 1
    expected = honest.profit / 10**15 - 2 * honest.statement.submitted - interest
    assert honest.economic_profit(10**15, points) == pytest.approx(expected)
    assert flipper.economic_profit(10**15, points) == pytest.approx(flipper.profit / 10**15 + 3 * points)
    told = {agent["name"]: agent["economic_profit"] for agent in alone.to_dict()["agents"]}
    assert told["flipper-1"] is None, "worth per point destroyed is unknown without a twin"
    assert told["honest-1"] == pytest.approx(expected)


def test_baseline_is_trained_on_all_rows(quickstart: Scenario) -> None:
    assert baseline_accuracy(quickstart) == pytest.approx(0.8897, abs=1e-4)
    assert baseline_accuracy(with_levers(quickstart, {"model.smoothing": 100})) != baseline_accuracy(quickstart)


def test_a_result_knows_how_much_of_the_training_set_its_run_has(result: Result) -> None:
    """500 of 7,000 sentences, 10 of them before the start; a model of vectors cannot learn rows without features."""
    assert (result.rows, result.training_rows) == (500, 7000)
    train, test = Features.from_dense(np.array([[1, 0], [0, 0], [0, 1]])), Features.from_dense(np.array([[1, 0]]))
    empty = Dataset("three", "Three", train, np.array([0, 1, 1]), test, np.array([0]), ("no", "yes"))
    assert (training_rows(empty, vectors=False), training_rows(empty, vectors=True)) == (3, 2)


def test_data_are_read_once(quickstart: Scenario) -> None:
    assert dataset_of(quickstart) is dataset_of(with_levers(quickstart, {"seed": 4}))


def test_addresses_of_a_group(quickstart: Scenario) -> None:
    honest = quickstart.group("honest")
    assert addresses(honest)[::9] == ["honest-1", "honest-10"]
    assert addresses(honest.model_copy(update={"count": 1})) == ["honest"]
    assert list(build(with_levers(quickstart, {"agents.honest.count": 1})).actors)[:2] == ["honest", "flipper-1"]


def test_data_order_is_of_the_seed(small: Scenario) -> None:
    def first_rows(**levers: Any) -> list[int]:
        return build(with_levers(small, levers)).stream.initial_rows.tolist()

    assert first_rows() == first_rows() != first_rows(seed=1)
    assert first_rows(**{"data.shuffle": False}) == list(range(10))


def test_results_can_be_pickled(result: Result) -> None:
    again = pickle.loads(pickle.dumps(result))
    assert again.to_dict() == result.to_dict()
    assert again.adds().equals(result.adds())


def test_lazy_names(small: Scenario) -> None:
    assert lazy_run is run
    assert LazyResult is Result
    assert load_scenario("quickstart").name == "quickstart"
