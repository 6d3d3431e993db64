"""What the charts look like: a frame of an economy as options of Apache ECharts. Pure functions, plain dictionaries.

Colours are those of all figures: cool ones for the honest, warm and dashed ones for adversaries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from experiments.app.chronicle import CONTRACT, GAS, money_text
from experiments.app.stage import Frame, GroupFrame
from experiments.figures.style import ACCURACY_COLOUR, ADVERSARY_COLOURS, GRID, HONEST_COLOURS, INK, QUIET

Options = dict[str, Any]

PROVIDER_COLOUR = "#6A51A3"
_OTHERS = {CONTRACT: "#6A51A3", GAS: "#4D4D4D"}
_FATES = {"came back": "#009E73", "taken by others": "#D55E00", "in the contract": "#BBBBBB", "other": "#E9D8A6"}
_FONT = {"fontFamily": "Inter, Roboto, Helvetica, Arial, sans-serif", "color": INK}


def colours(groups: Sequence[GroupFrame]) -> dict[str, str]:
    """The colour of each group."""
    found: dict[str, str] = {}
    counts = {False: 0, True: 0}
    for group in groups:
        palette = ADVERSARY_COLOURS if group.adversarial else HONEST_COLOURS
        if group.provides:
            found[group.name] = PROVIDER_COLOUR
        else:
            found[group.name] = palette[counts[group.adversarial] % len(palette)]
            counts[group.adversarial] += 1
    return found


def accuracy(frame: Frame, last_day: float) -> Options:
    """Accuracy of the model against days, with what it would reach on the whole training set at once."""
    line = [[day, 100 * value] for day, value in frame.accuracies]
    return {
        **_plain(last_day),
        "yAxis": _axis("accuracy", lowest=0, highest=100, unit="%"),
        "series": [
            {
                **_line("accuracy", line, ACCURACY_COLOUR),
                "markLine": _marks(
                    [(100 * frame.baseline, f"whole training set at once: {100 * frame.baseline:.1f} %")]
                ),
                "areaStyle": {"color": ACCURACY_COLOUR, "opacity": 0.05},
            }
        ],
    }


def money(frame: Frame, last_day: float) -> Options:
    """Balances of all groups against days, in units; each group's start is its first point."""
    chosen = colours(frame.groups)
    lines = [
        _line(group.name, [list(point) for point in group.balances], chosen[group.name], group.adversarial)
        for group in frame.groups
    ]
    return {**_plain(last_day), "legend": _legend(), "yAxis": _axis("money (units)", lowest=0), "series": lines}


def deposits(frame: Frame, last_day: float) -> Options:
    """Each accepted deposit as a point; what each group pays at most as a line within a band of one deviation."""
    chosen, series = colours(frame.groups), []
    for group in frame.groups:
        colour = chosen[group.name]
        series.append(
            {
                "name": group.name,
                "type": "scatter",
                "symbolSize": 3,
                "itemStyle": {"color": colour, "opacity": 0.45},
                "data": [list(point) for point in group.deposits],
                "silent": True,
                "animation": False,
                **_willingness(group, colour),
            }
        )
    return {
        **_plain(last_day),
        "legend": _legend(),
        "yAxis": {**_axis("deposit (units)"), "type": "log", "minorSplitLine": {"show": False}},
        "series": series,
    }


def fate(frame: Frame, last_day: float) -> Options:
    """What became of each group's deposits: shares of all it deposited."""
    groups = [group for group in frame.groups if group.fate.deposited]
    names = [f"{group.name}\n{money_text(group.fate.deposited)} units" for group in groups]
    parts = {
        "came back": [group.fate.returned for group in groups],
        "taken by others": [group.fate.taken for group in groups],
        "in the contract": [group.fate.locked for group in groups],
        "other": [group.fate.other for group in groups],
    }
    series = []
    for name, colour in _FATES.items():
        shares = [100 * part / group.fate.deposited for part, group in zip(parts[name], groups, strict=True)]
        series.append(
            {
                "name": name,
                "type": "bar",
                "stack": "all",
                "barMaxWidth": 44,
                "itemStyle": {"color": colour},
                "label": {"show": True, "fontSize": 11, "color": "#FFFFFF" if name != "other" else INK},
                "data": [{"value": round(share, 2), "label": {"formatter": f"{share:.0f} %" if share >= 7 else ""}}
                         for share in shares],
            }
        )  # fmt: skip
    return {
        "animation": False,
        "textStyle": _FONT,
        "grid": {"left": 110, "right": 24, "top": 34, "bottom": 28},
        "legend": _legend(),
        "tooltip": {"trigger": "item"},
        "xAxis": _axis("", lowest=0, highest=100, unit="%"),
        "yAxis": {"type": "category", "data": names, "inverse": True, "axisTick": {"show": False},
                  "axisLine": {"show": False}, "axisLabel": {"color": INK, "fontSize": 12, "lineHeight": 16}},
        "series": series,
    }  # fmt: skip


def flows(frame: Frame, last_day: float) -> Options:
    """Who paid whom: from whose deposits (left) to whose wallets (right), in units."""
    chosen = {**colours(frame.groups), **_OTHERS}
    named = [(flow, f"{flow.source} ", f" {flow.target}") for flow in frame.flows if flow.units > 0]
    nodes = {name: chosen[name.strip()] for _, *names in named for name in names}
    return {
        "animation": False,
        "textStyle": _FONT,
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "type": "sankey",
                "left": 16,
                "right": 130,
                "top": 16,
                "bottom": 16,
                "nodeGap": 18,
                "nodeWidth": 14,
                "layoutIterations": 0,
                "draggable": False,
                "data": [{"name": name, "itemStyle": {"color": colour}} for name, colour in nodes.items()],
                "links": [{"source": source, "target": target, "value": round(flow.units, 2)}
                          for flow, source, target in named],
                "label": {"color": INK, "fontSize": 12},
                "lineStyle": {"color": "source", "opacity": 0.35, "curveness": 0.5},
            }
        ],
    }  # fmt: skip


CHARTS: dict[str, tuple[str, Callable[[Frame, float], Options]]] = {
    "accuracy": ("Accuracy of the model", accuracy),
    "money": ("Money of each side", money),
    "deposits": ("Deposits (dots), and what people pay at most (bands)", deposits),
    "fate": ("Fate of the deposits", fate),
    "flows": ("Who paid whom: taken deposits, shares paid out, gas", flows),
}
"""Title and drawing of each chart, in the order of the page; drawings take a frame and the last day of the axis."""


def _plain(last_day: float) -> Options:
    """What the charts over time share."""
    return {
        "animation": False,
        "textStyle": _FONT,
        "grid": {"left": 58, "right": 22, "top": 34, "bottom": 40},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            **_axis("days", lowest=0, highest=max(1.0, last_day)),
            "nameLocation": "middle",
            "nameGap": 24,
            "splitLine": {"show": False},
        },
    }


def _axis(name: str, lowest: float | None = None, highest: float | None = None, unit: str = "") -> Options:
    axis: Options = {
        "type": "value",
        "name": name,
        "nameTextStyle": {"color": QUIET, "align": "left" if unit or name else "center"},
        "splitLine": {"lineStyle": {"color": GRID}},
        "axisLabel": {"color": QUIET, "formatter": f"{{value}} {unit}".strip(), "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": QUIET}},
    }
    if name == "days":
        axis["nameTextStyle"]["align"] = "center"
    axis |= {key: value for key, value in (("min", lowest), ("max", highest)) if value is not None}
    return axis


def _legend() -> Options:
    return {"top": 2, "right": 10, "itemWidth": 18, "itemHeight": 8, "textStyle": {"color": INK, "fontSize": 12}}


def _line(name: str, points: list[list[float]], colour: str, dashed: bool = False) -> Options:
    return {
        "name": name,
        "type": "line",
        "showSymbol": False,
        "lineStyle": {"color": colour, "width": 2.4, "type": "dashed" if dashed else "solid"},
        "itemStyle": {"color": colour},
        "data": [[round(day, 4), round(value, 4)] for day, value in points],
    }


def _marks(values: list[tuple[float, str]], colour: str = QUIET) -> Options:
    return {
        "silent": True,
        "symbol": "none",
        "animation": False,
        "lineStyle": {"color": colour, "type": [5, 4], "width": 1.2},
        "data": [
            {"yAxis": value, "label": {"formatter": text, "position": "insideEndTop", "color": colour}}
            for value, text in values
        ],
    }


def _willingness(group: GroupFrame, colour: str) -> Options:
    """The line and the band of what a group pays at most; none without limit."""
    if group.willingness is None:
        return {}
    mean, deviation = group.willingness
    marked: Options = {"markLine": _marks([(mean, f"{group.name} pay {mean:g}")], colour)}
    if deviation:
        low, high = max(mean - deviation, mean / 100), mean + deviation
        marked["markArea"] = {
            "silent": True,
            "itemStyle": {"color": colour, "opacity": 0.13},
            "data": [[{"yAxis": low}, {"yAxis": high}]],
        }
    return marked
