"""Which page explains what an error is about: told by the command line after the error itself."""

from __future__ import annotations

import re

_SOURCE = re.compile(r"[A-Z]\w+ '[^']*': ")  # "Scenario 'quickstart': ", before what is wrong with it
_PAGES = (
    (r"Unknown lever|Lever |--set ", "'deca10b list levers'"),
    (r"data\b|Data set '|There is no data set", "docs/data.md"),
    (r"(?:model|mechanism)\.profile", "docs/profiles.md"),
    (r"model\.import\b|There is no model file", "docs/profiles.md#models-in-and-out-of-files"),
    (r"model\b", "'deca10b list models'"),
    (r"chain\b", "docs/fees.md"),
    (r"mechanism\b", "docs/ODD.md#mechanism"),
    (r"agents\b", "docs/ODD.md#agents"),
    (r"record\b", "docs/ODD.md#record"),
    (r"(?:seed|replication|horizon)\b", "docs/ODD.md#run"),
    (r"design\b|outcomes\b|There is no experiment", "docs/sweeps.md"),
    (r"(?:sensitivity|tune|game)\b", "docs/analysis.md"),
    (r"There is no scenario", "docs/tutorial.md"),
)
"""What an error begins with, and the page (or the command) that says more."""

_COMMANDS = {
    "run": "docs/tutorial.md",
    "check": "docs/tutorial.md",
    "list": "docs/catalogue.md",
    "new": "docs/how-to.md",
    "sweep": "docs/sweeps.md",
    "merge": "docs/sweeps.md#several-machines",
    "report": "docs/how-to.md",
    "replay": "docs/traces.md",
    "gas": "docs/gas.md",
    "app": "docs/app.md",
    "data": "docs/data.md",
    "reproduce": "docs/reproduction.md",
    "tournament": "docs/attacks.md#tournaments",
    **dict.fromkeys(("sensitivity", "tune", "game", "calibrate", "welfare", "analyse"), "docs/analysis.md"),
}
"""The page of each command, for errors that begin in no other way."""


def page_of(message: str, command: str = "") -> str:
    """The page that says more about an error of a command; "" where there is none."""
    source = _SOURCE.match(message)
    about = message[source.end() :] if source else message
    return next((page for pattern, page in _PAGES if re.match(pattern, about)), _COMMANDS.get(command, ""))


def with_page(message: str, command: str = "") -> str:
    """An error with where to read on, unless it says so itself."""
    page = page_of(message, command)
    return message if not page or page.strip("'") in message else f"{message.rstrip()} See {page}."
