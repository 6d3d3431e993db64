"""The optional table of events: every transaction once, and it adds up to what the outcomes say."""

from pathlib import Path

import pandas as pd
import pytest

from experiments import Experiment, Grid, Scenario, run, scenario_hash, sweep, with_levers
from experiments.output import write_result


@pytest.fixture(scope="module")
def recorded(small: Scenario) -> Scenario:
    return with_levers(small, {"record.events": True, "chain.fees": "fixed", "chain.gas_price": "1 gwei",
                               "chain.unit": "0.001 ether"})  # fmt: skip


def test_events_add_up(recorded: Scenario, tmp_path: Path) -> None:
    result = run(recorded)
    events = result.event_table()
    assert events is not None
    assert len(events) == result.transactions
    for group in result.groups:
        mine, statements = events[events["role"] == group], [row.statement for row in result.rows_of(group=group)]
        good = mine[mine["ok"]]
        adds, refunds = good[good["method"] == "add_data"], good[good["method"] == "refund"]
        assert len(adds) == sum(statement.submitted for statement in statements)
        assert sum(adds["amount_wei"]) == sum(statement.deposited for statement in statements)
        assert sum(refunds["amount_wei"]) == sum(statement.refunded_value for statement in statements)
        assert sum(mine["fee_wei"]) == sum(statement.fees for statement in statements) > 0
    assert events["time_s"].is_monotonic_increasing
    refused = events[~events["ok"]]
    assert refused["amount_wei"].isna().all()
    write_result(result, tmp_path / "out")
    assert len(pd.read_csv(tmp_path / "out" / "events.csv")) == len(events)


def test_events_are_not_kept_unasked_and_change_nothing(small: Scenario, recorded: Scenario) -> None:
    free = with_levers(small, {"record.events": True})
    assert scenario_hash(free) == scenario_hash(small)
    asked, unasked = run(free), run(small)
    assert unasked.events is unasked.event_table() is None
    assert (asked.final_accuracy, asked.snapshots) == (unasked.final_accuracy, unasked.snapshots)


def test_a_sweep_keeps_them_and_resumes_for_them(small: Scenario, tmp_path: Path) -> None:
    design = Grid({"mechanism.cost_weight": [1, 5]})
    results = sweep(Experiment(small, design, "small"), tmp_path / "out", workers=1)
    assert not (results.folder / "events.parquet").exists()
    counts = results.runs()["transactions"].tolist()
    asked = with_levers(small, {"record.events": True})
    results = sweep(Experiment(asked, design, "small"), tmp_path / "out", workers=1, resume=True)
    events = results.events()
    assert events.groupby("point").size().tolist() == counts
    assert list(events.columns[:4]) == ["scenario_hash", "point", "replication", "seed"]
