"""First contact: what ``deca10b`` says without arguments, and ``deca10b new``, a working file to make one's own."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from sim.errors import ConfigError

KINDS = ("agent", "mechanism")
"""What a file can be written for."""

FIRST_STEPS = """\
deca10b simulates the incentive economy of 0xDeCA10B: deposits, a learning model, honest people and liars.

  See an economy (seconds)
    deca10b run quickstart                               who gained, who lost, what became of the model
    deca10b run quickstart --set mechanism.cost_weight=20      the same, four times as dear
    deca10b app                                          play in a browser: levers, live charts, stories

  Look around
    deca10b list scenarios                               also: agents, mechanisms, models, datasets, fees, levers
    deca10b data list                                    data sets, and what the papers' learners reach on them

  Ask properly (minutes)
    deca10b sweep deposit-refund                         many economies, intervals, findings, a report
    deca10b reproduce                                    what was published, and what is found here

  Make it yours
    deca10b new agent my_agent                           a file that works; also: deca10b new mechanism my_rule
    deca10b check my_scenario.toml                       what a scenario would do, or what is wrong with it

Every command: deca10b --help. One command: deca10b run --help. To read on: docs/tutorial.md.
"""

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OURS = ("sim", "mechanisms", "agents", "experiments")


def new_command(
    kind: Annotated[str, typer.Argument(metavar="agent|mechanism", help="What to write.")],
    name: Annotated[str, typer.Argument(help="Its word in a scenario: small letters, digits and _.")],
    folder: Annotated[str, typer.Option("--out", metavar="DIR", help="Where to write NAME.py.")] = ".",
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error comes from.")] = False,
) -> None:
    """Write a commented file with a working agent or mechanism, to be changed into your own."""
    path = new_file(kind, name, Path(folder))
    print(f"Written: {path}")
    print(f"Check it and see it play, now and after each change: {Path(sys.executable)} {path}")


def new_file(kind: str, name: str, folder: Path = Path()) -> Path:
    """Write ``name``.py into a folder from the template of a kind; the path. Raises `ConfigError` before it writes."""
    if kind not in KINDS:
        raise ConfigError(f"Cannot write a new {kind!r}. Choose {' or '.join(KINDS)}: deca10b new agent my_agent.")
    _check_name(kind, name)
    path = folder / f"{name}.py"
    words = name.split("_")
    template = Template((_TEMPLATES / f"{kind}.txt").read_text(encoding="utf-8"))
    text = template.substitute(
        name=name, Class="".join(word.capitalize() for word in words), Title=" ".join(words).strip().capitalize()
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{str(path)!r} is there already. Choose another name, or another folder by --out.") from None
    except OSError as error:
        raise ConfigError(
            f"{str(path)!r} cannot be written ({error.strerror}). Choose another folder by --out."
        ) from None
    return path


def _check_name(kind: str, name: str) -> None:
    """Refuse what is no word for a config, is taken, or would hide a module from Python."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"name is {name!r}; it must be small letters, digits and _, a letter first, at most 40.")
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name in _OURS:
        raise ConfigError(f"name is {name!r}, which is a word or module of Python or of this program. Choose another.")
    if name in _taken(kind):
        raise ConfigError(f"name is {name!r}, which is a registered {kind} already. Choose another.")


def _taken(kind: str) -> set[str]:
    from agents import AGENTS
    from mechanisms import MECHANISMS

    return {known.kind for known in (AGENTS if kind == "agent" else MECHANISMS)}
