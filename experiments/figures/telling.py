"""The few points of a sweep whose course over time tells most."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from experiments.figures.levers import Lever
from experiments.figures.points import points_of

MOST_POINTS = 6


def telling_points(runs: pd.DataFrame, levers: Sequence[Lever], most: int = MOST_POINTS) -> dict[int, str]:
    """Points in the order they are told of, each with why it is.

    Of a design with at most ``most`` points all. Of a larger one: the point of lowest final accuracy, what a change of
    one lever alone makes of it at best, the point whose seeds disagree most, the highest, and the first.
    """
    points = points_of(runs, levers).dropna(subset="accuracy_percent")
    if points.empty:
        return {}
    accuracy = points.set_index("point")["accuracy_percent"]
    if len(points) <= most:
        return {int(point): "" for point in accuracy.index}
    lowest = int(accuracy.idxmin())
    told = {lowest: "Lowest accuracy"}
    held = {lever.path: lever.places(points[lever.path]) for lever in levers}
    places = pd.DataFrame(held, index=accuracy.index)
    for lever in levers:
        others = places.drop(columns=lever.path)
        near = (others == others.loc[lowest]).all(axis=1) & (accuracy > accuracy[lowest])
        if near.any():
            told.setdefault(int(accuracy[near].idxmax()), f"The same but for {lever.title}")
    mixed = points[points["mixed"]].set_index("point")["captured_percent"]
    if len(mixed):
        told.setdefault(int((mixed - 50).abs().idxmin()), "Seeds disagree most")
    told.setdefault(int(accuracy.idxmax()), "Highest accuracy")
    told.setdefault(int(accuracy.index[0]), "First point of the design")
    return dict(list(told.items())[:most])
