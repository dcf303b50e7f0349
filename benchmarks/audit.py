"""Does the audit find what is wrong, and keep quiet where nothing is? Faults planted in clean sets, then the sets as they are.

    python benchmarks/audit.py [--data DIR] [--sets adult,iris] [--faults copied,time] [--seeds 2] [--verbose]

A fault counts as found where one of the checks named for it tells of it with medium or high severity (low for what is
only worth a note: see `audit_faults.py`), about the planted column where there is one. Each is planted at the strengths
listed and with several seeds. Clean sets are parted at random and, as a control, with a random part given as test rows.
Prints a table by fault, what was missed, the findings of high severity on clean sets, and a last line of JSON.
"""  # noqa: E501

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from audit_faults import FAULTS, IMAGES, OTHERS, SERIES, TABLES, TEXTS, Fault, Made, clean, load, smaller

ROOT = Path(__file__).resolve().parent.parent
SEVERITIES = ("low", "medium", "high")


def told(made: Made) -> tuple[list[Any], float]:
    """All findings about a set, and the seconds that the audit took."""
    from automl.audit import examine
    from automl.flow.prepare import prepare
    from automl.recipe import make

    prepared = prepare(make(data=made.data, **made.options))
    begun = time.perf_counter()
    found = examine(prepared.dataset, prepared.task, prepared.split)
    return [*prepared.dataset.findings, *found], time.perf_counter() - begun


def finds(fault: Fault, made: Made, findings: list[Any]) -> bool:
    least = SEVERITIES.index(fault.least)
    return any(
        f.check in fault.checks
        and SEVERITIES.index(f.severity) >= least
        and (made.about is None or made.about in f.columns or not f.columns)
        for f in findings
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--sets", default="")
    parser.add_argument("--faults", default="", help="only those whose name holds one of these words")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    asked = parser.parse_args()
    wanted = [name for name in asked.sets.split(",") if name]
    words = [word for word in asked.faults.split(",") if word]
    names = [n for n in dict.fromkeys((*TABLES, *TEXTS, *IMAGES, *SERIES, *OTHERS)) if not wanted or n in wanted]
    sets = {name: load(Path(asked.data), name) for name in names}
    small = {name: smaller(one) for name, one in sets.items()}
    planted: dict[str, int] = defaultdict(int)
    found: dict[str, int] = defaultdict(int)
    missed: list[str] = []
    seconds: list[float] = []
    for fault in FAULTS:
        if words and not any(word in fault.name for word in words):
            continue
        for name in fault.sets:
            for strength in fault.strengths if name in sets else ():
                for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
                    made = fault.plant(small[name], np.random.default_rng(seed), strength)
                    findings, took = told(made)
                    seconds.append(took)
                    planted[fault.name] += 1
                    if finds(fault, made, findings):
                        found[fault.name] += 1
                    else:
                        missed.append(f"{fault.name}: {name}, {strength}, seed {seed}")
                    if asked.verbose:
                        said = "; ".join(f"{f.severity} {f.check} {f.columns}" for f in findings)
                        print(f"{took:5.1f} s {fault.name}, {name}, {strength}: {said}", file=sys.stderr)
    print(f"{'fault':<30}{'planted':>9}{'found':>7}{'share':>8}")
    for name, n in planted.items():
        print(f"{name:<30}{n:>9}{found[name]:>7}{found[name] / n:>8.2f}")
    for line in missed:
        print("missed:", line)
    false_high: dict[str, int] = {}
    print(f"\n{'clean set':<22}{'high':>5}{'medium':>8}{'seconds':>9}  findings of medium and high severity")
    for name in names:
        worst, said, took_most, n_medium = 0, [], 0.0, 0
        for how, made in clean(sets[name], np.random.default_rng(0)).items():
            findings, took = told(made)
            grave = [f for f in findings if f.severity == "high"]
            worst, took_most = max(worst, len(grave)), max(took_most, took)
            n_medium = max(n_medium, sum(f.severity == "medium" for f in findings))
            said += [f"{f.check} ({f.severity}, {how})" for f in findings if f.severity != "low"]
        false_high[name] = worst
        print(f"{name:<22}{worst:>5}{n_medium:>8}{took_most:>9.2f}  {', '.join(said)}")
    n, k = sum(planted.values()), sum(found.values())
    if seconds:
        print(f"\nseconds of an audit: median {np.median(seconds):.2f}, longest {max(seconds):.2f}")
    print(json.dumps({"planted": n, "found": k, "share": round(k / n, 4) if n else None, "false_high": false_high}))


if __name__ == "__main__":
    main()
