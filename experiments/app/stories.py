"""Story presets: an economy with a known seed, a question to answer before it runs, and what is to be learnt from it.

Stories are data (``stories.toml``). Which option is right is not written there: each option names a metric of the
finished run and the range in which it is right, so that a story stays true when somebody changes the seed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from pydantic import Field, field_validator

from experiments.app.stage import METRICS, Frame
from experiments.fields import Section
from experiments.scenario import load_scenario
from experiments.schema import Scenario


class Option(Section):
    """An answer that can be chosen: right where ``at_least`` <= metric < ``below``."""

    text: str = Field(description="the answer in words")
    metric: str = Field(description="what decides, of `METRICS`")
    at_least: float = float("-inf")
    below: float = float("inf")

    @field_validator("metric")
    @classmethod
    def _known(cls, metric: str) -> str:
        if metric not in METRICS:
            raise ValueError(f"choose one of {', '.join(METRICS)}")
        return metric

    def is_right(self, frame: Frame) -> bool:
        """Whether the run turned out as this answer says."""
        return self.at_least <= frame.metric(self.metric) < self.below


class Story(Section):
    """A lesson of one question.

    ``levers`` change the scenario, ``beside`` the one shown beside it (none without); the question is about the economy
    on the left, or about the one beside it if ``about_beside``.
    """

    name: str = Field(pattern=r"^[a-z][a-z-]*$")
    title: str
    scenario: str
    seed: int = 0
    levers: dict[str, Any] = Field(default_factory=dict)
    beside: dict[str, Any] | None = None
    about_beside: bool = False
    text: str
    question: str
    options: list[Option] = Field(min_length=2)
    lesson: str

    def scenarios(self) -> tuple[Scenario, ...]:
        """The economy, and the one beside it if there is one."""
        sides: list[Mapping[str, Any]] = [self.levers] if self.beside is None else [self.levers, self.beside]
        return tuple(load_scenario(self.scenario, {"seed": self.seed, **levers}) for levers in sides)

    def right(self, frames: list[Frame]) -> int | None:
        """The number of the option that turned out right; None if none did. ``frames`` are those of the sides."""
        frame = frames[-1 if self.about_beside else 0]
        return next((number for number, option in enumerate(self.options) if option.is_right(frame)), None)


@cache
def stories() -> dict[str, Story]:
    """All stories by name, in the order in which they are told."""
    text = (resources.files("experiments.app") / "stories.toml").read_text(encoding="utf-8")
    found = [Story.model_validate(table) for table in tomllib.loads(text)["story"]]
    return {story.name: story for story in found}
