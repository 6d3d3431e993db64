"""Figures: each a function from tidy frames to a matplotlib `Figure`, without global state.

`figure_run` shows one economy. Of a sweep, `sweep_figures` chooses what to draw and returns a `Drawn` for each figure:
with its title, its caption and the data it shows; `save` writes it as PNG, SVG and CSV. Each figure of a sweep can also
be drawn alone, with the tables as read from Parquet and a `layout` that says which lever goes where:

    figure_accuracy(runs, layout(runs, "mechanism.cost_weight", "mechanism.refund_window"))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.figures.accepted import figure_accepted
    from experiments.figures.calibration import figure_calibration
    from experiments.figures.corruption import figure_corruption, figure_fees
    from experiments.figures.drawn import Drawn, save, save_figure
    from experiments.figures.effects import figure_effects
    from experiments.figures.fates import figure_fates
    from experiments.figures.frontiers import figure_fingerprint, figure_frontiers
    from experiments.figures.further import further_figures
    from experiments.figures.gallery import figure_gallery, gallery_table
    from experiments.figures.game import figure_game
    from experiments.figures.league import figure_league
    from experiments.figures.levers import layout
    from experiments.figures.maps import figure_accuracy, figure_captured, figure_honest_profit
    from experiments.figures.over_time import figure_over_time
    from experiments.figures.phases import figure_phases
    from experiments.figures.prices import figure_prices
    from experiments.figures.refunds import figure_refunds
    from experiments.figures.ruin import figure_ruin
    from experiments.figures.run import GroupLook, colours_of, figure_of, figure_run, looks_of
    from experiments.figures.seeds import figure_seeds
    from experiments.figures.sweep import sweep_figures
    from experiments.figures.takes import figure_takes
    from experiments.figures.tuning import figure_pareto
    from experiments.figures.waterfall import figure_waterfall


__all__ = [
    "Drawn", "GroupLook", "colours_of", "figure_accepted", "figure_accuracy", "figure_calibration", "figure_captured",
    "figure_corruption", "figure_effects", "figure_fates", "figure_fees", "figure_fingerprint", "figure_frontiers",
    "figure_gallery", "figure_game", "figure_honest_profit", "figure_league", "figure_of", "figure_over_time",
    "figure_pareto", "figure_phases", "figure_prices", "figure_refunds", "figure_ruin", "figure_run", "figure_seeds",
    "figure_takes", "figure_waterfall", "further_figures", "gallery_table", "layout", "looks_of", "save",
    "save_figure", "sweep_figures",
]  # fmt: skip

_HOME = {
    "Drawn": "drawn",
    "figure_accepted": "accepted",
    "figure_accuracy": "maps",
    "figure_calibration": "calibration",
    "figure_captured": "maps",
    "figure_corruption": "corruption",
    "figure_effects": "effects",
    "figure_fates": "fates",
    "figure_fees": "corruption",
    "figure_fingerprint": "frontiers",
    "figure_frontiers": "frontiers",
    "figure_gallery": "gallery",
    "figure_game": "game",
    "figure_honest_profit": "maps",
    "figure_league": "league",
    "figure_over_time": "over_time",
    "figure_pareto": "tuning",
    "figure_phases": "phases",
    "figure_prices": "prices",
    "figure_refunds": "refunds",
    "figure_ruin": "ruin",
    "figure_seeds": "seeds",
    "figure_takes": "takes",
    "figure_waterfall": "waterfall",
    "further_figures": "further",
    "gallery_table": "gallery",
    "layout": "levers",
    "save": "drawn",
    "save_figure": "drawn",
    "sweep_figures": "sweep",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only now: matplotlib is slow to load."""
    if name in __all__:
        return getattr(import_module(f"experiments.figures.{_HOME.get(name, 'run')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
