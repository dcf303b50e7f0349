"""What a reader is given by hand: odd cells, arrays that do not fit, and forged files beside it."""

import io
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.utils import murmurhash3_32
from test_shallow_modalities import FORECAST, days, fitted, rows_of, series, texts

from automl import recipe
from automl.baselines import forecaster
from automl.baselines.features.plain.words import BUCKETS_OF_NGRAMS, buckets_of
from automl.baselines.features.trigrams import Trigrams
from automl.errors import DataError
from automl.export import check, export, preprocess, reader
from automl.export.joined import reader_source
from automl.flow.prepare import prepare
from automl.predict.model import SideModel

PICTURES = {"shape": [2, 2], "dtype": "uint8", "meaning": "0 to 255", "encoder": "array"}


def read(cells, typed=(), **preprocessed):
    known = {"columns": [], "inputs": {"pictures": PICTURES}, "features": {}, "sources": {}} | preprocessed
    return reader.Export({"inputs": list(typed)}, known).encode(cells)


@pytest.fixture(scope="module")
def words_export(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check, "CALLS", 2)
        prepared = prepare(recipe.make(seed=1, **texts()))
        side = SideModel("shallow", prepared.task, fitted(prepared, "characters", {"char_ngrams": 4}))
        folder = tmp_path_factory.mktemp("words") / "x"
        export(side, folder, "saved_model", rows_of("text"))
        return side, preprocess.opened_reader(folder)


ODD = ["good\x00bad", "\ud800 good fine!", b"good day", pd.NA, None, "", "😀 good", 5.0, True, "sea " * 3_000]


def test_odd_texts_are_read_as_the_model_reads_them(words_export):
    side, model = words_export
    frame = pd.DataFrame({"t": pd.Series(ODD, dtype=object)})
    dataset = side.read(frame, "ignore")
    wanted = model.encode({"t": dataset.inputs["t"].to_list()})
    found = model.encode({"t": ODD})
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name])
    assert (found["features_weights"] != 0).any(axis=1)[[0, 1, 2, 6, 9]].all()


def test_one_text_is_no_column(words_export):
    with pytest.raises(ValueError, match="expected a list of cells, got one text"):
        words_export[1].encode({"t": "good day"})
    with pytest.raises(ValueError, match="expected rows, got none"):
        words_export[1].encode({"t": []})


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (np.full((3, 2, 2), 300), "from 0 to 255, got 300; scale"),
        (np.full((3, 2, 2), -1), "from 0 to 255, got -1"),
        (np.full((3, 2, 2), 0.5), "got 0.5"),
        (np.full((3, 2, 2), np.nan), "got nan"),
        (np.full((3, 2, 2), "7"), "expected numbers, got <U1"),
        (np.zeros((0, 2, 2), np.uint8), "expected rows, got none"),
        (np.zeros((3, 2, 3), np.uint8), r"expected shape \(n, 2, 2\)"),
    ],
)
def test_pictures_that_do_not_fit_their_type_are_refused(pictures, words):
    with pytest.raises(ValueError, match=words):
        read({"pictures": pictures})


def test_whole_numbers_of_other_types_are_taken():
    for dtype in (np.int64, np.float64, object, bool):
        made = read({"pictures": np.ones((3, 2, 2), dtype)})["pictures"]
        assert made.dtype == np.uint8 and (made == 1).all()


def test_arrays_of_unequal_length_are_refused(monkeypatch):
    monkeypatch.setitem(reader.MAKERS, "m:f", lambda given, spec: given["a"] + given["b"])
    source = {"shape": [None], "dtype": "float64", "meaning": "numbers"}
    features = {"features": {"maker": "m:f", "columns": [], "sources": {"a": "", "b": ""}, "settings": {}}}
    inputs = {"features": {"encoder": "features", "of": "features", "part": None}}
    known = {"inputs": inputs, "features": features, "sources": {"a": source, "b": source}}
    typed = [{"name": "features", "dtype": "float32"}]
    a = np.ones((3, 2))
    assert read({"a": a, "b": a}, typed, **known)["features"].dtype == np.float32
    with pytest.raises(ValueError, match=r"of one length, got \{'a': 3, 'b': 1}"):
        read({"a": a, "b": a[:1]}, typed, **known)


@pytest.mark.filterwarnings("ignore")
def test_features_have_the_type_that_the_file_reads(tmp_path, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(check, "CALLS", 2)
    prepared = prepare(recipe.make(seed=1, **series()))
    side = SideModel("shallow", prepared.task, fitted(prepared, "intervals", {"n_estimators": 3}))
    made = export(side, tmp_path / "x", "saved_model", rows_of("sequence"))
    arrays = preprocess.opened_reader(made.folder).encode({"series": rows_of("sequence")[:5]})
    assert {n: str(a.dtype) for n, a in arrays.items()} == {i["name"]: i["dtype"] for i in made.manifest["inputs"]}
    file = tf.saved_model.load(str(made.folder / "saved_model")).signatures["serving_default"]
    found = file(**{name: tf.constant(array) for name, array in arrays.items()})["probabilities"].numpy()
    np.testing.assert_allclose(found, side.predict_proba(rows_of("sequence")[:5]), atol=1e-8)


def test_a_header_of_another_shape_is_refused_before_its_array_is_read(tmp_path):
    path = tmp_path / "preprocess.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": (2**58,)}
        )  # fmt: skip
        archive.writestr("a0.npy", header.getvalue() + bytes(80))
    with pytest.raises(ValueError, match=r"not those that preprocess\.json names"):
        reader._arrays(str(path), {"a0": [[10], "<f8"]})


def test_a_long_word_takes_no_room_of_all_others():
    grams = [f"w{k}" for k in range(3_000)] + ["ab" * 20_000, "", "x" * 64, "y" * 65]
    wanted = [abs(murmurhash3_32(gram, 0)) % BUCKETS_OF_NGRAMS for gram in grams]
    tracemalloc.start()
    found = buckets_of(grams)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found, wanted)
    assert peak < 5e6  # 120 MB in one table


def test_makers_are_functions_of_their_module():
    for maker in ("automl.baselines.features.plain.forecasts:naive_inputs}); evil({0",
                  "automl.baselines.features.plain.series:nothing"):  # fmt: skip
        with pytest.raises(DataError, match="expected a function"):
            reader_source([maker])


def test_the_maker_of_a_forecast_is_that_of_its_class():
    prepared = prepare(recipe.make(seed=1, data=days(), **FORECAST))
    model = fitted(prepared, "seasonal_naive", {}).models[0]
    model.export_maker = ("evil", ())
    assert model.describe().maker.endswith(":naive_inputs")


@pytest.mark.parametrize("family", ["lagged_ridge", "window_ridge"])
def test_ridges_look_at_the_calendar_of_first_steps_alone(monkeypatch, family):
    prepared = prepare(recipe.make(seed=1, data=days(), **FORECAST))
    own, seen = forecaster.calendar, []
    monkeypatch.setattr(forecaster, "calendar", lambda dataset, rows: seen.append(rows.shape) or own(dataset, rows))
    fitted(prepared, family, {})
    assert seen and {shape[1] for shape in seen} == {1}


def test_trigrams_of_models_of_before_are_projected_as_they_were():
    words = [f"{a}{b}" for a in ("ab", "cd") for b in ("x", "y", "z")]
    rows = [" ".join(words[(k * 7 + j) % 6] for j in range(1 + k % 3)) for k in range(120)]
    before = Trigrams(8)
    new = before.fit_transform(rows)  # fewer directions tell something than there are
    del before.is_exact
    weighed = before.vectorizer.transform(rows).astype(np.float32)
    assert isinstance(before.projection, TruncatedSVD)
    wanted = before.projection.transform(weighed) / before.scale
    np.testing.assert_array_equal(before.transform(rows), np.asarray(wanted, np.float64))
    assert np.abs(before.transform(rows) - new).max() > 0


def test_an_import_within_a_maker_is_refused(tmp_path, monkeypatch):
    (tmp_path / "lazy_features.py").write_text("def make(given, spec):\n    import pandas\n    return pandas\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DataError, match="alone within functions, got import pandas"):
        reader_source(["lazy_features:make"])
