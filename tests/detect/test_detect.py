"""Detection as a whole: modality, roles, overrides, findings and clear refusals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl.detect import detect
from automl.errors import DataError, RecipeError
from automl.records import Dataset, Recipe

RNG = np.random.default_rng(0)
N = 300
DATA = Path(os.environ.get("AUTOML_DATA", Path(__file__).parents[3] / "shared" / "data"))
CATALOG = json.loads((DATA / "catalog.json").read_text()) if (DATA / "catalog.json").exists() else []
SEQUENCES = {"time series", "multivariate time series", "panel time series", "time series (n,channels,length)"}


def table(**more: object) -> pd.DataFrame:
    return pd.DataFrame({"a": RNG.normal(size=N), "b": RNG.choice(["u", "v", "w"], N), **more})


def classes() -> pd.DataFrame:
    return pd.DataFrame({"y": RNG.choice(["s", "t"], N)})


def recipe(**options: object) -> Recipe:
    return Recipe(data=None, **({"target": ("y",)} | options))


def catalog_dataset(entry: dict[str, object], targets: list[str]) -> Dataset:
    file = DATA / str(entry["file"])
    if file.suffix == ".npz":
        with np.load(file) as arrays:
            return Dataset(str(entry["name"]), arrays["X"], pd.DataFrame({"y": arrays["y"]}))
    frame = pd.read_csv(file)
    return Dataset(str(entry["name"]), frame.drop(columns=targets), frame[targets])


@pytest.mark.skipif(not CATALOG, reason="the shared data are not here (set AUTOML_DATA)")
@pytest.mark.parametrize("entry", CATALOG, ids=[str(e["name"]) for e in CATALOG])
def test_modality_and_goal_come_out_right_with_no_hint_beside_the_target(entry: dict[str, object]) -> None:
    said = entry["target"]
    targets = [said] if isinstance(said, str) else list(said)

    dataset, task = detect(catalog_dataset(entry, targets), recipe(target=tuple(targets)))

    spoken = str(entry["modality"])
    modality = "sequence" if spoken in SEQUENCES else spoken.split(" ")[0].split("+")[0]
    goal = "binary" if entry["task"] == "anomaly" else entry["task"]
    assert (modality, goal) == (task.modality, task.goal), task.evidence
    assert entry["metric"] == task.metric
    assert entry.get("horizon") == task.horizon
    assert entry.get("date") == task.time_column or goal != "forecast"
    assert entry.get("series") == task.series_column
    kinds = {c.name: c.kind for c in task.columns}
    assert all(kinds[name] == "text" for name in entry.get("text", ()))
    assert dataset.n_rows == entry["n_rows"]


def test_a_table_of_texts_alone_is_text_and_with_numbers_it_is_tabular() -> None:
    texts = [f"the {i} dog ran over hill {i * 7} and came back home" for i in range(N)]

    assert detect(Dataset("d", pd.DataFrame({"t": texts}), classes()), recipe())[1].modality == "text"
    assert detect(Dataset("d", table(t=texts), classes()), recipe())[1].modality == "tabular"


def test_a_lone_column_of_unlike_words_is_text() -> None:
    names = ["".join(RNG.choice(list("aeioubcdfg"), 7)) for _ in range(N)]

    assert detect(Dataset("d", pd.DataFrame({"surname": names}), classes()), recipe())[1].modality == "text"


def test_a_lone_image_path_is_image_even_beside_a_row_number() -> None:
    frame = pd.DataFrame({"n": np.arange(N), "path": [f"{i}.png" for i in range(N)]})

    assert detect(Dataset("d", frame, classes()), recipe())[1].modality == "image"


@pytest.mark.parametrize(
    ("array", "modality"),
    [
        (np.zeros((N, 28, 28), np.uint8), "image"),
        (RNG.random((N, 28, 28)), "image"),
        (RNG.integers(0, 256, (N, 28, 28)).astype(np.float32), "image"),
        (np.zeros((N, 16, 20, 3), np.uint8), "image"),
        (RNG.normal(size=(N, 1, 100)), "sequence"),
        (RNG.normal(size=(N, 6, 100)), "sequence"),
        (RNG.normal(size=(N, 12, 200)), "sequence"),
        (RNG.normal(size=(N, 5)), "tabular"),
    ],
)
def test_the_shape_of_an_array_says_its_modality(array: np.ndarray, modality: str) -> None:
    dataset, task = detect(Dataset("x", array, classes()), recipe())

    assert modality == task.modality, task.evidence
    if modality == "sequence":
        assert (np.float32, 3) == (dataset.inputs.dtype, dataset.inputs.ndim)
    if modality == "tabular":
        assert [f"x{i}" for i in range(5)] == list(dataset.inputs.columns)


@pytest.mark.parametrize("shape", [(N, 28, 28), (N, 20, 30), (N, 3, 32, 32), (N, 2, 2, 2, 2)])
def test_an_ambiguous_shape_is_named_and_asked_for(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"shape|dimensions"):
        detect(Dataset("x", RNG.normal(size=shape), classes()), recipe())


def test_an_ambiguous_shape_can_be_told() -> None:
    array = RNG.normal(size=(N, 20, 20))

    assert detect(Dataset("x", array, classes()), recipe(columns={"x": "numeric"}))[1].modality == "sequence"
    assert detect(Dataset("x", array, classes()), recipe(columns={"x": "image_path"}))[1].modality == "image"


def test_infinite_numbers_become_missing_and_are_told() -> None:
    frame = table()
    frame.loc[:4, "a"] = [np.inf, -np.inf, np.inf, 1.0, 2.0]

    dataset, _ = detect(Dataset("d", frame, classes()), recipe())

    assert dataset.inputs["a"].isna().sum() == 3
    assert [f.count for f in dataset.findings if f.check == "infinite_numbers"] == [3]


def test_findings_name_duplicates_left_out_columns_and_mixed_types() -> None:
    frame = table(id=np.arange(N) + 7, const="k", mixed=[str(v) for v in RNG.normal(size=N)])
    frame.loc[3, "mixed"], frame.loc[9, "mixed"] = "broken", "n/a"
    twice = pd.concat([frame, frame.iloc[:5]], ignore_index=True)
    y = pd.concat([target := classes(), target.iloc[:5]], ignore_index=True)

    dataset, task = detect(Dataset("d", twice, y), recipe(columns={"id": "identifier"}))

    found = {f.check: f for f in dataset.findings}
    assert {"duplicate_rows", "constant_column", "identifier_column", "mixed_types"} <= set(found)
    assert (found["duplicate_rows"].count, found["duplicate_rows"].rows) == (5, (N, N + 1, N + 2, N + 3, N + 4))
    assert (found["mixed_types"].count, found["mixed_types"].rows) == (2, (3, N + 3))
    assert {"id": "identifier", "const": "constant", "mixed": "numeric"}.items() <= {
        c.name: c.kind for c in task.columns
    }.items()


def test_rows_that_differ_in_one_cell_are_no_duplicates() -> None:
    frame = pd.DataFrame({"a": np.repeat([1.0, 2.0], N // 2), "b": RNG.permutation(N).astype(float), "c": "x"})

    dataset, _ = detect(Dataset("d", frame, classes()), recipe())

    assert "duplicate_rows" not in {f.check for f in dataset.findings}


def test_group_weight_and_time_columns_are_parted_from_the_inputs() -> None:
    when = pd.date_range("2020-01-01", periods=N, freq="D").strftime("%d/%m/%Y")
    frame = table(who=RNG.integers(0, 9, N), w=RNG.random(N), when=when)

    dataset, task = detect(Dataset("d", frame, classes()), recipe(group="who", weight="w", time_column="when"))

    assert list(dataset.inputs.columns) == ["a", "b", "when"]
    assert (9, np.float64) == (len(set(dataset.groups)), dataset.weight.dtype)
    assert np.datetime64("2020-01-13", "ns") == dataset.times[12]
    assert (task.group_column, task.time_column) == ("who", "when")


def test_years_serve_as_time_when_named_and_are_numbers_otherwise() -> None:
    frame = table(year=RNG.integers(1990, 2020, N))

    assert {c.name: c.kind for c in detect(Dataset("d", frame, classes()), recipe())[1].columns}["year"] == "numeric"
    dataset, task = detect(Dataset("d", frame, classes()), recipe(time_column="year"))
    assert {c.name: c.kind for c in task.columns}["year"] == "datetime"
    assert pd.Timestamp(f"{frame['year'][0]}-01-01") == dataset.times[0]


def test_an_override_of_no_column_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"'aa' is no column of d; did you mean 'a'\?"):
        detect(Dataset("d", table(), classes()), recipe(columns={"aa": "numeric"}))
    with pytest.raises(RecipeError, match="is no kind"):
        detect(Dataset("d", table(), classes()), recipe(columns={"a": "number"}))


def test_an_override_decides_the_kind() -> None:
    _, task = detect(Dataset("d", table(), classes()), recipe(columns={"b": "text"}))

    assert next((c.kind, c.evidence) for c in task.columns if c.name == "b") == ("text", "set by you")


def test_no_target_is_refused_with_likely_ones_and_the_goals_there_are() -> None:
    with pytest.raises(
        RecipeError, match=r"no target was named for d.*try: 'label'.*--goal anomaly to look for unusual rows"
    ):
        detect(Dataset("d", table(label=RNG.choice(["s", "t"], N))), recipe(target=()))


def test_a_goal_that_is_none_says_which_are() -> None:
    with pytest.raises(
        RecipeError, match=r"unknown; did you mean 'segment'\? goals that are: binary, multiclass.*segment"
    ):
        detect(Dataset("d", table()), recipe(target=(), goal="segments"))


def test_masks_are_asked_for_where_there_are_none() -> None:
    with pytest.raises(RecipeError, match="learns masks of pictures: name the column of mask files as target"):
        detect(Dataset("d", table()), recipe(target=(), goal="segment"))


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(DataError, match="can be learnt from: 'id' is identifier"):
        detect(Dataset("d", pd.DataFrame({"id": np.arange(N)}), classes()), recipe())
    with pytest.raises(DataError, match="no column beside the target"):
        detect(Dataset("d", pd.DataFrame(index=range(N)), classes()), recipe())
    with pytest.raises(DataError, match="holds no rows"):
        detect(Dataset("d", table().iloc[:0], classes().iloc[:0]), recipe())
    with pytest.raises(DataError, match="more than once"):
        detect(Dataset("d", pd.DataFrame([[1, 2]] * N, columns=["a", "a"]), classes()), recipe())


def test_given_test_rows_without_a_target_are_refused() -> None:
    y = classes()
    y.loc[250:, "y"] = None

    with pytest.raises(DataError, match="none of the 50 given test rows holds a target"):
        detect(Dataset("d", table(), y, given=np.arange(N) >= 250), recipe())


def test_detection_leaves_the_raw_data_alone() -> None:
    frame, y = table(d=["01/02/2020"] * N), classes()
    before = frame.copy()

    detect(Dataset("d", frame, y), recipe())

    pd.testing.assert_frame_equal(before, frame)


def test_detecting_needs_no_tensorflow() -> None:
    code = (
        "import sys, automl.detect, automl.split; print([m for m in sys.modules if m in "
        "('tensorflow', 'keras', 'sklearn')])"
    )

    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


@pytest.mark.slow
def test_a_hundred_thousand_rows_of_fifty_columns_are_detected_quickly() -> None:
    n = 100_000
    columns: dict[str, object] = {f"f{i}": RNG.normal(size=n) for i in range(26)}
    columns |= {f"i{i}": RNG.integers(0, 1000, n) for i in range(8)}
    columns |= {f"c{i}": RNG.choice([f"level {j}" for j in range(50)], n) for i in range(11)}
    columns |= {f"p{i}": [f"${v:,.2f}" for v in RNG.random(n) * 1e4] for i in range(2)}
    columns["d"] = pd.date_range("2000", periods=n, freq="h").strftime("%d/%m/%Y %H:%M")
    columns["t"] = [" ".join(r) for r in RNG.choice(["alpha", "beta", "gamma", "delta", "zeta"], (n, 6))]
    dataset = Dataset("d", pd.DataFrame(columns), pd.DataFrame({"y": RNG.integers(0, 2, n)}))

    begun = time.process_time()
    detect(dataset, recipe())

    assert time.process_time() - begun < 60.0  # 1.5 s of a processor; what grows with the square of rows takes hours
