"""A new user's path: clone, virtual environment, install, first report. Prints seconds of each step.

    python benchmarks/first_report.py [--clone REPOSITORY]

The command is README's own. Packages come from pip's cache where it has them, so run it twice and read the second time.
The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOAL_SECONDS = 150


def steps(readme: str) -> list[str]:
    """README's command for a first contest, cut at ``&&``."""
    line = next(line for line in readme.splitlines() if "automl run recipes/quickstart.yaml" in line and "venv" in line)
    return re.split(r"\s*&&\s*", line.strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clone", default=str(ROOT), help="repository to clone")
    args = parser.parse_args()
    taken: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "automl"
        for command, place in [(f"git clone -q {args.clone} {clone}", folder), *_in(clone, args.clone)]:
            started = time.monotonic()
            subprocess.run(command, shell=True, cwd=place, check=True, stdout=subprocess.DEVNULL)
            taken[command.replace(folder, ".")] = round(time.monotonic() - started, 1)
            print(f"{time.monotonic() - started:7.1f} s  {command.replace(folder, '.')}", flush=True)
        reports = len(list(clone.glob("automl-runs/*/report.html")))
    total = round(sum(taken.values()), 1)
    print(json.dumps({"seconds": total, "goal_seconds": GOAL_SECONDS, "reports": reports, "steps": taken}))


def _in(clone: Path, repository: str) -> list[tuple[str, str]]:
    readme = (Path(repository) / "README.md").read_text(encoding="utf-8")
    return [(command, str(clone)) for command in steps(readme)]


if __name__ == "__main__":
    main()
