"""The page: what one browser sees and does. Thin: everything that is true about an economy comes from its session.

Each browser has a session of its own. All sessions work in one thread beside the server's, a small portion each in
turn, so that a long run in one browser keeps no other waiting; within it nothing happens at the same time as anything
else. Charts are sent as often as the browser has drawn the ones before, so that a slow projector sees fewer of them
but is never late.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from nicegui import Client, ui

from experiments.app.export import results_zip
from experiments.app.levers_panel import LeversPanel
from experiments.app.session import SIDES, Session
from experiments.app.side_panel import SidePanel
from experiments.app.stage import Frame
from experiments.app.story_card import StoryCard
from experiments.app.style import COLOURS, CSS
from sim.errors import ConfigError
from sim.units import HOUR

TITLE = "0xDeCA10B · an economy of honest people and liars"
TICK = 0.02
PORTION = 0.05
LARGEST_PORTION = 0.4
IN_FULL_EVERY = 0.35
DRAWN_WITHIN = 10.0
SPEEDS = {0.25: "6 hours a second", 1: "1 day a second", 3: "3 days a second", 10: "10 days a second",
          30: "30 days a second"}  # fmt: skip
STEPS = {HOUR: "an hour", 24 * HOUR: "a day", 7 * 24 * HOUR: "a week"}

_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="economies")


async def in_worker(act: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a function that runs where all economies do."""
    return await asyncio.get_running_loop().run_in_executor(_worker, act, *arguments)


class Page:
    """One browser's page.

    Parameters
    ----------
    session : what it plays with
    client : the browser
    """

    def __init__(self, session: Session, client: Client) -> None:
        self.session, self.client = session, client
        self.playing = False
        self._shown = -1
        self._in_full, self._in_full_at = -1, 0.0
        self._drawing_took = 0.0
        self._sides: list[SidePanel] = []
        self._last = time.perf_counter()
        self._drawing_times: list[float] = []
        self._drawing = asyncio.Lock()
        self._dress()
        self._header()
        with ui.row().classes("body"):
            with ui.column().classes("levers"):
                self.story_card = StoryCard(self)
                self.levers = LeversPanel(self)
            self.stages = ui.element("div").classes("stages")
        self._lay_out(session.frames())
        ui.timer(TICK, self._tick)

    # -- what the browser asks for -----------------------------------------------------------------------------------

    async def do(self, act: Callable[..., Any], *arguments: Any) -> bool:
        """Have the session do something, and show what became of it; whether it could be done."""
        try:
            await in_worker(act, *arguments)
        except ConfigError as error:
            with self.client:
                ui.notify(str(error), type="negative", position="top", multi_line=True, timeout=12_000)
            self.levers.show()
            return False
        return True

    async def choose(self, name: str) -> None:
        """Begin with another story or scenario."""
        if name == self.session.name:
            return
        self.pause()
        if await self.do(self.session.choose, name):
            await self._lay_out_anew()
        else:
            self.choice_box.value = self.session.name

    async def compare(self, wanted: bool) -> None:
        """Show one economy, or two side by side."""
        if wanted != (len(self.session.sides) > 1) and await self.do(self.session.compare, wanted):
            await self._lay_out_anew()

    async def pull(self, side: int, key: str, value: Any) -> None:
        """Set a control. Which controls there are may depend on it."""
        if await self.do(self.session.pull, side, key, value):
            self.levers.show(but=key)

    async def set_seed(self, text: Any) -> None:
        """Another seed, from the start."""
        if text is None or text == self.session.seed:
            return
        if text != int(text):
            ui.notify(f"seed is {text}; it must be a whole number.", type="negative", position="top")
            return
        await self.do(self.session.set_seed, int(text))

    async def step(self) -> None:
        """One step, of the length chosen."""
        self.pause()
        await self.do(self.session.step, int(self.step_box.value))

    def play_or_pause(self) -> None:
        """Let time pass, or hold it."""
        if self.playing:
            self.pause()
            return
        self.playing, self._last = not self.session.finished, time.perf_counter()
        self._show_playing()

    def pause(self) -> None:
        """Hold time where it is."""
        if self.playing:
            self.playing = False
            self.session.stop()
        self._show_playing()

    async def run(self) -> None:
        """Run to the end at once."""
        self.playing = False
        self._show_playing()
        await self.do(self.session.run)

    async def reset(self) -> None:
        """Back to the start."""
        self.pause()
        await self.do(self.session.reset)

    async def export_scenario(self, side: int) -> None:
        """Hand out the TOML of a side's scenario."""
        letter = f"-{SIDES[side]}" if len(self.session.sides) > 1 else ""
        text = await in_worker(self.session.toml, side)
        ui.download.content(text, f"{self.session.name}{letter}.toml", "application/toml")

    async def export_results(self) -> None:
        """Hand out figures, tables and scenarios."""
        ui.notify("Drawing figures …", position="top")
        ui.download.content(await in_worker(results_zip, self.session), f"{self.session.name}.zip", "application/zip")

    # -- time --------------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        """Work off what is due, and show it if the browser has drawn what it was shown before."""
        session, now = self.session, time.perf_counter()
        passed, self._last = min(now - self._last, 0.5), now
        if self.playing:
            session.play(passed * self.speed_box.value)
        if session.behind:
            # Where somebody waits for the end, drawing must not take most of the time.
            portion = PORTION if self.playing else min(max(PORTION, 2 * self._drawing_took), LARGEST_PORTION)
            await in_worker(session.work, portion)
        if self.playing and session.finished:
            self.pause()
            session.run()
        if session.version != self._shown or (self._in_full != self._shown and not (self.playing or session.behind)):
            async with self._drawing:
                await self._draw()

    async def _draw(self) -> None:
        """Show the session as it is now, in full now and then, and wait until the browser has drawn it."""
        began, session = time.perf_counter(), self.session
        in_full = began - self._in_full_at > IN_FULL_EVERY or not (self.playing or session.behind)
        self._shown = session.version
        if in_full:
            self._in_full, self._in_full_at = session.version, began
        looks = await in_worker(self._look, in_full)
        differences = session.differences()
        for panel, look, different in zip(self._sides, looks, differences, strict=False):
            panel.show(look)
            panel.tell_apart(different)
        self.story_card.show()
        await self.client.run_javascript("new Promise(drawn => requestAnimationFrame(() => drawn(1)))",
                                         timeout=DRAWN_WITHIN)  # fmt: skip
        self._drawing_took = time.perf_counter() - began
        self._count_drawing()

    def _look(self, in_full: bool) -> list[Any]:
        """What all sides show now, with axes that end on the same day."""
        frames = self.session.frames()
        last_day = max((frame.accuracies[-1][0] if frame.accuracies else 1.0) for frame in frames)
        return [panel.look(side.stage, frame, last_day, in_full)
                for panel, side, frame in zip(self._sides, self.session.sides, frames, strict=False)]  # fmt: skip

    def _count_drawing(self) -> None:
        """How many times a second the charts were drawn of late."""
        now = time.perf_counter()
        self._drawing_times = [moment for moment in self._drawing_times if now - moment < 1] + [now]
        self.rate.text = f"{len(self._drawing_times)} updates a second" if self.playing else ""

    # -- laying out --------------------------------------------------------------------------------------------------

    def _dress(self) -> None:
        ui.page_title(TITLE)
        ui.add_css(CSS)
        ui.colors(**COLOURS)

    def _header(self) -> None:
        choices = Session.choices()
        options = {name: f"story: {name.replace('-', ' ')}" for name in choices["stories"]}
        options |= {name: f"scenario: {name}" for name in choices["scenarios"]}
        with ui.header().classes("top"):
            ui.label("0xDeCA10B").classes("brand")
            self.choice_box = ui.select(options, value=self.session.name, label="what to play",
                                        on_change=lambda event: self.choose(event.value))  # fmt: skip
            self.choice_box.props("dark dense options-dense data-testid=choice").classes("choice")
            self.seed_box = ui.number("seed", value=self.session.seed, min=0, precision=0)
            self.seed_box.props("dark dense debounce=400 data-testid=seed").classes("seed")
            self.seed_box.on_value_change(lambda event: self.set_seed(event.value))
            self._button("restart_alt", "reset", self.reset, "Back to the start, same seed")
            self.step_box = ui.select(STEPS, value=24 * HOUR, label="step").props("dark dense data-testid=step-length")
            self._button("skip_next", "step", self.step, "One step further")
            self.play_button = self._button("play_arrow", "play", self.play_or_pause, "Let time pass, or hold it")
            self.speed_box = ui.select(SPEEDS, value=3, label="speed").props("dark dense data-testid=speed")
            self._button("fast_forward", "run", self.run, "Run to the end")
            ui.space()
            self.rate = ui.label("").classes("rate").props("data-testid=rate")
            self.compare_box = ui.switch("side by side", value=len(self.session.sides) > 1,
                                         on_change=lambda event: self.compare(event.value))  # fmt: skip
            self.compare_box.props("dark color=white data-testid=compare")
            self._export_menu()

    def _button(self, icon: str, text: str, act: Callable[[], Any], tip: str) -> ui.button:
        button = ui.button(text, icon=icon, on_click=act).props(f"flat dense no-caps color=white data-testid={text}")
        return button.tooltip(tip)

    def _export_menu(self) -> None:
        with ui.button("export", icon="download").props("flat dense no-caps color=white data-testid=export"), ui.menu():
            ui.menu_item("scenario (TOML)", lambda: self.export_scenario(0)).props("data-testid=export-scenario-A")
            self.export_beside = ui.menu_item("scenario of B (TOML)", lambda: self.export_scenario(1))
            self.export_beside.props("data-testid=export-scenario-B")
            ui.menu_item("figures and tables (zip)", self.export_results).props("data-testid=export-results")

    async def _lay_out_anew(self) -> None:
        """Lay the page out for other economies, once what is being drawn has been drawn."""
        async with self._drawing:
            frames = await in_worker(self.session.frames)
            with self.client:
                self._lay_out(frames)

    def _lay_out(self, frames: list[Frame]) -> None:
        """A panel for each economy, and the levers of all."""
        several = len(self.session.sides) > 1
        self.stages.clear()
        self.stages.classes(replace="stages two" if several else "stages one")
        with self.stages:
            self._sides = [SidePanel(self, side.stage, frame, letter if several else "")
                           for letter, side, frame in zip(SIDES, self.session.sides, frames, strict=False)]  # fmt: skip
        self.levers.show()
        self.story_card.tell()
        self.choice_box.value, self.seed_box.value = self.session.name, self.session.seed
        self.compare_box.value = several
        self.export_beside.set_visibility(several)
        self._shown = self.session.version

    def _show_playing(self) -> None:
        self.play_button.props(f"icon={'pause' if self.playing else 'play_arrow'}")
        self.play_button.text = "pause" if self.playing else "play"
        self.rate.text = self.rate.text if self.playing else ""
