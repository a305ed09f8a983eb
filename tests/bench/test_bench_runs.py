"""The benches run and say something; what they say depends on the machine and is judged by people."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.bench.__main__ import BENCHES
from tests.bench.processes import ROOT

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the benches compare with curl")


OFTEN = ("large", "many", "latency")  # the others take a daemon or two more each


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in OFTEN else pytest.mark.slow) for name in BENCHES]
)
def test_quick_profile_runs_and_prints_ratios(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench", "quick", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert len(re.findall(r"^  ratio .+: [0-9]+\.[0-9]{2}$", ended.stdout, re.MULTILINE)) >= 1
