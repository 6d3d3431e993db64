"""The card of a story: what it is about, the question to answer before the run, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import ui

if TYPE_CHECKING:
    from experiments.app.page import Page


class StoryCard:
    """Predict, then run. For a bare scenario it shows the scenario's description."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._card = ui.column().classes("sheet")
        self._verdict: Any = None
        self._answers: Any = None

    def tell(self) -> None:
        """Tell the story of the session from the start."""
        session, self._verdict, self._answers = self.page.session, None, None
        self._card.clear()
        with self._card:
            if session.story is None:
                ui.label(session.sides[0].base.name).classes("story-title")
                ui.label(session.sides[0].base.description).classes("told")
                return
            ui.label(session.story.title).classes("story-title")
            ui.label(session.story.text.strip()).classes("told")
            ui.label(session.story.question).classes("question").props("data-testid=question")
            options = {number: option.text for number, option in enumerate(session.story.options)}
            self._answers = ui.radio(options, value=session.prediction, on_change=self._predict)
            self._answers.props("dense data-testid=answers").classes("told")
            self._verdict = ui.label("Predict, then run.").classes("told").props("data-testid=verdict")

    def show(self) -> None:
        """Show what came of the prediction, once the run is over."""
        if self._verdict is None:
            return
        session = self.page.session
        self._answers.set_enabled(not session.finished)
        if self._answers.value != session.prediction:
            self._answers.value = session.prediction
        verdict = session.verdict()
        if verdict is not None:
            was_right, lesson = verdict
            self._verdict.text = f"{'You were right.' if was_right else 'You were wrong.'} {lesson}"
            self._verdict.classes(replace=f"verdict {'right' if was_right else 'wrong'}")
        else:
            known = session.prediction is not None
            self._verdict.text = "Now run it." if known else "Predict, then run."
            self._verdict.classes(replace="told")

    async def _predict(self, event: Any) -> None:
        if event.value is not None and event.value != self.page.session.prediction:
            await self.page.do(self.page.session.predict, event.value)
