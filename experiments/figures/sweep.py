"""Which figures a sweep gets, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pandas as pd
from matplotlib.figure import Figure

from experiments.experiment import Experiment
from experiments.figures.accepted import accepted_of, figure_accepted
from experiments.figures.captions import caption_of
from experiments.figures.drawn import Drawn
from experiments.figures.gallery import figure_gallery, gallery_table
from experiments.figures.levers import layout_of, levers_of, panels_of, point_names
from experiments.figures.maps import figure_accuracy, figure_captured, figure_honest_profit
from experiments.figures.mechanisms import figure_mechanisms, mechanisms_of
from experiments.figures.over_time import courses_of, figure_over_time
from experiments.figures.phases import figure_phases
from experiments.figures.points import PHASES, good_runs, points_of
from experiments.figures.prices import figure_prices, prices_of, willingness_of
from experiments.figures.seeds import figure_seeds
from experiments.figures.sheet import MOST_PANELS
from experiments.figures.telling import telling_points
from experiments.findings_gallery import is_gallery
from experiments.findings_mechanisms import KIND
from sim.data import DATASETS


def sweep_figures(runs: pd.DataFrame, series: pd.DataFrame, experiment: Experiment) -> list[Drawn]:
    """The figures that apply to a design, in the order in which a paper would show them.

    Of a design that varies something: final accuracy, profit of the honest, P(captured), phases (maps over two levers,
    lines or a strip along one, panels for further levers) and accepted samples by role. Of every design: each run as a
    dot, the course over time of a few telling points, and prices against willingness to pay; where the mechanism is
    varied, accuracy and gains under each. Of a gallery of attacks the attack matrix alone. What no run can tell, such
    as the profit of the honest where there are none, has no figure; if all runs failed there is none at all.

    Parameters
    ----------
    runs, series : the tables of a sweep, as read from ``runs.parquet`` and ``series.parquet``
    experiment : what was swept
    """
    if good_runs(runs).empty:
        return []
    sweep = _Sweep(runs, series, experiment)
    figures: list[Drawn] = []
    if is_gallery(sweep.levers):
        return [sweep.attacks()]
    if runs["point"].nunique() > 1:
        figures.append(sweep.accuracy())
        if sweep.points["honest_profit_percent"].notna().any():
            figures.append(sweep.honest_profit())
        figures.append(sweep.captured())
        if sweep.points["accepted_percent"].notna().any():
            figures.append(sweep.phases())
    if any(lever.path == KIND for lever in sweep.levers):
        figures.append(sweep.mechanisms())
    figures += [sweep.seeds(), sweep.over_time()]
    if sweep.priced:
        figures.append(sweep.prices())
    if runs["point"].nunique() > 1 and (good_runs(runs)["accepted"] > 0).any():
        figures.append(sweep.accepted())
    return figures


class _Sweep:
    """The tables of a sweep with the layout of its figures."""

    def __init__(self, runs: pd.DataFrame, series: pd.DataFrame, experiment: Experiment) -> None:
        self.runs, self.series, self.experiment = runs, series, experiment
        self.levers = levers_of(experiment)
        self.layout = layout_of(runs, self.levers)
        self.points = points_of(runs, self.levers)
        self.names = point_names(runs, self.levers)
        self.single = bool(runs.groupby("point").size().max() < 2)
        self.priced = bool(series["price_units"].notna().any())
        self.by = " and ".join(lever.title for lever in self.layout[:2] if lever)

    @cached_property
    def told(self) -> dict[int, str]:
        """The points whose course is drawn, with what stands above them."""
        reasons = telling_points(self.runs, self.levers)
        return {point: "\n".join(filter(None, (why, self.names[point]))) for point, why in reasons.items()}

    @cached_property
    def about(self) -> str:
        """Model, data and number of runs, for every caption."""
        good = len(good_runs(self.runs))
        failed, seeds = len(self.runs) - good, self.runs.groupby("point").size().max()
        models = " and ".join(name.replace("_", " ").replace("bayes", "Bayes") for name in self._all("model.kind"))
        said = f" {models[0].upper()}{models[1:]} on {' and '.join(self._datasets)}; "
        said += f"{len(self.points):,} point{_s(len(self.points))} × {seeds:,} seed{_s(seeds)}"
        return said + (f", {failed:,} failed run{_s(failed)} left out." if failed else ".")

    @cached_property
    def _datasets(self) -> list[str]:
        """Titles of the data sets; that of a synthetic one says so."""
        titles = {entry.name: entry.title for entry in DATASETS}
        return [titles.get(name, name) for name in self._all("data.dataset")]

    def _all(self, path: str) -> tuple[str, ...]:
        """What a field of the scenario is, at all points."""
        varied = {lever.path: lever.values for lever in self.levers}
        section, field = path.split(".")
        return varied.get(path, (getattr(getattr(self.experiment.scenario, section), field),))

    def _titled(self, title: str) -> str:
        """Whoever sees the picture alone must know that its data are made up."""
        made_up = any("synthetic" in title.lower() for title in self._datasets)
        return f"{title} – synthetic data, not real" if made_up else title

    def _columns(self, *names: str) -> pd.DataFrame:
        """Columns of the table of points, after its levers."""
        levers = [lever.path for lever in self.levers]
        return self.points[["point", *levers, "runs", "failed", "mixed", *names]]

    def _drawn(self, name: str, title: str, figure: Figure, data: pd.DataFrame) -> Drawn:
        """The figure with its caption, which says if there are more panels than are drawn."""
        faceted = self.layout.others + ((self.layout.y,) if name == "accepted" and self.layout.y else ())
        panels = 1 if name in ("over-time", "prices") else len(panels_of(self.points, faceted))
        more = f" Of {panels} panels the first {MOST_PANELS} are drawn." if panels > MOST_PANELS else ""
        return Drawn(name, title, f"{caption_of(name, self.single)}{self.about}{more}", figure, data)

    def _ends(self, name: str) -> tuple[float, float]:
        """The lowest and the highest seed of all."""
        return self.points[f"{name}_min"].min(), self.points[f"{name}_max"].max()

    def attacks(self) -> Drawn:
        table = gallery_table(self.runs, self.levers)
        captured = int((table["captured_percent"] > 0).sum())
        paying = int((table["return_percent_low"] > 0).sum())
        counts = f"of {len(table)} attacks {paying} surely pay, {captured} capture the model in some seed"
        title = self._titled(f"The attack gallery: {counts}")
        return self._drawn("attacks", title, figure_gallery(table, title), table)

    def accuracy(self) -> Drawn:
        lowest, highest = self._ends("accuracy_percent")
        title = self._titled(f"Final accuracy by {self.by}: {lowest:.0f} to {highest:.0f} %")
        figure = figure_accuracy(self.runs, self.layout, title)
        data = self._columns(*_spread("accuracy_percent"))
        return self._drawn("accuracy", title, figure, data)

    def honest_profit(self) -> Drawn:
        lowest, highest = self._ends("honest_profit_percent")
        ends = f"{round(lowest):+} to {round(highest):+} %".replace("-", "−")
        title = self._titled(f"Profit of the honest by {self.by}: {ends}")
        figure = figure_honest_profit(self.runs, self.layout, title)
        data = self._columns(*_spread("honest_profit_percent"))
        return self._drawn("honest-profit", title, figure, data)

    def captured(self) -> Drawn:
        share = self.points["captured_percent"].dropna()
        always, never = int((share == 100).sum()), int((share == 0).sum())
        counts = f"all seeds at {always:,}, some at {len(share) - always - never:,}, none at {never:,} points"
        title = self._titled(f"P(captured) by {self.by}: {counts}")
        figure = figure_captured(self.runs, self.layout, title)
        columns = ("captured_percent", "captured_percent_low", "captured_percent_high")
        return self._drawn("captured", title, figure, self._columns(*columns))

    def phases(self) -> Drawn:
        counts = self.points["phase"].mask(self.points["mixed"]).value_counts()
        found = [f"{counts[phase]:,} {phase}" for phase in PHASES if phase in counts]
        mixed = int(self.points["mixed"].sum())
        found += [f"{mixed:,} where seeds disagree"] if mixed else []
        title = self._titled(f"Phases by {self.by}: {', '.join(found)}")
        figure = figure_phases(self.runs, self.layout, title)
        columns = ("captured_percent", "phase", "accepted_percent", "priced_out_percent", "wallet_locked_percent",
                   "price_index", "capital_index")  # fmt: skip
        return self._drawn("phases", title, figure, self._columns(*columns))

    def mechanisms(self) -> Drawn:
        title = self._titled("Mechanisms side by side: accuracy, and who pays whom")
        names = {point: name for point, name in self.names.items() if point in set(good_runs(self.runs)["point"])}
        figure = figure_mechanisms(self.runs, names, title)
        return Drawn("mechanisms", title, f"{caption_of('mechanisms')}{self.about}", figure, mechanisms_of(self.runs))

    def seeds(self) -> Drawn:
        profits = " and profit of the honest" if self.points["honest_profit_percent"].notna().any() else ""
        title = self._titled(f"Every run: final accuracy{profits}")
        levers = [lever.path for lever in self.levers]
        columns = ["point", *levers, "replication", "final_accuracy", "honest_profit_percent", "captured"]
        figure = figure_seeds(self.runs, self.layout, title)
        return self._drawn("seeds", title, figure, good_runs(self.runs)[columns])

    def over_time(self) -> Drawn:
        title = self._titled(f"Accuracy and wallets over time{self._at_points()}")
        figure = figure_over_time(self.series, self.runs, self.told, title)
        data = self._named(courses_of(self.series, self.runs, self.told))
        return self._drawn("over-time", title, figure, data)

    def prices(self) -> Drawn:
        title = self._titled(f"Price of a contribution against what participants pay at most{self._at_points()}")
        figure = figure_prices(self.series, self.runs, self.told, willingness_of(self.experiment, self.told), title)
        data = self._named(prices_of(self.series, self.runs, self.told))
        return self._drawn("prices", title, figure, data)

    def accepted(self) -> Drawn:
        title = self._titled(f"Whose samples the model learned, by {self.by}")
        figure = figure_accepted(self.runs, self.layout, title)
        return self._drawn("accepted", title, figure, accepted_of(self.runs, self.levers))

    def _at_points(self) -> str:
        return f" at {len(self.told)} points" if len(self.points) > 1 else ""

    def _named(self, data: pd.DataFrame) -> pd.DataFrame:
        """Names on one line, without the reason why a point is shown."""
        return data.assign(name=data["point"].map(self.names))


def _spread(name: str) -> Sequence[str]:
    return [name, *(f"{name}_{end}" for end in ("low", "high", "min", "max"))]


def _s(count: int) -> str:
    return "" if count == 1 else "s"
