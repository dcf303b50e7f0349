"""What several workers through Ray cost: what travels, how long it takes, and how the oracle's thinking grows.

    python benchmarks/ray_cost.py [--data DIR] [--only adult,sign_digits] [--workers 2] [--trials 8,50,100,200,400]

The first template that fits each set is taken at its first start. Sizes are those of Ray's own serialisation; round
trips are medians over a worker on this machine that does nothing else. The oracle is asked and told with scores drawn
at random, which costs it as much as real ones. docs/scale.md quotes the figures. Prints tables and a last line of JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from contest import ROOT, entry_data

KIB = 1024
CALLS = 200
WINDOW = 10


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default="adult,sign_digits")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--trials", default="8,50,100,200,400")
    parser.add_argument("--pending", type=int, default=100, help="trials under way while the oracle is asked")
    return parser.parse_args()


def median_ms(call: Callable[[], Any], n: int = CALLS) -> float:
    """Median milliseconds of a call, after one that does not count."""
    call()
    times = []
    for _ in range(n):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times)


def encoded(folder: Path, name: str) -> tuple[Any, Any, Any]:
    """TrainingData, facts and the first template that fits a set."""
    from automl import modalities, recipe
    from automl.deep.data import training_data_of
    from automl.flow.prepare import prepare
    from automl.flow.selection import templates_for

    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    asked = recipe.make(**entry_data(folder, entry), metric=entry["metric"])
    prepared = prepare(asked)
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    encoder, codec = modalities.fit(dataset, task, split)
    templates, _ = templates_for(asked, task, encoder.specs)
    training_data = training_data_of(dataset, task, split, encoder, codec, task.metric)
    return training_data, modalities.facts(task, split, codec), next(iter(templates.values()))


def travels(training_data: Any, facts: Any, template: Any, pool: Any) -> dict[str, Any]:
    """Bytes of what goes to and from a worker, and how long that takes."""
    import ray
    from ray import cloudpickle

    from automl.deep.messages import TrialSpec, plain
    from automl.deep.oracle import Oracle

    oracle = Oracle(template, training_data.specs, facts, higher_is_better=True, seed=0)
    number = oracle.ask()
    assert number is not None
    order = TrialSpec(f"{template.name}-1", template.name, plain(oracle.settings(number)), 0, math.inf, n_steps=1)
    begun = time.perf_counter()
    pool.supply(training_data, (template.name,), None)
    supply_seconds = time.perf_counter() - begun
    actor = next(worker.actor for worker in pool._workers if worker.ready is None)
    report = ray.get(actor.run.remote(order, None))
    assert report.fit is not None, report.failure
    back = actor.__ray_call__

    def same(worker: Any, thing: Any) -> Any:
        return thing

    sizes = {
        "material": len(cloudpickle.dumps(training_data)),
        "order": len(cloudpickle.dumps(order)),
        "report": len(cloudpickle.dumps(report)),
        "weights": sum(array.nbytes for array in report.fit.weights),
        "raw_valid": report.fit.raw_valid.nbytes,
    }
    return {
        "template": template.name,
        "n_train": len(training_data.target),
        "n_valid": len(training_data.valid_truth),
        "n_parameters": report.n_parameters,
        "bytes": sizes,
        "supply_seconds": supply_seconds,
        "empty_ms": median_ms(lambda: ray.get(back.remote(same, None))),
        "order_ms": median_ms(lambda: ray.get(back.remote(same, order))),
        "look_ms": median_ms(lambda: ray.get(actor.look.remote(0, False))),
        "report_both_ways_ms": median_ms(lambda: ray.get(back.remote(same, report)), 50),
    }


def thinking(training_data: Any, facts: Any, template: Any, sizes: list[int], n_pending: int) -> dict[str, list[float]]:
    """Milliseconds to ask the Bayesian oracle and to tell it, by how many trials it knows."""
    from automl.deep.oracle import Oracle

    rng = np.random.default_rng(0)
    found: dict[str, list[float]] = {
        "n_trials": [],
        "ask_ms": [],
        "ask_with_pending_ms": [],
        "random_ms": [],
        "tell_ms": [],
    }
    for n in sizes:
        oracle = Oracle(template, training_data.specs, facts, higher_is_better=True, seed=0, name="random")
        settings = [oracle.values(str(oracle.ask())) for _ in range(n + n_pending)]
        random_ms = median_ms(oracle.ask, WINDOW)
        oracle = Oracle(template, training_data.specs, facts, higher_is_better=True, seed=0)
        oracle._waiting.clear()
        tells, asks, pending = [], [], []
        for one in settings[:n]:
            number, score = oracle.enter(one), float(rng.normal())
            begun = time.perf_counter()
            oracle.tell(number, score)
            tells.append(time.perf_counter() - begun)
        for times in (asks, pending):
            for _ in range(WINDOW if n <= 100 else 3):
                begun = time.perf_counter()
                number = oracle.ask()
                times.append(time.perf_counter() - begun)
                if number is not None:
                    oracle.tell(number, float(rng.normal()))
            if times is asks:
                for one in settings[n:]:
                    oracle.enter(one)
        found["n_trials"].append(n)
        found["ask_ms"].append(1000 * statistics.median(asks))
        found["ask_with_pending_ms"].append(1000 * statistics.median(pending))
        found["random_ms"].append(random_ms)
        found["tell_ms"].append(1000 * statistics.median(tells))
    return found


def main() -> None:
    args = arguments()
    from automl.catalog import template_loader
    from automl.deep.ray.executor import RayPool
    from automl.records import SearchOptions

    names = args.only.split(",")
    parts = {name: encoded(Path(args.data), name) for name in names}
    import automl.deep.side  # noqa: F401

    pool = RayPool(SearchOptions(workers=args.workers), template_loader(()))
    begun = time.perf_counter()
    pool.start()
    started = time.perf_counter()
    result: dict[str, Any] = {"ray_start_seconds": started - begun, "sets": {}}
    for name, (training_data, facts, template) in parts.items():
        result["sets"][name] = found = travels(training_data, facts, template, pool)
        if "first_worker_seconds" not in result:
            while any(worker.ready is not None for worker in pool._workers):
                pool._wait()
                pool._tend()
            result["first_worker_seconds"] = found["supply_seconds"]
        sizes = ", ".join(f"{key} {size / KIB:,.1f} KiB" for key, size in found["bytes"].items())
        print(f"{name}, {found['template']} with {found['n_parameters']:,} parameters, {found['n_train']:,} training "
              f"and {found['n_valid']:,} validation rows: {sizes}; round trips: empty {found['empty_ms']:.2f} ms, "
              f"order {found['order_ms']:.2f}, look {found['look_ms']:.2f}, report there and back "
              f"{found['report_both_ways_ms']:.2f}; supplying {found['supply_seconds']:.2f} s", flush=True)  # fmt: skip
    print(f"starting Ray {result['ray_start_seconds']:.1f} s, until the first of {args.workers} workers was ready "
          f"{result['first_worker_seconds']:.1f} s more", flush=True)  # fmt: skip
    begun = time.perf_counter()
    pool.close()
    result["close_seconds"] = time.perf_counter() - begun
    training_data, facts, template = parts[names[0]]
    result["oracle"] = oracle = thinking(
        training_data, facts, template, [int(n) for n in args.trials.split(",")], args.pending
    )
    heads = ("trials known", "ask, ms", f"{args.pending} under way", "random, ms", "tell, ms")
    print("".join(f"{head:>16}" for head in heads))
    for n, ask, pending, random_ms, tell in zip(*oracle.values(), strict=True):
        print(f"{n:>16}{ask:>16.1f}{pending:>16.1f}{random_ms:>16.1f}{tell:>16.3f}")
    print(json.dumps(result))


if __name__ == "__main__":
    sys.exit(main())
