"""Keras runs on TensorFlow, in a process that was not forked after TensorFlow was loaded; else one sentence says so."""

from __future__ import annotations

import json
import os
import sys
import types

import pytest

from automl.errors import RecipeError
from automl.sides import backend
from automl.sides.backend import check_backend


@pytest.fixture(autouse=True)
def not_loaded(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("value", ["jax", "torch", "openvino", "theano"])
def test_another_backend_in_the_environment_is_refused_with_what_to_do(monkeypatch, value):
    monkeypatch.setenv("KERAS_BACKEND", value)

    with pytest.raises(RecipeError, match=f"KERAS_BACKEND is '{value}'; unset KERAS_BACKEND"):
        check_backend()


@pytest.mark.parametrize("value", ["", "tensorflow"])
def test_tensorflow_and_nothing_are_right(monkeypatch, value):
    monkeypatch.setenv("KERAS_BACKEND", value)

    check_backend()


def test_the_configuration_file_counts_unless_the_environment_says_otherwise(monkeypatch, not_loaded):
    (not_loaded / "keras.json").write_text(json.dumps({"backend": "torch"}))

    with pytest.raises(RecipeError, match=r"keras.json names the backend 'torch'"):
        check_backend()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    check_backend()


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"floatx": "float32"}', "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")]
)
def test_a_configuration_that_says_nothing_is_ignored(not_loaded, text):
    (not_loaded / "keras.json").write_text(text)

    check_backend()


def test_a_backend_that_is_loaded_already_is_refused_whatever_the_environment_says(monkeypatch):
    loaded = types.SimpleNamespace(backend=types.SimpleNamespace(backend=lambda: "jax"))
    monkeypatch.setitem(sys.modules, "keras", loaded)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")

    with pytest.raises(RecipeError, match="loaded in this process with the backend 'jax'; use another process"):
        check_backend()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_process_forked_after_tensorflow_was_loaded_is_told_to_spawn(monkeypatch, loaded):
    monkeypatch.setattr(backend, "_forked_with_tensorflow", False)
    if loaded:
        monkeypatch.setitem(sys.modules, "tensorflow", types.ModuleType("tensorflow"))
    else:
        monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    child = os.fork()
    if child == 0:
        try:
            check_backend()
        except RecipeError as error:
            os._exit(3 if "spawn" in str(error) else 4)
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (3 if loaded else 0)
