"""The pages on adding to automl are true: their files keep the contract, and each mistake gives the message shown."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_network import PLUGIN

import automl
from automl import catalog, goals, metrics, modalities, records, testing
from automl.errors import BundleError, DataError, InputError, RecipeError

PAGES = Path(__file__).resolve().parents[2] / "docs" / "contributing"
ALL = sorted(path.stem for path in PAGES.glob("*.md") if path.stem != "index")


@pytest.fixture(autouse=True)
def plug_ins_of_a_test_stay_in_it(monkeypatch):
    monkeypatch.setattr(catalog, "_FILES", {})
    yield
    for room in (metrics, goals, modalities):
        room.plug_in(())


def text_of(page: str) -> str:
    return (PAGES / f"{page}.md").read_text(encoding="utf-8")


def files_of(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text_of(page), re.DOTALL)


def written(page: str, folder: Path, old: str = "", new: str = "") -> Path:
    """The page's file under the name that the page gives it, with a change."""
    source = files_of(page)[0]
    assert not old or source.count(old) == 1
    name = re.search(r"`(\w+\.py)`, complete", text_of(page))
    assert name is not None
    path = folder / name[1]
    path.write_text(source.replace(old, new) if old else source, encoding="utf-8")
    return path


CHART = """
CHART = {"alt": "a chart", "layers": []}
LINE = {"mark": "line", "x": [0, 1], "y": [0, 1]}
"""


def loaded(page: str, folder: Path, old: str = "", new: str = "") -> ModuleType:
    path = written(page, folder, old, new)
    if "CHART" in new:
        source = path.read_text(encoding="utf-8").replace(
            "{{ table(runs) }}", "{{ table(runs) }}{{ figure(chart) }}", 1
        )
        path.write_text(source.replace("N_SHOWN = 5", f"N_SHOWN = 5\n{CHART}"), encoding="utf-8")
    return catalog.extend([path])[0]


def check(page: str, module: Any, *goals: records.GoalName) -> None:
    if page == "template":
        testing.check_template(module.GATED_MLP, goals or ["multiclass", "regression"], n_random=0)
    elif page == "baseline":
        testing.check_baseline(module.CLUSTER_RIDGE)
    elif page == "metric":
        testing.check_metric(module.BALANCED_BRIER)
    elif page == "goal":
        testing.check_goal(module.COUNT)
    elif page == "modality":
        testing.check_modality(module.SPECTRUM)
    elif page == "analysis":
        testing.check_analysis(module.SAME_CLASS)
    else:
        testing.check_section(module.SLOWEST)


@pytest.mark.parametrize("page", ["template", "baseline", "metric", "goal", "modality", "report-section", "analysis"])
def test_the_file_of_a_page_keeps_its_contract(page, tmp_path):
    check(page, loaded(page, tmp_path))


@pytest.mark.parametrize("page", ALL)
def test_a_file_imports_public_names_alone(page):
    allowed = r"automl\.(records|errors|goals|modalities|layers\.\w+)"
    for source in files_of(page):
        named = re.findall(r"^\s*(?:from|import) (automl[\w.]*)", source, re.MULTILINE)
        assert named == [name for name in named if re.fullmatch(allowed, name)]


RECORDS = {
    "template": records.Template,
    "baseline": records.Baseline,
    "metric": records.Metric,
    "goal": records.Goal,
    "modality": records.Modality,
    "report-section": records.Section,
    "analysis": records.Analysis,
    "column-kind": records.Column,
}


@pytest.mark.parametrize("page", ALL)
def test_every_field_of_the_record_is_explained(page):
    rows = set(re.findall(r"^\| `(\w+)", text_of(page), re.MULTILINE))
    assert set(RECORDS[page].__dataclass_fields__) - rows == set()


MISTAKES = [
    ("template", 'KnobDropout(knobs["dropout"])', 'KnobDropout(float(knobs["dropout"]))'),
    ("template", '    hp.Float("weight_decay", 1e-5, 1e-1, sampling="log", default=1e-2)\n', ""),
    ("template", '{"width": 128, "blocks": 2}', '{"width": 100}'),
    ("template", 'knobs=("learning_rate", "weight_decay", "dropout")', 'knobs=("learning_rate", "weight_decay")'),
    ("template", "RawOutput(head.shape, starting_bias(head))", "RawOutput((1,))"),
    ("template", "x = keras.layers.Dense(width)(x)", "x = keras.layers.Lambda(abs)(keras.layers.Dense(width)(x))"),
    ("baseline", ', "labels": shares.argmax(axis=1)})', "})"),
    ("baseline", 'yield {"n_clusters": 8,', 'yield {"n_clusters": np.int64(8),'),
    ("baseline", "self.steps: Any = None", "self.steps: Any = lambda frame: frame"),
    ("baseline", "SimpleImputer(keep_empty_features=True), ", ""),
    ("baseline", "self.steps.predict(frame).reshape(len(rows), -1)", "self.steps.predict(frame).ravel()"),
    ("baseline", 'yield {"n_clusters": 8, "strength": 1.0}', 'return {"n_clusters": 8, "strength": 1.0}'),
    ("baseline", 'named(task).answers == "values"', 'task.goal == "regression"'),
    ("baseline", '{f"{self.steps.steps[-1][0]}__sample_weight": weight}', '{"weights": weight}'),
    ("metric", "np.ones(len(truth)) if sample_weight is None else sample_weight", "np.ones(len(truth))"),
    ("metric", "np.mean(lost[seen] / of_class[seen])", "lost.sum()"),
    ("metric", "higher_is_better=False", "higher_is_better=True"),
    ("metric", 'reads="probabilities"', 'reads="labels"'),
    ("metric", 'reads="probabilities"', 'reads="values"'),
    ("goal", 'base="regression"', 'base="regresion"'),
    ("goal", 'name="count"', 'name="regression"'),
    ("goal", 'lambda counts: "mae"', 'lambda counts: "accuracy"'),
    ("goal", "example_target(signal).to_numpy()", "example_target(signal).to_numpy()[:, 0]"),
    ("goal", "calibration=WholeNumbers()", "to_frame=lambda held, task: pd.Series(np.rint(held['values'][:, 0]))"),
    ("goal", '{**output.arrays, "values": whole}', '{"whole": whole}'),
    ("modality", 'base="sequence"', 'base="sequences"'),
    ("modality", "channels != 1 or length < LEAST_STEPS or np.nanmin(inputs) < 0", "channels != 1"),
    ("modality", "np.nanstd(values, axis=2, keepdims=True)", "np.nanstd(values)"),
    ("modality", "ready=ready", "ready=SEQUENCE.ready"),
    ("modality", "(light * (ground", "(-light * (ground"),
    ("modality", "    example=example,\n)", '    example=example,\n    restore={"spectrum": len},\n)'),
    ("report-section", "max(len(runs) - N_SHOWN, 0)", '__import__("numpy").int64(0)'),
    ("report-section", "    total = sum(", "    outcome.task.classes[1]\n    total = sum("),
    ("report-section", "<p>All fits", "{{ runs.rows[9].name.first }}<p>All fits"),
    ("report-section", '"total": total,', '"total": total + __import__("time").perf_counter(),'),
    ("report-section", "{{ total | duration }}.</p>", "{{ total | safe }}.</p>"),
    ("report-section", '"total": total,', '"total": total, "chart": CHART | {"layers": [LINE | {"colour": "green"}]},'),
    ("report-section", '"total": total,', '"total": total, "chart": CHART | {"layers": [LINE | {"mark": "band"}]},'),
]  # fmt: skip


@pytest.mark.parametrize(("page", "old", "new"), MISTAKES, ids=[f"{m[0]}-{i}" for i, m in enumerate(MISTAKES)])
def test_a_mistake_gives_a_message_that_the_page_shows(page, old, new, tmp_path):
    goal = "multiclass" if "RawOutput" in old else "binary"
    with pytest.raises((AssertionError, ValueError)) as caught:
        check(page, loaded(page, tmp_path, old, new), goal)
    said = " ".join(str(caught.value).split())
    mistakes = text_of(page).partition("## Usual mistakes")[2]
    rows = [re.findall(r"`((?:[^`])+)`", row.split("|")[-2]) for row in mistakes.splitlines() if row.startswith("| ")]
    shown = [parts for parts in rows if parts and all(part in said for part in parts)]
    assert len(shown) == 1, said


# ---------------------------------------------------------------------- through the public call


def wine() -> pd.DataFrame:
    from sklearn.datasets import load_wine

    return load_wine(as_frame=True).frame


def test_a_plugged_metric_reaches_inspect_and_an_estimator(tmp_path):
    frame, path = wine(), str(written("metric", tmp_path))
    assert automl.inspect(frame, "target", metric="balanced_brier", plugins=[path]).task.metric == "balanced_brier"
    model = automl.ShallowClassifier(metric="balanced_brier", plugins=[path], budget=None, max_trials=1)
    model.fit(frame.drop(columns="target"), frame["target"])
    assert model.score(frame.drop(columns="target"), frame["target"]) > 0.8


def test_a_metric_without_its_plug_in_and_for_another_goal_say_what_the_page_shows(tmp_path):
    frame = wine()
    with pytest.raises(RecipeError) as caught:
        automl.inspect(frame, "target", metric="balanced_brier")
    assert "metric 'balanced_brier' is not known; did you mean 'balanced_accuracy'?" in str(caught.value)
    path = str(written("metric", tmp_path))
    with pytest.raises(RecipeError) as caught:
        automl.inspect(frame, "alcohol", metric="balanced_brier", plugins=[path])
    assert "metric 'balanced_brier' does not score goal 'regression'; metrics that do:" in str(caught.value)


def test_a_plugged_baseline_is_tuned_with_the_others(tmp_path):
    path = written("baseline", tmp_path, "frame = dataset", "FITTED.append(len(rows)); frame = dataset")
    path.write_text(path.read_text(encoding="utf-8") + "\n\nFITTED = []\n", encoding="utf-8")
    frame = wine()
    model = automl.ShallowRegressor(plugins=[str(path)], budget=None, max_trials=3)
    model.fit(frame.drop(columns="alcohol"), frame["alcohol"])
    assert catalog.extend([path])[0].FITTED  # without a bound on time it is fitted in this process


@pytest.mark.slow
def test_a_contest_takes_template_metric_and_section_of_three_files(tmp_path):
    plugins = [str(written(page, tmp_path)) for page in ("template", "metric", "report-section")]
    result = automl.fit(
        wine(), "target", metric="balanced_brier", plugins=plugins, templates=["gated_mlp"], budget="60m", max_trials=1,
        out=str(tmp_path / "run"), quiet=True,
    )  # fmt: skip
    tried = {run.family: run for run in result.outcome.runs}
    assert tried["gated_mlp"].status == "done" and result.result["task"]["metric"] == "balanced_brier"
    page = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "## Where the time went" in page and "balanced Brier score" in page and "could not be made" not in page
    assert set(automl.load(tmp_path / "run" / "model").predict(wine().head(3))) <= {0, 1, 2}


def contest(data: Any, target: str | None, folder: Path, **options: Any) -> Any:
    """One trial a side, bounded by counts alone; a measured precision would depend on how busy the machine is."""
    options = {"search": {"precision": "float32"}, **options}
    return automl.fit(data, target, budget="1h", max_trials=1, out=str(folder), quiet=True, **options)


def without_plug_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_FILES", {})
    catalog.extend(())


def test_a_contest_of_a_goal_in_one_file(tmp_path, monkeypatch):
    path = str(written("goal", tmp_path))
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.uniform(0, 3, 150), "place": rng.choice(["a", "b"], 150)})
    frame["visits"] = rng.poisson(np.exp(frame["size"]))
    result = contest(frame, "visits", tmp_path / "run", goal="count", templates=["tiny"], plugins=[path, PLUGIN])
    assert (result.outcome.task.goal, result.outcome.task.metric) == ("count", "mae")
    assert {"deep", "shallow"} <= {contestant.side for contestant in result.outcome.contestants}
    for contestant in result.outcome.contestants:  # what is scored is whole
        values = contestant.output.arrays["values"]
        assert (values == np.rint(values)).all() and (values >= 0).all()
    without_plug_ins(monkeypatch)
    words = "the model has the goal 'count', which is none of binary, multiclass, multilabel, regression, forecast"
    with pytest.raises(BundleError, match=words):
        automl.load(tmp_path / "run" / "model")
    assert words in text_of("goal")
    with pytest.raises(RecipeError, match=r"goal: expected one of binary, multiclass,.*got the text 'count'"):
        automl.inspect(frame, "visits", goal="count")
    model = automl.load(tmp_path / "run" / "model", plugins=path)
    for side in (model.deep, model.shallow):
        predicted = side.predict(frame.drop(columns="visits").head(20))
        assert predicted.name == "visits" and (predicted == predicted.round()).all() and (predicted >= 0).all()


def test_a_goal_refuses_what_it_cannot_be(tmp_path):
    frame = pd.DataFrame({"size": np.arange(60.0), "visits": np.arange(60.0) - 1})
    with pytest.raises(DataError, match="goal 'count' expects whole numbers from zero on; 'visits' holds -1"):
        contest(frame, "visits", tmp_path / "run", goal="count", plugins=[str(written("goal", tmp_path))])


def test_a_contest_of_a_modality_in_one_file(tmp_path, monkeypatch):
    path = written("modality", tmp_path)
    (module,) = catalog.extend([path])
    signal = np.random.default_rng(0).normal(size=150)
    spectra = module.example(signal, np.random.default_rng(1))[0].inputs
    result = contest((spectra, signal), None, tmp_path / "run", templates=["tiny"], plugins=[str(path), PLUGIN])
    task = result.outcome.task
    assert task.modality == "spectrum" and "one channel of 100 steps" in str(task.evidence)
    assert {"deep", "shallow"} <= {contestant.side for contestant in result.outcome.contestants}
    without_plug_ins(monkeypatch)
    words = "the model has the modality 'spectrum', which is none of text, image, audio, sequence, tabular"
    with pytest.raises(BundleError, match=words):
        automl.load(tmp_path / "run" / "model")
    assert words in text_of("modality")
    model = automl.load(tmp_path / "run" / "model", plugins=[path])
    for side in (model.deep, model.shallow):  # the light of a spectrum tells nothing
        dim, bright = (np.asarray(side.predict(light * spectra[:20])) for light in (0.1, 10.0))
        np.testing.assert_allclose(dim, bright, atol=1e-3)


def test_pairs_are_of_use_once_they_are_read(tmp_path):
    scope: dict[str, Any] = {}
    for source in files_of("column-kind"):
        exec(compile(source, "column-kind.md", "exec"), scope)
    rng = np.random.default_rng(0)
    upper, lower = rng.integers(95, 180, 300), rng.integers(55, 110, 300)
    frame = pd.DataFrame(
        {"pressure": [f"{a}/{b}" for a, b in zip(upper, lower, strict=True)], "age": rng.integers(20, 90, 300)}
    )
    frame["risk"] = upper + 2.0 * lower
    kinds = {c.name: c.kind for c in automl.inspect(frame, "risk").columns}
    assert kinds["pressure"] == "unknown"  # as the page says: left out as it is
    read = scope["read_pairs"](frame, "pressure")
    inspected = automl.inspect(read, "risk", columns={"pressure_upper": "numeric"})
    assert {c.name: c.kind for c in inspected.columns}["pressure_upper"] == "numeric"
    with pytest.raises(ValueError, match="row 1 holds 'high'"):
        scope["read_pairs"](pd.DataFrame({"pressure": ["120/80", "high", None]}), "pressure")
    for columns, words in (
        ({"place": "pair"}, "columns: 'place' has the unknown kind 'pair'"),
        (
            {"risk": "categorical"},
            "columns: 'risk' is the target, whose kind can only be numeric or embedded_number",
        ),
    ):
        with pytest.raises(InputError, match=re.escape(words)):
            automl.inspect(read, "risk", columns=columns)
        assert words in text_of("column-kind")
