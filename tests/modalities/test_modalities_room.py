import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

from automl import modalities
from automl.detect.generated_items import detect_array
from automl.errors import RecipeError
from automl.intake import load
from automl.recipe import make
from automl.records import Encoder, TargetCodec

ALL = ("table", "texts", "pictures", "sequences", "panel")


def rows_of(dataset, split):
    if split.train_windows is None:
        return np.arange(dataset.n_rows)
    return np.concatenate([split.train_windows, split.valid_windows, split.test_windows])


@pytest.mark.parametrize("name", ALL)
def test_what_fit_gives_is_what_the_records_promise(name, request):
    dataset, task, split = request.getfixturevalue(name)
    encoder, codec = modalities.fit(dataset, task, split)
    assert isinstance(encoder, Encoder)
    assert isinstance(codec, TargetCodec)
    rows = rows_of(dataset, split)
    arrays = encoder.transform(dataset, rows)
    assert [spec.name for spec in encoder.specs] == list(arrays)
    for spec in encoder.specs:
        array = arrays[spec.name]
        assert array.shape == (len(rows), *spec.shape)
        assert array.dtype == np.dtype(spec.dtype)
        assert np.isfinite(array).all()
        if spec.kind in ("tokens", "categories"):
            assert array.min() >= 0 and array.max() < spec.size


@pytest.mark.parametrize("name", ALL)
def test_a_state_survives_json_and_npz_and_restores_bit_for_bit(name, request, stored, same_arrays, same_state):
    dataset, task, split = request.getfixturevalue(name)
    encoder, codec = modalities.fit(dataset, task, split)
    rows = rows_of(dataset, split)
    again = modalities.restore(stored(encoder.state()))
    assert same_arrays(encoder.transform(dataset, rows), again.transform(dataset, rows))
    assert list(map(asdict, encoder.specs)) == list(map(asdict, again.specs))
    assert same_state(encoder.state(), again.state())
    codec_again = modalities.restore_codec(stored(codec.state()))
    assert codec.head == codec_again.head
    assert np.array_equal(codec.encode(dataset, rows), codec_again.encode(dataset, rows))
    raw = np.random.default_rng(0).normal(size=(7, *codec.head.shape)).astype(np.float32)
    assert same_arrays(codec.decode(raw).arrays, codec_again.decode(raw).arrays)


@pytest.mark.parametrize("name", ALL)
def test_validation_and_test_rows_leave_no_trace_in_any_state(name, request, changed, same_state):
    dataset, task, split = request.getfixturevalue(name)
    held_out = np.union1d(split.valid, split.test)
    other = changed(dataset, held_out)
    encoder, codec = modalities.fit(dataset, task, split)
    encoder_other, codec_other = modalities.fit(other, task, split)
    assert same_state(encoder.state(), encoder_other.state())
    assert same_state(codec.state(), codec_other.state())
    assert modalities.facts(task, split, codec) == modalities.facts(task, split, codec)


@pytest.mark.parametrize("name", ALL)
def test_training_rows_do_leave_a_trace(name, request, changed, same_state):
    dataset, task, split = request.getfixturevalue(name)
    other = changed(dataset, split.train[: len(split.train) // 2])
    encoder, _ = modalities.fit(dataset, task, split)
    assert not same_state(encoder.state(), modalities.fit(other, task, split)[0].state())


@pytest.mark.parametrize("name", ALL)
def test_one_row_gives_what_it_gives_among_others(name, request, same_arrays):
    dataset, task, split = request.getfixturevalue(name)
    encoder, _ = modalities.fit(dataset, task, split)
    rows = rows_of(dataset, split)
    together = encoder.transform(dataset, rows)
    for place in (0, len(rows) // 2, len(rows) - 1):
        alone = encoder.transform(dataset, rows[place : place + 1])
        assert same_arrays(alone, {key: array[place : place + 1] for key, array in together.items()})


@pytest.mark.parametrize("name", ALL)
def test_no_rows_give_empty_arrays(name, request):
    dataset, task, split = request.getfixturevalue(name)
    encoder, _ = modalities.fit(dataset, task, split)
    arrays = encoder.transform(dataset, rows_of(dataset, split)[:0])
    assert {spec.name: (0, *spec.shape) for spec in encoder.specs} == {k: array.shape for k, array in arrays.items()}


def test_facts_count_training_rows_and_their_classes(table, texts, panel):
    dataset, task, split = table
    found = modalities.facts(task, split, modalities.fit(dataset, task, split)[1])
    assert (found.n_rows, found.n_classes, found.priors) == (len(split.train), 0, ())
    dataset, task, split = texts
    found = modalities.facts(task, split, modalities.fit(dataset, task, split)[1])
    assert found.n_classes == 2
    assert found.priors[1] == pytest.approx(np.mean(dataset.target["y"].to_numpy()[split.train] == "spam"), abs=0.01)
    dataset, task, split = panel
    assert modalities.facts(task, split, modalities.fit(dataset, task, split)[1]).n_rows == 117


def test_an_encoder_of_a_goal_without_target_is_fitted_without_the_label(table):
    dataset, task, split = table
    made, codec = modalities.fit(dataset, replace(task, goal="anomaly"), split)
    again, _ = modalities.fit(replace(dataset, target=None), replace(task, goal="anomaly"), split)
    assert codec.head.loss == "own" and not codec.encode(dataset, split.train).any()
    assert [spec.name for spec in made.specs] == [spec.name for spec in again.specs]
    assert "clues" not in [spec.name for spec in made.specs]


def test_importing_the_room_loads_no_keras_and_no_scikit_learn():
    code = "import sys, automl.modalities; print([m for m in ('keras', 'tensorflow', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["texts", "sequences", "panel"])
def test_only_pictures_are_decoded(name, request):
    dataset, task, _ = request.getfixturevalue(name)
    assert (dataset, task) == modalities.named(task).decode(dataset, task, None)


def test_a_modality_that_is_none_is_named_with_the_nearest():
    with pytest.raises(RecipeError, match="modality 'tabulra' is unknown; did you mean 'tabular'"):
        modalities.named("tabulra")


def other(**fields):
    return replace(modalities.named("sequence"), **{"name": "spectrum", "base": "sequence", **fields})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "text"}, "a modality named 'text', which automl has itself"),
        ({"base": "spectra"}, "has the base 'spectra'; expected one of text, image, audio, sequence, tabular"),
        ({"restore": {"tabular": len}}, "restores an encoder named 'tabular', which another modality"),
    ],
)
def test_a_modality_of_a_plug_in_that_cannot_be_told_from_ours_is_refused(fields, words):
    with pytest.raises(RecipeError, match=words):
        modalities.plug_in([other(**fields)])


def test_a_modality_of_a_plug_in_is_asked_before_ours_and_served_by_its_base():
    modalities.plug_in([other()])
    try:
        assert [*modalities.known()] == ["spectrum", "text", "image", "audio", "sequence", "tabular"]
        assert modalities.serves("sequence", "spectrum") and not modalities.serves("spectrum", "sequence")
    finally:
        modalities.plug_in(())


def test_items_of_a_modality_of_a_plug_in_are_generated_and_called_by_how_they_look():
    X, y = np.random.default_rng(0).normal(size=(60, 1, 16)), np.array(["a", "b"] * 30)
    recipe = make(data=(X, y), goal="generate")
    dataset = load(recipe)
    modalities.plug_in([other()])
    try:
        task = detect_array(dataset, recipe)[1]
        assert (task.modality, task.label) == ("spectrum", "y")
        with pytest.raises(RecipeError, match="series are generated given their class, which is called 'y'"):
            detect_array(dataset, replace(recipe, condition="other"))
    finally:
        modalities.plug_in(())
