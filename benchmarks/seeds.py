"""How much another seed moves the test score of each family: the numbers behind every `seed_share`.

    python benchmarks/seeds.py --out FILE [--data DIR] [--only ag_news,mlp] [--rows 1500] [--test 2000] [--seeds 4]
        [--settings 0,2] [--samples 16000] [--seconds 300]

Each family is fitted on a part of each set that it can read, once for each seed, through automl's own trainer and
without a clock: a network with its first settings, a shallow family with some of the settings that it would try (later
ones may draw rows or columns where the first ones do not). Measured is the standard deviation of the test score between
seeds, without what the choice of test rows explains of it, as a share of what the mean score lacks to the best possible
one. Lines of JSON are appended to FILE; what it holds already is not measured again, so a call that was ended
(`--seconds`: nothing new is begun after so many) is followed by another one. Printed at the end: the share of each
family, the root of the weighted mean square over its sets, as `automl/verdict/shares.py` and `docs/benchmarks.md`
hold it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SETS = (
    "digits", "fashion_rotation", "sign_digits", "fashion_mnist15k", "sms_spam", "ag_news", "amazon_sentiment",
    "basic_motions", "osu_leaf", "sunspots_windows", "etth1_windows", "airline", "sunspots", "co2_emissions", "etth1",
    "breast_cancer", "diabetes", "adult", "california_housing", "letter", "movies",
)  # fmt: skip
WINDOWS = {"sunspots_windows": ("sunspots", 132, 12), "etth1_windows": ("etth1", 96, 24)}
"""Sets made of a series: its name, the length of a window, and how many steps later the next one begins."""
N_REDRAWS = 200
MOST_STEPS = 5_000
"""Rows of a series, the latest ones."""
EXPECTED = 0.05
"""A share as it may be, against which the luck of the test rows is held."""
LEAST_TESTED = 10
"""Test items from which on their luck can be told at all."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default="", help="names of sets and families; those of either kind bound that kind")
    parser.add_argument("--rows", type=int, default=1500, help="rows to train on and to validate with")
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--settings", default="0,2", help="numbers of shallow settings")
    parser.add_argument("--samples", type=int, default=16_000, help="the most rows that a network sees in all epochs")
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--out", required=True)
    return parser.parse_args()


def options_of(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Arguments of `automl.fit` for a part of a set."""
    import pandas as pd
    from sklearn import datasets

    if name in ("breast_cancer", "diabetes"):
        frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
        return {"target": "target", **parted(frame, args)}
    if name == "digits":
        digits = datasets.load_digits()
        return parted_arrays(digits.images, digits.target, args)
    if name in WINDOWS:
        return windows_of(name, args)
    folder = Path(args.data)
    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    path, options = folder / entry["file"], {"metric": entry["metric"]}
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return {**options, **parted_arrays(arrays["X"], arrays["y"], args)}
    forecast = entry["task"] == "forecast"
    frame = pd.read_csv(path) if forecast else pd.read_csv(path, dtype=str, keep_default_na=False)
    if "folder" in entry:
        frame[entry["path"]] = [str(folder / one) for one in frame[entry["path"]]]
    options["target"] = entry["target"]
    if forecast:
        frame = frame if entry.get("series") else frame.iloc[-MOST_STEPS:].reset_index(drop=True)
        times = {"time_column": entry["date"], "horizon": entry["horizon"], "series": entry.get("series")}
        return {"data": frame, "goal": "forecast", **options, **times}
    return {**options, **parted(frame, args)}


def windows_of(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Windows of a series whose mean over the steps to the next window is to be foretold; the latest half tests."""
    import pandas as pd

    source, length, step = WINDOWS[name]
    entry = next(e for e in json.loads((Path(args.data) / "catalog.json").read_text()) if e["name"] == source)
    columns = [entry["target"]] if isinstance(entry["target"], str) else entry["target"]
    values = pd.read_csv(Path(args.data) / entry["file"])[columns].to_numpy(np.float64)
    starts = range(0, len(values) - length - step, step)
    inputs = np.stack([values[start : start + length].T for start in starts])
    target = np.array([values[start + length : start + length + step, -1].mean() for start in starts])
    cut = len(inputs) // 2
    learnt = slice(max(0, cut - args.rows), cut)
    tested = slice(cut + -(-length // step), cut + -(-length // step) + args.test)
    return {"data": (inputs[learnt], target[learnt]), "test": (inputs[tested], target[tested]), "metric": "r2"}


def drawn(n: int, args: argparse.Namespace) -> dict[str, np.ndarray]:
    """So many rows to learn from and to test with, drawn once."""
    rows = np.random.default_rng(0).permutation(n)
    n_test = min(args.test, n // 2)
    return {"data": np.sort(rows[n_test : n_test + args.rows]), "test": np.sort(rows[:n_test])}


def parted(frame: Any, args: argparse.Namespace) -> dict[str, Any]:
    return {part: frame.iloc[own].reset_index(drop=True) for part, own in drawn(len(frame), args).items()}


def parted_arrays(inputs: np.ndarray, target: np.ndarray, args: argparse.Namespace) -> dict[str, Any]:
    return {part: (inputs[own], target[own]) for part, own in drawn(len(inputs), args).items()}


class Measured:
    """One set, prepared for the families of both sides."""

    def __init__(self, name: str, args: argparse.Namespace) -> None:
        from automl import catalog, goals
        from automl import recipe as recipes
        from automl.flow.prepare import prepare
        from automl.records import Baseline, Template

        prepared = prepare(recipes.make(**options_of(name, args)))
        self.name, self.args = name, args
        self.dataset, self.task = prepared.dataset, prepared.task
        self.split = dataclasses.replace(prepared.split, folds=())
        self.items = self.split.items("test")
        self.truth = goals.truth(self.dataset, self.task, self.items)
        self.context = goals.scoring_context(self.dataset, self.task, self.split, self.items)
        self.context.setdefault("classes", len(self.task.classes))
        self.templates: dict[str, Any] = catalog.members(Template, "automl.templates")
        self.baselines: dict[str, Any] = catalog.members(Baseline, "automl.baselines")

    def families(self) -> Iterator[tuple[str, str]]:
        """(side, name) of those that may fit."""
        from automl import goals

        served = set(goals.named(self.task).served_by)
        yield from (("deep", name) for name, one in self.templates.items() if served & set(one.goals))
        for name, one in self.baselines.items():
            if one.modality == self.task.modality and served & set(one.goals) and one.tier != "floor":
                yield "shallow", name

    def outputs(self, side: str, name: str, number: int) -> list[Any] | None:
        """Test predictions of each seed; None if the family is not for this task, or has no such settings."""
        return self._networks(name) if side == "deep" else self._models(name, number)

    def _networks(self, name: str) -> list[Any] | None:
        import keras_tuner

        from automl import modalities
        from automl.deep.data import training_data_of
        from automl.deep.messages import TrialSpec
        from automl.deep.training import device
        from automl.deep.training.trainer import Trainer

        template = self.templates[name]
        encoder, codec = modalities.fit(self.dataset, self.task, self.split)
        kinds = {spec.kind for spec in encoder.specs}
        if not kinds & set(template.accepts) or template.unfit(self.task, encoder.specs):
            return None
        facts = modalities.facts(self.task, self.split, codec)
        made = training_data_of(self.dataset, self.task, self.split, encoder, codec, self.task.metric)
        trainer = Trainer(made, {name: template}, device.prepare("cpu"))
        space = keras_tuner.HyperParameters()
        template.space(space, made.specs, facts)
        starts = list(template.starts(made.specs, facts))
        settings = {**space.values, **(starts[0] if starts else {})}
        settings["epochs"] = min(int(settings["epochs"]), max(1, self.args.samples // trainer.data.n_train))
        found = []
        for seed in range(self.args.seeds):
            result = trainer.run(TrialSpec("t", name, settings, seed, math.inf))
            if result.fit is None:
                raise RuntimeError(result.failure)
            network = trainer.network(template, result.settings, seed)
            network.set_weights(result.fit.weights)
            found.append(codec.decode(network.predict(encoder.transform(self.dataset, self.items))))
        return found

    def _models(self, name: str, number: int) -> list[Any] | None:
        from automl import goals, modalities
        from automl.records import FitContext

        baseline = self.baselines[name]
        _, codec = modalities.fit(self.dataset, self.task, self.split)
        facts = modalities.facts(self.task, self.split, codec)
        if baseline.unfit(self.task, facts):
            return None
        settings = next(islice(baseline.settings(self.task, facts, 0), number, None), None)
        if settings is None:
            return None
        train, valid = self.split.items("train"), self.split.items("valid")
        truths = [goals.truth(self.dataset, self.task, items) for items in (train, valid)]
        found = []
        for seed in range(self.args.seeds):
            model = baseline.make(self.task, settings, seed)
            model.fit(self.dataset, train, truths[0], None, FitContext(None, lambda model: None, valid, truths[1]))
            found.append(model.predict(self.dataset, self.items))
        return found

    def share(self, outputs: list[Any]) -> dict[str, Any]:
        """Scores, their deviation, and the part of it that other test rows would not change, as shares."""
        from automl import metrics

        name, n = self.task.metric, len(self.truth)
        drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), N_REDRAWS).astype(np.float64)
        weights = np.concatenate([np.ones((1, n)), drawn])
        every = np.array([metrics.bootstrap(name, self.truth, output, weights, self.context) for output in outputs])
        scores, redrawn = every[:, 0], every[:, 1:]
        lacking = abs(metrics.named(name).best - float(scores.mean()))
        total = float(scores.var(ddof=1))
        of_rows = np.mean([np.nanvar(redrawn[a] - redrawn[b]) / 2 for a, b in combinations(range(len(outputs)), 2)])
        if not lacking > 0:
            return {"scores": [float(score) for score in scores]}
        return {
            "scores": [round(float(score), 6) for score in scores],
            "deviation": math.sqrt(total) / lacking,
            "own_square": (total - float(of_rows)) / lacking**2,
        }


def measure(name: str, args: argparse.Namespace, known: set[tuple[str, str, int]], begun: float) -> None:
    """Measure the families of a set that are not known, and append their lines."""
    wanted = set(filter(None, args.only.split(",")))
    one = Measured(name, args)
    families = [pair for pair in one.families() if not (wanted - set(SETS)) or pair[1] in wanted]
    numbers = {"deep": [0], "shallow": [int(number) for number in args.settings.split(",")]}
    for side, family, number in [(*pair, number) for pair in families for number in numbers[pair[0]]]:
        if (name, family, number) in known or time.monotonic() - begun > args.seconds:
            continue
        cpu = time.process_time()
        line = {"set": name, "side": side, "family": family, "settings": number, "modality": one.task.modality,
                "goal": one.task.goal, "metric": one.task.metric, "n_train": len(one.split.train),
                "n_test": len(one.items)}  # fmt: skip
        try:
            outputs = one.outputs(side, family, number)
            line |= {"unfit": True} if outputs is None else one.share(outputs)
        except Exception as error:
            line |= {"failure": f"{type(error).__name__}: {error}"[:300]}
        line["cpu_seconds"] = round(time.process_time() - cpu, 1)
        with open(args.out, "a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


def lacking_of(line: dict[str, Any]) -> float:
    """What the mean score of a line lacks to the best possible one."""
    from automl import metrics

    return abs(metrics.named(line["metric"]).best - float(np.mean(line["scores"])))


def shares_of(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The share of each family, with the number of fits and the degrees of freedom that it rests on.

    A set counts by how exactly it shows what seeds do: where few test rows or a nearly solved task leave most of the
    spread to luck, the variance of what is left over is large. It does not count for a family that lacks more than
    twice what the best one lacks there, and so would not be a finalist, nor with fewer than `LEAST_TESTED` test items.
    """
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        if "own_square" in line and line["n_test"] >= LEAST_TESTED:
            found[line["family"]].append(line)
    least: dict[str, float] = defaultdict(lambda: math.inf)
    for line in (line for own in found.values() for line in own):
        least[line["set"]] = min(least[line["set"]], lacking_of(line))
    shares = {}
    for family, every in sorted(found.items()):
        moves = any(line["deviation"] != 0.0 or line["own_square"] != 0.0 for line in every)
        own = [line for line in every if not moves or lacking_of(line) <= 2 * least[line["set"]]]
        if not own:
            continue
        luck = np.array([max(0.0, line["deviation"] ** 2 - line["own_square"]) for line in own])
        squares = np.array([line["own_square"] for line in own])
        freedom = np.array([len(line["scores"]) - 1 for line in own]) * (EXPECTED**2 / (EXPECTED**2 + luck)) ** 2
        shares[family] = {
            "share": round(math.sqrt(max(0.0, float(np.average(squares, weights=freedom)))), 4),
            "most": round(math.sqrt(max(0.0, float(squares.max()))), 4),
            "sets": len({line["set"] for line in own}),
            "n_fits": sum(len(line["scores"]) for line in own),
            "freedom": round(float(freedom.sum()), 1),
            "moves": moves,
        }
    return shares


def lines_of(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()] if Path(path).exists() else []


def show(shares: dict[str, dict[str, Any]]) -> None:
    """The figures as `automl/verdict/shares.py` and the table of `docs/benchmarks.md` hold them."""
    from automl.verdict.shares import MeasuredShare, mixed_share

    for family, one in shares.items():
        measured = MeasuredShare(one["share"], one["n_fits"], one["freedom"])
        used = mixed_share(measured) if one["moves"] else 0.0
        freedom = f"{measured.freedom:.1f}" if one["moves"] else "–"
        row = f"| `{family}` | {measured.n_fits} | {freedom} | {100 * measured.share:.2f} | {100 * used:.1f} |"
        print(f'{row:<60}"{family}": {measured.share, measured.n_fits, measured.freedom}')


def main() -> None:
    args = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(ROOT))
    begun = time.monotonic()
    known = {(line["set"], line["family"], line["settings"]) for line in lines_of(args.out)}
    wanted = set(filter(None, args.only.split(","))) & set(SETS)
    for name in SETS:
        if (not wanted or name in wanted) and time.monotonic() - begun < args.seconds:
            measure(name, args, known, begun)
    shares = shares_of(lines_of(args.out))
    show(shares)
    complete = time.monotonic() - begun < args.seconds
    print(json.dumps({"benchmark": "seeds", "complete": complete, "shares": shares}))


if __name__ == "__main__":
    main()
