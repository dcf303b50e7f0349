"""Stored models name the modules of their classes; where those have moved, models of before still open."""

import importlib
import io
import json
import zipfile

import numpy as np
import pytest
import skops.io
from problems import rows_problem

from automl import catalog
from automl.goals import truth
from automl.records import Baseline, Cost, Facts, FitContext, Output, Run
from automl.shallow.archive import Archive
from automl.storage.moved_types import MOVED, renamed
from automl.storage.trusted import loading, loads
from automl.storage.trusted.errors import Untrusted

FAMILIES = ("linear", "forest", "neighbours", "vectors")


def fitted(name):
    dataset, task, split = rows_problem("tabular", "regression", 60)
    baseline = catalog.members(Baseline, "automl.baselines")[name]
    settings = next(iter(baseline.settings(task, Facts(len(split.train), 0), 0)))
    model = baseline.make(task, settings, 0)
    context = FitContext(None, None, split.valid, truth(dataset, task, split.valid))
    model.fit(dataset, split.train, truth(dataset, task, split.train), None, context)
    return model, dataset, split


def repacked(content, change):
    """The same archive with another description."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(made, "w") as copy:
        for name in archive.namelist():
            copy.writestr(name, change(archive.read(name)) if name == "schema.json" else archive.read(name))
    return made.getvalue()


def as_before(content):
    """A file as it was saved before the modules moved."""

    def change(schema):
        text = schema.decode()
        for old, new in MOVED.items():
            text = text.replace(f'"__module__": "{new}"', f'"__module__": "{old}"')
        return text.encode()

    return repacked(content, change)


def modules_in(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read("schema.json").decode()
    return {old for old in MOVED if f'"__module__": "{old}"' in text}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_model_of_before_opens_and_predicts_alike(name):
    model, dataset, split = fitted(name)
    content = skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED)
    old = as_before(content)
    assert modules_in(old) and not modules_in(content)
    names = skops.io.get_untrusted_types(data=renamed(old))
    assert names == skops.io.get_untrusted_types(data=content)
    again = skops.io.loads(renamed(old), trusted=names)
    expected, found = (one.predict(dataset, split.test).arrays["values"] for one in (model, again))
    assert type(again) is type(model) and np.array_equal(expected, found)


def test_what_is_saved_now_names_todays_places_and_is_left_as_it_is():
    content = skops.io.dumps(fitted("linear")[0])
    assert renamed(content) is content


def test_every_module_has_a_place_today():
    assert len(MOVED) > 8
    assert all(importlib.import_module(new) for new in MOVED.values())
    assert not set(MOVED) & set(MOVED.values())


def test_other_names_stay_for_the_check_that_follows():
    content = skops.io.dumps(fitted("linear")[0])
    other = repacked(content, lambda schema: schema.replace(b"automl.baselines.model", b"automl.baselines.other"))
    assert renamed(other) is other
    both = repacked(as_before(content), lambda schema: schema.replace(b"automl.baselines.model", b"automl.cli.app"))
    with zipfile.ZipFile(io.BytesIO(renamed(both))) as archive:
        assert b'"automl.cli.app"' in archive.read("schema.json")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"x" * 1000])
def test_what_is_no_such_file_comes_back_as_it_is(content):
    assert renamed(content) is content


def test_a_description_that_is_none_comes_back_as_it_is():
    content = as_before(skops.io.dumps(fitted("linear")[0]))
    broken = repacked(content, lambda schema: schema[:-40])
    assert renamed(broken) is broken


def test_a_file_that_unpacks_to_far_more_comes_back_as_it_is(monkeypatch):
    monkeypatch.setattr("automl.storage.moved_types.LEAST_BYTES", 100)
    content = as_before(skops.io.dumps(fitted("linear")[0]))
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as copy:
        copy.writestr("schema.json", archive.read("schema.json"))
        copy.writestr("1.npy", bytes(100 * len(content)))
    assert renamed(made.getvalue()) == made.getvalue()
    assert renamed(content) != content and renamed(content, 0.5 * len(content)) is content


def test_a_file_with_two_members_of_one_name_comes_back_as_it_is():
    content = as_before(skops.io.dumps(fitted("linear")[0]))
    made = io.BytesIO(content)
    with zipfile.ZipFile(made, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("schema.json", "{}")
    assert renamed(made.getvalue()) == made.getvalue()


def test_a_file_with_members_that_no_model_has_is_not_packed_anew(monkeypatch):
    """However many there are: the check that follows refuses them by their names alone."""
    content = as_before(skops.io.dumps(fitted("linear")[0]))
    made = io.BytesIO(content)
    with zipfile.ZipFile(made, "a") as archive:
        for i in range(50):
            archive.writestr(f"q{i}", b"")
    read = []
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda self, name, pwd=None: read.append(name))
    with pytest.raises(Untrusted, match="it holds 'q0', which no model of ours has"):
        loads(made.getvalue())
    assert not read
    monkeypatch.undo()
    assert type(loads(content)).__name__ == "Model"


def test_an_old_model_is_packed_anew_once(monkeypatch):
    content = as_before(skops.io.dumps(fitted("linear")[0]))
    packed = []
    monkeypatch.setattr(loading, "renamed", lambda *given: packed.append(given) or renamed(*given))
    loads(content)
    assert len(packed) == 1


def test_a_class_named_without_a_module_of_ours_is_not_touched():
    content = skops.io.dumps(fitted("linear")[0])
    old = as_before(content)
    with zipfile.ZipFile(io.BytesIO(renamed(old))) as archive:
        schemas = [archive.read("schema.json")]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schemas.append(archive.read("schema.json"))
    assert json.loads(schemas[0]) == json.loads(schemas[1])


def test_a_run_folder_of_before_gives_its_models(tmp_path):
    model, _, split = fitted("linear")
    archive = Archive(tmp_path, {}, pytest.fail)
    run = Run("linear-1", "shallow", "done", "linear", valid_score=0.5, cost=Cost(fit_seconds=1.0))
    values = np.zeros((len(split.valid), 2))
    arrays = [np.frombuffer(as_before(skops.io.dumps(model)), dtype=np.uint8), values]
    archive.store.save(run.name, arrays, {"score": 0.5, "kind": "values", "arrays": ["values"]})
    found = archive.load(run)
    assert found is not None and isinstance(found[1][0], Output)
    archive.store.save(run.name, [arrays[0][:-100], values], {"score": 0.5, "kind": "values", "arrays": ["values"]})
    assert archive.load(run) is None
