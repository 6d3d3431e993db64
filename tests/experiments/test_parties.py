"""Outcomes of roles and coalitions: fates of deposits, liquidity, ruin, and losses by class."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from experiments import run
from experiments.classes import ClassFacts, rarest_and_commonest
from experiments.experiment import Outcomes
from experiments.outcomes import OUTCOME_COLUMNS, outcomes_of
from experiments.parties import PARTY_COLUMNS, ROLES, party_facts
from experiments.result import Result
from experiments.scenario import validate
from sim.recorder import Snapshot
from sim.units import DAY, DEFAULT_UNIT

UNIT = DEFAULT_UNIT


@pytest.fixture(scope="module")
def result() -> Result:
    config = {
        "horizon": "12d",
        "data": {"dataset": "subjectivity", "size": 500, "initial": 60},
        "mechanism": {
            "refund_window": "1d", "owner_claim_after": "2d", "any_claim_after": "4d", "owner": "boss",
            "slashed_share": 0.2,
        },
        "agents": [
            {"kind": "honest", "count": 4, "balance": 300, "mistake_rate": 0.1},
            {"kind": "label_flipper", "name": "one", "balance": 60, "coalition": "mob"},
            {"kind": "sleeper", "name": "two", "balance": 300, "coalition": "mob"},
            {"kind": "creator", "name": "boss", "balance": 0, "arrival": {"mean_gap": "12h"}},
        ],
        "chain": {"ether_price": 2000},
    }  # fmt: skip
    return run(validate(config), twin=True)


def test_deposits_by_fate_add_up_and_each_fate_occurs(result: Result) -> None:
    facts = party_facts(result, result.rows_of(adversarial=True))
    fates = ("refunded", "taken_by_reports", "taken_by_owner", "burned")
    assert all(facts[f"{fate}_wei"] > 0 for fate in fates)
    assert facts["deposited_wei"] == sum(facts[f"{fate}_wei"] for fate in (*fates, "taken_late", "locked"))


def test_the_owner_gets_what_authors_lose_to_it(result: Result) -> None:
    (boss,) = result.rows_of(group="boss")
    lost = sum(row.statement.lost_to_owner for row in result.agents)
    assert boss.profit == lost > 0
    assert boss.name not in {row.name for bad in ROLES.values() for row in result.rows_of(adversarial=bad)}


def test_a_coalition_is_the_sum_of_its_members(result: Result) -> None:
    (mob,) = result.to_dict()["coalitions"]
    members = result.coalitions["mob"]
    assert mob["outcomes"]["addresses"] == 2
    for name, field in (("deposited", "deposited"), ("taken_by_reports", "lost_to_reports"), ("fees", "fees")):
        assert int(mob["outcomes"][f"{name}_wei"]) == sum(getattr(row.statement, field) for row in members)
    assert mob["outcomes"]["profit_units"] == pytest.approx(int(mob["profit"]) / UNIT)
    assert mob["outcomes"]["profit_fiat"] == pytest.approx(int(mob["profit"]) / 1e18 * 2000)


def test_roles_in_json_are_those_of_the_table(result: Result) -> None:
    row = outcomes_of(result, Outcomes(common_day=DAY, common_adds=10))
    assert set(row) == set(OUTCOME_COLUMNS)
    for role, facts in result.to_dict()["roles"].items():
        assert {f"{role}_{name}": str(value) for name, value in facts.items()} == {
            f"{role}_{name}": str(row[f"{role}_{name}"]) for name in facts
        }
        assert {name.removesuffix("_wei").removesuffix("_units") for name in facts} <= {
            name.removesuffix("_units") for name in PARTY_COLUMNS
        }


def test_victims_lose_what_of_true_labels_does_not_come_back(result: Result) -> None:
    """Record by record: deposits of honest contributors on true labels, less what their refunds paid."""
    facts = party_facts(result, result.rows_of(adversarial=False))
    true = [row for row in result.classes if row.group == "honest" and row.true_label]
    lost_in_all = facts["deposited_wei"] - facts["refunded_wei"] - facts["locked_wei"]
    assert facts["true_lost_wei"] == sum(row.lost for row in true)
    assert 0 < facts["true_lost_wei"] < lost_in_all  # a tenth of the honest labels are mistakes, and the rest is lost
    assert 0.8 < sum(row.submitted for row in true) / facts["accepted"] < 0.99


def moment(day: float, wallet: int, locked: int) -> Snapshot:
    return Snapshot(int(day * DAY), 0.8, None, 0, (wallet * UNIT, 0, 0, 0), (locked * UNIT, 0, 0, 0))


def liquid(result: Result, *moments: Snapshot) -> dict[str, Any]:
    return party_facts(replace(result, snapshots=moments, days=10.0), result.rows_of(group="honest"))


def test_liquidity_and_ruin_of_known_moments(result: Result) -> None:
    """1,200 units at the start: ruined below 60. The least in the wallets pays 10 days' deposits so many times."""
    facts = liquid(result, moment(0, 1200, 0), moment(4, 40, 900), moment(8, 39, 20), moment(10, 500, 0))
    assert (facts["ruined"], facts["ruin_days"]) == (True, 8)
    assert facts["most_locked_units"] == 900
    assert facts["runway_days"] == pytest.approx(39 / (facts["deposited_units"] / 10))
    safe = liquid(result, moment(0, 1200, 0), moment(4, 40, 20))
    assert (safe["ruined"], safe["ruin_days"]) == (False, 10)  # 60 is not below 60; censored at the end


def test_rare_and_common_classes() -> None:
    """Of three classes the rarest that was contributed counts, true or not; a single class is neither."""

    def row(label: int, frequency: float, refunds: int, true: bool = True) -> ClassFacts:
        return ClassFacts("honest", label, true, frequency, 10, 100, refunds, 10 * refunds, 0)

    rows = [row(0, 0.6, 9), row(1, 0.3, 5), row(2, 0.1, 1), row(2, 0.1, 0, true=False)]
    rare, common = rarest_and_commonest(rows)
    assert [part.label for part in rare] == [2, 2]
    assert sum(part.lost for part in rare) == 190
    assert [part.label for part in common] == [0]
    assert rarest_and_commonest(rows[:1]) == ([], [])
