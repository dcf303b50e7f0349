"""A process of ours does not outlive its parent, also while it still loads."""

import os
import subprocess
import sys
import time
from pathlib import Path

import automl

CHILD = (
    "import os, sys, time; from automl.system.processes import end_with; end_with(int(sys.argv[1])); time.sleep(999)"
)
PARENT = (
    "import os, subprocess, sys, time;"
    f"child = subprocess.Popen([sys.executable, '-c', {CHILD!r}, str(os.getpid())]);"
    "print(child.pid, flush=True); time.sleep(999)"
)


def alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_a_child_ends_when_its_parent_is_killed():
    environment = {**os.environ, "PYTHONPATH": str(Path(automl.__file__).parent.parent)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environment)
    child = int(parent.stdout.readline())
    time.sleep(0.2)
    assert alive(child)
    parent.kill()
    parent.communicate()
    ends = time.monotonic() + 600
    while alive(child) and time.monotonic() < ends:
        time.sleep(0.1)
    assert not alive(child)
