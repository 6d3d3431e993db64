"""Our prediction market against recorded runs of the reference Python simulation of 0xDeCA10B.

`market_traces.jsonl.gz` holds 27 runs in all combinations of options, three of them of its own simulator, 24 of scripts
that hit every boundary: wrong phases, hashes in two goes, contributors who lack the money, reports before and after a
week, balances below nothing.
"""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.replay import reference
from experiments.replay.comparison import Comparison

Line = dict[str, Any]
TRACES = Path(__file__).parent / "market_traces.jsonl.gz"
LINES: list[Line] = [json.loads(line) for line in gzip.decompress(TRACES.read_bytes()).splitlines()]
RUNS: dict[str, list[Line]] = {}
for _line in LINES:
    RUNS.setdefault(_line["run"], []).append(_line)
RESET, UNGROUPED, NEGATIVE, ERRORS = (f"p-market-script-{number}" for number in ("15", "14", "04", "08"))


def replayed(lines: list[Line]) -> Comparison:
    """Lines of a trace that lies where the real one does."""
    comparison = Comparison("lines")
    reference.replay(iter(enumerate(lines, 1)), TRACES, comparison)
    return comparison


def test_every_recorded_run_replays_without_a_mismatch() -> None:
    comparison = replayed(LINES)
    assert [str(mismatch) for mismatch in comparison.first] == []
    assert comparison.mismatches == 0
    calls = [line for line in LINES if line["k"] == "call"]
    assert (comparison.runs, comparison.calls) == (len(RUNS), len(calls)) == (27, 13_286)
    recorded = sum(len(line.get("evals", ())) for line in calls)
    assert comparison.checked["predictions"] == recorded > 1_000
    assert comparison.checked["model_digests"] == len(RUNS) + 3  # the simulator tells two models
    assert [(row["what"], row["count"]) for row in comparison.not_compared] == [("series of accuracies", 3)]


def test_options_and_endings_are_all_there() -> None:
    options = {tuple(lines[0]["params"].values()) for lines in RUNS.values()}
    assert len(options) == 8
    errors = {tuple(line["error"]) for line in LINES if line.get("error")}
    assert len(errors) >= 9


def _first(lines: list[Line], choose: Callable[[Line], Any]) -> Line:
    return next(line for line in lines if choose(line))


def _altered(run: str, choose: Callable[[Line], Any], change: Callable[[Line], None]) -> int:
    lines = copy.deepcopy(RUNS[run])
    change(_first(lines, choose))
    return replayed(lines).mismatches


def _more(field: str) -> Callable[[Line], None]:
    return lambda line: line.update({field: line[field] + 1})


@pytest.mark.parametrize(
    ("run", "choose", "change"),
    [
        (RESET, lambda line: line.get("op") == "handle_refund", _more("amount")),
        (RESET, lambda line: line.get("op") == "handle_report" and line["amount"], _more("amount")),
        (RESET, lambda line: "round_end" in line, lambda line: line["round_end"].update(remaining=1.0)),
        (RESET, lambda line: "round_end" in line, lambda line: line["round_end"].update(worst="nobody")),
        (RESET, lambda line: "evals" in line, lambda line: line["evals"].append(0.5)),
        (RESET, lambda line: len(line.get("evals", ())) == 1, lambda line: line.pop("evals")),
        (UNGROUPED, lambda line: len(line.get("evals", ())) == 1, lambda line: line.update(evals=[0.0])),
        (UNGROUPED, lambda line: "round_end" in line, lambda line: line["round_end"]["kept"][0].__setitem__(1, 9.0)),
        (UNGROUPED, lambda line: line.get("state") == "REWARD_RESTART", lambda line: line.update(state="REWARD")),
        (UNGROUPED, lambda line: line.get("op") == "verify_next_test_set", _more("piece")),
        (UNGROUPED, lambda line: line.get("bal"), lambda line: line["bal"].update(initializer=1)),
        (UNGROUPED, lambda line: line.get("op") == "send", _more("value")),
        (NEGATIVE, lambda line: line.get("amount", 0) < 0, lambda line: line.update(amount=0)),
        (ERRORS, lambda line: line.get("error"), lambda line: line.update(error=["AssertionError", "else"])),
        (ERRORS, lambda line: line.get("error"), lambda line: line.update(ok=True)),
        (ERRORS, lambda line: line.get("k") == "end", _more("ok")),
        (ERRORS, lambda line: line.get("k") == "end", lambda line: line["market_balances"].update(so_so=7.0)),
        (ERRORS, lambda line: line.get("k") == "end", lambda line: line["final_model"]["counts"].reverse()),
    ],
)
def test_whatever_is_altered_is_found(run: str, choose: Any, change: Any) -> None:
    assert _altered(run, choose, change) > 0


def test_send_that_is_missing_is_found() -> None:
    lines = copy.deepcopy(RUNS[RESET])
    lines.remove(_first(lines, lambda line: line.get("op") == "send"))
    assert any(mismatch.field == "send" for mismatch in replayed(lines).first)
