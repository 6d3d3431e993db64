"""The levers beside the economies: sliders and menus, for one side at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

from experiments.app.controls import Control
from experiments.app.session import SIDES, Side

if TYPE_CHECKING:
    from experiments.app.page import Page


class SteadySlider(ui.slider):
    """A slider that stays where the hand has it, whatever the server has heard of that so far."""

    LOOPBACK = False


class LeversPanel:
    """Sliders and menus of the side that is chosen; each pull starts that economy anew up to the day reached."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.number = 0
        self._shown: list[tuple[Any, ...]] = []
        self._boxes: dict[str, Any] = {}
        self._asked: dict[str, int] = {}
        self._values: dict[str, ui.label] = {}
        with ui.element("div").classes("sheet"):
            with ui.row().classes("lever-line"):
                ui.label("Levers").classes("story-title")
                self._which = ui.toggle(list(SIDES), value=SIDES[0], on_change=self._choose_side)
                self._which.props("dense no-caps data-testid=levers-of")
            ui.label("A pull starts the economy anew and runs it to the same day.").classes("told")
            self._column = ui.column().classes("lever")

    def show(self, but: str = "") -> None:
        """Show what is set; build the controls anew only where there are others now.

        ``but`` is a control to leave alone: who has just pulled it may be about to pull it further.
        """
        sides = self.page.session.sides
        self.number = min(self.number, len(sides) - 1)
        self._which.set_visibility(len(sides) > 1)
        self._which.value = SIDES[self.number]
        side = sides[self.number]
        wanted = [(control.key, control.section, control.stops) for control in side.controls]
        if wanted != self._shown:
            self._shown, but = wanted, ""
            self._column.clear()
            with self._column:
                self._build(side)
        for control in side.controls:
            if control.key != but:
                self._set(control, side)

    def _choose_side(self, event: Any) -> None:
        self.number = SIDES.index(event.value)
        self.show()

    def _build(self, side: Side) -> None:
        self._boxes, self._values, section = {}, {}, ""
        for control in side.controls:
            if control.section != section:
                section = control.section
                ui.label(section).classes("section")
            with ui.column().classes("lever"):
                if control.is_slider:
                    self._slider(control)
                else:
                    self._menu(control)

    def _slider(self, control: Control) -> None:
        with ui.row().classes("lever-line"):
            name = ui.label(control.title).classes("name")
            self._values[control.key] = ui.label("").classes("value").props(f'data-testid="value:{control.key}"')
        slider = SteadySlider(min=0, max=len(control.stops) - 1, step=1).props(f'dense data-testid="{control.key}"')
        label = self._values[control.key]
        slider.on_value_change(lambda event: label.set_text(control.texts[int(event.value)]))
        slider.on("change", lambda event: self._pull(control, int(event.args)))
        self._boxes[control.key] = slider
        if control.help:
            name.tooltip(control.help)

    def _menu(self, control: Control) -> None:
        options = dict(enumerate(control.texts))
        menu = ui.select(options, label=control.title).props(f'dense options-dense data-testid="{control.key}"')
        menu.classes("lever").on_value_change(lambda event: self._pull(control, int(event.value)))
        self._boxes[control.key] = menu
        if control.help:
            menu.tooltip(control.help)

    async def _pull(self, control: Control, place: int) -> None:
        """Pull a lever to one of its stops, unless that was asked for before."""
        if self._asked[control.key] != place:
            self._asked[control.key] = place
            await self.page.pull(self.number, control.key, control.stops[place])

    def _set(self, control: Control, side: Side) -> None:
        """Show the value a control has."""
        place, box = control.stops.index(side.setting(control)), self._boxes[control.key]
        self._asked[control.key] = place
        if box.value != place:
            box.value = place
        if control.is_slider:
            self._values[control.key].text = control.texts[place]
