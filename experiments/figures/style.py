"""How all figures look.

Colours are those of Okabe and Ito, which people with any colour vision can tell apart; adversaries' lines are dashed,
so that a figure survives a black-and-white copy.
"""

from __future__ import annotations

from typing import Any

HONEST_COLOURS = ("#0072B2", "#009E73", "#56B4E9")
ADVERSARY_COLOURS = ("#D55E00", "#E69F00", "#CC79A7")
INK, QUIET, GRID, ACCURACY_COLOUR = "#222222", "#8A8A8A", "#E6E6E6", "#000000"
DASHES: tuple[Any, ...] = ("-", (0, (6, 1.5)), (0, (1.2, 1.2)))
STYLE: Any = {
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "svg.hashsalt": "deca10b",
    "svg.fonttype": "none",
}
PHASE_COLOURS = {"safe": "#56B4E9", "priced out": "#F0E442", "wallet-locked": "#CC79A7", "captured": "#D55E00"}
