"""What every test shares: how hard Hypothesis searches, and that floats are added up alike on every Python.

`quick` (the default) tries the same examples on every run; `HYPOTHESIS_PROFILE=thorough`, which `make test-all` sets,
tries many more and new ones each time.
"""

import builtins
import os
import sys

from hypothesis import HealthCheck, settings

# Machines that run tests are shared: neither a slow example nor slow generation is a failure.
_shared = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _shared, derandomize=True, max_examples=50)
settings.register_profile("thorough", _shared, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

_OURS = frozenset({"sim", "agents", "mechanisms", "experiments"})
_sum = builtins.sum


def _sum_of_no_floats(numbers, /, start=0):
    """`sum`, which since Python 3.12 adds floats up more exactly than before: results must not depend on it."""
    terms = list(numbers)
    total = _sum(terms, start)
    if isinstance(total, float) and len(terms) > 1:
        asked_by = sys._getframe(1).f_globals.get("__name__", "").partition(".")[0]
        assert asked_by not in _OURS, f"{asked_by} adds up floats with sum, not with math.fsum: {terms[:3]}"
    return total


builtins.sum = _sum_of_no_floats
