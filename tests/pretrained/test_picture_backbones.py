"""Backbones of pictures compute what their network computes on pictures that are prepared as it wants them."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from picture_folders import MOBILE, described, mobile, own_folder, own_network

from automl import modalities, pretrained
from automl.errors import DataError, RecipeError
from automl.pretrained import open_picture_backbone, pictures
from automl.records import Column, Dataset, Split, Task

TASK = Task("image", "binary", ("y",), "roc_auc", ("no", "yes"), image_shape=(8, 8, 1))


def drawn(n=5, *shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, *(shape or (32, 32, 3))), dtype=np.uint8)


@pytest.fixture(scope="module")
def published():
    """A network that tests only read."""
    return mobile()


@pytest.fixture(scope="module")
def mobile_backbone(published, tmp_path_factory):
    folder = described(tmp_path_factory.mktemp("published") / "m", MOBILE)
    published.save_weights(folder / "model.weights.h5")
    return open_picture_backbone(folder)


def test_a_published_architecture_gives_the_mean_over_positions(published, mobile_backbone):
    images = drawn()
    expected = published.predict(keras.applications.mobilenet.preprocess_input(images.astype("float32")), verbose=0)
    assert (mobile_backbone.kind, mobile_backbone.dim, mobile_backbone.shape) == ("MobileNet", 128, (32, 32, 3))
    np.testing.assert_allclose(expected.mean(axis=(1, 2)), mobile_backbone.vectors(images), rtol=1e-4, atol=1e-6)
    assert expected.std() > 0.01


@pytest.mark.parametrize("name", ["caffe", "tf", "torch"])
def test_preprocessing_is_that_of_keras(name):
    images = drawn().astype("float32")
    expected = keras.applications.imagenet_utils.preprocess_input(images.copy(), mode=name)
    np.testing.assert_allclose(expected, pictures.PREPROCESSING[name](images), rtol=1e-5, atol=1e-4)


def test_every_application_on_the_list_is_one_of_keras_with_its_preprocessing():
    import importlib

    for name, (mode, side) in pictures.APPLICATIONS.items():
        build = getattr(keras.applications, name)
        module = importlib.import_module(build.__module__)
        ramp = np.arange(48, dtype="float32").reshape(1, 4, 4, 3) * 5
        np.testing.assert_allclose(
            module.preprocess_input(ramp.copy()), pictures.PREPROCESSING[mode](ramp), atol=1e-4, err_msg=name
        )
        assert side >= 224


def test_a_classifier_gives_what_its_last_pooling_reads(tmp_path):
    network = mobile(top=True)
    folder = described(tmp_path / "m", {**MOBILE, "include_top": True, "classes": 5})
    network.save_weights(folder / "model.weights.h5")
    found = open_picture_backbone(folder)
    inner = keras.Model(network.input, network.get_layer("conv_pw_13_relu").output)
    images = drawn()
    expected = inner.predict(images / np.float32(127.5) - 1, verbose=0).mean(axis=(1, 2))
    np.testing.assert_allclose(expected, found.vectors(images), rtol=1e-4, atol=1e-6)


def test_the_model_file_and_the_older_file_of_weights_give_the_same_vectors(published, mobile_backbone, tmp_path):
    images = drawn()
    expected = mobile_backbone.vectors(images)
    published.save(described(tmp_path / "k", MOBILE) / "model.keras")
    np.testing.assert_allclose(expected, open_picture_backbone(tmp_path / "k").vectors(images), rtol=1e-6)
    legacy = described(tmp_path / "h", MOBILE) / "mobilenet_no_top.h5"
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    with h5py.File(legacy, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, published)
    np.testing.assert_allclose(expected, open_picture_backbone(tmp_path / "h").vectors(images), rtol=1e-6)


def test_a_network_of_ones_own_is_read_as_its_file_describes_it(tmp_path):
    images = drawn(3, 12, 12, 1)
    expected = own_network().predict(images / np.float32(255), verbose=0)
    found = open_picture_backbone(own_folder(tmp_path / "o"))
    assert (found.kind, found.dim, found.shape) == ("network", 6, (12, 12, 1))
    np.testing.assert_allclose(expected.mean(axis=(1, 2)), found.vectors(images), rtol=1e-5)
    largest = open_picture_backbone(own_folder(tmp_path / "p", pooling="max"))
    np.testing.assert_allclose(expected.max(axis=(1, 2)), largest.vectors(images), rtol=1e-5)
    early = open_picture_backbone(own_folder(tmp_path / "q", layer="first"))
    assert early.dim == 4


def test_grey_pictures_are_repeated_and_colours_weighed_where_the_network_is_grey(mobile_backbone, tmp_path):
    grey = drawn(4, 32, 32, 1)
    np.testing.assert_array_equal(mobile_backbone.vectors(np.repeat(grey, 3, axis=-1)), mobile_backbone.vectors(grey))
    opaque = np.concatenate([grey, np.full_like(grey, 255)], axis=-1)
    np.testing.assert_array_equal(mobile_backbone.vectors(grey), mobile_backbone.vectors(opaque))
    own = open_picture_backbone(own_folder(tmp_path / "o"))
    small = drawn(4, 12, 12, 1)
    np.testing.assert_array_equal(own.vectors(small), own.vectors(np.repeat(small, 3, axis=-1)))
    with pytest.raises(DataError, match="these have 7"):
        own.vectors(drawn(2, 12, 12, 7))


def test_pictures_of_other_sizes_are_resized_and_computed_some_at_a_time(mobile_backbone, monkeypatch):
    images = drawn(7, 9, 20, 3)
    whole = mobile_backbone.vectors(images)
    assert whole.shape == (7, 128)
    sizes = []
    monkeypatch.setattr(pictures, "BATCH_PIXELS", 3 * 32 * 32)
    monkeypatch.setattr(
        pictures, "resized", lambda some, size, real=pictures.resized: sizes.append(len(some)) or real(some, size)
    )
    np.testing.assert_allclose(whole, mobile_backbone.vectors(images), rtol=1e-4, atol=1e-6)
    assert sizes == [3, 3, 1]
    assert mobile_backbone.vectors(images[:0]).shape == (0, 128)


def test_large_pictures_come_in_small_batches():
    batch = pictures.PictureBackbone.batch.fget
    for side, expected in ((32, 256), (224, 32), (1024, 1)):
        assert batch(type("B", (), {"shape": (side, side, 3)})()) == expected


# ------------------------------------------------------------------------ rows of a contest


def rows(n=6, seed=0):
    return Dataset("d", drawn(n, 8, 8, 1, seed=seed))


def test_both_sides_get_one_vector_a_picture_and_a_finding_says_whose(tmp_path):
    folder = own_folder(tmp_path / "o")
    task = pretrained.with_backbone(TASK, folder)
    made = pretrained.embedded(rows(), task)
    np.testing.assert_allclose(open_picture_backbone(folder).vectors(rows().inputs), made.vectors, rtol=1e-6)
    assert "vectors of the pictures" in made.findings[-1].message
    assert "verdict is on what is learnt on top" in made.findings[-1].message
    assert pretrained.backbone_of(task)["kind"] == "network"
    again = pretrained.with_vectors(Dataset("d", rows().inputs[..., 0]), task)
    np.testing.assert_allclose(made.vectors, again.vectors, rtol=1e-6)


def test_the_encoder_emits_vectors_beside_the_picture_and_is_restored(tmp_path):
    task = pretrained.with_backbone(TASK, own_folder(tmp_path / "o"))
    made = pretrained.embedded(rows(), task)
    split = Split(np.arange(4), np.arange(4, 6), np.arange(0), "row", np.arange(0), "", 0)
    encoder = modalities.named(task).fit(made, task, split, None)
    assert [spec.kind for spec in encoder.specs] == ["image", "vectors"]
    again = modalities.restore(encoder.state())
    for name, array in encoder.transform(made, np.arange(6)).items():
        np.testing.assert_array_equal(array, again.transform(made, np.arange(6))[name])
    with pytest.raises(DataError, match="which a backbone made of the pictures"):
        again.transform(rows(), np.arange(2))


def test_stored_vectors_are_taken_for_the_same_pictures_only(tmp_path):
    task = pretrained.with_backbone(TASK, own_folder(tmp_path / "o"))
    one = pretrained.embedded(rows(), task)
    marked = replace(one, vectors=one.vectors + 1)
    pretrained.store(tmp_path, marked, task)
    taken = pretrained.embedded(rows(), task, run_folder=tmp_path)
    np.testing.assert_array_equal(marked.vectors, taken.vectors)
    other = pretrained.embedded(rows(seed=1), task, run_folder=tmp_path)
    assert not np.array_equal(marked.vectors, other.vectors)


class Clock:
    """Seconds that pass with each batch: the first is slow."""

    def __init__(self, monkeypatch, first, others):
        self.now, self.seconds = 0.0, iter([first, *[others] * 1_000])
        monkeypatch.setattr(pretrained.vectors.time, "monotonic", lambda: self.now)

    def computing(self, real):
        def compute(some):
            self.now += next(self.seconds)
            return real(some)

        return compute


@pytest.mark.parametrize(("others", "refused"), [(1.0, True), (0.01, False)])
def test_time_is_judged_by_the_batches_after_the_first_which_is_traced(monkeypatch, others, refused):
    clock = Clock(monkeypatch, 6.0, others)
    compute = clock.computing(lambda some: np.zeros((len(some), 2), np.float32))
    backbone = type("B", (), {"name": "b", "dim": 2})()
    lines = []
    work = (compute, np.zeros((100, 1)), 1, backbone, 60.0, lines.append)
    if refused:
        with pytest.raises(DataError, match="would take some 105 s of a budget of 60 s"):
            pretrained.vectors._in_parts(*work)
    else:
        assert pretrained.vectors._in_parts(*work).shape == (100, 2)
        assert lines == ["vectors of 1 of 100 pictures by 'b'"]


def test_a_table_with_pictures_has_no_backbone(tmp_path):
    columns = (Column("p", "image_path", 1.0, ""), Column("x", "numeric", 1.0, ""))
    with pytest.raises(RecipeError, match="only texts or pictures are read by a backbone"):
        pretrained.with_backbone(replace(TASK, modality="tabular", image_shape=(), columns=columns), tmp_path)


def test_another_backbone_than_the_models_is_refused(tmp_path):
    task = pretrained.with_backbone(TASK, own_folder(tmp_path / "o"))
    other = own_folder(tmp_path / "other", layer="first")
    with pytest.raises(DataError, match="holds another backbone"):
        pretrained.with_backbone(task, other)


def test_new_rows_are_computed_once_and_only_if_something_reads_their_vectors(tmp_path, monkeypatch):
    task = pretrained.with_backbone(TASK, own_folder(tmp_path / "o"))
    expected = pretrained.embedded(rows(), task).vectors
    asked = []
    real = pretrained.vectors._computed

    def computed(*args):
        asked.append(1)
        return real(*args)

    monkeypatch.setattr(pretrained.vectors, "_computed", computed)
    made = pretrained.with_vectors(rows(), task)
    part = made.vectors[np.array([4, 1, 3])][1:]
    assert (made.vectors.shape, part.shape, len(part), asked) == ((6, 6), (2, 6), 2, [])
    np.testing.assert_array_equal(expected[[1, 3]], part)
    np.testing.assert_array_equal(expected, np.asarray(made.vectors, np.float32))
    assert asked == [1]


def test_a_saved_task_names_its_backbone_and_odd_words_about_it_are_refused(tmp_path):
    from automl.bundle.tasks import task_from_dict, task_to_dict
    from automl.errors import BundleError

    task = pretrained.with_backbone(TASK, own_folder(tmp_path / "o"))
    stored = task_to_dict(task)
    assert task_from_dict(stored) == task
    for change in ({"dim": "6"}, {"folder": 5}, {"more": 1}):
        with pytest.raises(BundleError, match="odd things of its backbone"):
            task_from_dict({**stored, "backbone": {**stored["backbone"], **change}})
    with pytest.raises(BundleError, match="backbone"):
        task_from_dict({**stored, "backbone": 5})


def test_models_of_before_name_it_in_their_text_columns():
    said = {"folder": "f", "name": "n", "kind": "bert", "digest": "d", "dim": 3}
    task = Task("text", "binary", ("y",), "roc_auc", columns=(Column("t", "text", 1.0, "", {"backbone": said}),))
    assert pretrained.backbone_of(task) == said
