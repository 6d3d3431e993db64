"""The page of a tournament, for a projector: the league as it stands, and everybody's money, while it plays."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from html import escape

from nicegui import Client, ui

from experiments.app.page import DRAWN_WITHIN, PORTION, SPEEDS, TICK, in_worker
from experiments.app.style import COLOURS, CSS
from experiments.app.tournament import Standing, TournamentSession

TITLE = "0xDeCA10B · tournament"


def table_of(standings: Sequence[Standing]) -> str:
    """The league as HTML: a line for each, with a bar as long as its money is of the richest one's."""
    richest = max((row.money for row in standings), default=0.0) or 1.0
    return "".join(
        f"<div class=player><span class=place>{row.place}</span>"
        f"<span class=name>{escape(row.name)}<i>{escape(row.behaviour.replace('_', ' '))}</i></span>"
        f"<span class=money><span class='bar {'liar' if row.adversarial else 'fair'}'"
        f" style='width:{100 * max(0.0, row.money) / richest:.1f}%'></span>{row.money:,.0f}</span>"
        f"<span class='n {'gain' if row.mean_profit >= 0 else 'loss'}'>{_percent(row.mean_return)}</span>"
        f"<span class=n>{row.mean_profit:+,.1f}</span>"
        f"<span class=n>{row.wins}</span></div>"
        for row in standings
    )


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+,.1f} %"


class TournamentPage:
    """One browser's view of a tournament of its own.

    Parameters
    ----------
    session : what it plays
    client : the browser
    """

    def __init__(self, session: TournamentSession, client: Client) -> None:
        self.session, self.client = session, client
        self.playing = False
        self._shown = ""
        self._last = time.perf_counter()
        ui.page_title(TITLE)
        ui.add_css(CSS)
        ui.colors(**COLOURS)
        self._lay_out()
        ui.timer(TICK, self._tick)

    def _lay_out(self) -> None:
        with ui.header().classes("top"):
            ui.label("0xDeCA10B").classes("brand")
            self.play_button = ui.button("play", icon="play_arrow", on_click=self.play_or_pause)
            self.play_button.props("flat dense no-caps color=white data-testid=play")
            self.speed_box = ui.select(SPEEDS, value=3, label="speed").props("dark dense data-testid=speed")
            run = ui.button("run", icon="fast_forward", on_click=self.run)
            run.props("flat dense no-caps color=white data-testid=run").tooltip("All draws to the end")
            ui.space()
            self.heading = ui.label("").classes("heading").props("data-testid=heading")
        with ui.element("div").classes("sheet league"):
            ui.html(
                "<div class='player head'><span class=place>place</span><span class=name>name</span>"
                "<span class=money>money now, units</span><span class=n>return a draw</span>"
                "<span class=n>units a draw</span><span class=n>draws won</span></div>",
                sanitize=False,
            )  # fmt: skip
            self.table = ui.html("", sanitize=False).classes("players").props("data-testid=league")
        self.findings = ui.label("").classes("findings").props("data-testid=findings")

    def play_or_pause(self) -> None:
        """Let time pass, or hold it."""
        self.playing, self._last = not (self.playing or self.session.finished), time.perf_counter()
        if not self.playing:
            self.session.stop()
        self._show_playing()

    def run(self) -> None:
        """Play all draws to the end."""
        self.playing = False
        self.session.run()
        self._show_playing()

    def _show_playing(self) -> None:
        self.play_button.props(f"icon={'pause' if self.playing else 'play_arrow'}")
        self.play_button.text = "pause" if self.playing else "play"

    async def _tick(self) -> None:
        """Work off what is due, and show it once the browser has drawn what it was shown before."""
        session, now = self.session, time.perf_counter()
        passed, self._last = min(now - self._last, 0.5), now
        if self.playing:
            session.play(passed * self.speed_box.value)
        if session.owed:
            await in_worker(session.work, PORTION)
        if self.playing and session.finished:
            self.playing = False
            self._show_playing()
        heading, table, findings = await in_worker(self._look)
        if heading + table == self._shown:
            return
        self._shown = heading + table
        self.heading.text, self.table.content, self.findings.text = heading, table, findings
        await self.client.run_javascript("new Promise(drawn => requestAnimationFrame(() => drawn(1)))",
                                         timeout=DRAWN_WITHIN)  # fmt: skip

    def _look(self) -> tuple[str, str, str]:
        """What is shown now: where it is, the league, and what was found once all is over."""
        session = self.session
        findings = " ".join(session.tournament().findings()) if session.finished else ""
        return session.heading, table_of(session.standings()), findings
