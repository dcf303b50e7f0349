"""Which first settings lose least: drawn settings of each family on public tables, and starts chosen from them.

    python benchmarks/portfolio.py --data FOLDER --out FILE [--minutes M] [--core N] [--draws 10] [--fit-seconds 5]
        [--families mlp,boosting] [--only wage,chile_vote] [--seeds 0]
    python benchmarks/portfolio.py --out FILE --choose [--starts 4] [--goal binary]

FOLDER is what `public_tables.py` writes; its held-out tables are never read here. The first call fits each family's
starts of today, then drawn settings, in turn on every table, and appends a line of JSON for each fit to FILE. It may be
stopped at any time: the next call fits what is missing. A FILE belongs to one state of the families' spaces. A draw has
a number: on every table it takes the same place in the family's space, so that batch sizes or leaves that depend on the
rows stay comparable; epochs are the default ones.

Each fit learns from two thirds of the rows that are not test rows and is scored on the others; of a table of fewer than
1,000 such rows each third validates once, and the mean counts. A network's schedule is as long as `--fit-seconds` of
processor time allow, as a few epochs before it say; its compilation is timed apart. Shallow fits run to their end. What
a fit took is written down, and the clock decides nothing, so that it may run on a busy machine. Test scores are written
for people and choose nothing. Figures of time are of one core only with `--core`.

`--choose` prints, for each family and for each side, ordered starts chosen greedily (`portfolio_choice.py`), what they
reach on tables that did not choose them against today's order, and the starts as Python.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import math
import os
import statistics
import time
import warnings
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from portfolio_choice import parsed, report

NOT_DRAWN = ("epochs", "known")
VALID_SHARE = 3  # every third row
MOST_STARTS = 4
FEW_ROWS = 1000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_PUBLIC_TABLES", ""))
    parser.add_argument("--out", required=True, help="file of JSON lines, one a fit")
    parser.add_argument("--only", default="", help="tables")
    parser.add_argument("--families", default="", help="templates and baselines")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--fit-seconds", type=float, default=5.0)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no fit after this")
    parser.add_argument("--core", type=int, default=None, help="use this core alone")
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--starts", type=int, default=4, help="starts to choose for a family")
    parser.add_argument("--goal", default="", help="choose by tables of this goal alone")
    return parser.parse_args()


# --------------------------------------------------------------------------- a table


class Table:
    """One public table, split and encoded, and the families that fit it.

    Attributes:
        name: its name in the folder's catalog.
        prepared: dataset, task and split.
        templates: deep families by name.
        baselines: shallow families by name, without floors.
        facts: counts of the training rows.
    """

    def __init__(self, folder: Path, entry: Mapping[str, Any]) -> None:
        from contest import entry_data

        from automl import modalities
        from automl import recipe as recipes
        from automl.deep.data import training_data_of
        from automl.deep.training import device
        from automl.deep.training.trainer import Trainer
        from automl.flow.prepare import prepare
        from automl.flow.selection import baselines_for, templates_for
        from automl.shallow.data import TrainingData

        self.name = entry["name"]
        recipe = recipes.make(**entry_data(folder, dict(entry)), metric=entry["metric"])
        made = prepare(recipe)
        self.dataset, self.task, self.split = made.dataset, made.task, parted(made, self.name)
        self.encoder, self.codec = modalities.fit(self.dataset, self.task, self.split)
        self.facts = modalities.facts(self.task, self.split, self.codec)
        self.templates, _ = templates_for(recipe, self.task, tuple(self.encoder.specs))
        self.baselines = {
            name: b
            for name, b in baselines_for(self.task).items()
            if b.tier != "floor" and b.unfit(self.task, self.facts) is None
        }
        metric = self.task.metric
        self.shallow = TrainingData.of(self.dataset, self.task, self.split, metric)
        encoded = training_data_of(self.dataset, self.task, self.split, self.encoder, self.codec, metric)
        self.trainer = Trainer(encoded, self.templates, device.prepare("cpu"))

    def test_score(self, output: Any) -> float:
        """The score of predictions for the test rows."""
        from automl import goals, metrics

        rows = self.split.test
        context = goals.scoring_context(self.dataset, self.task, self.split, rows)
        return float(metrics.score(self.task.metric, goals.truth(self.dataset, self.task, rows), output, None, context))


def parted(made: Any, name: str) -> Any:
    """The split with a third of the rows that are not test rows for validation, within the classes.

    Where rows are few, each third validates once, and the mean score counts.
    """
    from automl import goals

    rows = np.sort(np.concatenate([made.split.train, made.split.valid]))
    drawn = np.random.default_rng(zlib.crc32(name.encode())).permutation(len(rows))
    is_numeric = goals.named(made.task).is_numeric
    strata = np.zeros(len(rows)) if is_numeric else np.asarray(goals.truth(made.dataset, made.task, rows))
    part = np.zeros(len(rows), int)
    part[np.lexsort((drawn, strata))] = np.arange(len(rows)) % VALID_SHARE
    folds = tuple((rows[part != i], rows[part == i]) for i in range(VALID_SHARE))
    train, valid = folds[0]
    return dataclasses.replace(made.split, train=train, valid=valid, folds=folds if len(rows) < FEW_ROWS else ())


# --------------------------------------------------------------------------- settings


def template_settings(template: Any, specs: Any, facts: Any, place: str) -> dict[str, Any] | None:
    """A template's settings at a place: "start0" or "draw3"; None where it has none there.

    What only tables with texts or pictures have stays as in the first start.
    """
    import keras_tuner

    starts = list(template.starts(specs, facts))
    defaults = keras_tuner.HyperParameters()
    template.space(defaults, specs, facts)
    kind, number = parsed(place)
    if kind == "start":
        return {**defaults.values, **starts[number]} if number < len(starts) else None
    plain = keras_tuner.HyperParameters()
    template.space(plain, [spec for spec in specs if spec.kind in ("numbers", "categories")], facts)
    drawn = {
        hp.name: hp.random_sample(zlib.crc32(f"{number} {hp.name}".encode()))
        for hp in plain.space
        if hp.name not in NOT_DRAWN
    }
    epochs = {name: defaults.values[name] for name in NOT_DRAWN if name in defaults.values}
    return {**defaults.values, **starts[0], **drawn, **epochs}


def baseline_settings(baseline: Any, task: Any, facts: Any, place: str) -> dict[str, Any] | None:
    """A baseline's settings at a place, as `template_settings`.

    A draw is the first random proposal under a seed of its own: starts are what two seeds propose alike.
    """
    kind, number = parsed(place)
    pairs = zip(baseline.settings(task, facts, 1000 + number), baseline.settings(task, facts, 9999), strict=False)
    starts = []
    for own, other in itertools.islice(pairs, 20):
        if own != other:
            return None if kind == "start" else dict(own)
        if kind == "start" and len(starts) == number:
            return dict(own)
        starts.append(own)
    return None


def places(n_draws: int) -> list[str]:
    """Places in the order in which they are fitted."""
    return [*(f"start{i}" for i in range(MOST_STARTS)), *(f"draw{i}" for i in range(n_draws))]


# --------------------------------------------------------------------------- a fit


def fit_deep(table: Table, name: str, settings: Mapping[str, Any], seed: int, seconds: float) -> dict[str, Any]:
    """Compile and train one network; what the line says of it."""
    from automl.deep.archive import scores_of
    from automl.deep.messages import TrialSpec

    trainer, template = table.trainer, table.templates[name]
    first, compile_seconds = timed(trainer, name, settings, seed, 1)
    if first.fit is None:
        return {"failure": first.failure or "no fit", "cpu_seconds": compile_seconds}
    n_steps = steps_within(seconds, trainer, name, settings, seed)
    always = -math.inf if trainer.higher_is_better else math.inf
    begun = time.process_time()
    report = trainer.run(
        TrialSpec("fit", name, dict(settings), seed, math.inf, n_steps=n_steps, promotion_score=always)
    )
    cpu_seconds = time.process_time() - begun
    scores = scores_of(report) if report.fit else (first.fit.score,)
    said = {"compile_seconds": compile_seconds, "cpu_seconds": cpu_seconds / len(scores), "n_holdouts": len(scores)}
    fit = report.fit or first.fit
    network = trainer.network(template, report.settings if report.fit else first.settings, seed)
    network.set_weights(fit.weights)
    output = table.codec.decode(network.predict(table.encoder.transform(table.dataset, table.split.test)))
    while trainer.networks:
        trainer.networks.popitem()[1].release()
    return {"valid": statistics.fmean(scores), "test": table.test_score(output), "epochs": fit.epochs, **said}


def timed(trainer: Any, name: str, settings: Mapping[str, Any], seed: int, epochs: int) -> tuple[Any, float]:
    """The result of a few epochs on one hold-out, and its seconds of processor time."""
    from automl.deep.messages import TrialSpec

    begun = time.process_time()
    result = trainer.run(TrialSpec("epochs", name, {**settings, "epochs": epochs}, seed, math.inf))
    return result, time.process_time() - begun


def steps_within(seconds: float, trainer: Any, name: str, settings: Mapping[str, Any], seed: int) -> int | None:
    """Steps that these seconds of processor time allow a compiled network; None for all of its schedule."""
    one, least = timed(trainer, name, settings, seed, 1)
    if least * int(settings["epochs"]) <= seconds:
        return None
    _, more = timed(trainer, name, settings, seed, 3)
    affordable = seconds / max((more - least) / 2, 1e-9)
    return None if affordable >= settings["epochs"] else max(1, int(affordable * one.fit.n_steps))


def fit_shallow(table: Table, name: str, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Fit one shallow model to its end; what the line says of it."""
    from automl.baselines.model import forget
    from automl.records import FitContext

    models, scores = [], []
    begun = time.process_time()
    for number, part in enumerate(table.shallow.parts):
        forget()  # what another fit left would make this one look cheaper
        model = table.baselines[name].make(table.task, settings, seed)
        context = FitContext(None, None, part.valid, part.valid_truth)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(table.dataset, part.items, part.truth, part.weight, context)
                scores.append(table.shallow.score(model.predict(table.dataset, part.valid), number))
        except Exception as error:  # an error of a library is one setting's result
            return {"failure": f"{type(error).__name__}: {error}"[:300], "cpu_seconds": time.process_time() - begun}
        models.append(model)
    said = {"cpu_seconds": (time.process_time() - begun) / len(scores), "n_holdouts": len(scores)}
    test = table.test_score(models[0].predict(table.dataset, table.split.test))
    return {"valid": statistics.fmean(scores), "test": test, **said}


# --------------------------------------------------------------------------- all fits


def key_of(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells a fit apart."""
    return line["table"], line["family"], line["place"], line["seed"]


def read(path: Path) -> list[dict[str, Any]]:
    """Lines of a file; one that was cut off while it was written is left out."""
    lines = []
    for text in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return lines


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Add a line, after the end of one that was cut off."""
    whole = not path.exists() or path.read_bytes()[-1:] in (b"\n", b"")
    with path.open("a", encoding="utf-8") as file:
        file.write(("" if whole else "\n") + json.dumps(line) + "\n")


def wanted(table: Table, args: argparse.Namespace) -> list[str]:
    """Names of the families to fit on a table, deep ones first."""
    asked = set(args.families.split(",")) if args.families else None
    return [name for name in (*table.templates, *table.baselines) if asked is None or name in asked]


def run(args: argparse.Namespace) -> int:
    """Fit what is missing, place by place over all tables; returns how many fits were made."""
    folder, path = Path(args.data), Path(args.out)
    entries = [e for e in json.loads((folder / "catalog.json").read_text("utf-8")) if not e["held_out"]]
    entries = [e for e in entries if not args.only or e["name"] in args.only.split(",")]
    done = {key_of(line) for line in read(path)}
    until = time.monotonic() + 60 * args.minutes
    tables: dict[str, Table] = {}
    n_fits = 0
    for seed, place, entry in itertools.product(map(int, args.seeds.split(",")), places(args.draws), entries):
        if time.monotonic() > until:
            break
        if place_done(done, entry["name"], place, seed):
            continue
        table = tables[entry["name"]] = tables.get(entry["name"]) or Table(folder, entry)
        for line in fits(table, place, seed, args, done, until):
            append(path, line)
            done.add(key_of(line))
            n_fits += 1
            print(show(line), flush=True)
        if not args.families and time.monotonic() <= until:
            append(path, end := {"table": entry["name"], "family": "", "place": place, "seed": seed})
            done.add(key_of(end))
    return n_fits


def place_done(done: set[tuple[Any, ...]], table: str, place: str, seed: int) -> bool:
    """Whether all families were fitted there, so that the table need not be read."""
    return (table, "", place, seed) in done


def fits(
    table: Table, place: str, seed: int, args: argparse.Namespace, done: set[tuple[Any, ...]], until: float
) -> Iterator[dict[str, Any]]:
    """A line for each family that lacks this place on this table."""
    for name in wanted(table, args):
        if (table.name, name, place, seed) in done or time.monotonic() > until:
            continue
        template, specs = table.templates.get(name), tuple(table.encoder.specs)
        if template is not None:
            settings = template_settings(template, specs, table.facts, place)
        else:
            settings = baseline_settings(table.baselines[name], table.task, table.facts, place)
        line = {
            "table": table.name, "family": name, "place": place, "seed": seed,
            "side": "shallow" if template is None else "deep", "goal": table.task.goal, "metric": table.task.metric,
            "n_train": table.facts.n_rows,
        }  # fmt: skip
        if settings is None:
            yield {**line, "absent": True}
            continue
        if template is None:
            said = fit_shallow(table, name, settings, seed)
        else:
            said = fit_deep(table, name, settings, seed, args.fit_seconds)
        yield {**line, "settings": plain(settings), **said}


def plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON types."""
    from automl.deep.messages import plain as own

    return own(settings)


def show(line: Mapping[str, Any]) -> str:
    """One line for people."""
    if line.get("absent"):
        return f"{line['table']:<24}{line['family']:<16}{line['place']:<8}has none"
    said = line.get("failure") or f"{line['valid']:.4f} (test {line['test']:.4f})"
    cost = f"{line['cpu_seconds']:.1f} + {line.get('compile_seconds', 0.0):.1f} s"
    return f"{line['table']:<24}{line['family']:<16}{line['place']:<8}{said}  {cost}"


def main() -> None:
    args = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if args.choose:
        lines = [line for line in read(Path(args.out)) if line["family"]]
        report([line for line in lines if not args.goal or line["goal"] == args.goal], args.starts)
        return
    if args.core is not None:
        os.sched_setaffinity(0, {args.core})
    print(json.dumps({"fits": run(args)}))


if __name__ == "__main__":
    main()
