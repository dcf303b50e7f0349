"""What each template for tables reaches with its first settings, and what one of their choices is worth.

    python benchmarks/tables_templates.py [--only adult,california_housing,letter] [--templates mlp,tabm] [--starts 0]
        [--rows 8000] [--valid 6000] [--seeds 0,1] [--epochs N] [--with "bins=64 numeric=periodic"] [--with ...]

Trains on some rows that are not test rows and judges on others, through automl's own trainer, without a clock. Each
`--with` is one more variant of every start. Printed for each: the best validation score (mean over seeds), seconds of
processor time of the first seed and of all, compilation included in the first, and the epoch that was best. The last
line is JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default="adult,california_housing,letter")
    parser.add_argument("--templates", default="")
    parser.add_argument("--starts", default="0", help="numbers of starts, or 'all'")
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--valid", type=int, default=6000)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--with", dest="variants", action="append", default=[])
    return parser.parse_args()


def training_data(folder: Path, name: str, n_train: int, n_valid: int) -> tuple[Any, Any]:
    """Encoded rows of a set, none of them test rows, and its facts."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import pandas as pd
    from contest import entry_data

    from automl import modalities
    from automl import recipe as recipes
    from automl.deep.data import training_data_of
    from automl.flow.prepare import prepare

    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    options = entry_data(folder, entry)
    options["data"] = pd.read_csv(options["data"], dtype=str, keep_default_na=False)
    options.pop("test")
    prepared = prepare(recipes.make(**options, metric=entry["metric"]))
    rows = np.random.default_rng(0).permutation(prepared.dataset.n_rows)
    n_train = min(n_train, len(rows) * 3 // 4)
    split = dataclasses.replace(
        prepared.split, train=np.sort(rows[:n_train]), valid=np.sort(rows[n_train : n_train + n_valid]), folds=()
    )
    encoder, codec = modalities.fit(prepared.dataset, prepared.task, split)
    facts = modalities.facts(prepared.task, split, codec)
    return training_data_of(prepared.dataset, prepared.task, split, encoder, codec, prepared.task.metric), facts


def parsed(words: str) -> dict[str, Any]:
    """Settings written as ``name=value name=value``; numbers become numbers."""
    found: dict[str, Any] = {}
    for word in words.split():
        name, value = word.split("=", 1)
        try:
            found[name] = json.loads(value)
        except json.JSONDecodeError:
            found[name] = value
    return found


def main() -> None:
    args = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from automl import catalog
    from automl.deep.messages import TrialSpec
    from automl.deep.training import device
    from automl.deep.training.trainer import Trainer
    from automl.records import Template

    templates: Any = catalog.members(Template, "automl.templates")
    policy, lines = device.prepare("cpu"), []
    for name in args.only.split(","):
        made, facts = training_data(Path(args.data), name, args.rows, args.valid)
        fitting = {n: t for n, t in templates.items() if {s.kind for s in made.specs} <= set(t.accepts)}
        trainer = Trainer(made, fitting, policy)
        for asked in args.templates.split(",") if args.templates else fitting:
            starts = list(fitting[asked].starts(made.specs, facts))
            chosen = range(len(starts)) if args.starts == "all" else map(int, args.starts.split(","))
            for number, words in ((n, w) for n in chosen for w in ["", *args.variants]):
                settings = {**defaults(fitting[asked], made.specs, facts), **starts[number], **parsed(words)}
                settings |= {"epochs": args.epochs} if args.epochs else {}
                reports, cpu_seconds = [], []
                for seed in map(int, args.seeds.split(",")):
                    begun = time.process_time()
                    reports.append(trainer.run(TrialSpec("t", asked, settings, seed, math.inf)))
                    cpu_seconds.append(round(time.process_time() - begun, 1))
                lines.append(line(name, asked, number, words, reports, cpu_seconds))
    print(json.dumps(lines))


def defaults(template: Any, specs: Any, facts: Any) -> dict[str, Any]:
    """The defaults of a template's space."""
    import keras_tuner

    space = keras_tuner.HyperParameters()
    template.space(space, specs, facts)
    return dict(space.values)


def line(
    name: str, template: str, number: int, words: str, reports: list[Any], cpu_seconds: list[float]
) -> dict[str, Any]:
    """Print what came of one setting under several seeds, and return it."""
    fits = [report.fit for report in reports if report.fit is not None]
    found = {"set": name, "template": template, "start": number, "with": words, "cpu_seconds": cpu_seconds}
    if not fits:
        print(f"{name:20s} {template:10s} {number} {reports[0].failure} {words}", flush=True)
        return {**found, "score": None}
    best = [max(fit.curve, key=lambda point: -abs(point["valid_score"] - fit.score))["epoch"] for fit in fits]
    found |= {
        "score": statistics.fmean(fit.score for fit in fits), "scores": [round(fit.score, 4) for fit in fits],
        "epochs": statistics.fmean(fit.epochs for fit in fits), "best_epoch": statistics.fmean(best),
        "n_parameters": reports[0].n_parameters,
    }  # fmt: skip
    print(
        f"{name:20s} {template:10s} {number} {found['score']:.4f} {found['scores']} {cpu_seconds} s, "
        f"best at epoch {found['best_epoch']:.0f} of {found['epochs']:.0f}  {words}",
        flush=True,
    )
    return found


if __name__ == "__main__":
    main()
