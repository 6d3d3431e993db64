"""Fees in a scenario: presets and tables, what the hash sees, levers, fiat, and people who look at the price of gas."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from experiments.build import build
from experiments.experiment import experiment_of
from experiments.figures.words import unit_of
from experiments.levers import plain, resolved
from experiments.outcomes import OUTCOME_COLUMNS, Outcomes, outcomes_of, series_of
from experiments.result import Result
from experiments.runner import run
from experiments.scenario import Scenario, canonical, load_scenario, scenario_hash, validate, with_levers
from experiments.toml import to_toml
from sim.chain import Clock, Eip1559, FixedPrice, FreeGas
from sim.rng import Streams
from sim.units import DAY, GWEI

UNIT = "0.001 ether"
PEAK = {"chain.fees": "l1_2021_peak", "chain.unit": UNIT}


def scenario(**chain: Any) -> Scenario:
    return validate({"chain": {"unit": UNIT, **chain}, "agents": [{"kind": "honest"}]})


@pytest.fixture(scope="module")
def cheap(small: Scenario) -> Result:
    """Ten days on layer 1 as in 2025."""
    return run(with_levers(small, {"chain.fees": "l1_2025", "chain.unit": UNIT, "horizon": "10d"}))


@pytest.fixture(scope="module")
def peak() -> Result:
    """The quickstart economy at the peak of 2021, to its end."""
    return run(load_scenario("quickstart", PEAK))


class TestWhatIsWritten:
    """A name, a table, or the two fields of a fixed price."""

    def test_nothing_written_is_free(self) -> None:
        terms = scenario().chain.terms
        assert (terms.kind, terms.hardfork, terms.slot, terms.ether_price) == ("free", "prague", 0, None)
        assert isinstance(build(scenario()).chain.fees, FreeGas)

    def test_a_preset_brings_its_chain(self) -> None:
        chain = build(scenario(fees="l1_2019")).chain
        assert isinstance(chain.fees, FixedPrice)
        assert (chain.fees.tip, chain.clock.slot, chain.gas_limit) == (4 * GWEI, 15, 8_900_000)
        assert chain.meter.schedule.name == "istanbul"

    def test_what_is_written_goes_before_the_preset(self) -> None:
        fees = {"kind": "l1_2021_peak", "base_fee": "30 gwei", "gas_limit": 15_000_000, "volatility": 0.0}
        chain = build(scenario(fees=fees, hardfork="berlin", block_time="20s", ether_price=1234.5)).chain
        assert isinstance(chain.fees, Eip1559)
        assert (chain.fees.base_fee, chain.fees.tip, chain.fees.gas_limit) == (30 * GWEI, 2 * GWEI, 15_000_000)
        assert (chain.clock.slot, chain.gas_limit, chain.meter.schedule.name) == (20, 15_000_000, "berlin")
        assert scenario(fees=fees, ether_price=1234.5).chain.terms.ether_price == Fraction("1234.5")

    def test_a_transaction_has_the_cap_of_its_fork_too(self) -> None:
        assert build(scenario(fees="l1_2025", hardfork="osaka")).chain.gas_limit == 2**24

    def test_a_rollup_charges_for_data(self) -> None:
        schedule = build(scenario(fees="l2_rollup")).chain.meter.schedule
        assert (schedule.calldata_zero, schedule.calldata_nonzero) == (4 + 2, 16 + 8)

    @pytest.mark.parametrize(
        "fees",
        [
            {"fees": "fixed", "gas_price": "4 gwei"},
            {"fees": {"kind": "fixed", "price": "4 gwei"}},
            {"fees": {"kind": "fixed", "price": "4e9 wei"}, "gas_price": "4 gwei"},
        ],
    )
    def test_two_spellings_of_a_fixed_price_are_one(self, fees: dict[str, Any]) -> None:
        made = scenario(**fees)
        assert build(made).chain.fees == FixedPrice(4 * GWEI)
        assert canonical(made)["chain"] == {"fees": "fixed", "gas_price": "4000000000 wei"}

    def test_hash_sees_the_terms_not_the_name(self) -> None:
        peak = scenario(fees="l1_2021_peak")
        spelled = scenario(
            fees={"kind": "eip1559", "base_fee": "0.0000001 ether", "tip": "2 gwei"},
            hardfork="london", block_time=13, ether_price=4000, currency="USD",
        )  # fmt: skip
        assert scenario_hash(peak) == scenario_hash(spelled)
        changes = (
            {"base_fee": "99 gwei"}, {"tip": "1 gwei"}, {"volatility": 0.4}, {"persistence": "2h"},
            {"gas_limit": 36_000_000}, {"data_gas": 1},
        )  # fmt: skip
        others = [scenario(fees={"kind": "l1_2021_peak", **change}) for change in changes]
        others += [scenario(fees="l1_2021_peak", **change) for change in ({"ether_price": 1}, {"currency": "EUR"})]
        others += [scenario(fees="l1_2021_peak", **change) for change in ({"block_time": 12}, {"hardfork": "berlin"})]
        assert len({scenario_hash(other) for other in [peak, scenario(), *others]}) == len(others) + 2

    def test_hash_sees_no_default_spelled_out(self) -> None:
        assert scenario_hash(scenario(fees="free", hardfork="prague", block_time=0)) == scenario_hash(scenario())

    @pytest.mark.parametrize(
        "fees", ["l1_2025", {"kind": "l1_2025", "tip": "1 gwei"}, {"kind": "fixed", "price": "1 gwei"}]
    )
    def test_it_survives_writing_and_reading(self, fees: Any) -> None:
        made = scenario(fees=fees)
        assert plain(made)["chain"]["fees"] == fees
        for tables in (plain(made), resolved(made)):
            assert scenario_hash(validate(tables)) == scenario_hash(made)
        assert "fees" in to_toml(plain(made))


class TestLevers:
    """They reach into the fees, whatever these were before."""

    @pytest.mark.parametrize(
        "fees", ["l1_2021_peak", {"kind": "l1_2021_peak"}, {"kind": "l1_2021_peak", "tip": "1 gwei"}]
    )
    def test_into_a_preset(self, fees: Any) -> None:
        pulled = with_levers(scenario(fees=fees), {"chain.fees.base_fee": "40 gwei", "chain.fees.persistence": "30min"})
        assert (pulled.chain.terms.base_fee, pulled.chain.terms.persistence) == (40 * GWEI, 1800)
        assert pulled.chain.terms.hardfork == "london"

    def test_from_one_preset_to_another(self) -> None:
        pulled = with_levers(scenario(fees="l1_2021_peak"), {"chain.fees": "l1_2019"})
        assert scenario_hash(pulled) == scenario_hash(scenario(fees="l1_2019"))

    def test_a_sweep_over_presets_has_their_names_in_its_table(self) -> None:
        names = ["free", "l1_2025", "l2_rollup"]
        config = plain(with_levers(load_scenario("quickstart"), {"chain.unit": UNIT, "data.size": 300}))
        experiment = experiment_of({**config, "design": {"levers": {"chain.fees": names}}})
        assert [experiment.lever_values(point)["chain.fees"] for point in range(3)] == names
        assert [experiment.scenario_at(point).chain.terms.slot for point in range(3)] == [0, 12, 2]
        assert unit_of("chain.fees") == "", "a name counts nothing"


def test_quickstart_at_the_peak_of_2021_ends_with_fees_in_its_profits(peak: Result) -> None:
    assert peak.days > 0
    assert len(peak.added) > 100
    for row in peak.agents:
        statement = row.statement
        income = statement.refunded_value + statement.reported_value + statement.expired_value
        assert row.profit == income - statement.deposited - statement.fees
        assert statement.fees > 0
    assert peak.supply.burned + peak.supply.tips == sum(row.statement.fees for row in peak.agents)
    assert peak.supply.burned > 10 * peak.supply.tips > 0, "some 100 gwei are burned, 2 gwei are a tip"
    assert peak.supply.minted == sum(peak.supply[1:])


def test_dear_gas_keeps_people_out_and_ruins_them(peak: Result) -> None:
    """An addition of some 300,000 gas costs 30 units at 100 gwei: most of what the honest would pay in all."""
    free = run(load_scenario("quickstart"))
    assert len(peak.added) < len(free.added) / 5
    assert peak.profit_of(adversarial=False) < 0 < free.profit_of(adversarial=False)
    paid = [row.statement.fees / row.statement.submitted for row in peak.agents if row.statement.submitted > 10]
    assert all(10**16 < fee < 10**17 for fee in paid)


def test_same_seed_same_prices_whoever_asks(small: Scenario, cheap: Result) -> None:
    looked_at = with_levers(cheap.scenario, {"record.display_every": "5h"})
    again = run(looked_at, progress=lambda state: None)
    assert again.snapshots == cheap.snapshots
    assert [row.statement for row in again.agents] == [row.statement for row in cheap.agents]
    other = run(with_levers(cheap.scenario, {"seed": 1}))
    assert [moment.gas_price for moment in other.snapshots] != [moment.gas_price for moment in cheap.snapshots]


def test_the_price_of_gas_is_in_the_series_and_pairs_across_designs(small: Scenario, cheap: Result) -> None:
    series = cheap.series()
    assert series["gas_price_gwei"].iloc[0] == 1.1
    assert series["gas_price_gwei"].between(0.2, 10).all()
    assert series["gas_price_gwei"].nunique() > 10
    table = series_of(cheap)
    assert [price / GWEI for price in table["gas_price_wei"]] == series["gas_price_gwei"].tolist()
    dearer = run(with_levers(cheap.scenario, {"mechanism.cost_weight": 20}))
    pairs = list(zip(series_of(dearer)["gas_price_wei"], table["gas_price_wei"], strict=False))
    assert all(one == pytest.approx(other, rel=0.02) for one, other in pairs), "others' demand is the same"
    assert set(run(small).series()["gas_price_gwei"]) == {0.0}


def test_the_price_in_the_series_is_that_of_its_moment(small: Scenario) -> None:
    """Everyone waits, so others alone move it; people wake up once in five days, and it is measured every half."""
    groups = ("honest", "flipper")
    levers = {f"agents.{name}.arrival.mean_gap": "5d" for name in groups}
    levers |= {f"agents.{name}.most_gas_price": "1 wei" for name in groups}
    result = run(with_levers(small, {**levers, "chain.fees": "l1_2025", "chain.unit": UNIT}))
    terms = result.scenario.chain.terms
    fees = terms.market(Clock(terms.slot), Streams(0))
    assert len(result.snapshots) > 50
    assert result.transactions == 0
    assert [row.gas_price for row in result.snapshots] == [
        fees.base_fee_at(row.time) + fees.tip for row in result.snapshots
    ]


class TestFiat:
    """Money of a currency, where an ether has a price."""

    def test_profits_and_fees(self, cheap: Result) -> None:
        facts = cheap.to_dict()
        assert facts["fiat"] == {"currency": "USD", "ether_price": 2500.0}
        for agent in facts["agents"]:
            assert agent["profit_fiat"] == pytest.approx(int(agent["profit"]) * 2500 / 10**18)
            assert agent["fees_fiat"] == pytest.approx(int(agent["fees"]) * 2500 / 10**18)
            assert agent["fees_fiat"] > 0

    def test_outcomes(self, cheap: Result) -> None:
        row = outcomes_of(cheap, Outcomes(common_day=DAY, common_adds=10))
        assert set(row) == set(OUTCOME_COLUMNS)
        assert (row["currency"], row["ether_price"]) == ("USD", 2500.0)
        for role in ("honest", "adversary"):
            assert row[f"{role}_profit_fiat"] == pytest.approx(row[f"{role}_profit_units"] * 2.5)
            assert row[f"{role}_fees_fiat"] == pytest.approx(row[f"{role}_fees_units"] * 2.5)

    def test_no_price_no_figure(self, result: Result) -> None:
        facts = result.to_dict()
        assert facts["fiat"] is None
        assert {agent["profit_fiat"] for agent in facts["agents"]} == {None}
        row = outcomes_of(result, Outcomes(common_day=DAY, common_adds=10))
        assert [row[name] for name in ("currency", "ether_price", "honest_profit_fiat", "honest_fees_fiat")] == [
            None
        ] * 4

    def test_a_price_alone_changes_no_economy(self, small: Scenario) -> None:
        priced = run(with_levers(small, {"chain.ether_price": 3000, "chain.currency": "EUR", "horizon": "2d"}))
        assert priced.to_dict()["fiat"] == {"currency": "EUR", "ether_price": 3000.0}
        free = run(with_levers(small, {"horizon": "2d"}))
        assert priced.snapshots == free.snapshots


def prices_paid(scenario: Scenario) -> tuple[list[int], Any]:
    """The price of gas in every transaction of a run, and its economy."""
    economy = build(scenario)
    execute, paid = economy.chain.execute, []

    def note(transaction: Any) -> Any:
        receipt = execute(transaction)
        paid.append(receipt.fee // receipt.gas_used)
        return receipt

    economy.chain.execute = note  # type: ignore[method-assign]
    economy.run()
    return paid, economy


def test_people_with_a_ceiling_wait_until_gas_is_cheap(small: Scenario) -> None:
    fees = {"kind": "l1_2025", "volatility": 1.0, "persistence": "6h"}
    levers = {"chain.fees": fees, "chain.unit": UNIT, "horizon": "10d", "agents.honest.willingness_to_pay": "no limit"}
    everybody, _ = prices_paid(with_levers(small, levers))
    ceiling = {f"agents.{name}.most_gas_price": "1 gwei" for name in ("honest", "flipper")}
    patient, economy = prices_paid(with_levers(small, {**levers, **ceiling}))
    assert max(everybody) > 2 * GWEI
    assert max(patient) <= GWEI
    assert len(patient) > 100
    statements = [actor.statement for actor in economy.actors.values()]
    assert sum(statement.rejected_gas for statement in statements) > 100
    assert sum(statement.reported for statement in statements) > 0, "disputes of dear times are claimed in cheap ones"


def test_fewer_take_part_the_dearer_gas_is(small: Scenario) -> None:
    added = []
    for base_fee in ("1 gwei", "20 gwei", "60 gwei", "200 gwei"):
        fees = {"kind": "eip1559", "base_fee": base_fee, "volatility": 0}
        levers = {"chain.fees": fees, "chain.unit": UNIT, "horizon": "2d", "agents.honest.balance": 10**5}
        result = run(with_levers(small, {**levers, "agents.flipper.balance": 0}))
        added.append(sum(row.statement.submitted for row in result.rows_of(group="honest")))
    assert all(one > other for one, other in pairwise(added[:3])), added
    assert added[3] == 0, "a fee of some 60 units is above every willingness to pay"
