"""Models for exports: encoders fitted on a few rows, networks that were not trained, one shallow fit each."""

import numpy as np
import pandas as pd
import pytest

from automl import catalog, goals, modalities, recipe
from automl.flow.prepare import prepare
from automl.flow.selection import baselines_for
from automl.goals import Decision
from automl.predict.model import Model
from automl.records import Facts, FitContext, Template
from automl.sides.predictors import BlendPredictor, DeepPredictor, ShallowPredictor

N_ROWS = 400
SMALL = {"width": 16, "layers": 2, "members": 2, "numeric_dim": 4, "bins": 8, "category_dim": 4}
DECISIONS = {
    "binary": Decision("binary", "f1", (1.3,), (0.2,), (0.4,), (), 6.0),
    "multiclass": Decision("multiclass", "f1", (0.9,), (0.1, -0.2, 0.0), (), (0.3, 0.0, -0.1), 6.0),
    "multilabel": Decision("multilabel", "f1", (1.1, 0.9), (0.0, 0.1), (0.4, 0.6), (), 5.0),
}


def table(n_rows=N_ROWS):
    """Every kind of column that a table may have, but pictures, with gaps; and a target of each goal."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "amount": rng.normal(size=n_rows).round(3),
            "price": np.exp(rng.normal(size=n_rows)).round(2) + 1e7,
            "colour": rng.choice(["Red", "dark  blue", "A", "a", "green"], n_rows).astype(object),
            "town": [f"Town {i}" for i in rng.zipf(1.4, n_rows) % 60],
            "day": pd.date_range("1965-01-01", periods=n_rows, freq="1117h").strftime("%Y-%m-%d %H:%M:%S"),
            "member": rng.choice(["yes", "no"], n_rows).astype(object),
            "tags": [
                "; ".join(rng.choice(["new", "Old", "odd one", "x"], rng.integers(1, 4), False)) for _ in range(n_rows)
            ],
            "page": [f"https://www.site{i % 9}.org/p?{i}" for i in range(n_rows)],
            "note": [
                " ".join(rng.choice(["good", "bad", "Fine", "poor", "late", "don't"], 14)) + f" {i * 7919}"
                for i in range(n_rows)
            ],
        }
    )
    signal = frame.amount + (frame.colour == "Red") + 0.5 * (frame.member == "yes")
    frame.loc[::9, "price"], frame.loc[::7, "colour"], frame.loc[::11, "day"] = np.nan, None, None
    frame["binary"] = np.where(signal > 0.5, "yes", "no")
    frame["multiclass"] = np.select([signal < 0, signal > 1], ["low", "high"], "mid")
    frame["regression"] = np.exp(2 * signal).round(4)
    frame["one"], frame["two"] = (signal > 0).astype(int), (signal > 1).astype(int)
    return frame


TARGETS = {"binary": "binary", "multiclass": "multiclass", "regression": "regression", "multilabel": ["one", "two"]}
KINDS = {"colour": "categorical", "town": "categorical", "tags": "list", "page": "url", "note": "text"}


@pytest.fixture(scope="session")
def prepared():
    """prepared(goal, drop=()) → data, task and split of the table."""
    known = {}

    def make(goal, drop=()):
        if (goal, drop) not in known:
            target = TARGETS[goal]
            targets = [target] if isinstance(target, str) else target
            others = [n for one in TARGETS.values() for n in ([one] if isinstance(one, str) else one)]
            frame = table().drop(columns=[name for name in others if name not in targets] + list(drop))
            kinds = {name: kind for name, kind in KINDS.items() if name not in drop}
            known[goal, drop] = prepare(recipe.make(data=frame, target=target, goal=goal, columns=kinds, seed=1))
        return known[goal, drop]

    return make


@pytest.fixture(scope="session")
def deep():
    """deep(prepared, template, n_models) → the predictor of networks that were drawn and not trained."""

    def make(prepared, name="mlp", n_models=2, **choices):
        import keras

        task = prepared.task
        encoder, codec = modalities.fit(prepared.dataset, task, prepared.split)
        template = catalog.members(Template, "automl.templates")[name]
        facts = modalities.facts(task, prepared.split, codec)
        first = {**template.starts(encoder.specs, facts)[0], **SMALL, **choices}
        knobs = {knob: float(first[knob]) for knob in template.knobs if knob in first}
        models = []
        for seed in range(n_models):
            keras.utils.set_random_seed(seed)
            models.append(template.build(first, knobs, encoder.specs, codec.head))
        return DeepPredictor(
            tuple(models), encoder, codec, DECISIONS.get(task.goal), (0.25, 0.75)[:n_models] if n_models > 1 else (1.0,)
        )

    return make


@pytest.fixture(scope="session")
def shallow():
    """shallow(prepared, family, **settings) → the predictor of one fit with the family's first settings."""

    def make(prepared, family="boosting", **changes):
        dataset, task, split = prepared.dataset, prepared.task, prepared.split
        chosen = baselines_for(task)[family]
        first = next(iter(chosen.settings(task, Facts(len(split.train), len(task.classes)), 0)))
        model = chosen.make(task, {**first, "text_dimensions": 0, **changes}, 0)
        train, valid = (split.items(part) for part in ("train", "valid"))
        truths = [goals.truth(dataset, task, items) for items in (train, valid)]
        model.fit(dataset, train, truths[0], None, FitContext(None, None, valid, truths[1]))
        return ShallowPredictor((model,), DECISIONS.get(task.goal))

    return make


@pytest.fixture(scope="session")
def binary(prepared, deep, shallow):
    """Both sides and their blend for the binary table."""
    made = prepared("binary", ("note", "page", "tags"))
    plain = {"layers": 1, "width": 8, "numeric": "plain"}
    sides = {"deep": deep(made, **plain), "shallow": shallow(made, max_iter=4, max_leaf_nodes=6)}
    sides["blend"] = BlendPredictor(sides["deep"], sides["shallow"], 0.4, DECISIONS["binary"])
    return Model(made.task, sides, "blend")
