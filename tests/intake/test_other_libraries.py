"""Data sets of Hugging Face and TensorFlow become frames and arrays, without an import of either library."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from automl.errors import DataError
from automl.intake.other_libraries import without_library
from automl.intake.raw import Hints
from automl.intake.source import read

INFINITE, UNKNOWN = -1, -2


class Dataset:
    """The interface of ``datasets.Dataset`` that is used, over a table of Arrow."""

    __module__ = "datasets.arrow_dataset"

    def __init__(self, table, **names):
        self.table = table
        features = {name: SimpleNamespace(dtype="int64") for name in table.column_names}
        self.features = {**features, **names}

    def with_format(self, form):
        assert form == "arrow"
        return self.table


class DatasetDict(dict):
    __module__ = "datasets.dataset_dict"


class IterableDataset:
    __module__ = "datasets.iterable_dataset"


class DatasetV2:
    """The interface of ``tf.data.Dataset`` that is used, over a list of elements; counts how often it is read."""

    __module__ = "tensorflow.python.data.ops.dataset_ops"

    def __init__(self, elements, spec, cardinality=UNKNOWN):
        self.elements, self.element_spec, self._cardinality, self.n_read = elements, spec, cardinality, 0

    def cardinality(self):
        return self._cardinality

    def as_numpy_iterator(self):
        self.n_read += 1
        yield from self.elements


class _TensorSliceDataset(DatasetV2):
    """Rows."""


class _BatchDataset(DatasetV2):
    """Batches."""


def spec(*shape):
    return SimpleNamespace(shape=shape)


def test_classes_of_hugging_face_come_by_name_and_missing_ones_empty():
    rows = Dataset(pa.table({"n": [1, 2, 3], "kind": [1, -1, 0]}), kind=SimpleNamespace(names=["cat", "dog"]))
    made = without_library(rows, "the data")
    assert made["kind"].fillna("").tolist() == ["dog", "", "cat"]
    assert made["n"].tolist() == [1, 2, 3]


def test_lists_of_classes_come_by_name():
    feature = SimpleNamespace(feature=SimpleNamespace(names=["a", "b"]))
    made = without_library(Dataset(pa.table({"tags": [[0, 1], [1]]}), tags=feature), "the data")
    assert made["tags"].tolist() == [["a", "b"], ["b"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [(DatasetDict(train=1, test=2), "splits 'train', 'test'"), (IterableDataset(), "may have no end")],
)
def test_splits_and_streams_are_refused_with_what_to_do(data, words):
    with pytest.raises(DataError, match=words):
        without_library(data, "the data")


def test_rows_of_a_dict_become_columns_with_texts_read_once():
    data = DatasetV2(
        [{"age": np.int64(3), "town": "Köln".encode()}, {"age": np.int64(5), "town": b"Bonn"}],
        {"age": spec(), "town": spec()},
    )
    raw = read(data, "the data", Hints())
    assert raw.inputs.to_dict("list") == {"age": [3, 5], "town": ["Köln", "Bonn"]}
    assert data.n_read == 1


def test_batches_are_joined_and_pairs_keep_their_target():
    batches = [({"a": np.array([1.0, 2.0])}, np.array([0, 1])), ({"a": np.array([3.0])}, np.array([1]))]
    raw = read(_BatchDataset(batches, ({"a": spec(None)}, spec(None))), "the data", Hints())
    assert raw.inputs["a"].tolist() == [1.0, 2.0, 3.0]
    assert raw.target is not None and raw.target.iloc[:, 0].tolist() == [0, 1, 1]


def test_batches_of_one_size_are_told_from_rows():
    batches = [(np.ones((2, 3)), np.array([0, 1])), (np.zeros((2, 3)), np.array([1, 0]))]
    inputs, target = without_library(_BatchDataset(batches, (spec(2, 3), spec(2))), "the data")
    assert inputs.shape == (4, 3) and target == [0, 1, 1, 0]
    rows = [(np.ones(3), np.int64(1)), (np.zeros(3), np.int64(0))]
    inputs, target = without_library(DatasetV2(rows, (spec(3), spec())), "the data")
    assert inputs.shape == (2, 3) and target == [1, 0]


def test_images_of_a_batch_become_an_array():
    images = _BatchDataset([np.zeros((2, 8, 8, 3), np.uint8)] * 2, spec(None, 8, 8, 3))
    assert without_library(images, "the data").shape == (4, 8, 8, 3)


def test_data_without_end_are_refused_before_they_are_read():
    data = DatasetV2([np.zeros(2)], spec(2), INFINITE)
    with pytest.raises(DataError, match=r"has no end.*\.take"):
        without_library(data, "the data")
    assert data.n_read == 0


def test_data_of_unknown_length_are_refused_once_they_are_too_large(monkeypatch):
    monkeypatch.setattr("automl.intake.other_libraries.whole_mib", lambda room: 1.0)
    endless = _TensorSliceDataset((np.zeros(1_000) for _ in range(10**9)), spec(1_000))
    with pytest.raises(DataError, match="would take about"):
        without_library(endless, "the data")


def test_elements_of_three_parts_are_refused():
    with pytest.raises(DataError, match="weight="):
        without_library(DatasetV2([], (spec(), spec(), spec())), "the data")


def test_other_data_are_handed_on_as_they_are():
    frame = pd.DataFrame({"a": [1]})
    assert without_library(frame, "the data") is frame
    assert without_library("cars.csv", "the data") == "cars.csv"


def test_reading_a_frame_loads_neither_library():
    code = (
        "import sys, pandas as pd\n"
        "from automl.intake.raw import Hints\n"
        "from automl.intake.source import read\n"
        "read(pd.DataFrame({'a': [1, 2]}), 'the data', Hints())\n"
        "print(sorted({'tensorflow', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_real_data_sets_of_hugging_face():
    datasets = pytest.importorskip("datasets", reason="needs the library datasets")
    features = datasets.Features(
        {"n": datasets.Value("float64"), "kind": datasets.ClassLabel(names=["cat", "dog"]),
         "picture": datasets.Image(), "tags": datasets.Sequence(datasets.ClassLabel(names=["a", "b"])),
         "vector": datasets.Sequence(datasets.Value("float32"), length=2)}
    )  # fmt: skip
    picture = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    rows = {
        "n": [1.0, 2.0, 3.0], "kind": [0, 1, 0], "picture": [picture, picture, None], "tags": [[0], [1, 0], []],
        "vector": [[1.0, 2.0]] * 3,
    }  # fmt: skip
    data = datasets.Dataset.from_dict(rows, features=features).select([2, 1])
    raw = read(data, "the data", Hints())
    assert raw.inputs["n"].tolist() == [3.0, 2.0]
    assert raw.inputs["kind"].tolist() == ["cat", "dog"]
    assert str(raw.inputs["picture"].iloc[1]).startswith("data:image/")
    assert raw.inputs["tags"].tolist() == ["[]", '["b", "a"]']


def test_the_real_data_sets_of_tensorflow():
    tf = pytest.importorskip("tensorflow", reason="needs TensorFlow")
    columns = {"a": [1.0, 2.0, 3.0], "town": ["Ulm", "Bonn", "Kiel"]}
    data = tf.data.Dataset.from_tensor_slices((columns, [0, 1, 1]))
    for one in (data, data.batch(2), data.batch(3, drop_remainder=True), data.map(lambda x, y: (x, y)).prefetch(1)):
        raw = read(one, "the data", Hints())
        assert raw.inputs.to_dict("list") == columns
        assert raw.target is not None and raw.target.iloc[:, 0].tolist() == [0, 1, 1]
    with pytest.raises(DataError, match="has no end"):
        read(data.repeat(), "the data", Hints())


def test_rows_and_batches_of_tensorflow_are_told_by_the_steps_that_made_them():
    tf = pytest.importorskip("tensorflow", reason="needs TensorFlow")
    x, y = np.arange(18.0).reshape(6, 3), np.arange(18.0, 36).reshape(6, 3)
    rows = tf.data.Dataset.from_tensor_slices((x, y))  # two vectors of one length in each element
    pairs = tf.data.Dataset.zip((tf.data.Dataset.from_tensor_slices(x), tf.data.Dataset.from_tensor_slices(y)))
    options, same = tf.data.Options(), tf.autograph.experimental.do_not_convert(lambda *one: one)
    for one in (
        rows,
        pairs.cache().prefetch(1),
        rows.batch(4).unbatch().take(6),
        rows.map(same).with_options(options),
        rows.batch(3, drop_remainder=True),
        rows.batch(4).map(same),
        rows.take(3).concatenate(rows.skip(3)),
    ):
        made = without_library(one, "the data")
        np.testing.assert_array_equal(made, (x, y))
    alone = without_library(rows.map(tf.autograph.experimental.do_not_convert(lambda a, b: a)), "the data")
    assert alone.shape == (6, 3)


def test_elements_that_may_be_rows_or_batches_are_refused_with_what_to_do():
    tf = pytest.importorskip("tensorflow", reason="needs TensorFlow")
    made = tf.data.Dataset.from_generator(
        lambda: iter([(np.ones(3), np.zeros(3))] * 2), output_signature=(tf.TensorSpec((None,)), tf.TensorSpec((None,)))
    )
    with pytest.raises(DataError, match=r"elements of shape \(None,\) and \(None,\).*\.batch\(32\).*\.unbatch\(\)"):
        without_library(made, "the data")
    inputs, target = without_library(made.unbatch(), "the data")
    assert inputs == [1.0] * 6 and target == [0.0] * 6
    inputs, target = without_library(made.batch(32), "the data")
    assert inputs.shape == target.shape == (2, 3)
    with pytest.raises(DataError, match="may be rows or batches"):
        without_library(tf.data.Dataset.from_tensors(np.ones((4, 3))), "the data")
    for odd in (DatasetV2([np.ones(3)], spec(3)), _BatchDataset([], (spec(3), spec(4))),
                _TensorSliceDataset([], spec(None, None, 3))):  # fmt: skip
        with pytest.raises(DataError, match="may be rows or batches"):
            without_library(odd, "the data")
