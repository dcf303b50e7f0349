"""A run that is logged, updated with new rows and watched: one small contest, and what follows it night after night."""

import dataclasses
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_network import TINY_OPTIONS

import automl
from automl.errors import DataError, FolderError, RecipeError
from automl.flow.prepare import prepare
from automl.flow.updating import finalists_settings, lineage_of, parted
from automl.intake import grown
from automl.recipe import make


def rows(n, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(size=n) + shift, "b": rng.normal(size=n)})
    frame["group"] = [f"g{i}" for i in rng.integers(0, 40, n)]
    frame["y"] = np.where(rng.random(n) < 1 / (1 + np.exp(-3 * frame["a"])), "yes", "no")
    return frame


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nights")
    rows(300, 0).to_csv(folder / "old.csv", index=False)
    rows(100, 1).to_csv(folder / "new.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def run(place):
    options = {"budget": "60m", "max_trials": 1, "analysis": 0, "quiet": True, **TINY_OPTIONS}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own, in the thread that logs
        patch.setattr("automl.flow.budget.allocation.MOST_REFITS", 1)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        log = ["tensorboard", "mlflow"]
        return automl.fit(
            place / "old.csv",
            "y",
            out=place / "run",
            fail_on="score<0.5",
            drop=["group"],
            search={"log": log},
            **options,
        )


@pytest.fixture(scope="module")
def updated(run, place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("automl.flow.budget.allocation.MOST_REFITS", 1)
        return run.update(place / "new.csv", out=place / "up", quiet=True, plugins=TINY_OPTIONS["plugins"])


# --------------------------------------------------------------------------- the run folder


def test_the_run_folder_holds_the_resolved_recipe_and_the_environment(run):
    recipe = automl.recipe.read(run.folder / "recipe.yaml", plugins=TINY_OPTIONS["plugins"])
    text = (run.folder / "recipe.yaml").read_text()
    for key in ("goal: binary", "metric: roc_auc", "seed: 0", "min_gain: 0.005", "oracle: bayesian", "false_alarm: 1"):
        assert key in text
    told = json.loads((run.folder / "environment.json").read_text())
    assert told["packages"]["numpy"] == np.__version__ and told["machine"]["python"]
    assert told["data"]["fingerprint"] == run.result["fingerprint"] and told["data"]["n_rows"] == 300
    again = prepare(recipe)
    assert again.dataset.fingerprint == run.result["fingerprint"]
    assert np.array_equal(again.split.test, run.outcome.split.test)


def test_the_parent_run_of_mlflow_has_verdict_figures_report_and_model(run, place, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="needs the extra mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (run.folder / "mlflow").as_uri()
    client = mlflow.tracking.MlflowClient(tracking_uri=uri)
    (experiment,) = [one for one in client.search_experiments() if one.name == "automl"]
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [one for one in runs if "mlflow.parentRunId" not in one.data.tags]
    assert len(runs) == 1 + len([one for one in run.outcome.runs if one.side in ("deep", "shallow", "floor")])
    assert parent.data.params["goal"] == "binary" and parent.data.params["fingerprint"] == run.result["fingerprint"]
    assert parent.data.metrics["gain"] == pytest.approx(run.result["gain"])
    assert parent.data.tags["verdict"] == run.verdict and parent.data.tags["trust"] == run.trust.level
    names = {one.path for one in client.list_artifacts(parent.info.run_id)}
    assert {"report.html", "result.json", "recipe.yaml", "environment.json", "model"} <= names
    made = Path(next((run.folder / "mlflow").rglob("MLmodel"))).parent
    assert not [path for path in made.rglob("*") if path.suffix in (".pkl", ".pickle")]
    loaded = mlflow.pyfunc.load_model(str(made))
    new = rows(20, 5)
    assert loaded.predict(new).tolist() == run.predict(new).tolist()


def test_settings_are_hyperparameters_of_tensorboard(run):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = loader.EventAccumulator(str(run.folder / "tensorboard" / "tiny-1"))
    found.Reload()
    from tensorboard.plugins.hparams import plugin_data_pb2

    held = found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    told = plugin_data_pb2.HParamsPluginData.FromString(held).session_start_info
    assert told.hparams["epochs"].number_value >= 2


# --------------------------------------------------------------------------- updates


def test_an_update_has_the_settings_of_the_run_and_searches_nothing(run, updated):
    settings = {one.family: dict(one.choices) for one in run.outcome.runs if one.finalist}
    fitted = [one for one in updated.outcome.runs if one.side in ("deep", "shallow")]
    assert {one.family for one in fitted} == set(settings) and len(fitted) == 2
    for one in fitted:
        assert {k: v for k, v in one.choices.items() if k != "rows"} == {
            k: v for k, v in settings[one.family].items() if k != "rows"
        }
    assert updated.result["split"]["n_test"] == 60 + 20 and updated.outcome.split.n_unlabelled == 0


def test_the_lineage_names_the_run_in_the_result_on_the_page_and_in_the_model(run, updated):
    (parent,) = updated.result["lineage"]["ancestors"]
    assert updated.result["lineage"]["n_new"] == 100 and run.result["lineage"] is None
    assert parent["fingerprint"] == run.result["fingerprint"] and parent["folder"] == str(run.folder)
    assert "Earlier contests, oldest first" in (updated.folder / "report.html").read_text()
    assert automl.load(updated.folder).result["lineage"]["ancestors"] == [parent]
    assert f"automl update {run.folder}" in updated.outcome.reproduce["command"]
    assert [one.folder for one in lineage_of(updated.result)] == [str(run.folder)]


def test_no_row_that_chose_settings_tests_in_an_update(run, updated, place):
    tests = pd.read_parquet(next((updated.folder / "rows").glob("*-test.parquet")))
    old = pd.read_csv(place / "old.csv")
    chose = old.iloc[np.concatenate([run.outcome.split.train, run.outcome.split.valid])]
    assert not set(tests["a"].astype(float).round(9)) & set(chose["a"].round(9))
    assert len(tests) == 80


def test_other_data_than_those_of_the_run_are_refused(run, place, tmp_path):
    rows(300, 9).to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(DataError, match="is not what the run learnt from"):
        run.update(place / "new.csv", data=tmp_path / "other.csv", out=tmp_path / "o", plugins=TINY_OPTIONS["plugins"])
    with pytest.raises(DataError, match="lacks 'b'"):
        run.update(rows(50, 2).drop(columns="b"), out=tmp_path / "o", plugins=TINY_OPTIONS["plugins"])
    assert not (tmp_path / "o").exists()


def test_a_run_whose_data_are_gone_says_how_to_name_them(run, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    text = (run.folder / "recipe.yaml").read_text()
    (folder / "recipe.yaml").write_text(text.replace("old.csv", "gone.csv").replace("plugins", "# plugins"))
    with pytest.raises(RecipeError, match="name the data of the run: --data OLD"):
        automl.update(folder, rows(50, 2))
    with pytest.raises(FolderError, match="holds no finished run"):
        automl.update(tmp_path, rows(50, 2))


def test_members_of_an_ensemble_are_taken_over_and_rows_are_no_setting():
    run = {"finalist": False, "side": "shallow", "family": "linear", "choices": {"c": 1.0, "rows": 50}}
    result = {"runs": [
        {**run, "name": "linear-1"},
        {**run, "name": "linear-2", "choices": {"c": 2.0}},
        {**run, "name": "shallow-ensemble", "family": "ensemble", "finalist": True,
         "choices": {"ensemble": {"linear-1": 0.5, "linear-2": 0.5}}},
    ]}  # fmt: skip
    assert [dict(one.settings) for one in finalists_settings(result)["shallow"]] == [{"c": 1.0}, {"c": 2.0}]
    with pytest.raises(FolderError, match="no finalist"):
        finalists_settings({"runs": [{**run, "name": "linear-1"}]})
    with pytest.raises(FolderError, match="was it altered"):
        finalists_settings({"runs": [{"name": "x"}]})


def test_rows_of_a_known_group_stay_with_it_and_dated_rows_test_the_latest(place):
    recipe = make(data=str(place / "old.csv"), target="y", group="group")
    prepared = prepare(recipe)
    train, test = parted(grown(recipe, place / "new.csv"), prepared, recipe)
    assert not set(train.column("group")) & set(test.column("group")) and len(train) + len(test) == 400
    old = rows(300, 0).assign(day=pd.date_range("2020-01-01", periods=300))
    new = rows(50, 1).assign(day=pd.date_range("2021-01-01", periods=50))
    dated = make(data=old, target="y", time_column="day")
    train, test = parted(grown(dated, new), prepare(dated), dated)
    assert test is None and len(train) == 350
    weighted = dataclasses.replace(dated, weight=np.ones(300))
    with pytest.raises(RecipeError, match="weights as a column"):
        parted(grown(dated, new), prepare(dated), weighted)


# --------------------------------------------------------------------------- watching


def test_a_saved_model_watches_new_rows_and_the_command_ends_by_it(run, place, tmp_path, capsys):
    from automl import cli

    rows(200, 3).to_csv(tmp_path / "same.csv", index=False)
    rows(200, 4, shift=2.0).drop(columns="y").to_csv(tmp_path / "moved.csv", index=False)
    assert cli.main(["watch", str(run.folder), str(tmp_path / "same.csv"), "--side", "shallow"]) == 0
    assert "with a target" in capsys.readouterr().out
    moved, page = str(tmp_path / "moved.csv"), str(tmp_path / "w.html")
    assert cli.main(["watch", str(run.folder), moved, "--side", "shallow", "--json", "--out", page]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["drifted"] == ["a"] and told["score"] is None and told["expected"]["score"] > 0.5
    assert "drifted" in Path(page).read_text()
    assert cli.main(["watch", str(run.folder), moved, "--fail-on", "drfit>0"]) == 2
    assert "did you mean 'drift'" in capsys.readouterr().err
    held = json.loads((run.folder / "model" / "bundle.json").read_text())["reference"]
    assert held["n_rows"] == 240 and {one["name"] for one in held["columns"]} == {"a", "b"}
