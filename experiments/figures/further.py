"""What else a finished sweep tells, where its levers or outcomes are about it; see `further_figures`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import pandas as pd
from matplotlib.figure import Figure

from experiments.analysis.frontiers import frontier_table
from experiments.experiment import Experiment
from experiments.figures.corruption import corruption_of, fees_of, figure_corruption, figure_fees
from experiments.figures.drawn import Drawn
from experiments.figures.fates import MOST_ROWS, fates_of, figure_fates
from experiments.figures.frontiers import figure_fingerprint, figure_frontiers, fingerprint_of
from experiments.figures.levers import Layout, Lever, layout_of, levers_of, panels_of
from experiments.figures.points import good_runs
from experiments.figures.refunds import WINDOWS, figure_refunds, refunds_of
from experiments.figures.ruin import figure_ruin, ruin_of
from experiments.figures.sheet import MOST_PANELS
from mechanisms.deposit_refund_take import DepositRefundTake
from sim.data import DATASETS
from sim.units import DAY

_CAPTIONS = {
    "fates": "What became of the deposits of each role, in percent of all that was deposited, over all seeds.",
    "refunds": (
        "Share of deposits that were ever refunded: by count, which makes standing, and by value, which is money; the "
        "two differ by crumbs that takers left. Dotted, or small dots: what a model of the final accuracy would refund "
        "if it had never moved (two classes)."
    ),
    "fit": (
        " Dashes and dots, or bars: 1 − (1 − q) exp(−ν (t_a − t)), the share of false samples refunded if a model that "
        "does not move would refund q and its predictions flip ν times a day. There is one ν for each setting of all "
        "levers but the windows, fitted to its runs by least squares; the band and the brackets are its interval of 95 "
        "%. The formula lets every prediction flip in the end: shares stay below it where some predictions are firm."
    ),
    "ruin": (
        "Days until the wallets and locked deposits of adversaries together are below 5 % of their money at the start: "
        "median over seeds (Kaplan and Meier), runs that end before being censored. Dashed: their money divided by "
        "what the formula says that a day of their samples loses, with the rates and refunded shares that were "
        "simulated."
    ),
    "corruption": (
        "Each dot is a run, compared with the same run without its adversaries: accuracy points they destroyed, and "
        "what they lost for each of them."
    ),
    "fees": (
        "Transaction fees of the honest in percent of what they gained before fees, mean over the seeds in which they "
        "gained something. Above the dashed line nothing is left."
    ),
    "frontiers": (
        "What an accepted sample gains each side, locked deposits counted as the owner's, mean over seeds. On the "
        "solid line that is 0; on the dashed line it would be 0 by formula, with rates, deposits, fees and refunded "
        "shares as simulated: adversaries break even where truth is refunded no more often than lies, the honest where "
        "what the adversaries lose just pays their fees."
    ),
    "fingerprint": "What one address of each side gains or loses on average, over two levers; mean over seeds.",
}
_INTERVALS = dict.fromkeys(("refunds", "fees"), " Bars are Student's interval of 95 %.")


def further_figures(runs: pd.DataFrame, series: pd.DataFrame, experiment: Experiment) -> list[Drawn]:
    """The figures beyond `sweep_figures` that apply to a sweep.

    Fates of deposits and refunded shares, where there were deposits; days to ruin, where adversaries' money or rate is
    varied; the price of corruption, where twins were run; what fees leave, where a fee or a gas price is varied;
    break-even frontiers over two levers that are numbers; and the fingerprint of a mechanism, over how many adversaries
    there are and how dear a deposit is.

    Parameters
    ----------
    runs, series : the tables of a sweep
    experiment : what was swept
    """
    if good_runs(runs).empty:
        return []
    sweep = _Sweep(runs, series, experiment)
    return [drawn for make in sweep.figures for drawn in make()]


class _Sweep:
    """The tables of a sweep, and for each figure a method that draws it if it applies."""

    def __init__(self, runs: pd.DataFrame, series: pd.DataFrame, experiment: Experiment) -> None:
        self.runs, self.series, self.experiment = runs, series, experiment
        self.levers = levers_of(experiment)
        self.layout = layout_of(runs, self.levers)
        self.good = good_runs(runs)
        titles = {entry.name: entry.title for entry in DATASETS}
        dataset = experiment.scenario.data.dataset
        self.made_up = "synthetic" in titles.get(dataset, dataset).lower()
        self.deposits = bool((self.good["honest_deposited_units"].astype(float) > 0).any())

    @property
    def figures(self) -> list[Callable[[], list[Drawn]]]:
        """All of them, in the order of a paper."""
        return [self.fates, self.refunds, self.ruin, self.corruption, self.fees, self.frontiers, self.fingerprint]

    def fates(self) -> list[Drawn]:
        if not self.deposits:
            return []
        title = self._titled(f"What became of deposits, by {self.layout.x.title}")
        figure = figure_fates(self.runs, self.layout, title)
        return [self._drawn("fates", title, figure, fates_of(self.runs), self._more(self.layout, MOST_ROWS))]

    def refunds(self) -> list[Drawn]:
        runs = self.runs[self.runs["point"].isin(self._spans)]
        if not self.deposits or not self.levers or good_runs(runs).empty:
            return []
        windows = [lever for lever in self.levers if lever.path in WINDOWS]
        about = windows or [lever for lever in self.levers if lever.path.startswith("model.")]
        layout = self._along(about[0]) if about else self.layout
        title = self._titled(f"How often deposits come back, by {layout.x.title}")
        spans = {point: days for point, days in self._spans.items() if days is not None}
        table = refunds_of(runs, layout, spans)
        figure = figure_refunds(runs, layout, title, spans)
        fit = _CAPTIONS["fit"] if "fitted" in table and table["fitted"].notna().any() else ""
        return [self._drawn("refunds", title, figure, table, fit + self._more(layout, MOST_PANELS))]

    @cached_property
    def _spans(self) -> dict[int, float | None]:
        """The points where deposits are refunded: days from t to t_a, None where a refund is asked for once only."""
        spans: dict[int, float | None] = {}
        for point in map(int, self.runs["point"].unique()):
            mechanism = self.experiment.scenario_at(point).mechanism
            if mechanism.kind == DepositRefundTake.kind:
                t, _, t_a = mechanism.windows()
                spans[point] = (t_a - t) / DAY if mechanism.refund_rule == "retry" else None
        return spans

    def ruin(self) -> list[Drawn]:
        about = self._levers_of_adversaries("balance") or self._levers_of_adversaries("count")
        if not about or not self.deposits:
            return []
        others = [lever for lever in self.levers if lever is not about[0]]
        layout = Layout(about[0], others[0] if others else None, tuple(others[1:]))
        title = self._titled("Days until adversaries are ruined, by their money")
        table = ruin_of(self.runs, self.series)
        return [self._drawn("ruin", title, figure_ruin(self.runs, self.series, layout, title), table)]

    def corruption(self) -> list[Drawn]:
        if not self.good["points_destroyed"].notna().any():
            return []
        title = self._titled(f"Price of corruption, by {self.layout.x.title}")
        figure = figure_corruption(self.runs, self.layout, title)
        return [self._drawn("corruption", title, figure, corruption_of(self.runs))]

    def fees(self) -> list[Drawn]:
        about = [lever for lever in self.levers if lever.path.startswith("chain.")]
        if not about or not (self.good["honest_fees_units"].astype(float) > 0).any():
            return []
        layout = self._along(about[0])
        title = self._titled(f"What fees leave of the honest profit, by {layout.x.title}")
        return [self._drawn("fees", title, figure_fees(self.runs, layout, title), fees_of(self.runs))]

    def frontiers(self) -> list[Drawn]:
        x, y, others = self.layout
        both = (self.good["adversary_accepted"].fillna(0) > 0).any() and self.deposits
        if not both or y is None or not (x.numeric and y.numeric) or others or x.path == "point":
            return []
        title = self._titled(f"Who profits, by {x.title} and {y.title}")
        table = frontier_table(self.runs, self.layout.levers)
        return [self._drawn("frontiers", title, figure_frontiers(self.runs, self.layout, title), table)]

    def fingerprint(self) -> list[Drawn]:
        adversaries = self._levers_of_adversaries("count")
        dear = [lever for lever in self.levers if lever.path.startswith("mechanism.") and lever.numeric]
        if not adversaries or not dear or len(self.levers) != 2:
            return []
        title = self._titled(f"Fingerprint: gains by {adversaries[0].title} and {dear[0].title}")
        figure = figure_fingerprint(self.runs, Layout(adversaries[0], dear[0]), title)
        return [self._drawn("fingerprint", title, figure, fingerprint_of(self.runs))]

    def _levers_of_adversaries(self, field: str) -> list[Lever]:
        """Levers of a field of groups of agents, numbers only."""
        return [
            lever
            for lever in self.levers
            if lever.path.startswith("agents.") and lever.path.endswith(f".{field}") and lever.numeric
        ]

    def _along(self, lever: Lever) -> Layout:
        """One lever along the axis; of the others the first is told by colour or panel."""
        others = [other for other in self.levers if other.path != lever.path]
        return Layout(lever, others[0] if others else None, tuple(others[1:]))

    def _more(self, layout: Layout, most: int) -> str:
        """What is said where there are more panels than are drawn."""
        panels = len(panels_of(self.runs, (*layout.others, *([layout.y] if layout.y else []))))
        return f" Of {panels} panels the first {most} are drawn." if panels > most else ""

    def _titled(self, title: str) -> str:
        return f"{title} – synthetic data, not real" if self.made_up else title

    def _drawn(self, name: str, title: str, figure: Figure, data: pd.DataFrame, more: str = "") -> Drawn:
        single = self.runs.groupby("point").size().max() < 2
        return Drawn(name, title, _CAPTIONS[name] + ("" if single else _INTERVALS.get(name, "")) + more, figure, data)
