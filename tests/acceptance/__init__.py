"""The real daemon as people run it, against the embedded sandbox."""

import pytest

pytest.register_assert_rewrite("tests.acceptance.place")
