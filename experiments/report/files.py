"""Writing reports, each whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

from experiments.figures.levers import levers_of
from experiments.files import make_folder, write_whole
from experiments.findings import about_intervals
from experiments.findings_gallery import is_gallery
from experiments.points import points_of
from experiments.report.as_html import html_page
from experiments.report.as_latex import latex_tables
from experiments.report.as_markdown import markdown_text
from experiments.report.as_stata import stata_bytes
from experiments.report.blocks import Picture
from experiments.report.content import content
from experiments.report.folder import Finished
from experiments.report.tables import outcome_tables


def write_html(finished: Finished, out: Path, figures: Path | None = None) -> Path:
    """One page with all figures inside. These are also kept in a folder, if one is named. Raises `ConfigError`."""
    make_folder(out.parent)
    with tempfile.TemporaryDirectory() as scratch:
        pictures = draw(finished, Path(scratch) if figures is None else figures)
        return write_whole(out, html_page(finished.experiment.name, content(finished, pictures)))


def write_markdown(finished: Finished, out: Path) -> Path:
    """A text with its figures in the folder ``figures`` beside it. Raises `ConfigError`."""
    make_folder(out.parent)
    pictures = draw(finished, out.parent / "figures")
    return write_whole(out, markdown_text(finished.experiment.name, content(finished, pictures), out.parent))


def write_latex(finished: Finished, out: Path) -> Path:
    """The tables of accuracy and profit for a paper. Raises `ConfigError`."""
    make_folder(out.parent)
    points, levers = points_of(finished.runs, finished.experiment)
    tables = outcome_tables(points, levers)
    return write_whole(out, latex_tables(finished.experiment.name, tables, about_intervals(points)))


def write_dta(finished: Finished, out: Path) -> Path:
    """The table of runs for Stata. Raises `ConfigError`."""
    make_folder(out.parent)
    return write_whole(out, stata_bytes(finished.runs, finished.experiment.name, finished.manifest["finished"]))


def draw(finished: Finished, folder: Path) -> list[Picture]:
    """Draw the figures of a sweep into a folder: PNG, SVG and the data of each. Raises `ConfigError`."""
    from experiments.figures import further_figures, save, sweep_figures  # late: matplotlib is slow to load

    tables = finished.runs, finished.series, finished.experiment
    figures = sweep_figures(*tables)
    if not is_gallery(levers_of(finished.experiment)):  # there they have a panel for each attack: pages of them
        figures += further_figures(*tables)
    pictures = []
    for drawn in figures:
        png = next(path for path in save(drawn, folder) if path.suffix == ".png")
        pictures.append(Picture(drawn.title, drawn.caption, png))
    return pictures
