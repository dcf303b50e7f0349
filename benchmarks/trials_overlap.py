"""What it would bring to build and trace the next network on a second core while the first one trains.

    python benchmarks/trials_overlap.py [--template mlp] [--epochs 3] [--shapes 5] [--repeats 5] [--cores 0,1]
        [--keep-seeds] [--real-time]

Networks of drawn settings of the shipped template on `adult` (8,000 training rows), each of another shape: built,
traced by one step and one prediction, and trained; one after another, and with the next one built in a second thread.
The settings are all known beforehand, as those of a search whose proposals need no scores. The first core trains, the
second builds. `--keep-seeds` leaves TensorFlow's own generator alone while a network is built, since seeding it
discards every traced function of the process. With `--real-time` both threads go before all other work of these cores
(Linux, as root), for a machine that is not idle. Losses of both ways are compared; the last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
DISPATCHES = 4
"""Of an epoch, about as many as there are at a quarter of a second each."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--template", default="mlp")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--shapes", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cores", default="0,1", help="of training and of building")
    parser.add_argument("--keep-seeds", action="store_true")
    parser.add_argument("--real-time", action="store_true")
    return parser.parse_args()


class Trials:
    """Trials of different shapes on one set.

    Args:
        data: the set, with its template (`trials_methods.Set`).
        n: number of trials.
        n_epochs: of each.
    """

    def __init__(self, data: Any, n: int, n_epochs: int) -> None:
        self.trainer, self.template, self.n_epochs = data.side(0).trainer, data.template, n_epochs
        self.settings = data.drawn(n, one_shape=False)

    def built(self, number: int) -> Any:
        """The network of a trial, traced and reset."""
        from automl.deep.training.precision import one_step

        one = self.settings[number]
        knobs = {name: float(one[name]) for name in self.template.knobs if name in one}
        network = self.trainer.cache.new(self.template, one)
        network.reset(knobs, int(one["batch_size"]), number)
        one_step(network)
        network.predict_valid()
        network.reset(knobs, int(one["batch_size"]), number)
        return network

    def trained(self, network: Any, number: int) -> float:
        """The last loss of a trial."""
        rng, rate, loss = np.random.default_rng(number), float(self.settings[number]["learning_rate"]), float("nan")
        for _ in range(self.n_epochs):
            n = network.n_train // network.batch_size
            batches = rng.permutation(network.n_train)[: n * network.batch_size].reshape(n, -1)
            for part in np.array_split(batches, min(DISPATCHES, n)):
                loss = network.train(part, np.full(len(part), rate, np.float32))
            network.predict_valid()
        network.release()
        return loss

    def in_turn(self) -> tuple[list[float], float]:
        """The last losses, and the seconds of building."""
        losses, building = [], 0.0
        for number in range(len(self.settings)):
            begun = time.perf_counter()
            network = self.built(number)
            building += time.perf_counter() - begun
            losses.append(self.trained(network, number))
        return losses, building

    def overlapped(self, core: int, real_time: bool) -> tuple[list[float], float]:
        """The last losses, while a second thread on this core builds ahead."""
        losses = []
        with ThreadPoolExecutor(1, initializer=pin, initargs=(core, real_time)) as pool:
            ahead = pool.submit(self.built, 0)
            for number in range(len(self.settings)):
                network = ahead.result()
                if number + 1 < len(self.settings):
                    ahead = pool.submit(self.built, number + 1)
                losses.append(self.trained(network, number))
        return losses, 0.0


def pin(core: int, real_time: bool) -> None:
    """Keep the calling thread on a core, before all other work there if asked."""
    os.sched_setaffinity(0, {core})
    if real_time:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


@contextmanager
def unseeded(keep: bool) -> Iterator[None]:
    """Leave TensorFlow's generator as it is while networks are built."""
    from automl.deep.training import initial

    plain = initial.seeded
    if keep:
        initial.seeded = lambda seed, backend=True: plain(seed, backend=False)  # type: ignore[assignment]
    try:
        yield
    finally:
        initial.seeded = plain


def main() -> None:
    args = arguments()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(ROOT))
    training, building = (int(core) for core in args.cores.split(","))
    os.sched_setaffinity(0, {training, building})  # so that the policy is that of two cores
    import trials_methods

    trials_methods.TEMPLATES["adult"] = args.template
    trials = Trials(trials_methods.Set(Path(args.data), "adult"), args.shapes, args.epochs)
    pin(training, args.real_time)
    seconds: dict[str, list[float]] = {"in turn": [], "overlapped": []}
    processor: dict[str, list[float]] = {"in turn": [], "overlapped": []}
    shares, losses = [], []
    with unseeded(args.keep_seeds):
        trials.trained(trials.built(0), 0)
        for repeat in range(args.repeats):
            for way in ("in turn", "overlapped") if repeat % 2 == 0 else ("overlapped", "in turn"):
                wall, used = time.perf_counter(), time.process_time()
                found, spent = trials.in_turn() if way == "in turn" else trials.overlapped(building, args.real_time)
                seconds[way].append(time.perf_counter() - wall)
                processor[way].append(time.process_time() - used)
                losses.append(found)
                shares += [spent / seconds[way][-1]] if way == "in turn" else []
                print(f"{way:<12}{seconds[way][-1]:7.2f} s {processor[way][-1]:7.2f} s of a processor", flush=True)
    medians = {way: statistics.median(values) for way, values in seconds.items()}
    print(json.dumps({
        "template": args.template, "epochs": args.epochs, "shapes": args.shapes, "seconds": medians,
        "processor_seconds": {way: statistics.median(values) for way, values in processor.items()},
        "ratio": medians["overlapped"] / medians["in turn"], "building_share": statistics.median(shares),
        "equal_losses": all(one == losses[0] for one in losses),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
