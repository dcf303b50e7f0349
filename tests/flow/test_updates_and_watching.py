"""A run that is logged, updated with new rows and watched: one small contest, and what follows it night after night."""

import dataclasses
import io
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_network import TINY_OPTIONS

import automl
from automl.errors import DataError, FolderError, RecipeError
from automl.flow.inheritance import as_updated
from automl.flow.prepare import prepare
from automl.flow.update_split import parted
from automl.flow.updating import _writable, finalists_settings, lineage_of
from automl.intake import Rows, grown
from automl.intake.row_hashes import row_hashes
from automl.recipe import make
from automl.records import Ancestor, Inherited
from automl.report.trust import trust_of
from automl.testing.outcomes import example_outcome


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
    (told,) = (one.message for one in updated.outcome.findings if one.check == "updated")
    assert told.endswith("No row that chose these settings tests.")
    assert not [one for one in updated.outcome.findings if one.check == "tested_again"]


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
    parts = parted(grown(recipe, place / "new.csv"), prepared, recipe)
    groups = [set(part.column("group")) for part in (parts.train, parts.test)]
    assert not groups[0] & groups[1] and len(parts.train) + len(parts.test) == 400
    dated, new = dated_rows(), later(50)
    parts = parted(grown(dated, new), prepare(dated), dated)
    assert parts.test is None and len(parts.train) == 350
    weighted = dataclasses.replace(dated, weight=np.ones(300))
    with pytest.raises(RecipeError, match="weights as a column"):
        parted(grown(dated, new), prepare(dated), weighted)


def dated_rows():
    return make(data=rows(300, 0).assign(day=pd.date_range("2020-01-01", periods=300)), target="y", time_column="day")


def later(n, since="2021-01-01"):
    return rows(n, 1).assign(day=pd.date_range(since, periods=n))


def told_of(recipe, new):
    """What an update would say of its test rows, and these rows."""
    parts = parted(grown(recipe, new), prepare(recipe), recipe)
    prepared = prepare(dataclasses.replace(recipe, data=parts.train.inputs))
    ancestor = Ancestor("runs/1", "f", "", 300, "roc_auc", None, "deep", None, None)
    inherited = Inherited({}, (ancestor,), len(new), chose=parts.chose, n_repeats=parts.n_repeats)
    outcome = dataclasses.replace(example_outcome(), split=prepared.split, findings=())
    return as_updated(outcome, inherited, prepared.dataset.row_numbers).findings, prepared.split.test


def test_latest_rows_that_chose_the_settings_are_counted_and_lower_the_trust():
    dated = dated_rows()
    (found,), _ = told_of(dated, later(60))
    assert "No row that chose these settings tests." in found.message and trust_of((found,)).level == "high"
    (found, doubt), test = told_of(dated, later(100, "2019-01-01"))
    was = set(prepare(dated).split.test)
    again = [row for row in test if row < 300 and row not in was]
    assert again and doubt.count == len(again) and doubt.rows == tuple(again[:20])
    assert f"{len(again)} of the {len(test)} test rows chose the settings in runs/1" in doubt.message
    assert "No row" not in found.message and trust_of((found, doubt)).level == "low"


def test_new_rows_that_repeat_old_ones_go_where_those_are(place):
    recipe = make(data=str(place / "old.csv"), target="y")
    prepared, old = prepare(recipe), pd.read_csv(place / "old.csv")
    learnt, tested = old.iloc[prepared.split.train[:30]], old.iloc[prepared.split.test[:20]]
    new = pd.concat([learnt, rows(50, 1), tested], ignore_index=True)
    parts = parted(grown(recipe, new), prepared, recipe)
    assert parts.n_repeats == 50 and parts.chose.sum() == 240 + 30
    counts = [set(part.column("a").round(12)) for part in (parts.train, parts.test)]
    assert not counts[0] & counts[1] and 60 + 20 < len(parts.test) < 60 + 20 + 50
    assert set(tested["a"].round(12)) <= counts[1] and set(learnt["a"].round(12)) <= counts[0]


def test_rows_are_alike_in_whatever_types_files_gave_them():
    one = pd.DataFrame({"i": [1, 2], "f": [0.0, np.nan], "t": ["é", None], "b": [b"\xff", b"1"]})
    two = one.astype({"i": float}).assign(t=["é", pd.NA], f=[-0.0, np.nan])
    first, second, third = row_hashes([Rows(one), Rows(two), Rows(one.assign(t=["e", None]))])
    assert first.tolist() == second.tolist() and (first == third).tolist() == [False, True]
    arrays = [Rows(np.arange(8.0).reshape(4, 2), pd.DataFrame({"y": list("abca")})) for _ in range(2)]
    first, second = row_hashes([arrays[0], arrays[1].take(np.array([True, False, True, True]))])
    assert first[[0, 2, 3]].tolist() == second.tolist() and len(set(first)) == 4


def test_cells_of_arrays_and_missing_values_are_written_as_texts():
    cells = [np.array([1.5, 2.0]), None, np.zeros((2, 2)), pd.NA]
    frame = pd.DataFrame(
        {"v": cells, "m": [1, "a", None, np.nan], "s": ["x", None, pd.NA, "y"], "n": range(4)}, dtype=object
    )
    made = _writable(frame)
    assert made["v"].tolist() == ["[1.5, 2.0]", None, "[[0.0, 0.0], [0.0, 0.0]]", None]
    assert made["m"].tolist() == ["1", "a", None, None] and made["s"].tolist()[:2] == ["x", None]
    made.to_parquet(io.BytesIO(), index=False)


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
