r"""Sensitivity: which levers move an outcome, alone and together, and how much of it is chance.

* **Morris** (Technometrics 33, 1991): r trajectories through the space of levers, each changing one lever at a time;
  r (D + 1) points of D levers. :math:`\mu^*` is the mean size of the changes of the outcome per change of a lever
  across its whole range, :math:`\sigma` their spread: a large one says that the lever's effect depends on others.
* **Sobol** (Saltelli et al., Computer Physics Communications 181, 2010): N (2D + 2) points, or N (D + 2) without
  second order. :math:`S_1` is the share of the variance of the outcome that a lever explains alone, :math:`S_2` what
  two explain only together, :math:`S_T` all that involves the lever.

Every point is run with the same few seeds, and levers are judged by the mean over seeds. **The seed is shown as a
factor too**: by Sobol its total effect is E[Var(Y | levers)] / Var(Y) of a single run, by Morris the mean absolute
difference between two seeds of one point. A lever below the seed's bar moves a single run less than chance does.

Intervals are of 95 %, by resampling: those of SALib (Herman & Usher, JOSS 2, 2017) for levers, over points for the
seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.analysis.extras import needed
from experiments.metrics import bootstrap_interval
from sim.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

METHODS = ("morris", "sobol")
SEED = "seed"
"""The name of chance among the factors."""

_RESAMPLES = 500


@dataclass(frozen=True)
class Plan:
    """Where in the unit cube of levers an outcome must be known.

    Parameters
    ----------
    method : ``morris`` or ``sobol``
    names : of the levers
    samples : r trajectories of Morris, 2 or more; N of Sobol, a power of two
    levels : of Morris' grid, an even number of 4 or more
    second_order : whether Sobol also tells of pairs; 2 levers or more
    seed : of the drawing
    """

    method: str
    names: tuple[str, ...]
    samples: int
    levels: int = 4
    second_order: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method == "sobol" and (self.samples < 2 or self.samples & (self.samples - 1)):
            raise ConfigError(
                f"sensitivity.samples is {self.samples}; for Sobol it must be a power of two, such as 64."
            )
        if self.method == "morris" and (self.levels < 4 or self.levels % 2):
            raise ConfigError(f"sensitivity.levels is {self.levels}; it must be an even number of 4 or more.")
        if self.samples < 2:
            raise ConfigError(f"sensitivity.samples is {self.samples}; it must be 2 or more.")

    @property
    def problem(self) -> dict[str, Any]:
        """As SALib wants to be told."""
        return {"num_vars": len(self.names), "names": list(self.names), "bounds": [[0.0, 1.0]] * len(self.names)}

    @property
    def pairs(self) -> bool:
        """Whether there is a second order to tell of."""
        return self.method == "sobol" and self.second_order and len(self.names) > 1

    def shares(self) -> NDArray[np.float64]:
        """A row for each point, a column for each lever, shares of its range from 0 to 1."""
        what = "Sensitivity analysis"
        if self.method == "morris":
            sampler = needed("SALib.sample.morris", what)
            drawn = sampler.sample(self.problem, self.samples, num_levels=self.levels, seed=self.seed)
        else:
            sampler = needed("SALib.sample.sobol", what)
            drawn = sampler.sample(self.problem, self.samples, calc_second_order=self.pairs, seed=self.seed)
        return np.asarray(drawn, dtype=float)


def effects(plan: Plan, outcome: ArrayLike) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each factor does to an outcome, and what pairs do together.

    Parameters
    ----------
    plan : with the points at which the outcome is known
    outcome : a row for each point of `Plan.shares` in its order, a column for each seed

    Returns
    -------
    Of each factor, levers first and the seed last if there are two seeds or more: ``factor`` and for Morris
    ``mu_star, mu_star_low, mu_star_high, mu, sigma``, for Sobol ``S1, S1_low, S1_high, ST, ST_low, ST_high``. And of
    each pair of levers ``first, second, S2, S2_low, S2_high``; no row where the plan has no second order. An outcome
    that is the same everywhere has effects of 0 by Morris, and NaN by Sobol, since there is no variance to explain.
    """
    values = np.asarray(outcome, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    if not np.isfinite(values).all():
        raise ValueError("the outcome must be known, and finite, at every point with every seed")
    return _morris(plan, values) if plan.method == "morris" else _sobol(plan, values)


def _morris(plan: Plan, values: NDArray[np.float64]) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    analyzer = needed("SALib.analyze.morris", "Sensitivity analysis")
    mean = values.mean(axis=1)
    found = analyzer.analyze(plan.problem, plan.shares(), mean, num_levels=plan.levels, seed=plan.seed)
    star, half = np.asarray(found["mu_star"], dtype=float), np.asarray(found["mu_star_conf"], dtype=float)
    rows = [
        {"factor": name, "mu_star": star[i], "mu_star_low": max(0.0, star[i] - half[i]),
         "mu_star_high": star[i] + half[i], "mu": float(found["mu"][i]), "sigma": float(found["sigma"][i])}
        for i, name in enumerate(plan.names)
    ]  # fmt: skip
    if values.shape[1] > 1:
        apart = np.abs(values[:, :, None] - values[:, None, :])
        one, two = np.triu_indices(values.shape[1], 1)
        interval = bootstrap_interval(apart[:, one, two].mean(axis=1), resamples=_RESAMPLES, seed=plan.seed)
        rows.append(
            {"factor": SEED, "mu_star": interval.estimate, "mu_star_low": interval.low, "mu_star_high": interval.high,
             "mu": 0.0, "sigma": float(values.std(axis=1, ddof=1).mean())}
        )  # fmt: skip
    return pd.DataFrame(rows), _pairs([])


def _sobol(plan: Plan, values: NDArray[np.float64]) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    mean = values.mean(axis=1)
    rows: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    if np.ptp(mean) == 0:
        unknown = dict.fromkeys(("S1", "S1_low", "S1_high", "ST", "ST_low", "ST_high"), np.nan)
        rows = [{"factor": name, **unknown} for name in plan.names]
    else:
        analyzer = needed("SALib.analyze.sobol", "Sensitivity analysis")
        found = analyzer.analyze(
            plan.problem, mean, calc_second_order=plan.pairs, num_resamples=_RESAMPLES, seed=plan.seed
        )
        for place, name in enumerate(plan.names):
            rows.append({"factor": name, **_index(found, "S1", place), **_index(found, "ST", place)})
        if plan.pairs:
            for one, two in zip(*np.triu_indices(len(plan.names), 1), strict=True):
                facts = {"first": plan.names[one], "second": plan.names[two]}
                pairs.append(facts | _index(found, "S2", (one, two)))
    if values.shape[1] > 1:
        rows.append({"factor": SEED, **_seed_indices(values, plan.seed)})
    return pd.DataFrame(rows), _pairs(pairs)


def _index(found: Any, name: str, place: Any) -> dict[str, float]:
    estimate, half = float(found[name][place]), float(found[f"{name}_conf"][place])
    return {name: estimate, f"{name}_low": estimate - half, f"{name}_high": estimate + half}


def _seed_indices(values: NDArray[np.float64], seed: int) -> dict[str, float]:
    """The seed's share of the variance of single runs: alone (S1), and with all that it does together (ST)."""
    generator = np.random.Generator(np.random.PCG64(seed))
    count = len(values)
    resampled = [_shares_of_chance(values[generator.integers(count, size=count)]) for _ in range(_RESAMPLES)]
    low, high = np.nanquantile(resampled, [0.025, 0.975], axis=0) if np.ptp(values) else np.full((2, 2), np.nan)
    first, total = _shares_of_chance(values)
    return {"S1": first, "S1_low": low[0], "S1_high": high[0], "ST": total, "ST_low": low[1], "ST_high": high[1]}


def _shares_of_chance(values: NDArray[np.float64]) -> tuple[float, float]:
    """Unbiased in the numbers of points and seeds, whose means hold some of what points and seeds do together."""
    points, seeds = values.shape
    within = float(values.var(axis=1, ddof=1).mean())
    columns = float(values.mean(axis=0).var(ddof=1))
    residual = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()
    noise = float((residual**2).sum()) / max(1, (points - 1) * (seeds - 1))
    between = float(values.mean(axis=1).var(ddof=1)) - noise / seeds if points > 1 else 0.0
    whole = within + max(0.0, between)
    if whole == 0:
        return float("nan"), float("nan")
    return columns / whole, within / whole


def _pairs(rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=["first", "second", "S2", "S2_low", "S2_high"])
