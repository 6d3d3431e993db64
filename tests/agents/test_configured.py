"""Behaviours named in a config: their parameters, their coalitions, and what results say of them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from agents import AGENTS
from experiments import run
from experiments.build import build
from experiments.experiment import Outcomes
from experiments.levers import plain
from experiments.outcomes import OUTCOME_COLUMNS, outcomes_of
from experiments.scenario import scenario_hash, validate
from sim.errors import ConfigError

HONEST: dict[str, Any] = {"kind": "honest", "count": 3}


def config(*groups: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "horizon": "12d",
        "data": {"dataset": "subjectivity", "size": 400, "initial": 100},
        "model": {"kind": "naive_bayes"},
        "mechanism": {"refund_window": "6h", "any_claim_after": "2d"},
        "agents": [HONEST, *groups],
        **more,
    }


BACKDOOR: dict[str, Any] = {"kind": "backdoor", "trigger_size": 2, "arrival": {"mean_gap": "2h"}}


def test_attack_success_is_an_outcome_where_there_is_a_backdoor() -> None:
    result = run(validate(config(BACKDOOR)))
    (facts,) = result.backdoors
    row = outcomes_of(result, Outcomes())
    assert facts.group == "backdoor"
    assert facts.at_start < 0.3 < 0.7 < facts.at_end
    assert (row["attack_success"], row["attack_success_at_start"]) == (facts.at_end, facts.at_start)
    assert result.to_dict()["backdoors"] == [facts._asdict()]
    without = run(validate(config()))
    assert without.backdoors == ()
    assert outcomes_of(without, Outcomes())["attack_success"] is None
    assert {"attack_success", "attack_success_at_start"} <= set(OUTCOME_COLUMNS)


def test_backdoor_needs_a_model_that_reads_features() -> None:
    dense = config(BACKDOOR, model={"kind": "nearest_centroid", "profile": "solidity"})
    with pytest.raises(ConfigError, match=r"agents\.backdoor: .*sparse model"):
        build(validate(dense))


def test_coalitions_in_results() -> None:
    """Its own group, or several groups that name the same; a coalition's profit is that of its addresses."""
    groups = [
        {"kind": "sybil", "count": 3, "balance": 40},
        {"kind": "colluding_ring", "count": 2, "coalition": "mob"},
        {"kind": "label_flipper", "coalition": "mob"},
        {"kind": "spammer"},
    ]
    result = run(validate(config(*groups)))
    members = {name: sorted(row.name for row in rows) for name, rows in result.coalitions.items()}
    assert members == {
        "sybil": ["sybil-1", "sybil-2", "sybil-3"],
        "mob": ["colluding_ring-1", "colluding_ring-2", "label_flipper"],
    }
    told = {entry["name"]: entry for entry in result.to_dict()["coalitions"]}
    profits = {row.name: row.profit for row in result.agents}
    for name, rows in members.items():
        assert int(told[name]["profit"]) == sum(profits[member] for member in rows)
        assert told[name]["addresses"] == len(rows)
    outside = sum(row.profit for row in result.agents if not row.coalition)
    locked = sum(row.statement.locked for row in result.agents)
    assert outside + sum(int(entry["profit"]) for entry in told.values()) + locked == 0


def test_members_of_a_coalition_share_one_mind() -> None:
    groups = [{"kind": "sybil", "coalition": "mob"}, {"kind": "colluding_ring", "count": 2, "coalition": "mob"}]
    economy = build(validate(config(*groups, {"kind": "colluding_ring", "name": "other"})))
    minds = {actor.name: id(actor.coalition) for actor in economy.actors.values() if hasattr(actor, "coalition")}
    assert minds["sybil"] == minds["colluding_ring-1"] == minds["colluding_ring-2"] != minds["other"]


@pytest.mark.parametrize("ordering", ["fifo", "tip", "random", "adversarial"])
def test_all_kinds_of_people_in_blocks(ordering: str) -> None:
    """Transactions that wait for their block, plain payments among them: nobody gains or loses but from others."""
    kinds = ["sybil", "colluding_ring", "duplicator", "sleeper", "best_responder", "bounty_hunter", "boiling_frog"]
    groups = [{"kind": kind, "count": 2, "balance": 60} for kind in kinds]
    scenario = validate(config(*groups, BACKDOOR, chain={"block_time": "12s", "ordering": ordering}))
    result = run(scenario)
    assert sum(row.profit + row.statement.locked for row in result.agents) == 0
    assert all(row.statement.submitted for row in result.agents)


def test_every_kind_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "agents.md").read_text(encoding="utf-8")
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(kind.kind for kind in AGENTS)


def test_lists_in_a_config() -> None:
    specialist = {"kind": "honest_class", "known_classes": [1], "mistake_rates": [0.25]}
    scenario = validate(config(specialist, {"kind": "label_flipper", "label_map": [1, 0]}))
    again = pickle.loads(pickle.dumps(scenario))
    assert scenario_hash(again) == scenario_hash(scenario) == scenario_hash(validate(plain(scenario)))
    actors = {actor.name: actor for actor in build(again).actors.values()}
    assert actors["honest_class"].mistake_rate_of == {1: 0.25}  # type: ignore[attr-defined]
    assert actors["label_flipper"].label_map == (1, 0)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("group", "named"),
    [
        ({"kind": "label_flipper", "label_map": [1, "0"]}, "label_map"),
        ({"kind": "label_flipper", "label_map": 1}, "label_map"),
        ({"kind": "label_flipper", "flip_rate": 1.2}, "flip_rate"),
        ({"kind": "honest_class", "mistake_rates": [float("nan"), 0.1]}, "mistake_rates"),
        ({"kind": "sybil", "coalition": "no blanks please"}, "coalition"),
        ({"kind": "sleeper", "lies": 0}, "lies"),
    ],
    ids=str,
)
def test_wrong_values_are_named(group: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        build(validate(config(group)))
