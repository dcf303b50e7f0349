"""automl as an external system of TabArena: a contest within the time limit, its recommended model predicts.

    python automl_system.py --tasks sales.csv:price churn.csv:left     own tables, one split, 60 seconds, no network
    python automl_system.py --tiny              one small data set of TabArena, one split, 60 seconds
    python automl_system.py --seconds 3600      all data sets of TabArena, first split

On own tables (``path:target``, or a .yaml file as `benchmarks/leaderboard.py` reads it) ``--anchors`` names models of
TabArena that run beside it, with the same limit and cores, by TabArena's protocol: bagged, eight folds. A table of
errors is printed, and as the last line JSON.

TabArena wraps a system that prepares, trains and predicts by itself as an `ExternalSystemModel`: `_fit_system` gets raw
rows and the limits, `_predict` and `_predict_proba` the test rows. Source: TabArena,
packages/tabarena/src/tabarena/benchmark/exec_models/external.py and
examples/advanced/run_quickstart_tabarena_external_system.py (autogluon/tabarena, August 2026).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["System", "exec_model", "experiments_of", "main", "metric_of"]

METRICS = {
    "roc_auc": "roc_auc", "log_loss": "log_loss", "accuracy": "accuracy", "balanced_accuracy": "balanced_accuracy",
    "root_mean_squared_error": "rmse", "mean_squared_error": "rmse", "mean_absolute_error": "mae", "r2": "r2",
}  # fmt: skip
"""AutoGluon's name of a metric → ours; other metrics leave the choice to the goal's default."""
RESERVE = 0.95
"""Share of the time limit that the contest gets; its page is written after its budget."""


def metric_of(scorer: Any) -> str | None:
    """Our name of a scorer's metric; None for the goal's default.

    Args:
        scorer: AutoGluon's `Scorer`, or the name of a metric.
    """
    return METRICS.get(str(getattr(scorer, "name", scorer)))


@contextlib.contextmanager
def on_cores(count: int | None) -> Iterator[None]:
    """Bind this process to as many of its cores for a while; the next method of the benchmark gets all of them again.

    Args:
        count: how many; None for all.
    """
    if count is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(allowed)[: max(1, int(count))]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


class System:
    """A contest as TabArena calls one; it imports nothing of TabArena.

    Args:
        side: "recommended", "deep", "shallow" or "blend": whose model predicts.
        seconds: budget where TabArena sets no limit.
        arguments: further arguments of `automl.fit`, which go before those that TabArena's limits give.
    """

    def __init__(
        self, side: str = "recommended", seconds: float = 3600.0, arguments: Mapping[str, Any] | None = None
    ) -> None:
        self.side, self.seconds, self.arguments = side, seconds, dict(arguments or {})
        self.model: Any = None
        self.folder: str | None = None

    def fit(
        self,
        X: pd.DataFrame,
        y: pd.Series,
        *,
        target_name: str,
        problem_type: str,
        eval_metric: Any,
        group: Any = None,
        time: Any = None,
        num_cpus: int | None = None,
        time_limit: float | None = None,
        random_state: int | None = None,
    ) -> None:
        """Run a contest.

        Args:
            X: training rows.
            y: their target.
            target_name: name of the target.
            problem_type: "binary", "multiclass" or "regression".
            eval_metric: see `metric_of`.
            group: column of groups, where the task has one.
            time: column of times, where the task has one.
            num_cpus: how many cores may be used; None for all.
            time_limit: seconds for the whole call; None for the system's own budget.
            random_state: seed; None for 0.
        """
        import automl

        self.folder = tempfile.mkdtemp(prefix="tabarena_automl_")
        options = {
            "goal": problem_type, "metric": metric_of(eval_metric),
            "group": group if isinstance(group, str) else None, "time_column": time if isinstance(time, str) else None,
            "budget": self.seconds if time_limit is None else RESERVE * time_limit, "seed": random_state or 0,
            "quiet": True, "analysis": 0, "out": os.path.join(self.folder, "run"),
        } | self.arguments  # fmt: skip
        with on_cores(num_cpus):
            fitted = automl.fit(X.assign(**{target_name: y}), target_name, **options)
        self.model = fitted.model if self.side == "recommended" else fitted.model.side(self.side)

    def predict(self, X: pd.DataFrame) -> pd.Series:
        """Numbers for rows, with their index."""
        return self.model.predict(X, on_odd="ignore")

    def predict_proba(self, X: pd.DataFrame, classes: list[Any]) -> pd.DataFrame:
        """Probabilities for rows, with their index and a column for each class in the type of the training labels.

        Args:
            X: rows.
            classes: the classes as TabArena writes them.

        Raises:
            ValueError: the model knows other classes.
        """
        shares = self.model.predict_proba(X, on_odd="ignore")
        written = {str(name): name for name in shares.columns}
        if {str(name) for name in classes} != set(written):
            raise ValueError(f"the model knows the classes {sorted(written)}, TabArena {sorted(map(str, classes))}")
        shares = shares[[written[str(name)] for name in classes]]
        return shares.set_axis(list(classes), axis=1)

    def cleanup(self) -> None:
        """Remove the run folder."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def exec_model() -> type:
    """The class that TabArena runs.

    Raises:
        ImportError: TabArena is not installed.
    """
    try:
        from tabarena.benchmark.exec_models import ExternalSystemModel
    except ImportError as error:
        raise ImportError("TabArena is not installed here; see the README beside this file") from error

    class AutomlSystemModel(ExternalSystemModel):  # type: ignore[misc]
        """automl benchmarked as a system; `side` says whose model predicts."""

        def __init__(
            self, *, side: str = "recommended", arguments: Mapping[str, Any] | None = None, **kwargs: Any
        ) -> None:
            super().__init__(**kwargs)
            self.system = System(side, arguments=arguments)
            self.classes: list[Any] = []

        def _fit_system(
            self, X: pd.DataFrame, y: pd.Series, *, target_name: str, problem_type: str, eval_metric: Any,
            validation_metadata: Any, num_cpus: int | None, num_gpus: int | None, memory_limit: float | None,
            time_limit: float | None, random_state: int | None,
        ) -> Any:  # fmt: skip
            self.classes = [] if problem_type == "regression" else sorted(y.unique(), key=str)
            self.system.fit(
                X, y, target_name=target_name, problem_type=problem_type, eval_metric=eval_metric,
                group=getattr(validation_metadata, "group_on", None), num_cpus=num_cpus,
                time=getattr(validation_metadata, "time_on", None), time_limit=time_limit, random_state=random_state,
            )  # fmt: skip
            return self

        def _predict(self, X: pd.DataFrame) -> pd.Series:
            return self.system.predict(X)

        def _predict_proba(self, X: pd.DataFrame) -> pd.DataFrame:
            return self.system.predict_proba(X, self.classes)

        def cleanup(self) -> None:
            self.system.cleanup()

    return AutomlSystemModel


def experiments_of(seconds: int, cores: int | None, anchors: Sequence[str], config: Mapping[str, Any]) -> list[Any]:
    """TabArena's experiments: the system, and models of TabArena by its protocol.

    Args:
        seconds: limit of each fit.
        cores: of each fit; None for all.
        anchors: names of models that TabArena knows, such as LightGBM.
        config: arguments of the system's class.
    """
    model = exec_model()
    from tabarena.benchmark.experiment import TabArenaV0pt1ExperimentBundle
    from tabarena.utils.config_utils import SystemConfigGenerator

    generator = SystemConfigGenerator(model_cls=model, name="automl", manual_configs=[dict(config)])
    limits = {"time_limit": seconds, "num_cpus": cores, "num_gpus": 0 if anchors else None}
    ours = TabArenaV0pt1ExperimentBundle(models=[(generator, 0)], system_experiments=True)
    found = list(ours.build_experiments(**limits))
    if anchors:
        theirs = TabArenaV0pt1ExperimentBundle(
            models=[(name, 0) for name in anchors], sequential_local_fold_fitting=True
        )
        found += theirs.build_experiments(**limits)
    return found


def run_own(args: argparse.Namespace) -> None:
    """Run the system and anchors on own tables, and print errors."""
    import own_tasks

    out = Path(args.out).resolve()
    rows, unusable = own_tasks.load(out / "data", args.tasks, args.seed)
    for name, why in unusable.items():
        print(f"{name}: left out, {why}")
    anchors = [name for name in args.anchors.split(",") if name]
    config = {"arguments": json.loads(args.arguments)} if args.arguments else {}
    experiments = experiments_of(args.seconds or 60, args.cores, anchors, config)
    lines = own_tasks.errors(own_tasks.run(rows, experiments, out))
    text = own_tasks.table(lines)
    (out / "errors.md").write_text(text, "utf-8")
    print(text)
    print(json.dumps({"results": lines, "left_out": unusable}))


def run_arena(args: argparse.Namespace) -> None:
    """Run the system on TabArena's data sets and print its leaderboard."""
    experiments = experiments_of(args.seconds or (60 if args.tiny else 3600), args.cores, [], {})
    from tabarena.contexts import TabArenaContext

    context = TabArenaContext()
    subset = ["small", "lite"] if args.tiny else ["lite"]
    context.build_and_run_jobs(experiments, expname=os.path.join(args.out, "runs"), subset=subset, debug_mode=True)
    board = context.compare(output_dir=os.path.join(args.out, "figures"))
    print(context.leaderboard_to_website_format(leaderboard=board).to_markdown(index=False))


def main() -> None:
    """Run the system, on own tables or on those of TabArena."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=[], metavar="TASK", help="own tables: path:target, or a .yaml")
    parser.add_argument("--anchors", default="LightGBM", help="models of TabArena beside it, on own tables")
    parser.add_argument("--tiny", action="store_true", help="one small data set of TabArena, for a first look")
    parser.add_argument("--seconds", type=int, default=None, help="limit of each fit (3600 on all sets, else 60)")
    parser.add_argument("--cores", type=int, default=None, help="cores of each fit (all)")
    parser.add_argument("--seed", type=int, default=0, help="of the split of own tables")
    parser.add_argument("--arguments", default="", help="on own tables, arguments of automl.fit as JSON")
    parser.add_argument("--out", default="tabarena-runs", help="folder of results and figures")
    args = parser.parse_args()
    if args.tasks:
        run_own(args)
    else:
        run_arena(args)


if __name__ == "__main__":
    main()
