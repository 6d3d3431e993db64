"""What every test shares: how hard Hypothesis searches.

`quick` (the default) tries the same examples on every run; `HYPOTHESIS_PROFILE=thorough`, which `make test-all` sets,
tries many more and new ones each time.
"""

import os

from hypothesis import HealthCheck, settings

# Machines that run tests are shared: neither a slow example nor slow generation is a failure.
_shared = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _shared, derandomize=True, max_examples=50)
settings.register_profile("thorough", _shared, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
