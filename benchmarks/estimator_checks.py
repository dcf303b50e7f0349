"""scikit-learn's whole list of estimator checks on estimators of contests and finalists; the tests have no time for it.

    python benchmarks/estimator_checks.py [--only ContestClassifier,FinalistRegressor] [--checks check_fit1d,...]

Each check of a contest's estimator fits one contest or several, on the one-layer template of the tests
(`tests/estimators/tiny.py`) with one trial a side; finalists are linear models with the default settings. Printed for
each check: seconds and whether it passed, was skipped, failed as it is expected to (`tests/estimators/expected.py`), or
failed. The last line is JSON; the exit code is 1 where a check failed that is not expected to.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import SkipTest

ROOT = Path(__file__).resolve().parent.parent
ESTIMATORS = ("ContestClassifier", "ContestRegressor", "FinalistClassifier", "FinalistRegressor")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(ESTIMATORS))
    parser.add_argument("--checks", default="", help="names of checks; all where none are named")
    return parser.parse_args()


def checks(kind: str) -> Iterator[tuple[str, Any, Callable[[Any], None]]]:
    """Name, estimator and check, one after another."""
    from sklearn.utils.estimator_checks import estimator_checks_generator

    from automl import estimators

    tiny = str(ROOT / "tests" / "estimators" / "tiny.py")
    settings: dict[str, Any] = {"budget": None, "max_trials": 1, "templates": ("tiny",), "plugins": (tiny,)}
    if kind.startswith("Finalist"):
        settings = {"settings": {"shallow": [{"family": "linear", "settings": {}}]}}
    made = getattr(estimators, kind)(**settings)
    for estimator, check in estimator_checks_generator(made):
        yield getattr(check, "func", check).__name__, estimator, check


def outcome(name: str, estimator: Any, check: Callable[[Any], None], expected: dict[str, str]) -> str:
    """What came of a check, in a word, and why it failed."""
    try:
        check(estimator)
    except SkipTest as error:
        return f"skipped: {error}"
    except Exception as error:
        if name in expected:
            return "failed as expected"
        traceback.print_exc()
        return f"FAILED: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return "passed"


def main() -> None:
    args = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "estimators")]
    from expected import EXPECTED

    wanted, found = set(filter(None, args.checks.split(","))), []
    for kind in args.only.split(","):
        for name, estimator, check in checks(kind):
            if wanted and name not in wanted:
                continue
            begun = time.monotonic()
            told = outcome(name, estimator, check, EXPECTED)
            found.append(
                {"estimator": kind, "check": name, "seconds": round(time.monotonic() - begun, 1), "told": told}
            )
            print(f"{kind:18s} {found[-1]['seconds']:7.1f} s  {name}  {told}", flush=True)
    print(json.dumps(found))
    sys.exit(any(one["told"].startswith("FAILED") for one in found))


if __name__ == "__main__":
    main()
