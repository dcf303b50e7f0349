"""Contests of generators, from a table to new rows: in the form of the user's columns, by seed, and nobody's."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from schema_breaks import breaks

import automl
from automl import cli
from automl.errors import DataError, InputError, RecipeError
from automl.flow import contest
from automl.metrics import two_sample
from automl.report.result_fields import result_schema
from automl.templates.shared import generators

N = 240
FAST: dict[str, Any] = {
    "goal": "generate",
    "budget": "none",
    "max_trials": 1,
    "search": {"precision": "float32", "device": "cpu"},
    "quiet": True,
    "templates": ["table_vae"],
}
PLANTED = ((912_345.678_9, "qzonlyone", "1931-03-07"), (-834_567.123_4, "qzonlytwo", "1932-05-11"),
           (756_789.345_6, "qzonlythree", "1933-08-19"))  # fmt: skip
"""A number, a level and a date that one row has each."""


def _frame(n: int = N, seed: int = 0) -> pd.DataFrame:
    """Numbers, whole numbers with gaps, prices, levels, booleans, dates and an identifier."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "number": [f"c{k:05d}" for k in rng.permutation(90_000)[:n]],
            "x": x,
            "price": (20 + 5 * x + rng.normal(size=n)).round(2),
            "age": pd.array(rng.integers(18, 90, n), dtype="Int64"),
            "level": np.where(x > 0, "up", np.where(rng.random(n) < 0.5, "down", "level")).astype(object),
            "member": rng.choice(["ja", "nein"], n).astype(object),
            "joined": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
        }
    )
    frame.loc[frame.index % 10 == 3, "age"] = pd.NA
    return frame


def _planted() -> pd.DataFrame:
    frame = _frame()
    for row, (number, level, day) in zip((17, 90, 200), PLANTED, strict=True):
        frame.loc[row, "x"], frame.loc[row, "level"], frame.loc[row, "joined"] = number, level, pd.Timestamp(day)
    return frame


@pytest.fixture(autouse=True, scope="module")
def few_steps() -> Iterator[None]:
    """Networks that hardly learn, judged by few trees: what is tested here does not ask for more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generators, "STEPS_WANTED", 20)
        patch.setattr(two_sample, "N_TREES", 10)
        yield


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, analysed: Callable[[], AbstractContextManager[None]]
) -> tuple[automl.Result, Path]:
    """A contest with its analyses."""
    out = tmp_path_factory.mktemp("generate") / "run"
    with analysed():
        return automl.fit(_planted(), out=str(out), label="level", condition="label", **FAST), out


def test_both_sides_are_judged_on_held_out_rows(run: tuple[automl.Result, Path]) -> None:
    result, out = run
    told = json.loads((out / "result.json").read_text("utf-8"))
    assert list(breaks(told, result_schema())) == []
    assert told["task"]["goal"] == "generate"
    finalists = [one for one in told["runs"] if one["finalist"]]
    assert {one["side"] for one in finalists} == {"deep", "shallow"}
    assert all(0.0 <= one["test_score"] <= 1.0 for one in finalists)
    assert "draws of generated rows" in str(result)
    assert len(result.leaderboard()) == len(told["runs"])
    assert "generate" in result._repr_html_() or "Generation" in result._repr_html_()


def test_analyses_say_what_rows_are_like_and_what_they_give_away(run: tuple[automl.Result, Path]) -> None:
    result, out = run
    assert {"fidelity", "utility", "memorisation"} <= set(result.outcome.analyses)
    assert set(result.analysis("fidelity")["set"]) == {"real", "deep", "shallow", "floor"}
    assert set(result.analysis("memorisation")["side"]) == {"deep", "shallow", "floor"}
    assert "real" in set(result.analysis("utility")["side"])
    page = (out / "report.md").read_text("utf-8")
    for title in ("Generated rows beside real ones", "What models learn from generated rows", "give away",
                  "bits a held-out row beyond independent columns"):  # fmt: skip
        assert title in page
    likely = {one["set"]: one for one in result.outcome.analyses["fidelity"]["likelihood"]}
    assert likely["deep"]["is_bound"] and likely["deep"]["bits"] is not None
    assert likely["floor"]["bits"] == pytest.approx(0.0, abs=0.3)

    assert set(result.sample(20, condition="up")["level"]) == {"up"}  # a value alone is one of the condition
    told = json.loads((out / "result.json").read_text("utf-8"))
    assert "condition" in str(told["recipe"])
    assert "could not be made" not in page
    with pytest.raises(InputError, match="does not apply"):
        result.analysis("importance")


def test_rows_have_the_form_of_the_users_columns(run: tuple[automl.Result, Path]) -> None:
    result, _ = run
    frame = _frame()
    for side in ("deep", "shallow", "floor"):
        made = result.model.sample(300, seed=1, side=side)
        assert list(made.columns) == list(frame.columns)
        ages = made["age"].dropna()
        assert made["age"].isna().any() and ages.between(18, 90).all() and (ages == ages.round()).all()
        assert set(made["member"]) <= {"ja", "nein"} and set(made["level"]) <= {"up", "down", "level"}
        # the mean of the five least dates, three of which lie a century back, is the least that is generated
        assert made["joined"].between(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31")).mean() > 0.9
        assert made["joined"].min() > pd.Timestamp("1960-01-01")
        assert np.allclose(made["price"], made["price"].round(2))
        assert made["number"].is_unique and made["number"].str.fullmatch(r"c\d{5}").all()


def test_the_same_seed_gives_the_same_rows_also_after_loading(run: tuple[automl.Result, Path]) -> None:
    result, out = run
    opened = automl.load(str(out / "model"))
    for side in ("deep", "shallow"):
        first = result.sample(40, seed=3, side=side)
        pd.testing.assert_frame_equal(first, result.sample(40, seed=3, side=side))
        pd.testing.assert_frame_equal(first, opened.sample(40, seed=3, side=side))
        longer = result.sample(90, seed=3, side=side).head(40)  # names of rows are drawn anew
        pd.testing.assert_frame_equal(first.drop(columns="number"), longer.drop(columns="number"))
        assert not first["x"].equals(result.sample(40, seed=4, side=side)["x"])


def test_rows_are_streamed_from_the_command_line(run: tuple[automl.Result, Path], tmp_path: Path) -> None:
    result, out = run
    target = tmp_path / "rows.csv"
    assert cli.main(["sample", str(out / "model"), "-n", "50", "--seed", "3", "--out", str(target)]) == 0
    read = pd.read_csv(target)
    np.testing.assert_array_equal(read["price"].to_numpy(), result.sample(50, seed=3)["price"].to_numpy())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-n", "0"], "n: expected a whole number from 1"),
        (["-n", "9" * 15], "n: expected a whole number from 1"),
        (["--seed", "-1"], "seed: expected a whole number from 0"),
        (["--out", "rows.xlsx"], "--out: expected a name ending in one of .csv"),
        (["--side", "both"], "both"),
    ],
)
def test_numbers_that_cannot_be_end_with_code_2(
    run: tuple[automl.Result, Path], capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert cli.main(["sample", str(run[1] / "model"), *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_too_many_rows_for_one_frame_are_refused(run: tuple[automl.Result, Path]) -> None:
    with pytest.raises(RecipeError, match=r"at most 10,000,000 rows in one frame.*automl sample"):
        run[0].sample(10**9)


def test_a_generator_predicts_nothing(run: tuple[automl.Result, Path]) -> None:
    with pytest.raises(DataError, match=r"use sample\(n, seed\)"):
        run[0].predict(_frame())


def test_a_saved_generator_holds_nothing_that_one_row_said(run: tuple[automl.Result, Path]) -> None:
    result, out = run
    split = result.outcome.split
    assert set(split.train) | set(split.valid) >= {17} or {90, 200} & {*split.train, *split.valid}
    told = json.loads((out / "model" / "bundle.json").read_text("utf-8"))
    assert told["keeps_rows"] is False
    content = list(_contents(out / "model"))
    assert any(b"nein" in one for one in content)  # a level that many rows share is found
    for number, level, day in PLANTED:
        stamp = pd.Timestamp(day)
        days = (stamp - pd.Timestamp(0)).days
        needles = [level.encode(), level.encode("utf-32-le"), level.encode("utf-16-le"), day.encode(),
                   repr(number).encode(), *(struct.pack(code, number) for code in ("<d", ">d")),
                   *(struct.pack(code, float(days)) for code in ("<d", "<q")[:1]),
                   *(struct.pack("<d", float(days * per_day)) for per_day in (86_400, 86_400_000_000))]  # fmt: skip
        assert not [needle for needle in needles for one in content if needle in one], level


def _contents(folder: Path) -> Iterator[bytes]:
    """The bytes of all files, of the members of archives, and of what JSON holds as base64."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        parts = [content]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                parts += [archive.read(name) for name in archive.namelist()]
        for part in parts:
            yield part
            if part.lstrip()[:1] in (b"{", b"["):
                for text in _texts(json.loads(part)):
                    try:
                        yield base64.b64decode(text, validate=True)
                    except ValueError:
                        continue


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, (dict, list)):
        for one in node.values() if isinstance(node, dict) else node:
            yield from _texts(one)


@pytest.mark.thorough
@pytest.mark.analyses
def test_a_run_without_a_label_that_broke_off_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was searched before is not searched again, and the rows are those of the same settings."""
    whole = automl.fit(_frame(), out=str(tmp_path / "whole"), **FAST)
    assert "utility" not in whole.outcome.analyses and "fidelity" in whole.outcome.analyses

    def broken(*args: Any, **keys: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(contest, "conclude", broken)
        with pytest.raises(KeyboardInterrupt):
            automl.fit(_frame(), out=str(tmp_path / "run"), **FAST)
    before = (tmp_path / "run" / "trials.log").read_text("utf-8")
    resumed = automl.fit(_frame(), out=str(tmp_path / "run"), resume=True, **FAST)
    assert (tmp_path / "run" / "trials.log").read_text("utf-8").startswith(before)
    scores = [{one["name"]: one["valid_score"] for one in made.result["runs"]} for made in (whole, resumed)]
    assert scores[0] == scores[1]
    pd.testing.assert_frame_equal(whole.sample(30, side="shallow"), resumed.sample(30, side="shallow"))


def _words(n: int, seed: int) -> list[str]:
    words = [
        "quick",
        "brown",
        "fox",
        "jumps",
        "over",
        "lazy",
        "dogs",
        "while",
        "animals",
        "sleep",
        "under",
        "green",
        "trees",
    ]
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words, 14)) for _ in range(n)]


RNG = np.random.default_rng(0)
REFUSED = [
    (pd.DataFrame(RNG.normal(size=(14, 30)), columns=[f"c{k}" for k in range(30)]), {}, "at least 30 training rows"),
    (pd.DataFrame({"a": RNG.normal(size=N)}), {}, "at least two columns that vary"),
    (pd.DataFrame({"a": [1] * N, "b": ["x"] * N}), {}, "is constant"),
    (pd.DataFrame({"a": _words(N, 0), "b": _words(N, 1)}), {}, "makes numbers, levels and dates"),
    (_frame().assign(remark=_words(N, 0)), {}, "--drop remark"),
    (_frame(), {"target": "level"}, "learns no target"),
    (_frame(), {"weight": "price"}, "reads no weights"),
    (_frame(), {"time_column": "joined"}, "pass series as an array (n, channels, length)"),
    (_frame(), {"metric": "roc_auc"}, "does not score goal 'generate'; metrics that do: "),
    (_frame(), {"label": "nowhere"}, "'nowhere' is not a column"),
    (_frame(), {"dims": "4"}, "dims belongs to another goal"),
    (_frame(), {"templates": "mlp"}, "mlp: it does not do generate"),
]


@pytest.mark.parametrize(("frame", "asked", "said"), REFUSED, ids=[said for *_, said in REFUSED])
def test_what_cannot_be_generated_ends_with_code_2_and_says_why(
    frame: pd.DataFrame, asked: dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame.to_csv(tmp_path / "data.csv", index=False)
    flags = [part for key, value in asked.items() for part in (f"--{key.replace('_', '-')}", value)]
    common = ["--goal", "generate", "--max-trials", "1", "--budget", "none", "--out", str(tmp_path / "run")]
    assert cli.main(["fit", str(tmp_path / "data.csv"), *common, *flags]) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_blank_pictures_are_refused(tmp_path: Path) -> None:
    for shape in ((N, 8, 8), (N, 8, 8, 3)):
        with pytest.raises(DataError, match="alike"):
            automl.fit(np.zeros(shape, np.float32), out=str(tmp_path / str(len(shape))), **FAST)
