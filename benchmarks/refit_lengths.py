"""How long should a refit be, if the clock bounds it and the search together? Networks on larger tables.

    python benchmarks/refit_lengths.py --only letter:retrieval,diamonds:mlp [--data DIR] [--seconds 10] [--seed 0]

A fifth of the rows that are not test rows judges, and is learnt from by nothing; the rest is split as in a contest. A
network has the first settings of its template. N steps are what `--seconds` processor seconds train. Errors on the rows
that judge, as multiples of the searched network's with a schedule of N steps:

- *refit*: it is trained again on training and validation rows, with as many epochs (2.25 N in all);
- *even*: a schedule of 0.44 N, and its refit with as many epochs (N in all); *short*: 0.25 N, and its refit;
- *longer*: a schedule of 0.25 N, and a refit with 0.75 N (N in all);
- *trained on*: a schedule of 0.8 N, whose weights are trained on with all rows for 0.2 N, at a tenth of the rate.

Prints a line for each set and network; the last line is JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SEARCHED_SHARE, SHORT_SHARE, LONG_SHARE = 0.44, 0.25, 0.75
MORE_SHARE, MORE_RATE = 0.2, 0.1
MODES = ("refit", "even", "short", "longer", "trained on")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("AUTOML_DATA", str(ROOT.parent / "shared" / "data")))
    parser.add_argument("--only", default="letter:retrieval,diamonds:mlp")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def prepared(folder: Path, name: str, seed: int) -> Any:
    """A set without its test rows, of which a fifth takes their place."""
    import pandas as pd
    from contest import entry_data

    from automl import recipe as recipes
    from automl.flow.prepare import prepare

    entry = next(e for e in json.loads((folder / "catalog.json").read_text()) if e["name"] == name)
    options = entry_data(folder, entry)
    frame = pd.read_csv(options["data"], dtype=str, keep_default_na=False)
    order = np.random.default_rng(100 + seed).permutation(len(frame))
    judges, rest = np.split(order, [len(frame) // 5])
    options |= {"data": frame.iloc[rest], "test": frame.iloc[judges]}
    made = prepare(recipes.make(**options, metric=entry["metric"], seed=seed))
    return dataclasses.replace(made, split=dataclasses.replace(made.split, folds=()))


class Fits:
    """Fits of one network.

    Args:
        made: the set.
        family: name of the template.
        seed: of the first fit.
        seconds: processor seconds of N steps.
    """

    def __init__(self, made: Any, family: str, seed: int, seconds: float) -> None:
        from refits import deep_side, error_of

        self.made, self.seed, self.error = made, seed, error_of(made)
        self.side, self.template, self.settings = deep_side(made, family, 10**6)
        self.trainer = self.side.trainer
        self.arrays = self.side.finalist.encoder.transform(made.dataset, made.split.items("test"))
        network = self.network(0)
        batches = np.random.default_rng(0).integers(0, network.n_train, (20, network.batch_size))
        network.train(batches[:1], np.zeros(1, np.float32))  # compiles
        begun = time.process_time()
        network.train(batches, np.zeros(20, np.float32))
        planned = int(self.settings["epochs"]) * max(1, network.n_train // network.batch_size)
        self.n_steps = min(planned, int(seconds * 20 / (time.process_time() - begun)))

    def network(self, number: int) -> Any:
        """The network with new weights."""
        return self.trainer.network(self.template, self.settings, 10 * self.seed + number)

    def searched(self, share: float) -> tuple[Any, float]:
        """A fit on the training rows with a schedule of this share of N, and its error."""
        from automl.deep.training.trial import train

        network = self.network(0)
        fit = train(
            network, self.settings, seed=10 * self.seed, deadline=None, dispatch_seconds=0.25,
            standing=self.trainer.training_data.standing_of_epoch, higher_is_better=self.trainer.higher_is_better,
            stopping=lambda: False, n_steps=int(share * self.n_steps),
        )  # fmt: skip
        network.set_weights(fit.weights)
        return fit, self.error_now(network)

    def refitted(self, n_steps: int, share: float = 1.0, weights: Any = None, rate: float = 1.0) -> float:
        """The error of a fit on training and validation rows.

        Args:
            n_steps: its schedule.
            share: the share of it that is trained.
            weights: to begin with; None for new ones.
            rate: factor of the learning rate.
        """
        from automl.deep.training.trial import refit

        network = self.network(5)
        if weights is not None:
            network.set_weights(weights)
        network.take_all()
        settings = {**self.settings, "learning_rate": rate * self.settings["learning_rate"]}
        refit(network, settings, seed=10 * self.seed + 5, deadline=None, dispatch_seconds=0.25,
              stopping=lambda: False, n_steps=n_steps, share=share)  # fmt: skip
        return self.error_now(network)

    def error_now(self, network: Any) -> float:
        return float(self.error([self.side.finalist.codec.decode(network.predict(self.arrays))]))

    def all(self) -> dict[str, float]:
        """The errors of all ways."""
        growth = self.trainer.training_data.growth
        found = {}
        whole, found["searched"] = self.searched(1.0)
        found["refit"] = self.refitted(round(growth * whole.n_steps), whole.best_share)
        even, _ = self.searched(SEARCHED_SHARE)
        found["even"] = self.refitted(round(growth * even.n_steps), even.best_share)
        short, _ = self.searched(SHORT_SHARE)
        found["short"] = self.refitted(round(growth * short.n_steps), short.best_share)
        found["longer"] = self.refitted(int(LONG_SHARE * self.n_steps))
        most, _ = self.searched(1 - MORE_SHARE)
        found["trained on"] = self.refitted(int(MORE_SHARE * self.n_steps), 1.0, most.weights, MORE_RATE)
        return found


def main() -> None:
    args = arguments()
    sys.path.insert(0, str(ROOT / "benchmarks"))
    lines = []
    for name, family in (one.split(":") for one in args.only.split(",")):
        fits = Fits(prepared(Path(args.data), name, args.seed), family, args.seed, args.seconds)
        errors = fits.all()
        lines.append({"set": name, "family": family, "seed": args.seed, "n_steps": fits.n_steps, "errors": errors})
        ratios = "  ".join(f"{mode} {errors[mode] / errors['searched']:.3f}" for mode in MODES)
        print(f"{name:<20}{family:<12}{fits.n_steps:>7} steps  searched {errors['searched']:.4f}  {ratios}", flush=True)
    print(json.dumps(lines))


if __name__ == "__main__":
    main()
