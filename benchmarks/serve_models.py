"""What `serve.py` measures with: a churn-like table, one model a side, and the same models behind scikit-learn.

The pipelines are what people write by hand: a `ColumnTransformer` of a pandas frame, then the same estimator (boosted
trees of as many rounds, fitted on the same rows) or the very same network, called through a compiled function. What the
network reads has the same shapes as our encoder's arrays.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["bare_app", "churn", "make_bundle", "pipeline_of"]

NUMBERS = ["tenure", "monthly_charges", "total_charges", "calls", "support_minutes", "data_gb", "age", "n_lines"]
LEVELS = ["contract", "payment", "internet", "region", "plan", "senior", "paperless", "channel"]
DATES = ["start_date", "last_contact"]
TARGET, N_ROWS = "churned", 4_000


def churn(n: int = N_ROWS, seed: int = 0) -> pd.DataFrame:
    """Customers: eight numbers, eight levels, two dates written as text, and whether they left."""
    rng = np.random.default_rng(seed)
    tenure, monthly = rng.integers(0, 73, n), np.round(rng.uniform(18, 120, n), 2)
    end = pd.Timestamp("2024-06-30")
    contract = rng.choice(["month-to-month", "one year", "two years"], n, p=[0.55, 0.25, 0.2])
    payment = rng.choice(["card", "transfer", "cheque", "direct debit"], n)
    odds = -1.5 + 1.4 * (contract == "month-to-month") - 0.03 * tenure + 0.02 * (monthly - 60) + 0.5 * (
        payment == "cheque"
    )  # fmt: skip
    frame = pd.DataFrame({
        "tenure": tenure,
        "monthly_charges": monthly,
        "total_charges": np.where(rng.random(n) < 0.02, np.nan, np.round(tenure * monthly, 2)),
        "calls": rng.poisson(1.5, n),
        "support_minutes": np.round(rng.gamma(2, 7, n), 1),
        "data_gb": np.round(rng.gamma(2, 10, n), 2),
        "age": rng.integers(18, 90, n),
        "n_lines": rng.integers(1, 5, n),
        "contract": contract,
        "payment": payment,
        "internet": rng.choice(["fibre", "dsl", "none"], n),
        "region": rng.choice([f"region {i}" for i in range(30)], n),
        "plan": rng.choice(["S", "M", "L", "XL"], n),
        "senior": rng.choice(["yes", "no"], n),
        "paperless": rng.choice(["yes", "no"], n),
        "channel": rng.choice(["web", "shop", "phone"], n),
        "start_date": (end - pd.to_timedelta(tenure * 30 + rng.integers(0, 30, n), unit="D")).strftime("%Y-%m-%d"),
        "last_contact": (end - pd.to_timedelta(rng.integers(0, 400, n), unit="D")).strftime("%Y-%m-%d"),
    })  # fmt: skip
    return frame.assign(**{TARGET: np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "yes", "no")})


def make_bundle(folder: Path) -> None:
    """Save a network and boosted trees, each alone, in the first settings of their families and without a search."""
    from automl import bundle, goals, modalities
    from automl.flow.prepare import prepare
    from automl.flow.selection import baselines_for
    from automl.recipe import make
    from automl.records import Facts, FitContext
    from automl.sides.predictors import DeepPredictor, ShallowPredictor

    prepared = prepare(make(data=churn(), target=TARGET, seed=1))
    dataset, task, split = prepared.dataset, prepared.task, prepared.split
    family = baselines_for(task)["boosting"]
    facts = Facts(len(split.train), len(task.classes))
    shallow = family.make(task, next(iter(family.settings(task, facts, 0))), 0)
    truths = [goals.truth(dataset, task, split.items(part)) for part in ("train", "valid")]
    shallow.fit(dataset, split.train, truths[0], None, FitContext(None, None, split.valid, truths[1]))
    encoder, codec = modalities.fit(dataset, task, split)
    network = trained(encoder, codec, dataset, split, facts)
    predictors = {"deep": DeepPredictor((network,), encoder, codec), "shallow": ShallowPredictor((shallow,))}
    bundle.save(folder, task, predictors, "shallow", {}, "")


def trained(encoder: Any, codec: Any, dataset: Any, split: Any, facts: Any) -> Any:
    """The network of the first start of the template `mlp`, after two epochs."""
    import keras
    import keras_tuner

    from automl.templates.mlp import MLP

    hp = keras_tuner.HyperParameters()
    MLP.space(hp, encoder.specs, facts)
    point = {**hp.values, **MLP.starts(encoder.specs, facts)[0]}
    knobs = {name: keras.Variable(float(point[name]), trainable=False, dtype="float32") for name in MLP.knobs}
    choices = {name: value for name, value in point.items() if name not in MLP.knobs}
    keras.utils.set_random_seed(1)
    network = MLP.build(choices, knobs, encoder.specs, codec.head)
    network.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    network.fit(encoder.transform(dataset, split.train), codec.encode(dataset, split.train), epochs=2, verbose=0)
    return network


def pipeline_of(side: str, model: Any) -> Any:
    """A fitted pipeline on frames with the method `predict`, of the estimator or network of a model of ours."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, StandardScaler

    data = churn()
    numbers = "passthrough" if side == "shallow" else StandardScaler()
    columns = ColumnTransformer([
        ("numbers", numbers, NUMBERS),
        ("levels", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), LEVELS),
        ("dates", FunctionTransformer(date_parts), DATES),
    ])  # fmt: skip
    if side == "deep":
        matrix = columns.fit_transform(data)
        assert len(matrix) == len(data)
        return NetworkPipeline(columns, model.predictor)
    boosted = model.predictor.models[0].learner.models[0]
    known = {name: value for name, value in boosted.get_params().items() if name not in ("warm_start", "max_iter")}
    known["categorical_features"] = [len(NUMBERS) + place for place in range(len(LEVELS))]
    estimator = HistGradientBoostingClassifier(**known, max_iter=len(boosted._predictors))
    return make_pipeline(columns, estimator).fit(data.drop(columns=TARGET), data[TARGET])


def date_parts(frame: pd.DataFrame) -> np.ndarray:
    """Days, year, month, day and weekday of each column."""
    parts = []
    for name in frame.columns:
        stamps = pd.to_datetime(frame[name], format="%Y-%m-%d")
        days = (stamps - pd.Timestamp("2020-01-01")).dt.days
        parts += [days, stamps.dt.year, stamps.dt.month, stamps.dt.day, stamps.dt.dayofweek]
    return np.stack([part.to_numpy(np.float64) for part in parts], axis=1)


class NetworkPipeline:
    """Columns of scikit-learn, then a network of ours: its inputs are filled with them in the shapes that it has."""

    def __init__(self, columns: Any, predictor: Any) -> None:
        self.columns = columns
        self.network = predictor.models[0]
        self.specs = predictor.encoder.specs

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """The class of each row."""
        from automl.sides.predictors import raw

        matrix = np.nan_to_num(np.asarray(self.columns.transform(frame), np.float32))
        levels = np.maximum(matrix[:, len(NUMBERS) : len(NUMBERS) + len(LEVELS)], 0)
        arrays = {}
        for spec in self.specs:
            width = int(spec.shape[0])
            source = np.minimum(levels, 1) if spec.kind == "categories" else matrix
            taken = np.arange(width) % source.shape[1]
            arrays[spec.name] = source[:, taken].astype(spec.dtype)
        scores = raw(self.network, arrays)
        return np.where(scores[:, 0] > 0, "yes", "no")


def bare_app(side: str, folder: Path) -> Any:
    """What one writes by hand: rows as a list of objects, a frame, the pipeline, a list of predictions."""
    from fastapi import FastAPI

    import automl

    pipeline = pipeline_of(side, automl.load(folder).side(side))
    app = FastAPI()

    @app.post("/predict")
    def predict(rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {"predictions": pipeline.predict(pd.DataFrame(rows)).tolist()}

    return app


def serve_bare(side: str, folder: Path) -> None:
    """Serve the bare application on a free port of the loopback, and print the port."""
    import uvicorn

    class Server(uvicorn.Server):  # type: ignore[misc]
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            print(
                f"serving at http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}",
                file=sys.stderr,
                flush=True,
            )

    app = bare_app(side, folder)
    Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False)).run()


if __name__ == "__main__":
    serve_bare(sys.argv[1], Path(sys.argv[2]))
