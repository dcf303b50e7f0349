"""A shallow model of a plug-in's family is saved with the names of its types, and opened where the plug-in is named."""

import io
import json
import pickle
import shutil
import sys
import types
import zipfile

import numpy as np
import pytest
from problems import rows_problem

import automl
from automl import bundle, catalog, goals
from automl.bundle.saving import digest, sha256
from automl.errors import BundleError, RecipeError
from automl.estimators.fitted import FittedModel
from automl.records import Cost, FitContext, Output, Run
from automl.shallow.archive import Archive
from automl.sides.predictors import ShallowPredictor
from automl.storage.trusted import Untrusted, check, check_plugged, loads_plugged, names_in

SOURCE = '''
"""A family whose models hold a scikit-learn pipeline on the numbers."""
from subprocess import Popen  # another's, whoever imports it
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from automl.records import Baseline, Output


def bent(X):
    return np.tanh(X)


class Mine:
    words = ("as a class has them",)

    def __init__(self):
        self.words = ["any/words", "at all"]
        self.memory = {"of": "its own"}

    def fit(self, dataset, rows, truth, weight, context):
        steps = (StandardScaler(), FunctionTransformer(bent), FunctionTransformer(np.abs), LogisticRegression())
        self.steps = make_pipeline(*steps).fit(self.numbers(dataset, rows), truth)
        self.levels = OneHotEncoder(handle_unknown="ignore").fit(dataset.inputs[["level"]].iloc[rows].fillna(""))

    def numbers(self, dataset, rows):
        return np.nan_to_num(dataset.inputs[["number"]].to_numpy()[rows])

    def predict(self, dataset, rows):
        shares = self.steps.predict_proba(self.numbers(dataset, rows))
        return Output("probabilities", {"probabilities": shares, "labels": shares.argmax(axis=1)})


MINE = Baseline("mine", "fast", "tabular", ("binary",), lambda task, s, seed: Mine(), lambda *_: iter([{}]))
'''


@pytest.fixture(autouse=True)
def plug_ins_of_a_test_stay_in_it(monkeypatch):
    monkeypatch.setattr(catalog, "_FILES", {})


@pytest.fixture(scope="module")
def problem():
    return rows_problem("tabular", "binary")


def written(folder, source=SOURCE, name="mine.py"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(source)
    return path


def fitted(path, problem):
    (module,) = catalog.extend([path])
    dataset, task, split = problem
    model = module.MINE.make(task, {}, 0)
    model.fit(dataset, split.train, goals.truth(dataset, task, split.train), None, FitContext())
    return model


def saved(folder, model, problem):
    return bundle.save(folder, problem[1], {"shallow": ShallowPredictor((model,))}, "shallow", {}, "")


def shares(model, problem):
    dataset, _, split = problem
    return model.predict(dataset, split.test).arrays["probabilities"]


def opened(folder, problem, plugins=()):
    model = automl.load(folder, plugins=plugins)
    return shares(model.shallow.predictor.models[0], problem)


def test_it_opens_with_its_file_wherever_that_lies_and_not_without(problem, tmp_path, monkeypatch):
    model = fitted(written(tmp_path / "here"), problem)
    folder = saved(tmp_path / "model", model, problem)
    named = json.loads((folder / "bundle.json").read_text())["plugins"]
    assert named == [
        {
            "name": "mine.py",
            "module": "automl_plugin_mine",
            "types": ["automl_plugin_mine.Mine", "automl_plugin_mine.bent"],
        }
    ]
    monkeypatch.setattr(catalog, "_FILES", {})
    moved = shutil.copytree(tmp_path / "here", tmp_path / "there")
    np.testing.assert_array_equal(opened(folder, problem, moved / "mine.py"), shares(model, problem))
    words = r"plug-in 'mine.py' \(Mine, bent\).*automl.load\(path, plugins=\['mine.py'\]\), or --plugins ./mine.py"
    with pytest.raises(BundleError, match=words):  # that it was imported before is not enough
        automl.load(folder)
    with pytest.raises(BundleError, match=words):
        automl.load(folder, plugins=[written(tmp_path, "", "other.py")])


def test_another_file_of_its_name_is_no_substitute(problem, tmp_path):
    folder = saved(tmp_path / "model", fitted(written(tmp_path / "here"), problem), problem)
    other = written(tmp_path / "other", "Mine = 1\n")
    with pytest.raises(
        BundleError, match=r"the plug-in 'mine.py' does not bring Mine, bent, which its shallow model is"
    ):
        automl.load(folder, plugins=[other])
    assert opened(folder, problem, [other, tmp_path / "here" / "mine.py"]).shape[1] == 2


def test_two_files_of_one_name_are_told_apart_or_refused(problem, tmp_path):
    one, two = (fitted(written(tmp_path / name), problem) for name in ("one", "two"))
    with pytest.raises(BundleError, match=r"plug-in files of one name .*rename one"):
        bundle.save(tmp_path / "model", problem[1], {"shallow": ShallowPredictor((one, two))}, "shallow", {}, "")


def altered(folder, change):
    """The bundle with another index and another skops file, sealed again."""
    index = json.loads((folder / "bundle.json").read_text())
    path = folder / "shallow-0.skops"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members["schema.json"])
    change(index, schema)
    members["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    index["files"]["shallow-0.skops"] = sha256(path)
    index["digest"] = digest(index)
    (folder / "bundle.json").write_text(json.dumps(index))
    return folder


def part(name, loader="ObjectNode"):
    module, _, own = name.rpartition(".")
    return {"__class__": own, "__module__": module, "__loader__": loader, "content": None}


def added(node, *declared):
    """An alteration: one more attribute, whose type the index may name."""

    def change(index, schema):
        schema["content"]["content"]["more"] = node
        kinds = schema["content"]["key_types"]["content"]
        kinds.append(dict(kinds[0]))
        index["plugins"][0]["types"] += declared

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (added(part("subprocess.Popen"), "subprocess.Popen"), "does not bring Popen"),
        (added(part("automl_plugin_mine.Popen"), "automl_plugin_mine.Popen"), "does not bring Popen"),
        (
            added(part("subprocess.Popen")),
            "names the type 'subprocess.Popen', which is neither the plug-in's nor trusted",
        ),
        (added(part("os.system", "FunctionNode")), "names the type '(os|posix).system'"),
        (added(part("automl_plugin_mine.Mine", "MethodNode")), "as 'MethodNode', which nothing may be"),
        (added(part("operator.methodcaller", "OperatorFuncNode")), "as 'OperatorFuncNode', which nothing may be"),
        (lambda index, schema: index.pop("plugins"), "names the type 'automl_plugin_mine.Mine', which is not on"),
        (lambda index, schema: index.update(plugins=[{"name": "mine.py"}]), "names plug-ins in another form"),
        (lambda index, schema: index["plugins"][0].update(types=[1]), "names types of plug-ins in another form"),
    ],
)
def test_naming_the_plug_in_lets_in_nothing_else(problem, tmp_path, change, words):
    path = written(tmp_path / "here")
    folder = altered(saved(tmp_path / "model", fitted(path, problem), problem), change)
    with pytest.raises(BundleError, match=words):
        opened(folder, problem, path)


def test_a_setting_that_names_a_folder_is_refused(problem, tmp_path):
    import skops.io

    model = fitted(written(tmp_path / "here"), problem)
    own = {name for name in names_in(skops.io.dumps(model)) if name.startswith("automl_plugin_")}
    check_plugged(skops.io.dumps(model), own)
    model.steps.memory = str(tmp_path / "cache")
    with pytest.raises(Untrusted, match="an object has 'memory' of another value than None"):
        check_plugged(skops.io.dumps(model), own)


def test_two_nodes_of_one_identity_must_be_alike(problem, tmp_path):
    import skops.io

    model = fitted(written(tmp_path / "here"), problem)
    content = skops.io.dumps(model)
    own = {name for name in names_in(content) if name.startswith("automl_plugin_")}
    loads_plugged(content, own)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members["schema.json"])
    schema["content"]["content"]["words"]["__id__"] = schema["content"]["content"]["steps"]["__id__"]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, held in members.items():
            archive.writestr(name, json.dumps(schema) if name == "schema.json" else held)
    with pytest.raises(Untrusted, match="two of its nodes have one identity"):
        check_plugged(made.getvalue(), own)


OTHERS = """
import numpy as np
from somebody_elses import Table
from automl.records import Baseline


class Holder:
    def __init__(self):
        self.table = Table()


MINE = Baseline("mine", "fast", "tabular", ("binary",), lambda t, s, seed: Holder(), lambda *_: iter([{}]){more})
"""


def test_types_of_another_library_have_to_be_declared(problem, tmp_path, monkeypatch):
    library = types.ModuleType("somebody_elses")
    exec("class Table:\n    def __init__(self):\n        self.n = 3\n", vars(library))
    monkeypatch.setitem(sys.modules, "somebody_elses", library)
    library.Table.__module__ = "somebody_elses"
    (bare,) = catalog.extend([written(tmp_path / "bare", OTHERS.replace("{more}", ""))])
    with pytest.raises(BundleError, match=r"names the type 'somebody_elses.Table'.*may declare it \(types\)"):
        saved(tmp_path / "model", bare.Holder(), problem)
    monkeypatch.setattr(catalog, "_FILES", {})
    declared = written(tmp_path / "declared", OTHERS.replace("{more}", ', types=("somebody_elses.Table",)'))
    (module,) = catalog.extend([declared])
    folder = saved(tmp_path / "model", module.Holder(), problem)
    (entry,) = json.loads((folder / "bundle.json").read_text())["plugins"]
    assert "somebody_elses.Table" in entry["types"]


class Point:
    """An entry point of an installed package."""

    name, value, module, dist = "their_members", "their_package.mine", "their_package.mine", None

    def load(self):
        return sys.modules[self.module]


def test_an_installed_plug_in_is_named_by_its_entry_point(problem, tmp_path, monkeypatch):
    for name in ("their_package", "their_package.mine", "their_package.models"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    exec(SOURCE, vars(sys.modules["their_package.models"]))
    sys.modules["their_package.mine"].MINE = sys.modules["their_package.models"].MINE
    monkeypatch.setattr(catalog, "entry_points", lambda group: [Point()])
    dataset, task, split = problem
    model = sys.modules["their_package.models"].Mine()
    model.fit(dataset, split.train, goals.truth(dataset, task, split.train), None, FitContext())
    folder = saved(tmp_path / "model", model, problem)
    np.testing.assert_array_equal(opened(folder, problem, ["their_members"]), shares(model, problem))
    with pytest.raises(BundleError, match=r"plugins=\['their_members'\]\), or --plugins their_members"):
        automl.load(folder)


def test_a_pickled_estimator_finds_its_plug_in_again(problem, tmp_path, monkeypatch):
    path = written(tmp_path / "here")
    model = fitted(path, problem)
    pickled = pickle.dumps(FittedModel(problem[1], ShallowPredictor((model,)), "shallow", keeps_rows=False))
    monkeypatch.setattr(catalog, "_FILES", {})
    again = pickle.loads(pickled)
    np.testing.assert_array_equal(shares(again.predictor.models[0], problem), shares(model, problem))
    path.unlink()
    monkeypatch.setattr(catalog, "_FILES", {})
    with pytest.raises(RecipeError, match="expected plugins to be Python files"):
        pickle.loads(pickled)


def test_a_resumed_run_finds_models_of_its_plug_ins(problem, tmp_path, monkeypatch):
    model = fitted(written(tmp_path / "here"), problem)
    archive = Archive(tmp_path, {}, pytest.fail)
    run = Run("mine-1", "shallow", "done", "mine", valid_score=0.5, cost=Cost(fit_seconds=60.0))
    output = Output("probabilities", {"probabilities": shares(model, problem)})
    assert archive.keep(run, pickle.dumps(model), [output], 60.0)
    kept, _ = archive.load(run)
    np.testing.assert_array_equal(shares(pickle.loads(kept), problem), shares(model, problem))
    monkeypatch.setattr(catalog, "_FILES", {})
    assert archive.load(run) is None


def test_a_model_that_cannot_be_saved_loses_no_contest(tmp_path):
    from automl.flow.keep import keep
    from automl.testing.outcomes import example_outcome

    class Stranger:
        def predict(self, dataset, rows):
            raise AssertionError

    outcome = example_outcome("binary")
    kept, result = keep(outcome, {"shallow": ShallowPredictor((Stranger(),))}, "shallow", tmp_path)
    assert kept.findings[0].check == "model_not_saved" == result["findings"][0]["check"]
    assert "were not saved" in (tmp_path / "report.md").read_text() and not (tmp_path / "model").exists()


def test_the_closed_lists_stay_closed(problem, tmp_path):
    folder = saved(tmp_path / "model", fitted(written(tmp_path / "here"), problem), problem)
    with pytest.raises(Untrusted, match="not on automl's list"):
        check((folder / "shallow-0.skops").read_bytes())
