"""The clock of processor seconds counts what processes compute, together, and not what they wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "processor_clock"
if not FOLDER.exists() or not sys.platform.startswith("linux"):
    pytest.skip("the clock is not installed, or this is not Linux", allow_module_level=True)

SCRIPT = """
import subprocess, sys, time
begun, own = time.monotonic(), time.process_time()
time.sleep(0.2)
waited = time.monotonic() - begun - (time.process_time() - own)
begun = time.monotonic()
other = subprocess.run([sys.executable, "-c", "import time; sum(range(3_000_000)); print(time.process_time())"],
                       capture_output=True, text=True)
print(waited, time.monotonic() - begun - float(other.stdout))
"""


def test_it_counts_the_seconds_of_all_processes_and_no_waiting(tmp_path):
    path = tmp_path / "processes"
    path.touch()
    given = {**os.environ, "PROCESSOR_CLOCK": str(path), "PYTHONPATH": str(FOLDER)}
    command = [sys.executable, "-S", "-c", "import sitecustomize\n" + SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=given)
    waited, more_than_the_other = map(float, done.stdout.split())
    assert abs(waited) < 0.1 and more_than_the_other >= 0.0
    assert len({line.split()[0] for line in path.read_text().splitlines()}) == 2
