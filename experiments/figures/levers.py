"""Levers as figures show them: in the design's words, in the order of their values; and which goes along which axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.experiment import Experiment
from experiments.figures.words import clock, title_of, unit_of, written

_LONGEST_TICK = 28


@dataclass(frozen=True)
class Lever:
    """One lever of a figure.

    Parameters
    ----------
    path : its column in the table of runs
    title : in words
    values : as the table holds them, in the order of an axis: numbers ascending with None (no limit) last, or as met
    texts : how each of them is written
    unit : of all texts; "" if they say it themselves, or there is none
    """

    path: str
    title: str
    values: tuple[Any, ...]
    texts: tuple[str, ...]
    unit: str = ""

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers, so that a line between two of them means something."""
        return all(_is_number(value) for value in self.values)

    @property
    def label(self) -> str:
        """Title and unit, for an axis."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    def said(self, place: int) -> str:
        """One of its values in words: ``refund window 1 d``."""
        return " ".join(word for word in (self.title, self.texts[place], self.unit) if word)

    def places(self, column: Iterable[Any]) -> NDArray[np.int64]:
        """The place in `values` of each value of a column; -1 for what is none of them."""
        known = {str(value): place for place, value in enumerate(self.values)}  # beside text, numbers are text too
        known |= {value: place for place, value in enumerate(self.values)}
        return np.array([known.get(_plain(value), -1) for value in column], dtype=np.int64)


class Layout(NamedTuple):
    """Which lever goes along which axis, and those whose values make panels; ``y`` is None where there is one axis."""

    x: Lever
    y: Lever | None = None
    others: tuple[Lever, ...] = ()

    @property
    def levers(self) -> tuple[Lever, ...]:
        """All of them, panels first."""
        return (*self.others, *([self.y] if self.y else []), self.x)


def lever_of(runs: pd.DataFrame, path: str) -> Lever:
    """The lever of a column, where nothing but the table is known."""
    values = _in_order(map(_plain, runs[path]))
    return _lever(path, values, {value: written(value) for value in values})


def levers_of(experiment: Experiment) -> tuple[Lever, ...]:
    """The levers that take more than one value, in the order of the design and in its words."""
    held = [experiment.lever_values(number) for number in range(len(experiment.design))]
    levers = []
    for path in experiment.design.levers:
        texts: dict[Any, str] = {}
        for point, values in zip(experiment.design, held, strict=True):
            value = _plain(values[path])
            texts.setdefault(value, written(point.get(path, value)))
        if len(texts) > 1:
            levers.append(_lever(path, _in_order(texts), texts))
    return tuple(levers)


def _lever(path: str, values: tuple[Any, ...], texts: Mapping[Any, str]) -> Lever:
    """Durations say their unit; amounts do if one of them does, else the axis says it for all."""
    unit = unit_of(path)
    said = [texts[value] for value in values]
    if unit == "s":
        said = [text if _has_words(text) else clock(value) for value, text in zip(values, said, strict=True)]
    elif any(map(_has_words, said)):
        said = [text if _has_words(text) else f"{text} {unit}".strip() for text in said]
    return Lever(path, title_of(path), values, tuple(said), "" if any(map(_has_words, said)) else unit)


def layout(runs: pd.DataFrame, x: str, y: str | None = None, others: Sequence[str] = ()) -> Layout:
    """Axes and panels by the names of columns."""
    return Layout(lever_of(runs, x), lever_of(runs, y) if y else None, tuple(lever_of(runs, path) for path in others))


def layout_of(runs: pd.DataFrame, levers: Sequence[Lever]) -> Layout:
    """Axes and panels of a design: the two numeric levers of most values span a map, the others make panels.

    Where levers move together (a zip, a list with gaps) or nothing is varied, design points stand along one axis.
    """
    points = runs["point"].nunique()
    if not levers or (len(levers) > 1 and _combinations(levers) >= 2 * points):
        return Layout(_points_lever(runs, levers))
    best = sorted(levers, key=lambda lever: (not lever.numeric, -len(lever.values)))[:2]
    return Layout(best[0], best[1] if len(best) > 1 else None, tuple(lever for lever in levers if lever not in best))


def point_names(runs: pd.DataFrame, levers: Sequence[Lever]) -> dict[int, str]:
    """Each point in words: ``cost weight 5, refund window 1 d``; "" if nothing is varied."""
    points = runs.drop_duplicates("point").sort_values("point")
    places = [lever.places(points[lever.path]) for lever in levers]
    names = {}
    for row, point in enumerate(points["point"]):
        names[int(point)] = ", ".join(lever.said(place[row]) for lever, place in zip(levers, places, strict=True))
    return names


def panels_of(table: pd.DataFrame, others: Sequence[Lever]) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each combination of values of the other levers that occurs, in their order, under its name."""
    if not others:
        return [("", table)]
    places = np.column_stack([lever.places(table[lever.path]) for lever in others])
    panels = []
    for combination in sorted({tuple(row) for row in places.tolist() if min(row) >= 0}):
        name = ", ".join(lever.said(place) for lever, place in zip(others, combination, strict=True))
        panels.append((name, table[(places == combination).all(axis=1)]))
    return panels


def _points_lever(runs: pd.DataFrame, levers: Sequence[Lever]) -> Lever:
    """The number of a point as if it were a lever; its texts are the values of all levers where these are short."""
    numbers = sorted(int(point) for point in runs["point"].unique())
    rows = runs.drop_duplicates("point").set_index("point").loc[numbers]
    columns = [[lever.texts[place] for place in lever.places(rows[lever.path])] for lever in levers]
    texts = [", ".join(values) for values in zip(*columns, strict=True)] if levers else ["as it is"] * len(numbers)
    if max(map(len, texts)) > _LONGEST_TICK:
        return Lever("point", "number of the design point", tuple(numbers), tuple(map(str, numbers)))
    return Lever("point", ", ".join(lever.label for lever in levers), tuple(numbers), tuple(texts))


def _combinations(levers: Sequence[Lever]) -> int:
    return math.prod(len(lever.values) for lever in levers)


def _in_order(values: Iterable[Any]) -> tuple[Any, ...]:
    """Different values: numbers ascending and no limit after them; anything else as met."""
    met = list(dict.fromkeys(values))
    if all(value is None or _is_number(value) for value in met):
        met.sort(key=lambda value: math.inf if value is None else value)
    return tuple(met)


def _plain(value: Any) -> Any:
    """A cell as a Python value; None where it is missing."""
    value = value.item() if hasattr(value, "item") else value
    return None if value is pd.NA or (isinstance(value, float) and math.isnan(value)) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has_words(text: str) -> bool:
    return any(character.isalpha() for character in text)
