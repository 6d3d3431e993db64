"""What a page shows of one economy: numbers, charts, the log in words, and somebody's account."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from nicegui import ui

from experiments.app.charts import CHARTS, Options, colours
from experiments.app.chronicle import Entry, Line, money_text
from experiments.app.stage import Frame, Stage

if TYPE_CHECKING:
    from experiments.app.page import Page

LINES = 40
ENTRIES = 60
QUICK = ("accuracy", "money")
_KINDS = {"add": "deposits", "refund": "refunds", "take": "takings", "refused": "refused", "other": "other"}


class Words(NamedTuple):
    """The log and somebody's account, ready for the browser."""

    log: str
    account: str
    sums: str


class Look(NamedTuple):
    """What a panel shows at one moment, ready for the browser; ``words`` None leaves log and account as they are."""

    tiles: str
    charts: dict[str, Options]
    heading: str
    ended: str
    addresses: list[str]
    words: Words | None


class SidePanel:
    """The part of a page that belongs to one economy.

    Parameters
    ----------
    page : where it stands, told when something else should be shown
    stage, frame : the economy, and how it is now
    letter : "A" or "B" where two stand side by side, else ""
    """

    def __init__(self, page: Page, stage: Stage, frame: Frame, letter: str) -> None:
        self.page = page
        self.mark = letter or "A"
        self.address = next(iter(stage.economy.actors))
        self.kinds: tuple[str, ...] = ()
        first = self.look(stage, frame, 1.0, in_full=True)
        self._charts: dict[str, ui.echart] = {}
        with ui.element("div").classes("stage"):
            self._head(letter, first)
            self._tiles = ui.html("", sanitize=False).classes("tiles")
            with ui.element("div").classes("charts"):
                for name, (title, _) in CHARTS.items():
                    self._chart(name, title, first.charts[name])
                self._log()
                self._account(stage)
        self.show(first, redraw=False)

    # -- what to show ------------------------------------------------------------------------------------------------

    def look(self, stage: Stage, frame: Frame, last_day: float, in_full: bool) -> Look:
        """How the economy is now; ``last_day`` is where the axes of all sides should end.

        What is not ``in_full`` is what moves most: numbers, and the charts of `QUICK`.
        """
        if self.address not in stage.economy.actors:
            self.address = next(iter(stage.economy.actors))
        return Look(
            tiles="".join(_tile(name, number, self.mark) for name, number in _tiles(frame).items()),
            charts={
                name: draw(frame, _axis_end(last_day)) for name, (_, draw) in CHARTS.items() if in_full or name in QUICK
            },
            heading=", ".join(f"{group.count} {group.name}" for group in frame.groups),
            ended=" ".join(stage.story()),
            addresses=list(stage.economy.actors),
            words=self._words(stage, frame) if in_full else None,
        )

    def _words(self, stage: Stage, frame: Frame) -> Words:
        palette = colours(frame.groups)
        return Words(
            log="".join(_line(line, palette) for line in stage.chronicle.lines(LINES, self.kinds)),
            account=_account(stage.chronicle.account(self.address, ENTRIES)),
            sums="".join(f"<div>{escape(name)}</div><div class=n>{value}</div>"
                         for name, value in stage.statement(self.address)),
        )  # fmt: skip

    def show(self, look: Look, redraw: bool = True) -> None:
        """Send it to the browser; without ``redraw`` the charts keep what they have."""
        self._tiles.content = look.tiles
        if redraw:
            for name, options in look.charts.items():
                self._charts[name].run_chart_method("setOption", options, {"replaceMerge": ["series"]})
        self._heading.text, self._ended.text = look.heading, look.ended
        if look.words is not None:
            self._log_lines.content = look.words.log or "<div class=line>Nothing has happened yet.</div>"
            self._entries.content, self._sums.content = look.words.account, look.words.sums
        if list(self._address_box.options) != look.addresses:
            self._address_box.set_options(look.addresses, value=self.address)

    def tell_apart(self, differences: list[str]) -> None:
        """Say in what this economy differs from the one beside it."""
        self._differences.text = " · ".join(differences)

    async def _ask_again(self) -> None:
        """Something else should be shown of the same moment."""
        self.page.session.version += 1

    # -- laying out --------------------------------------------------------------------------------------------------

    def _head(self, letter: str, first: Look) -> None:
        with ui.element("div").classes("sheet"):
            with ui.element("div").classes("stage-head"):
                if letter:
                    ui.label(letter).classes("letter")
                self._heading = ui.label(first.heading).classes("stage-name").props(f"data-testid=heading-{self.mark}")
            self._differences = ui.label("").classes("different").props(f"data-testid=different-{self.mark}")
            self._ended = ui.label(first.ended).classes("ended").props(f"data-testid=ended-{self.mark}")

    def _chart(self, name: str, title: str, options: Options) -> None:
        with ui.element("div").classes("sheet wide" if name == "flows" else "sheet"):
            ui.label(title).classes("chart-title")
            self._charts[name] = ui.echart(options).classes("chart").props(f"data-testid=chart-{name}-{self.mark}")

    def _log(self) -> None:
        with ui.element("div").classes("sheet"):
            with ui.row().classes("lever-line"):
                ui.label("What happens, newest first").classes("chart-title")
                box = ui.select(_KINDS, multiple=True, label="only", value=[], on_change=self._choose_kinds)
                box.props("dense options-dense borderless").style("min-width: 120px")
            self._log_lines = ui.html("", sanitize=False).classes("lines").props(f"data-testid=log-{self.mark}")

    async def _choose_kinds(self, event: Any) -> None:
        self.kinds = tuple(event.value)
        await self._ask_again()

    def _account(self, stage: Stage) -> None:
        with ui.element("div").classes("sheet"):
            with ui.row().classes("lever-line"):
                ui.label("Account of").classes("chart-title")
                box = ui.select(list(stage.economy.actors), value=self.address, on_change=self._choose_address)
                box.props(f"dense options-dense data-testid=address-{self.mark}").style("min-width: 140px")
                self._address_box = box
            self._sums = ui.html("", sanitize=False).classes("sums").props(f"data-testid=sums-{self.mark}")
            self._entries = ui.html("", sanitize=False).classes("lines account").style("height: 196px")
            self._entries.props(f"data-testid=account-{self.mark}")

    async def _choose_address(self, event: Any) -> None:
        self.address = event.value
        await self._ask_again()


def _tiles(frame: Frame) -> dict[str, str]:
    """The numbers above the charts."""
    tiles = {
        "day": f"{frame.day:.1f}",
        "accuracy": f"{100 * frame.accuracy:.1f} %",
        "samples": f"{frame.accepted:,}",
        "deposit now": "–" if frame.price is None else money_text(frame.price),
    }
    for group in frame.groups:
        change = 100 * group.profit / group.start if group.start else 0.0
        tiles[f"money of {group.name}"] = f"{group.balance:,.0f} {_small(f'{change:+.0f} %') if group.start else ''}"
    if frame.fees:
        tiles["spent on gas"] = f"{frame.fees:,.0f}"
    return tiles


def _small(text: str) -> str:
    return f"<span class=change>{text}</span>"


def _tile(name: str, number: str, mark: str) -> str:
    """A number with its name as HTML."""
    mark = escape(f"{name.replace(' ', '-')}-{mark}")
    shown = f"<div class=number data-testid='{mark}'>{number}</div><div class=name>{escape(name)}</div>"
    return f"<div class=tile>{shown}</div>"


def _line(line: Line, palette: dict[str, str]) -> str:
    """A line of the log as HTML."""
    colour = palette.get(line.group, "#8A8A8A")
    sentence = f" <i>“{escape(line.sentence)}”</i>" if line.sentence else ""
    lie = " <span class=lie>a lie</span>" if line.is_lie and line.kind == "add" else ""
    return (
        f"<div class=line style='border-left-color:{colour}'><span class=when>{line.when}</span>"
        f"<span class=who style='color:{colour}'>{escape(line.who)}</span> {escape(line.before)}{sentence} "
        f"{escape(line.after)}{lie}</div>"
    )


def _account(entries: list[Entry]) -> str:
    """An account as a table."""
    rows = []
    for entry in entries:
        sentence = f" <i>“{escape(entry.sentence)}”</i> {escape(entry.after)}" if entry.sentence else ""
        sign = "gain" if entry.change > 0 else "loss" if entry.change < 0 else ""
        change = f"{'+' if entry.change > 0 else ''}{money_text(entry.change)}" if entry.change else "·"
        rows.append(
            f"<tr><td class=when>{entry.when}</td><td>{escape(entry.what)}{sentence}</td>"
            f"<td class='n {sign}'>{change}</td><td class=n>{money_text(entry.balance)}</td></tr>"
        )
    head = "<tr><td></td><td></td><td class=n>units</td><td class=n>wallet</td></tr>"
    return f"<table>{head}{''.join(rows)}</table>" if rows else "Nothing yet."


def _axis_end(day: float) -> float:
    """Where the axis of days ends: a round number, so that it moves now and then only.

    >>> [_axis_end(day) for day in (0.3, 7, 43.3, 75.3, 400)]
    [2, 8, 45, 80, 400]
    """
    step = next((step for most, step in ((2, 2), (10, 2), (50, 5), (200, 10)) if day <= most), 50)
    return step * math.ceil(max(day, 1) / step)
