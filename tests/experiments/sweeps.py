"""A small sweep made by hand, for what draws it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from experiments.design import Design
from experiments.experiment import Experiment
from experiments.figures.levers import Layout, layout_of, levers_of
from experiments.scenario import load_scenario
from tests.experiments.tables import table_of

Sweep = tuple[pd.DataFrame, pd.DataFrame, Experiment]
"""Runs, series and experiment."""

W, T, LIMIT = "mechanism.cost_weight", "mechanism.refund_window", "agents.flipper.willingness_to_pay"
HOUR, DAY, WEEK = 3600, 86_400, 604_800

# Two levers, three seeds. Of (10, 1 h) one seed was captured; of (20, 7 d) one run failed.
ACCURACY: dict[tuple[int, int], tuple[float | None, ...]] = {
    (1, HOUR): (0.84, 0.86, 0.88),
    (1, WEEK): (0.80, 0.80, 0.80),
    (10, HOUR): (0.90, 0.30, 0.86),
    (10, WEEK): (0.86, 0.88, 0.87),
    (20, HOUR): (0.10, 0.12, 0.14),
    (20, WEEK): (0.80, None, 0.82),
}
PROFIT = {(1, HOUR): 50, (1, WEEK): 50, (10, WEEK): 80, (20, HOUR): -90, (20, WEEK): 20}
MIXED_PROFIT = (90, -30, 60)
FATES = {  # of a hundred samples the honest wished to add: accepted, too dear, no money
    (1, HOUR): (100, 0, 0),
    (1, WEEK): (100, 0, 0),
    (10, HOUR): (60, 40, 0),
    (10, WEEK): (20, 10, 70),
    (20, HOUR): (40, 60, 0),
    (20, WEEK): (30, 60, 10),
}


def outcome(levers: dict[str, Any], replication: int) -> dict[str, Any] | None:
    """What a run came to."""
    key = round(levers.get(W, 10)), levers.get(T, HOUR)
    accuracy = ACCURACY[key][replication]
    if accuracy is None:
        return None
    lost = key == (10, HOUR) and accuracy < 0.5
    accepted, price, wallet = (10, 90, 0) if lost else FATES[key]
    share = {True: 0.2, False: 0.7}[lost] if key == (10, HOUR) else 0.6 + 0.1 * replication
    return {
        "final_accuracy": accuracy,
        "honest_profit_percent": float(PROFIT.get(key, MIXED_PROFIT[replication])),
        "price_index": key[0] / 5,
        "capital_index": key[0] * key[1] / WEEK / 5,
        "accepted": 100,
        "honest_start_units": 1000.0,
        "adversary_start_units": 500.0,
        "honest_accepted": accepted,
        "honest_rejected_price": price,
        "honest_rejected_wallet": wallet,
        "honest_rejected_refused": 0,
        "honest_share_of_accepted": share,
        "adversary_share_of_accepted": 1 - share,
    }


def series_of(runs: pd.DataFrame) -> pd.DataFrame:
    """Three days of each good run: money of the honest grows by its replication; replication 1 ends after two."""
    rows = []
    for run in runs[runs["status"] == "ok"].to_dict("records"):
        rows += [
            {
                "point": run["point"],
                "replication": run["replication"],
                "time_s": day * DAY,
                "accuracy": 0.5 + day * (run["final_accuracy"] - 0.5) / 3,
                "price_units": 10.0 * 2**day if day < 3 else None,
                "honest_balance_units": 1000.0 + 100 * day * run["replication"],
                "adversary_balance_units": 500.0 - 100 * day,
            }
            for day in range(3 if run["replication"] == 1 else 4)
        ]
    return pd.DataFrame(rows)


def made(design: Design) -> Sweep:
    """The tables of a design over these levers."""
    experiment = Experiment(load_scenario("quickstart", {"data.size": 500}), design)
    runs = table_of(experiment, outcome)
    return runs, series_of(runs), experiment


def axes_of(sweep: Sweep) -> Layout:
    """Which lever goes where."""
    return layout_of(sweep[0], levers_of(sweep[2]))


def legend(figure: Figure) -> list[str]:
    """The words below a figure."""
    return [text.get_text() for box in figure.legends for text in box.get_texts()]
