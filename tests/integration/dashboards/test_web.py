"""The page's own types and tests, run by the npm of the build requirement."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("script", ["check", "test"])
def test_the_pages_pass_their_own(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "hatch_build.py", "run", script], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
