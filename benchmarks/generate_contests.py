"""Contests of generators on real data: who wins, and what the items of both finalists are worth.

    python benchmarks/generate_contests.py [--data DIR] [--budget 300] [--only adult,diamonds] [--seed 0] [--out FILE]

DIR is the data folder of `contest.py`; test rows are those of its splits, of which 2,000 score. The label is the set's
target. Sets of pictures (`fashion_mnist15k`), series (`osu_leaf`, `basic_motions`) and texts (`ag_news`,
`amazon_sentiment`, `sms_spam`, and `novels`, which automl ships) are generated as such; pictures are also judged by a
network that knows their classes (`picture_judge.py`). Each contest runs in a process of its own; what `--out` holds
already is not run again. Printed for each finalist and the floor: the score; `told apart`, the ROC AUC of the
classifier that tells test rows from generated ones; the score of a model that learnt
from generated rows, beside one that learnt from real rows; the memorised share; the attack's AUC. Then the best
validation score of each family. The last line of JSON holds all of it.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from resumed import resumed

ROOT = Path(__file__).resolve().parent.parent
DROPPED = {"movies": ["title", "synopsis", "critics_consensus", "genre", "writer", "cast_members"]}
"""Columns that are no numbers, levels or dates."""
PICTURES = ("fashion_mnist15k",)
TEXTS = {"ag_news": "title", "amazon_sentiment": "text", "sms_spam": "text"}
"""Sets of texts, and the column that is read."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--budget", default="300")
    parser.add_argument("--only", default="adult")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="")
    parser.add_argument("--keep", default="", help="folder for the runs (default: a temporary one)")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def one(name: str, args: argparse.Namespace) -> None:
    """Run one contest in this process and print its line."""
    import automl

    case = case_of(name, Path(args.data))
    out = Path(args.keep or tempfile.mkdtemp()) / f"{name}-{args.seed}"
    result = automl.fit(
        **case, goal="generate", budget=args.budget, seed=args.seed, out=str(out), quiet=True, analysis=0.2,
    )  # fmt: skip
    told = result.result
    trade, runs = told["tradeoff"], told["runs"]
    line: dict[str, Any] = {
        "name": name, "seed": args.seed, "budget": args.budget, "verdict": told["verdict"], "reason": told["reason"],
        "recommended": told["recommended"], "gain": told["gain"], "interval": told["interval"],
        "wall_seconds": told["wall_seconds"],
        "trials": {s: sum(r["side"] == s and r["status"] != "failed" for r in runs) for s in ("deep", "shallow")},
        "score": {r["side"]: r["test_score"] for r in runs if r["test_score"] is not None and r["side"] != "blend"},
        "metric": told["task"]["metric"],
        "told_apart": _told_apart(told),
        "finalists": {r["side"]: r["name"] for r in runs if r["finalist"]},
        "learnt_from": {row["side"]: row["score"] for row in (trade.get("utility") or {}).get("rows", [])},
        "memorised": {row["side"]: row["memorised"] for row in (trade.get("memorisation") or {}).get("rows", [])},
        "attack": {row["side"]: row["attack"] for row in (trade.get("memorisation") or {}).get("rows", [])},
        "families": _best(runs, told["task"]["metric"]),
    }  # fmt: skip
    line["likeness"] = (trade.get("likeness") or {}).get("rows")
    line["texts"] = (trade.get("likeness") or {}).get("texts")
    if name in PICTURES:
        line["judge"] = judged(case, result)
    print(json.dumps(line), flush=True)


def case_of(name: str, folder: Path) -> dict[str, Any]:
    """What `fit` takes for a set: tables with a label, arrays with classes, texts alone."""
    import pandas as pd

    if name == "novels":
        return {"data": pd.DataFrame({"text": texts_of("novels")})}
    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    test = np.load(folder / "splits" / f"{name}.npy") == 1
    if entry["file"].endswith(".npz"):
        with np.load(folder / entry["file"]) as arrays:
            X, y = arrays["X"], arrays["y"].astype(str)
        if name in PICTURES:
            X = X.reshape(len(X), 28, 28).astype("uint8")
        return {"data": (X[~test], y[~test]), "test": (X[test], y[test])}
    frame = pd.read_csv(folder / entry["file"], parse_dates=[entry["date"]] if "date" in entry else False)
    if name in TEXTS:
        texts = pd.DataFrame({"text": frame[TEXTS[name]].astype(str)})
        return {"data": texts[~test], "test": texts[test]}
    drop = [column for column in DROPPED.get(name, []) if column in frame]
    return {"data": frame[~test], "test": frame[test], "label": entry["target"], "drop": drop}


def texts_of(name: str) -> list[str]:
    """The texts of a data set of automl's own."""
    import pandas as pd

    import automl

    frame = pd.read_csv(Path(automl.__file__).parent / "data" / f"{name}.csv.gz")
    longest = max(frame.columns, key=lambda column: frame[column].astype(str).str.len().mean())
    return list(frame[longest].astype(str))


def judged(case: dict[str, Any], result: Any) -> dict[str, Any]:
    """What a network that knows the classes says of both finalists' pictures, and of real ones."""
    from picture_judge import PictureJudge

    (X, y), (held_out, _) = case["data"], case["test"]
    judge = PictureJudge(X, y, held_out)
    order = np.random.default_rng(0).permutation(len(X))[: len(held_out)]
    found: dict[str, Any] = {"real": judge.judge(X[order], y[order])}
    for side in ("deep", "shallow", "floor"):
        made, classes = result.sample(len(held_out), side=side)
        found[side] = judge.judge(made, classes)
    return found


def _told_apart(told: dict[str, Any]) -> dict[str, float]:
    """ROC AUC of the classifier by side: from the scores of tables, from the page's table of items elsewhere."""
    rows = (told["tradeoff"].get("likeness") or {}).get("rows")
    if rows:
        return {row["set"]: row["told_apart"] for row in rows}
    return {
        r["side"]: 1 - r["test_score"] / 2 for r in told["runs"] if r["test_score"] is not None and r["side"] != "blend"
    }


def _best(runs: list[dict[str, Any]], metric: str) -> dict[str, float]:
    """On validation rows, for the best run of each family: the classifier's ROC AUC, or the distance of features."""
    best: dict[str, float] = {}
    for run in runs:
        if run["valid_score"] is not None:
            family = run["name"].rpartition("-")[0] or run["name"]
            score = 1 - run["valid_score"] / 2 if metric == "indistinct" else run["valid_score"]
            best[family] = min(best.get(family, np.inf), score)
    return best


def main() -> None:
    args = arguments()
    if args.one:
        one(args.one, args)
        return
    same = {"seed": args.seed, "budget": args.budget}
    print(json.dumps(resumed(__file__, args.only.split(","), args.out, same, _show)))


def _show(line: dict[str, Any]) -> None:
    name = line["name"]
    for key in ("score", "told_apart", "learnt_from", "memorised", "attack", "families"):
        values = {k: v for k, v in line.get(key, {}).items() if v is not None}
        print(f"{name:<12}{key:<12}" + "  ".join(f"{k} {v:.3f}" for k, v in values.items()), flush=True)
    for side, judged_as in line.get("judge", {}).items():
        print(f"{name:<12}{side:<12}" + "  ".join(f"{k} {v:.3f}" for k, v in judged_as.items()), flush=True)
    print(f"{name:<12}{line['verdict']} ({line['reason']}), {line['wall_seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
