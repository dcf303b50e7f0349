"""Contests of generators of pictures, series and texts: from items to new ones, in their form, by seed, and saved."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from schema_breaks import breaks

import automl
from automl import cli
from automl.report.result_fields import result_schema
from automl.templates import image_diffusion, image_gan, text_transformer_lm

pytestmark = pytest.mark.thorough

N = 240
FAST: dict[str, Any] = {
    "goal": "generate",
    "budget": "none",
    "max_trials": 1,
    "search": {"precision": "float32", "device": "cpu"},
    "quiet": True,
    "ensemble": False,
}
RNG = np.random.default_rng(0)
KINDS = np.array(["bars", "dots"], object)[np.arange(N) % 2]


def _pictures() -> np.ndarray:
    """Bars in one direction, or a bright corner; each with noise."""
    made = RNG.integers(0, 40, (N, 12, 10)).astype(np.float64)
    for row, kind in enumerate(KINDS):
        if kind == "bars":
            made[row, :, :: 2 + row % 3] += 180
        else:
            made[row, : 4 + row % 3, :4] += 180
    return np.clip(made, 0, 255).astype(np.uint8)


def _series() -> np.ndarray:
    steps = np.arange(40) / 40
    phase, speed = RNG.uniform(0, 6.28, (N, 1)), np.where(KINDS == "bars", 2.0, 5.0)[:, None]
    waves = np.sin(6.28 * speed * steps + phase) + 0.1 * RNG.normal(size=(N, 40))
    return np.stack([waves, 10 + 3 * waves], axis=1).astype(np.float32)


def _texts() -> pd.DataFrame:
    who, what = ("the cat", "a dog", "one owl", "my horse"), ("sees", "hears", "follows", "likes")
    lines = [
        f"{RNG.choice(who)} {RNG.choice(what)} {RNG.choice(who)} near {RNG.choice(('town', 'water', 'home'))}"
        for _ in range(N)
    ]
    return pd.DataFrame({"line": pd.Series(lines, dtype=object)})


CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "pictures": ((_pictures(), KINDS), {"templates": ["image_gan"]}),
    "series": ((_series(), KINDS), {"templates": ["series_diffusion"]}),
    "texts": (_texts(), {"templates": ["text_transformer_lm"], "columns": {"line": "text"}}),
}


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, analysed: Callable[[], AbstractContextManager[None]]
) -> dict[str, tuple[automl.Result, Path]]:
    """A contest of each form with its analyses; networks hardly learn, which is not asked for here."""
    made = {}
    with pytest.MonkeyPatch.context() as patch, analysed():
        for module in (image_gan, image_diffusion, text_transformer_lm):
            patch.setattr(module, "STEPS_WANTED", 40)
        for name, (data, options) in CASES.items():
            out = tmp_path_factory.mktemp("items") / name
            made[name] = automl.fit(data, out=str(out), **{**FAST, **options}), out
    return made


@pytest.mark.parametrize("name", list(CASES))
def test_both_sides_are_judged_and_shown(name: str, runs: dict[str, tuple[automl.Result, Path]]) -> None:
    result, out = runs[name]
    told = json.loads((out / "result.json").read_text("utf-8"))
    assert list(breaks(told, result_schema())) == []
    assert {one["side"] for one in told["runs"] if one["finalist"]} == {"deep", "shallow"}
    assert told["task"]["metric"] == ("feature_distance" if name == "pictures" else "indistinct")
    assert {"likeness", "memorisation"} <= set(result.outcome.analyses)
    assert set(result.analysis("likeness")["set"]) == {"real", "deep", "shallow", "floor"}
    assert ("utility" in result.outcome.analyses) == (name != "texts")
    page = (out / "report.html").read_text("utf-8")
    assert "Generated items beside real ones" in page
    assert f"Generation of {name}" in page
    assert "could not be made" not in page
    assert ('class="sheet"' in page) == (name == "pictures")


@pytest.mark.parametrize("name", list(CASES))
def test_items_come_in_the_form_that_was_given_and_from_a_saved_model(
    name: str, runs: dict[str, tuple[automl.Result, Path]]
) -> None:
    result, out = runs[name]
    opened = automl.load(out / "model")
    for side in ("deep", "shallow", "floor"):
        made, again = result.sample(20, 3, side), opened.sample(20, 3, side)
        if name == "texts":
            assert list(made.columns) == ["line"]
            pd.testing.assert_frame_equal(made, again)
            continue
        data = CASES[name][0][0]
        assert made.X.shape == (20, *data.shape[1:])
        assert made.X.dtype == data.dtype
        assert set(made.y) <= {"bars", "dots"}
        np.testing.assert_array_equal(made.X, again.X)
        few = result.sample(7, 3, side).X.astype(float)  # products of other sizes round otherwise
        np.testing.assert_allclose(made.X[:7].astype(float), few, atol=1 if name == "pictures" else 1e-4)
        assert (made.X != result.sample(20, 4, side).X).any()


def test_items_of_a_class_can_be_asked_for(runs: dict[str, tuple[automl.Result, Path]], tmp_path: Path) -> None:
    result, out = runs["pictures"]
    assert set(result.sample(15, condition={"y": "dots"}).y) == {"dots"}
    command = ["sample", str(out / "model"), "-n", "12", "--condition", "y=bars", "--out"]
    assert cli.main([*command, str(tmp_path / "bars")]) == 0
    assert set(pd.read_csv(tmp_path / "bars" / "items.csv")["y"]) == {"bars"}
    assert cli.main([*command, str(tmp_path / "bars.csv")]) == 2
    assert cli.main(["sample", str(runs["series"][1] / "model"), "-n", "5"]) == 2
    assert cli.main(["sample", str(runs["texts"][1] / "model"), "-n", "5", "--out", str(tmp_path / "t.csv")]) == 0
    assert len(pd.read_csv(tmp_path / "t.csv")) == 5


def test_no_training_item_lies_in_a_saved_network(runs: dict[str, tuple[automl.Result, Path]]) -> None:
    """Bytes of pictures, and of series as float32 numbers, are nowhere in what the deep side stores."""
    for name in ("pictures", "series"):
        data = CASES[name][0][0]
        model = runs[name][1] / "model"
        files = [path for path in sorted(model.rglob("*")) if path.is_file() and "shallow" not in path.name]
        stored = b"".join(_unpacked(path) for path in files)
        assert len(stored) > 10_000
        assert not any(np.ascontiguousarray(item).tobytes()[:64] in stored for item in data)


def _unpacked(path: Path) -> bytes:
    """What a file holds, and each member of it if it is an archive."""
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())
