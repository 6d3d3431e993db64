"""A figure with what is said of it and the data it shows, and how it becomes files."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.figures.style import STYLE
from experiments.files import make_folder, write_whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawn:
    """A figure of a sweep.

    Parameters
    ----------
    name : of its files, without ending: lower-case letters, digits and hyphens
    title : what is seen, in one line of plain text
    caption : what is drawn and how to read it, in plain sentences
    figure : as matplotlib has it
    data : the numbers the figure shows, tidy
    """

    name: str
    title: str
    caption: str
    figure: Figure
    data: pd.DataFrame


def save(drawn: Drawn, folder: Path) -> list[Path]:
    """Write ``NAME.png``, ``NAME.svg`` and ``NAME.csv`` into a folder, made if need be; their paths in this order.

    Equal figures and data give equal bytes. Raises `ConfigError` where the disk refuses.
    """
    make_folder(folder)
    table = drawn.data.to_csv(index=False, lineterminator="\n")
    return [*save_figure(drawn.figure, folder, drawn.name), write_whole(folder / f"{drawn.name}.csv", table)]


def save_figure(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write ``name.png`` and ``name.svg``; equal figures give equal bytes. Raises `ConfigError`."""
    import matplotlib as mpl  # late: slow to load

    paths = []
    with mpl.rc_context(STYLE):
        for ending, options in (
            ("png", {"dpi": 160, "metadata": {"Software": None}}),
            ("svg", {"metadata": {"Date": None}}),
        ):
            content = io.BytesIO()
            figure.savefig(content, format=ending, **options)
            paths.append(write_whole(folder / f"{name}.{ending}", content.getvalue()))
    return paths
