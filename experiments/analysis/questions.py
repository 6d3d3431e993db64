"""Questions in files: a scenario, as an experiment names it, and one table that says what is asked of it.

``[sensitivity]`` asks which levers matter, ``[tune]`` which values are best, ``[game]`` which behaviour survives. Like
an experiment a file names a scenario and may change it by its own tables; ``[outcomes]`` says where runs are compared,
and ``[paper]`` what is different in the size of a paper.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.experiment import Experiment, experiment_of
from experiments.messages import did_you_mean, shown
from experiments.scenario import QUESTIONS as SECTIONS
from experiments.scenario import question_in, read_config
from experiments.sizes import sized
from sim.errors import ConfigError

_PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class Question:
    """A scenario and what is asked of it.

    Parameters
    ----------
    base : the experiment whose only point is the scenario as it is
    section : ``sensitivity``, ``tune`` or ``game``
    table : the settings of that section, not checked yet
    """

    base: Experiment
    section: str
    table: Mapping[str, Any]

    def number(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number of the table. Raises `ConfigError`."""
        value = self.table.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ConfigError(
                f"{self.section}.{key} is {shown(value)}; it must be a whole number from {least:,} to {most:,}, such "
                f"as {default}."
            )
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """One of several words; the first is the default. Raises `ConfigError`."""
        value = self.table.get(key, choices[0])
        if value not in choices:
            raise ConfigError(f"{self.section}.{key} is {shown(value)}; choose one of {', '.join(choices)}.")
        return str(value)

    def words(self, key: str, default: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
        """A list of different known words, at least one. Raises `ConfigError`."""
        value = self.table.get(key, list(default))
        if not isinstance(value, list) or not value or len(set(map(str, value))) < len(value):
            raise ConfigError(f"{self.section}.{key} is {shown(value)}; it must be a list of different names.")
        for word in value:
            if word not in known:
                hint = did_you_mean(str(word), known)
                raise ConfigError(f"{self.section}.{key} has {shown(word)}.{hint} Known: {', '.join(known)}.")
        return tuple(value)

    def checked(self, *keys: str) -> Question:
        """The question, if its table has these keys only. Raises `ConfigError`."""
        for key in self.table:
            if key not in keys:
                hint = did_you_mean(key, keys)
                raise ConfigError(f"{self.section}.{key} is unknown.{hint} Allowed here: {', '.join(keys)}.")
        return self


def question_names() -> tuple[str, ...]:
    """Questions that come with the package, in alphabetical order."""
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.toml")))


def question_facts() -> list[dict[str, Any]]:
    """Name, description and command of each of them."""
    found = []
    for name in question_names():
        config = tomllib.loads((_PRESETS / f"{name}.toml").read_text(encoding="utf-8"))
        section = next(section for section in SECTIONS if section in config)
        found.append({"name": name, "description": config["description"], "type": section})
    return found


def section_of(name_or_path: str | Path) -> str | None:
    """What a question of the package, or any file, asks: one of `SECTIONS`, or None. Raises `ConfigError`."""
    own = str(name_or_path) in question_names()
    return question_in(read_config(_PRESETS / f"{name_or_path}.toml" if own else name_or_path)[0])


def load_question(
    name_or_path: str | Path, section: str, size: str = "quick", levers: Mapping[str, Any] | None = None
) -> Question:
    """A question that comes with the package, or the file at a path; levers change its scenario.

    Raises `ConfigError`.
    """
    own = str(name_or_path) in question_names()
    path = _PRESETS / f"{name_or_path}.toml" if own else Path(name_or_path)
    if not own and not path.exists():
        raise ConfigError(
            f"There is no file {str(name_or_path)!r}.{did_you_mean(str(name_or_path), question_names())} Give the path "
            f"of a .toml file, or one of {', '.join(question_names())}."
        )
    config, source = read_config(path)
    source = f"Question {str(name_or_path)!r}" if own else source
    return question_of(config, section, size, source, levers, path.parent)


def question_of(
    config: Mapping[str, Any],
    section: str,
    size: str = "quick",
    source: str = "Question",
    levers: Mapping[str, Any] | None = None,
    folder: Path = Path(),
) -> Question:
    """The question of plain tables, as `load_question` reads them. Raises `ConfigError`."""
    tables = sized(config, size, source)
    if not isinstance(tables.get(section), Mapping):
        has = [f"[{other}]" for other in (*SECTIONS, "design") if other in tables]
        raise ConfigError(
            f"{source} has no table [{section}]{', but ' + ' and '.join(has) if has else ''}. Add one, or take one of "
            f"{', '.join(question_names())}."
        )
    rest = {key: value for key, value in tables.items() if key not in (*SECTIONS, "design")}
    base = experiment_of({**rest, "design": {"points": [{}]}}, source, levers, folder, section)
    return Question(base, section, dict(tables[section]))
