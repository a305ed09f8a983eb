"""
How Hypothesis looks for counterexamples.

Everybody's run tries the same examples each time, so that it fails for what was changed and for nothing else, and no
machine is too slow for it. `HOTFOLDER_HYPOTHESIS=explore` tries other and many more ones; what it finds belongs into
the test as an `@example`.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "fixed", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("explore", settings.get_profile("fixed"), derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("HOTFOLDER_HYPOTHESIS", "fixed"))
