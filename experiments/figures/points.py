"""The points of a sweep: what their seeds say together, and which phase of the economy each is in.

A point is **mixed** where some seeds were captured and others were not: outcomes then lie on both sides of a cliff, a
mean describes none of them, and figures show both ends instead.

Phases tell what became of the honest:

* **captured**: the model ended below one half;
* **safe**: it did not, and of the samples the honest wished to add at least a third were accepted;
* **priced out**, **wallet-locked**: fewer were, most often because the deposit was above what they pay at most, or
  because their wallets were empty while their deposits were in the contract.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from experiments.figures.levers import Lever
from experiments.metrics import CONFIDENCE, proportion_interval

SAFE, PRICED_OUT, WALLET_LOCKED, CAPTURED = PHASES = ("safe", "priced out", "wallet-locked", "captured")
LEAST_ACCEPTED = 100 / 3
"""Percent of the samples the honest wished to add; where fewer were accepted, they are out."""

_OUTCOMES = {"accuracy_percent": ("final_accuracy", 100), "honest_profit_percent": ("honest_profit_percent", 1)}
_FATES = {"accepted": "accepted", "priced_out": "rejected_price", "wallet_locked": "rejected_wallet"}
_INDICES = ["price_index", "capital_index"]


def good_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs that did not fail, by point and replication."""
    good = runs[runs["status"] == "ok"].sort_values(["point", "replication"], kind="stable", ignore_index=True)
    return good.astype({"captured": bool})


def half_width(sd: ArrayLike, count: ArrayLike) -> NDArray[np.float64]:
    """Half of Student's interval of 95 % around means of ``count`` values; NaN of fewer than two.

    As `experiments.metrics.mean_interval`, of many samples at once.
    """
    from scipy.stats import t  # late: slow to load

    known = np.asarray(count, dtype=float)
    known = np.where(known > 1, known, np.nan)
    return np.asarray(t.ppf((1 + CONFIDENCE) / 2, known - 1) * np.asarray(sd, dtype=float) / np.sqrt(known))


def points_of(runs: pd.DataFrame, levers: Sequence[Lever] = ()) -> pd.DataFrame:
    """A row for each point, failed runs counted and left out.

    Columns: ``point``, the levers, ``runs``, ``failed``, ``mixed``; ``captured_percent`` with ``_low`` and ``_high``
    (Wilson, 95 %); means ``accuracy_percent`` and ``honest_profit_percent`` with ``_low``, ``_high`` (Student, 95 %),
    ``_min`` and ``_max`` (over seeds); ``price_index``, ``capital_index``; and of the seeds that were not captured, or
    of all if all were, ``accepted_percent``, ``priced_out_percent`` and ``wallet_locked_percent`` of the samples that
    the honest wished to add, and their ``phase``.
    """
    good, all_runs = good_runs(runs), runs.groupby("point", sort=True)
    table = all_runs[[lever.path for lever in levers if lever.path != "point"]].first()
    table["runs"] = all_runs.size()
    seeds = good.groupby("point").size().reindex(table.index, fill_value=0)
    table["failed"] = table["runs"] - seeds
    captured = good.groupby("point")["captured"].sum().reindex(table.index, fill_value=0)
    table["mixed"] = (captured > 0) & (captured < seeds)
    chances = [_chance(*counts) for counts in zip(captured, seeds, strict=True)]
    table[["captured_percent", "captured_percent_low", "captured_percent_high"]] = chances
    for name, (outcome, scale) in _OUTCOMES.items():
        facts = (scale * good[outcome].astype(float)).groupby(good["point"]).agg(["mean", "std", "count", "min", "max"])
        half = half_width(facts["std"], facts["count"])
        ends = {"": facts["mean"], "_low": facts["mean"] - half, "_high": facts["mean"] + half}
        for end, values in {**ends, "_min": facts["min"], "_max": facts["max"]}.items():
            table[f"{name}{end}"] = values
    return table.join(_limits(good)).reset_index()


def _chance(captured: int, seeds: int) -> list[float]:
    """The share of captured seeds and Wilson's interval, in percent; a single seed has none."""
    share, *interval = proportion_interval(captured, seeds) if seeds else [math.nan] * 3
    return [100 * share, *(100 * end if seeds > 1 else math.nan for end in interval)]


def _limits(good: pd.DataFrame) -> pd.DataFrame:
    """What limits the honest at each point, and the phase they are in."""
    always = good.groupby("point")["captured"].transform("all")
    fates = [f"honest_{fate}" for fate in (*_FATES.values(), "rejected_refused")]
    telling = good.loc[always | ~good["captured"], ["point", *_INDICES, *fates]].astype(float)
    means = telling.groupby("point").mean()
    wished = means[fates].sum(axis=1, skipna=False)
    table = means[_INDICES].copy()
    for name, fate in _FATES.items():
        table[f"{name}_percent"] = 100 * means[f"honest_{fate}"] / wished.where(wished > 0)
    out = table["accepted_percent"] < LEAST_ACCEPTED
    by_price = table["priced_out_percent"] >= table["wallet_locked_percent"]
    lost = good.groupby("point")["captured"].all()
    table["phase"] = np.select([lost, ~out, by_price], [CAPTURED, SAFE, PRICED_OUT], WALLET_LOCKED)
    return table
