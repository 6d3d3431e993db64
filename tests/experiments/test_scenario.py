"""Scenarios: what a file means, what a lever does, what the hash sees."""

import pickle
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.build import settings_of
from experiments.levers import lever_paths
from experiments.mechanism_section import MechanismSection
from experiments.scenario import (
    Scenario,
    canonical,
    load_scenario,
    preset_names,
    scenario_hash,
    to_plain,
    validate,
    with_levers,
)
from experiments.toml import to_toml
from sim.errors import ConfigError
from sim.units import DAY

UNIT = 10**15
LEAST = {"agents": [{"kind": "honest"}]}


def least(**changes: object) -> Scenario:
    return validate({**LEAST, **changes})


def test_presets_are_there_and_valid() -> None:
    assert set(preset_names()) >= {"quickstart", "imdb-drt", "imdb-like"}
    for name in preset_names():
        assert load_scenario(name).name == name


def test_quickstart_is_the_population_of_the_specification(quickstart: Scenario) -> None:
    honest, flipper = (settings_of(group, UNIT) for group in quickstart.agents)
    assert (honest.balance, honest.willingness_mean, honest.willingness_sd) == (1000 * UNIT, 50 * UNIT, 10 * UNIT)
    assert (flipper.balance, flipper.willingness_mean, flipper.willingness_sd) == (2000 * UNIT, 100 * UNIT, 10 * UNIT)
    assert [group.count / group.arrival.mean_gap for group in quickstart.agents] == [1 / 600, 1 / 1200]
    assert quickstart.data.initial_rows(7000) == 120
    assert quickstart.mechanism.windows() == (DAY, 9 * DAY, 9 * DAY)


def test_imdb_drt_and_its_stand_in_differ_in_the_data_only() -> None:
    real, synthetic = (canonical(load_scenario(name)) for name in ("imdb-drt", "imdb-like"))
    assert (real["data"].pop("dataset"), synthetic["data"].pop("dataset")) == ("imdb", "imdb-like")
    assert real == synthetic
    assert load_scenario("imdb-drt").data.initial_rows(25_000) == 2_000


def test_words_and_numbers_mean_the_same() -> None:
    worded = least(
        horizon="2 h",
        mechanism={"refund_window": "1d", "deposit": "0.0015 ether"},
        chain={"unit": "1e15 wei"},
    )
    plain = least(horizon=7200, mechanism={"refund_window": 86_400, "deposit": 1.5})
    assert scenario_hash(worded) == scenario_hash(plain)


def test_decimals_stay_exact() -> None:
    scenario = least(mechanism={"cost_weight": 0.1, "deposit": 0.1})
    assert scenario.mechanism.cost_weight == Fraction(1, 10)
    assert scenario.mechanism.deposit.wei(10**18) == 10**17


@pytest.mark.parametrize(("initial", "rows"), [(0.08, 80), (80, 80), (1, 1), (0, 0), (0.0001, 1)])
def test_initial_is_a_share_or_a_count(initial: float, rows: int) -> None:
    assert least(data={"initial": initial, "size": 1000}).data.initial_rows(5000) == rows


def test_a_bare_willingness_has_no_spread_and_words_stand_for_none() -> None:
    scenario = validate(
        {
            "agents": [
                {"kind": "honest", "willingness_to_pay": 5, "participation_margin": "always", "quit_loss": "2 gwei"},
                {"kind": "spammer", "willingness_to_pay": "no limit", "most_disputes": "all"},
            ]
        }
    )
    honest, spammer = scenario.agents
    assert (settings_of(honest, UNIT).willingness_mean, settings_of(honest, UNIT).willingness_sd) == (5 * UNIT, 0)
    assert honest.parameters() == {
        "mistake_rate": 1e-4,
        "participation_margin": None,
        "quit_loss": honest.quit_loss,
        "quit_patience": 7 * DAY,
        "point_value": honest.point_value,
    }
    assert honest.quit_loss.wei(UNIT) == 2 * 10**9
    assert (settings_of(spammer, UNIT).willingness_mean, spammer.most_disputes) == (None, None)
    assert validate(to_plain(scenario)) == scenario


def test_a_scenario_survives_toml_and_pickle(quickstart: Scenario, tmp_path: Path) -> None:
    changed = with_levers(quickstart, {"description": 'say "hi"\n\\ \x7f é', "mechanism.cost_weight": "0.125"})
    path = tmp_path / "copy.toml"
    path.write_text(to_toml(to_plain(changed)), encoding="utf-8")
    assert load_scenario(path) == changed
    assert pickle.loads(pickle.dumps(changed)) == changed


def test_a_file_is_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[[agents]]\nkind = 'honest'\n")
    assert load_scenario(str(path)).name == "mine"


class TestHash:
    """What `scenario_hash` sees and does not see."""

    def test_is_known(self) -> None:
        """Written down, so that nobody changes it unawares: stored results are found by it."""
        assert scenario_hash(least())[:12] == "6123b5f61ce2"

    @pytest.mark.parametrize(
        "change",
        [{"name": "b"}, {"description": "b"}, {"seed": 3}, {"replication": 3}, {"record": {"display_every": 5}}],
    )
    def test_does_not_see(self, change: dict[str, object]) -> None:
        assert scenario_hash(least(**change)) == scenario_hash(least())

    @pytest.mark.parametrize(
        "change",
        [
            {"horizon": 5},
            {"data": {"shuffle": False}},
            {"mechanism": {"cost_weight": 2}},
            {"chain": {"unit": "1 ether"}},
            {"agents": [{"kind": "honest", "name": "other"}]},
            {"agents": [{"kind": "honest", "mistake_rate": 0.5}]},
            {"agents": [{"kind": "honest"}, {"kind": "spammer"}]},
            {"record": {"accuracy_every": 5}},
        ],
    )
    def test_sees(self, change: dict[str, object]) -> None:
        assert scenario_hash(least(**change)) != scenario_hash(least())

    def test_sees_no_default_spelled_out(self) -> None:
        for name in preset_names():
            scenario = load_scenario(name)
            full = scenario.model_dump(exclude_unset=False)
            full["mechanism"] = {key: value for key, value in full["mechanism"].items() if value is not None}
            full["chain"] = {key: value for key, value in full["chain"].items() if value is not None}
            assert scenario_hash(validate(full)) == scenario_hash(scenario)

    def test_sees_no_field_added_later(self) -> None:
        class LaterMechanism(MechanismSection):
            novelty: int = 7

        class Later(Scenario):
            mechanism: LaterMechanism = LaterMechanism()
            weather: str = "fine"

        config = {**LEAST, "mechanism": {"cost_weight": 3}}
        assert scenario_hash(Later.model_validate(config)) == scenario_hash(validate(config))

    @given(hours=st.integers(1, 10_000), units=st.integers(0, 10**9))
    def test_units_are_normalised(self, hours: int, units: int) -> None:
        def scenario(window: object, balance: object) -> Scenario:
            return least(mechanism={"refund_window": window}, agents=[{"kind": "honest", "balance": balance}])

        worded = scenario(f"{hours}h", f"{units * 10**6} gwei")
        assert scenario_hash(worded) == scenario_hash(scenario(3600 * hours, units))


class TestLevers:
    """Any dotted path."""

    def test_by_group_name_and_number(self, quickstart: Scenario) -> None:
        pulled = with_levers(
            quickstart,
            {
                "mechanism.cost_weight": 20,
                "agents.honest.balance": 500,
                "agents.1.arrival.mean_gap": "2h",
                "agents.flipper.willingness_to_pay.sd": 0,
                "seed": 9,
            },
        )
        honest, flipper = pulled.agents
        assert (pulled.mechanism.cost_weight, honest.balance.wei(UNIT), pulled.seed) == (20, 500 * UNIT, 9)
        assert (flipper.arrival.mean_gap, settings_of(flipper, UNIT).willingness_sd) == (7200, 0)
        assert settings_of(flipper, UNIT).willingness_mean == 100 * UNIT
        assert quickstart.seed == 0

    def test_all_are_pulled_before_the_check(self, quickstart: Scenario) -> None:
        for levers in (
            {"mechanism.refund_window": "20d", "mechanism.any_claim_after": "30d"},
            {"mechanism.any_claim_after": "30d", "mechanism.refund_window": "20d"},
        ):
            assert with_levers(quickstart, levers).mechanism.windows() == (20 * DAY, 30 * DAY, 30 * DAY)

    def test_all_groups_at_once_and_then_one(self, quickstart: Scenario) -> None:
        levers = {"agents.spammer.count": 4, "agents": [{"kind": "spammer"}]}
        assert [(group.name, group.count) for group in with_levers(quickstart, levers).agents] == [("spammer", 4)]

    def test_tables_that_were_not_written(self) -> None:
        pulled = with_levers(least(), {"chain.block_time": "12s", "agents.honest.arrival.kind": "normal"})
        assert (pulled.chain.block_time, pulled.agents[0].arrival.kind) == (12, "normal")

    @pytest.mark.parametrize(
        ("path", "hint"),
        [
            ("mechanism.cost_wieght", "'mechanism.cost_weight'"),
            ("cost_weight", "'mechanism.cost_weight'"),
            ("mechanism", None),
            ("agents.honset.count", "'honest'"),
            ("agents.7.count", "0 to 1"),
            ("agents.honest.balanc", "'agents.honest.balance'"),
            ("agents.honest", "'agents.honest.count'"),
            ("horizon.days", "Unknown lever"),
            ("", "Unknown lever"),
        ],
    )
    def test_unknown_ones_get_a_hint(self, quickstart: Scenario, path: str, hint: str | None) -> None:
        with pytest.raises(ConfigError, match=re.escape(hint or "must be a table")):
            with_levers(quickstart, {path: 1})

    def test_every_one_is_listed(self) -> None:
        """The levers that the issue names, and those of a behaviour."""
        assert set(lever_paths()) >= {
            "seed", "data.dataset", "data.initial", "data.size", "model.kind", "mechanism.kind", "mechanism.profile",
            "mechanism.cost_weight", "mechanism.refund_window", "mechanism.owner_claim_after",
            "mechanism.any_claim_after", "mechanism.deposit_policy", "mechanism.refund_rule", "chain.fees",
            "chain.block_time", "chain.hardfork", "chain.unit", "horizon", "agents", "agents.GROUP.mistake_rate",
            "agents.GROUP.willingness_to_pay.mean",
        }  # fmt: skip
