"""Analyses need packages of their own; where these are missing, what needs them is skipped."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from experiments.analysis.questions import Question, question_of

TINY: dict[str, Any] = {
    "name": "tiny",
    "scenario": "quickstart",
    "horizon": "20d",
    "data": {"size": 120},
    "record": {"accuracy_every": "1d"},
}
"""An economy of a few hundredths of a second."""


def tiny(section: str, table: dict[str, Any], **changes: Any) -> Question:
    """A question about the tiny economy."""
    return question_of({**TINY, **changes, section: table}, section)


@pytest.fixture(scope="session")
def executor() -> Iterator[Executor]:
    """One thread of this process."""
    with ThreadPoolExecutor(1) as one:
        yield one
