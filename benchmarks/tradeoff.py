"""Planted truths for the analyses after the verdict: what is known to be there must be found, and nothing else.

    python benchmarks/tradeoff.py                    # all
    python benchmarks/tradeoff.py --only crossing    # one

The finalists are fixed: small models of scikit-learn's kind in place of both sides, so that no contest is run and the truth
is known. Each check is a function that prints its table and returns its figures; `CHECKS` lists them by name. The last line is
the figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import tradeoff_groups

CHECKS: dict[str, Callable[[], dict[str, Any]]] = dict(tradeoff_groups.CHECKS)
"""Name → the check: prints a table, returns figures of plain types, ``passed`` (bool) among them."""


def check(function: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Register a check under the name of its function."""
    CHECKS[function.__name__] = function
    return function


def main() -> None:
    """Run the checks that are asked for."""
    parser = argparse.ArgumentParser(description="Planted truths for the analyses after the verdict.")
    parser.add_argument("--only", nargs="*", choices=sorted(CHECKS), help="names of checks; all if none are given")
    asked = parser.parse_args().only or list(CHECKS)
    figures: dict[str, Any] = {}
    for name in asked:
        begun = time.monotonic()
        print(f"\n== {name.replace('_', ' ')}", flush=True)
        figures[name] = {**CHECKS[name](), "seconds": round(time.monotonic() - begun, 1)}
        print("passed" if figures[name]["passed"] else "NOT passed", flush=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
