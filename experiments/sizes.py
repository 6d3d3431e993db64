"""Two sizes of one question: a quick one for a first look, a paper's for an answer.

The tables of a file are its quick size; its table ``[paper]`` says, in the same tables, what is different in the size
of a paper: more seeds, more values, more data.

>>> sized({"design": {"replications": 2, "twin": True}, "paper": {"design": {"replications": 30}}}, "paper")
{'design': {'replications': 30, 'twin': True}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.messages import shown
from sim.errors import ConfigError

SIZES = ("quick", "paper")


def sized(config: Mapping[str, Any], size: str = "quick", source: str = "The file") -> dict[str, Any]:
    """The tables of one size. Raises `ConfigError` for another size, or if the file has no paper size."""
    if size not in SIZES:
        raise ConfigError(f"size is {shown(size)}; choose one of {', '.join(SIZES)}.")
    quick = {key: value for key, value in config.items() if key != "paper"}
    if size == "quick":
        return quick
    changes = config.get("paper")
    if not isinstance(changes, Mapping):
        raise ConfigError(
            f"{source} has no table [paper], so it has one size only. Leave --size out, or add a table such as "
            f"[paper.design] with replications = 30."
        )
    return merged(quick, changes)


def named(name: str, size: str) -> str:
    """The name of the results of a size: those of the quick one and of a paper's do not meet in one folder.

    >>> named("deposit refund", "quick"), named("deposit refund", "paper")
    ('deposit-refund', 'deposit-refund-paper')
    """
    return name.replace(" ", "-") + ("" if size == SIZES[0] else f"-{size}")


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables laid over tables, field by field; anything else, lists of agents too, as a whole."""
    laid = dict(below)
    for key, value in above.items():
        under = laid.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        laid[key] = merged(under, value) if both else value  # type: ignore[arg-type]
    return laid
