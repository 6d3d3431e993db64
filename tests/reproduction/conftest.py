"""How a simulation is held against a formula: over many seeds, within three standard errors and five percent."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from .economies import SEEDS

_ROW = "closed form"


@pytest.fixture
def agrees(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """``agrees(form, values, predicted)`` asserts that values of independent seeds have the predicted mean.

    ``exact = False`` is for limits that are only approximately right: then 5 % alone decides. What was measured is
    printed at the end of a run with -v.
    """

    def check(
        form: str, values: Iterable[float], predicted: float, *, tolerance: float = 0.05, exact: bool = True
    ) -> None:
        sample = [float(value) for value in values]
        assert len(sample) >= len(SEEDS), f"{form}: {len(sample)} seeds; at least {len(SEEDS)} are wanted"
        mean, error = statistics.fmean(sample), statistics.stdev(sample) / math.sqrt(len(sample))
        record_property(_ROW, (form, predicted, mean, error, len(sample)))
        off = abs(mean - predicted)
        allowed = max(3 * error, 1e-12 * abs(predicted)) if exact else math.inf
        assert off <= min(allowed, tolerance * abs(predicted)), (
            f"{form}: predicted {predicted:.6g}, measured {mean:.6g} over {len(sample)} seeds, off by {off:.3g} = "
            f"{off / error if error else math.inf:.1f} standard errors = {off / abs(predicted):.2%}; allowed are "
            f"{'3 standard errors and ' if exact else ''}{tolerance:.0%}"
        )
        # A check that would pass whatever happens is none: the seeds must be able to tell 10 % from nothing.
        assert 3 * error <= 2 * tolerance * abs(predicted), f"{form}: too few seeds, a standard error is {error:.3g}"

    return check


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """With -v, the table of what was measured."""
    if terminalreporter.config.get_verbosity() < 1:
        return
    reports = [report for key in ("passed", "failed") for report in terminalreporter.stats.get(key, ())]
    rows = sorted({tuple(value) for report in reports for name, value in report.user_properties if name == _ROW})
    if rows:
        terminalreporter.section("closed forms")
        terminalreporter.write_line(f"{'form':<90}{'predicted':>12}{'measured':>12}{'SE':>10}{'off/SE':>8}{'seeds':>7}")
    for form, predicted, mean, error, seeds in rows:
        off = (mean - predicted) / error if error else 0.0
        terminalreporter.write_line(f"{form:<90}{predicted:>12.5g}{mean:>12.5g}{error:>10.2g}{off:>8.2f}{seeds:>7}")
