"""The runner of the AutoML benchmark, waiting for the exit code of a process that has closed its pipes.

    cd automlbenchmark && amlb/bin/python .../integrations/amlb/runner.py <arguments of runbenchmark.py>

The runner takes closed pipes for the end of a process, asks for its exit code once, and where the system does not have
it yet kills the process and reports "timed out after nan seconds" (`run_subprocess` in amlb/utils/process.py, April
2025). On a busy machine that meets set-ups and jobs of all frameworks. Nothing else is changed.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys

GRACE_SECONDS = 10.0


class Popen(subprocess.Popen):  # type: ignore[type-arg]
    """A process whose exit code is waited for."""

    def poll(self) -> int | None:
        """The exit code; None if the process still runs after `GRACE_SECONDS`."""
        try:
            return self.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return None


def main() -> None:
    """Run `runbenchmark.py` of the current folder."""
    subprocess.Popen = Popen  # type: ignore[misc]
    sys.path[0] = os.getcwd()
    sys.argv[0] = "runbenchmark.py"
    runpy.run_path("runbenchmark.py", run_name="__main__")


if __name__ == "__main__":
    main()
