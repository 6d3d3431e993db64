"""What one browser plays with: one economy, or two side by side under the same random numbers. Pure Python.

A session knows nothing of any page. It is asked to `choose`, `pull`, `step`, `play`, `run`, `reset` and `compare`, and
`work`s off what is due in small portions of real time, so that many sessions can share a thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from experiments.app.controls import Control, controls_of, exchanged, is_exchange, without_groups
from experiments.app.stage import Frame, Stage
from experiments.app.stories import Story, stories
from experiments.levers import plain
from experiments.people import AgentGroup
from experiments.scenario import load_scenario, preset_names, with_levers
from experiments.schema import LARGEST_SEED, Scenario
from experiments.toml import to_toml
from sim.errors import ConfigError
from sim.units import DAY, Seconds

SIDES = "AB"
SMALLEST_STEP: Seconds = 60


class Setting(NamedTuple):
    """What a control was set to, and the levers that does it; none leaves a group out."""

    value: Any
    levers: dict[str, Any]


class Side:
    """One economy of a session: the scenario it began with, what was set since, and the stage it plays on.

    Raises `ConfigError` when what is set cannot be built; then nothing has changed.

    Attributes
    ----------
    full : the scenario with all that is set, the groups that are left out among it
    controls : its levers, each at the value it has now
    """

    def __init__(self, base: Scenario, settings: Mapping[str, Setting] | None = None) -> None:
        self.base = base
        self.settings: dict[str, Setting] = {}
        self._build(base, dict(settings or {}))

    @property
    def scenario(self) -> Scenario:
        """The scenario as it is played."""
        return self.stage.scenario

    def setting(self, control: Control) -> Any:
        """What a control is set to; 0 addresses for a group that is left out."""
        kept = self.settings.get(control.key)
        return kept.value if kept else control.stops[control.current]

    def pull(self, key: str, value: Any) -> None:
        """Set a control to one of its stops and build the economy anew, at its start."""
        control = next((control for control in self.controls if control.key == key), None)
        if control is None or value not in control.stops:
            raise ConfigError(f"{key} cannot be set to {value!r} here. Choose one of the stops of a control.")
        settings = {**self.settings, key: Setting(value, control.levers(value))}
        if is_exchange(key):
            settings = {name: setting for name, setting in settings.items() if not _goes_with(name, key)}
        self._build(self.base, settings)

    def reset(self, seed: int | None = None) -> None:
        """Build the economy anew, with another seed if one is given."""
        self._build(self.base if seed is None else with_levers(self.base, {"seed": seed}), self.settings)

    def _build(self, base: Scenario, settings: dict[str, Setting]) -> None:
        full, left_out = base, [key.split(".")[1] for key, setting in settings.items() if not setting.levers]
        for key, setting in settings.items():
            if is_exchange(key):  # first: other settings may be of what only this mechanism or behaviour has
                full = exchanged(full, key, setting.value)
        levers = [setting.levers for key, setting in settings.items() if not is_exchange(key)]
        full = with_levers(full, {path: value for table in levers for path, value in table.items()})
        self.stage = Stage(without_groups(full, left_out))
        self.base, self.settings, self.full, self.controls = base, settings, full, controls_of(full)


def _goes_with(name: str, key: str) -> bool:
    """Whether a setting is one of the mechanism, or one that only some behaviours have, that ``key`` exchanges."""
    if name == key or not name.startswith(key.removesuffix("kind")):
        return False
    return key == "mechanism.kind" or name.split(".")[2] not in AgentGroup.model_fields


class Session:
    """One browser's economies.

    Attributes
    ----------
    sides : the economy ("A") and, while two are compared, the one beside it ("B")
    story : the story that is told, None for a bare scenario
    prediction : the number of the answer given to the story's question, None before
    target : the second up to which the economies are to be run
    version : grows with each change that a page should show
    """

    def __init__(self, scenario: str = "quickstart") -> None:
        self.sides: list[Side] = []
        self.story: Story | None = None
        self.prediction: int | None = None
        self.target: Seconds = 0
        self.version = 0
        self.choose(scenario)

    # -- what to play ------------------------------------------------------------------------------------------------

    @staticmethod
    def choices() -> dict[str, list[str]]:
        """The names that can be chosen: stories, then scenarios."""
        return {"stories": list(stories()), "scenarios": list(preset_names())}

    def choose(self, name: str) -> None:
        """Begin with a story or a scenario by its name. Raises `ConfigError`, and changes nothing, if it cannot be."""
        story = stories().get(name)
        if story is not None:
            sides = [Side(scenario) for scenario in story.scenarios()]
        elif name in preset_names():
            sides = [Side(load_scenario(name))]
        else:
            known = ", ".join([*stories(), *preset_names()])
            raise ConfigError(f"There is no story or scenario {name!r}. Choose one of {known}.")
        self.sides, self.story, self.prediction, self.target = sides, story, None, 0
        self.version += 1

    @property
    def name(self) -> str:
        """The story's or the scenario's name."""
        return self.story.name if self.story else self.sides[0].base.name

    @property
    def seed(self) -> int:
        """The seed of all economies of the session."""
        return self.sides[0].scenario.seed

    def set_seed(self, seed: int) -> None:
        """Give all economies another seed, and take them back to the start. Raises `ConfigError`."""
        if not 0 <= seed <= LARGEST_SEED:
            raise ConfigError(f"seed is {seed}; it must be a whole number from 0 to 2^63 - 1. Write a smaller one.")
        self.target = 0
        self._each(lambda side: side.reset(seed))

    def pull(self, side: int, key: str, value: Any) -> None:
        """Set a control of one side. Its economy starts anew, and `work` runs it to the moment where it was before.

        Raises `ConfigError`, and changes nothing, where the scenario would not be valid.
        """
        self.sides[side].pull(key, value)
        self.version += 1

    def compare(self, wanted: bool) -> None:
        """Put a copy of the economy beside it, under the same random numbers; or take it away."""
        if wanted and len(self.sides) == 1:
            first = self.sides[0]
            self.sides.append(Side(first.base, first.settings))
        elif not wanted:
            del self.sides[1:]
            if self.story is not None and self.story.beside is not None:
                self.story = None  # its question was about both
        self.version += 1

    # -- time --------------------------------------------------------------------------------------------------------

    def step(self, seconds: Seconds = DAY) -> None:
        """Run so much further: a day, unless told otherwise. `work` does it."""
        self.target = self.now + seconds

    def play(self, days: float) -> None:
        """Let so many days pass, unless the economies are still behind."""
        if not self.behind:
            self.step(max(SMALLEST_STEP, round(days * DAY)))

    def run(self) -> None:
        """Run to the end. `work` does it."""
        self.target = max(side.scenario.horizon for side in self.sides)

    def stop(self) -> None:
        """Leave the economies where they are."""
        self.target = self.now

    def reset(self) -> None:
        """Take all economies back to the start, with the same seed and settings."""
        self.target, self.prediction = 0, None
        self._each(lambda side: side.reset())

    def work(self, budget: float = 0.04) -> bool:
        """Run the economies towards the target for about ``budget`` seconds; whether anything is left to do."""
        deadline, before = time.perf_counter() + budget, self.now
        while self.behind and time.perf_counter() < deadline:
            until = min(self.target, self.now + DAY)  # nobody is more than a day ahead
            for stage in self._stages():
                stage.advance(until, deadline - time.perf_counter())
        self.version += 1 if self.now != before or self.finished else 0
        if self.finished:
            self.run()  # a lever that is pulled now shows how it would have ended
        return self.behind

    @property
    def now(self) -> Seconds:
        """The second that all economies have reached, those aside that have ended."""
        running = [side.stage.economy.reached for side in self.sides if not side.stage.economy.ended]
        return min(running) if running else max(side.stage.now for side in self.sides)

    @property
    def behind(self) -> bool:
        """Whether an economy has not reached the target yet."""
        return any(not stage.economy.ended and stage.economy.reached < min(self.target, stage.scenario.horizon)
                   for stage in self._stages())  # fmt: skip

    @property
    def finished(self) -> bool:
        """Whether all economies have ended."""
        return all(stage.economy.ended for stage in self._stages())

    # -- what to show ------------------------------------------------------------------------------------------------

    def frames(self) -> list[Frame]:
        """Each economy as it is now."""
        return [stage.frame() for stage in self._stages()]

    def differences(self) -> list[list[str]]:
        """For each side the levers, in words, that are set otherwise than on the other; nothing where there is one."""
        if len(self.sides) == 1:
            return [[]]
        shown = [
            {control.title + control.section: (control.title, control.texts[control.stops.index(side.setting(control))])
             for control in side.controls}
            for side in self.sides
        ]  # fmt: skip
        return [
            [f"{title}: {value}" for key, (title, value) in mine.items() if other.get(key) != (title, value)]
            for mine, other in (shown, shown[::-1])
        ]

    def predict(self, option: int) -> None:
        """Answer the story's question, before the economy has been run to its end. Raises `ConfigError` afterwards."""
        if self.finished:
            raise ConfigError("The run is over. Reset it, and predict before you run.")
        self.prediction = option
        self.version += 1

    def verdict(self) -> tuple[bool, str] | None:
        """Whether the prediction was right, and what is to be learnt; None before there is a prediction and an end."""
        if self.story is None or self.prediction is None or not self.finished:
            return None
        right = self.story.right(self.frames())
        told = "" if right is None else f"What happened: {self.story.options[right].text} "
        return right == self.prediction, told + self.story.lesson

    def toml(self, side: int = 0) -> str:
        """A side's scenario as the TOML text that ``deca10b run`` takes."""
        return to_toml(plain(self.sides[side].scenario))

    def _stages(self) -> list[Stage]:
        return [side.stage for side in self.sides]

    def _each(self, act: Callable[[Side], None]) -> None:
        for side in self.sides:
            act(side)
        self.version += 1
