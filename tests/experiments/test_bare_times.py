"""A time without a unit is in seconds: whoever may have meant days is told so, and nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiments.bare_times import bare_times, note_on
from experiments.scenario import experiment_names, preset_names, read_config

ARRIVAL = {"kind": "honest", "name": "late", "arrival": {"kind": "normal", "mean_gap": 30, "sd": 5}}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"mechanism": {"refund_window": 7}}, {"mechanism.refund_window": 7}),
        ({"mechanism": {"any_claim_after": 9}}, {"mechanism.any_claim_after": 9}),  # a time or nothing
        ({"horizon": 59, "record": {"accuracy_every": 60}}, {"horizon": 59}),
        ({"mechanism": {"refund_window": "7s"}}, {}),  # the unit was named
        ({"mechanism": {"refund_window": 0}}, {}),  # nothing is nothing in every unit
        ({"mechanism": {"cost_weight": 5, "deposit": 1}, "data": {"initial": 10}, "seed": 3}, {}),  # no times
        ({"chain": {"block_time": 12, "latency": 2}}, {}),  # seconds by nature
        ({"agents": [ARRIVAL]}, {"agents.late.arrival.mean_gap": 30}),
        ({"agents": [{"kind": "honest", "quit_patience": 2}]}, {"agents.honest.quit_patience": 2}),
        ({"agents": "many", "mechanism": 7, "nonsense": 3}, {}),  # what is refused later does no harm here
        ({"design": {"levers": {"mechanism.refund_window": ["1d", 7, 3]}}}, {"mechanism.refund_window": 3}),
        ({"design": {"levers": {"agents.honest.arrival.mean_gap": [30]}}}, {"agents.honest.arrival.mean_gap": 30}),
        ({"design": {"levers": "all"}}, {}),
    ],
)
def test_which_times_are_told(config: dict[str, Any], expected: dict[str, int]) -> None:
    assert bare_times(config) == expected


def test_times_of_levers_are_told_too() -> None:
    added = {"agents.+": [{"kind": "spammer", "arrival": {"mean_gap": 10}}], "agents.honest": {"arrival": 4}}
    assert bare_times({}, {"horizon": 30, "seed": 7, **added}) == {"horizon": 30, "agents.+": 10}


def test_the_note_says_what_it_is_and_what_to_write() -> None:
    said = note_on("mechanism.refund_window", 7)
    assert "mechanism.refund_window is 7 s" in said
    assert '"7d" for days' in said


@pytest.mark.parametrize("name", [*preset_names(), *experiment_names()])
def test_presets_need_no_note(name: str) -> None:
    assert bare_times(read_config(name)[0]) == {}


def test_the_command_line_tells_and_goes_on(deca10b, tmp_path: Path) -> None:
    week = ["--set", "mechanism.refund_window=7"]
    answer = deca10b("check", "quickstart", *week)
    assert answer.code == 0
    assert answer.err == note_on("mechanism.refund_window", 7) + "\n"
    assert "refunds after 7 s" in answer.out
    run = deca10b("run", "quickstart", *week, "--set", "data.size=150", "--set", "horizon=1d", "--json")
    assert run.err == answer.err
    (tmp_path / "mine.toml").write_text('scenario = "quickstart"\n[design.levers]\n"mechanism.cost_weight" = [1]\n')
    for command in (["check", "mine.toml"], ["sweep", "mine.toml", "--dry-run", "--set", "data.size=150"]):
        assert deca10b(*command, *week).err == answer.err
        assert deca10b(*command).err == ""
