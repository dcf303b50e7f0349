"""A leaderboard: rows parted once, a peer that is no toolkit, failures in words, ranks in which ours can lose."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmark_scripts import benchmark, require_benchmark

require_benchmark("leaderboard")

# In place of a Python with a toolkit: it answers each row with the sign of its first column, or fails on a set.
FAKE = """#!{python}
import json, sys
import pandas as pd
o = json.loads(sys.argv[3])
test = pd.read_csv(o["test"])
if test[o["target"]].notna().any():
    sys.exit("the truth of test rows was handed over")
if "broken" in test.columns:
    sys.exit("Traceback\\nValueError: <b>no such column</b>")
p = (test["x"] > 0).astype(float)
pd.DataFrame({{"y": p, "p": p}}).to_csv(o["folder"] + "/predictions.csv", index=False)
"""


@pytest.fixture
def leaderboard():
    with benchmark("leaderboard") as module:
        yield module


@pytest.fixture
def table(tmp_path: Path) -> Path:
    x = np.linspace(-1, 1, 40)
    path = tmp_path / "signs.csv"
    pd.DataFrame({"x": x, "y": np.where(x > 0, "yes", "no")}).to_csv(path, index=False)
    return path


def page_of(leaderboard, catalog, systems):
    return leaderboard.pages.Page(catalog, systems, 60, 0, {}, {})


def line(system, name="a", **told):
    return {"system": system, "set": name, "wall_seconds": 1.0, **told}


CATALOG = [{"name": name, "metric": "r2", "n_train": 30, "n_test": 10} for name in ("a", "b")]


def test_sets_come_from_arguments_and_from_yaml(leaderboard, tmp_path):
    listed = tmp_path / "list.yaml"
    listed.write_text("sets:\n- {path: a.csv, target: y, metric: r2}\n- {path: b.csv, target: y, name: a}\n")
    found = leaderboard.sets.entries([str(listed), "c:d/e.csv:y"])
    assert [entry["name"] for entry in found] == ["a", "a-2", "e"]
    assert found[0]["path"] == str(tmp_path / "a.csv") and found[2]["path"] == "c:d/e.csv"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[{path: a.csv}]", "texts path and target"),
        ("[{path: a.csv, target: y, metrics: r2}]", "unknown key 'metrics'"),
        ("[{path: a.csv, target: y, metric: f1}]", "none of roc_auc"),
        ("3", "no list of sets"),
    ],
)
def test_a_list_that_is_none_is_refused_in_words(leaderboard, tmp_path, content, words):
    (tmp_path / "list.yaml").write_text(content)
    with pytest.raises(SystemExit, match=words):
        leaderboard.sets.entries([str(tmp_path / "list.yaml")])
    with pytest.raises(SystemExit, match="path:target"):
        leaderboard.sets.entries(["a.csv"])


def test_rows_are_parted_once_within_classes_and_unusable_sets_are_told(leaderboard, table, tmp_path):
    other = tmp_path / "other.parquet"
    pd.DataFrame({"x": range(10), "y": [*range(9), None]}).to_parquet(other)
    chosen = leaderboard.sets.entries([f"{table}:y", f"{table}:z", "gone.csv:y", f"{other}:y"])
    catalog, unusable = leaderboard.sets.write(tmp_path / "data", chosen, 0)
    again, _ = leaderboard.sets.write(tmp_path / "data", chosen, 1)
    marks = np.load(tmp_path / "data" / "splits" / "signs.npy").astype(bool)
    labels = pd.read_csv(tmp_path / "data" / "signs.csv")["y"]
    assert [(entry["metric"], entry["n_test"]) for entry in catalog] == [("roc_auc", 10)]
    assert labels[marks].value_counts().to_dict() == {"no": 5, "yes": 5}
    assert catalog[0]["fingerprint"] != again[0]["fingerprint"]
    assert "no column 'z'; it has x, y" in unusable["signs-2"]
    assert "gone.csv" in unusable["gone"] and "9 rows with a target" in unusable["other"]


def test_named_test_rows_are_the_test_rows(leaderboard, table, tmp_path):
    entry = {"path": str(table), "test": str(table), "target": "y", "name": "twice", "metric": "accuracy"}
    (told,), _ = leaderboard.sets.write(tmp_path, [entry], 0)
    marks = np.load(tmp_path / "splits" / "twice.npy")
    assert (told["n_train"], told["n_test"], told["metric"]) == (40, 40, "accuracy")
    assert marks.tolist() == [0] * 40 + [1] * 40


def test_a_peer_runs_apart_without_the_truth_and_its_failure_is_words(leaderboard, table, tmp_path):
    fake = tmp_path / "python"
    fake.write_text(FAKE.format(python=sys.executable))
    fake.chmod(0o755)
    pythons, left_out = leaderboard.installed([f"flaml={fake}"])
    assert pythons["flaml"] == str(fake) and set(pythons) | set(left_out) == {"autogluon", "flaml", "autokeras"}

    broken = tmp_path / "broken.csv"
    pd.read_csv(table).assign(broken=1).to_csv(broken, index=False)
    data = tmp_path / "data"
    catalog, _ = leaderboard.sets.write(data, leaderboard.sets.entries([f"{table}:y", f"{broken}:y"]), 0)
    first, second = leaderboard.jobs_of(catalog, {"flaml": str(fake)}, 5, 0)[2::3]

    assert leaderboard.apart(first, data, leaderboard.cores_of("")[0])["score"] == 1.0
    failed = leaderboard.plain(leaderboard.one(second, data))
    assert failed["failed"] == "ValueError: <b>no such column</b>" and "score" not in failed


def test_what_has_ended_is_not_run_again(leaderboard, tmp_path):
    jobs = leaderboard.jobs_of([{"name": "a", "fingerprint": "f"}], {}, 60, 0)
    path, ran = tmp_path / "lines.jsonl", []

    def run(job, core):
        ran.append(job["system"])
        return {"failed": "lost\nits way"} if job["system"] == "boosting" else {"score": 0.5, "wall_seconds": 1.0}

    def names(retry):
        ran.clear()
        lines = list(leaderboard.run_all(jobs, path, retry, [0], run))
        return list(ran), {found["system"]: found.get("failed") for found in lines}

    assert names(False) == (["automl", "boosting"], {"automl": None, "boosting": "its way"})
    assert names(False)[0] == []
    path.write_text(path.read_text() + '{"system": "aut')  # a killed process
    assert names(True) == (["boosting"], {"automl": None, "boosting": "its way"})
    assert names(False)[0] == []
    jobs[0]["fingerprint"] = "other rows"
    assert names(False)[0] == ["automl"]


def test_a_score_that_is_no_number_is_a_failure(leaderboard):
    assert leaderboard.plain({"score": float("nan"), "wall_seconds": 1.0}) == {
        "wall_seconds": 1.0, "failed": "its score is not a number",
    }  # fmt: skip
    assert "lack of memory" in leaderboard.in_words(-9, "")
    assert leaderboard.in_words(3, "") == "exit code 3"


def test_equal_scores_share_a_place_and_failures_the_last_ones(leaderboard):
    ranks = leaderboard.pages.ranks_of({"automl": 0.9, "x": 0.9, "y": None, "z": None, "w": 0.1})
    assert ranks == {"automl": 1.5, "x": 1.5, "w": 3.0, "y": 4.5, "z": 4.5}


def test_ours_is_the_first_row_and_can_lose(leaderboard):
    page = page_of(leaderboard, CATALOG, ["automl", "x", "y"])
    scores = {"a": (0.5, 0.9, 0.7), "b": (0.5, 0.8, None)}
    lines = [
        line(system, name, **({"failed": "lost"} if score is None else {"score": score}))
        for name, found in scores.items() for system, score in zip(page.systems, found, strict=True)
    ]  # fmt: skip
    found = leaderboard.pages.figures(page, lines)
    assert [(one["system"], one["mean_rank"]) for one in found["systems"]] == [
        ("automl", 2.5), ("x", 1.0), ("y", 2.5),
    ]  # fmt: skip
    assert found["systems"][0]["interval"] == [1.0, 3.0] and found["systems"][1]["interval"] == [1.0, 1.0]
    assert found["failed"] == [{"set": "b", "system": "y", "failed": "lost"}]
    assert leaderboard.pages.sentence(found) == "x has a better mean rank than automl."
    assert leaderboard.pages.sentence(leaderboard.pages.figures(page, lines[:3])) == (
        "x and y have a better mean rank than automl."
    )
    assert leaderboard.pages.sentence(leaderboard.pages.figures(page, [])).startswith("No set")
    json.dumps(found)


def test_the_page_is_one_file_and_escaped(leaderboard, tmp_path):
    page = leaderboard.pages.Page(CATALOG, ["automl", "x"], 60, 0, {"<i>c": "gone"}, {"autogluon": "not here"})
    lines = [line("automl", score=0.9), line("x", failed="<script>alert(1)</script>")]
    leaderboard.pages.write(tmp_path / "page.html", page, lines)
    text = (tmp_path / "page.html").read_text("utf-8")
    assert "<script" not in text and "&lt;script&gt;" in text and "&lt;i&gt;c" in text
    assert "0.9000 ▲" in text and text.count(">not run<") == 2 and "not here" in text
    assert "@media print" in text and "prefers-color-scheme: dark" in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
