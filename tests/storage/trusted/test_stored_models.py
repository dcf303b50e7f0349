"""A stored shallow model from elsewhere: what it names is on a list, and native code finds its way in what it holds."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import skops.io

from automl.baselines.learners.boosters import Boosters
from automl.baselines.learners.linear import Linear
from automl.baselines.learners.trees import Boosting, Forest
from automl.baselines.learners.vectors import Vectors
from automl.records import FitContext
from automl.storage.trusted import Untrusted, check, loads

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(size=(120, 2)), RNG.integers(0, 4, 120)])
Y = ((X[:, 0] > 0) ^ (X[:, 2] > 1)).astype(np.int64)
FEW = {"max_iter": 4, "n_estimators": 3, "patience": 9}


def fitted(learner, **more):
    learner.fit(X, Y, None, None, None, FitContext(), lambda: None, **more)
    return learner


MODELS = {
    "forest": lambda: fitted(Forest("binary", 2, {**FEW, "kind": "random"})),
    "boosting": lambda: fitted(Boosting("binary", 2, FEW), categories=[False, False, True]),
    "vectors": lambda: fitted(Vectors("binary", 2)),
    "linear": lambda: fitted(Linear("binary", 2)),
}


@pytest.fixture(scope="module")
def stored():
    return {name: skops.io.dumps(make()) for name, make in MODELS.items()}


def rewritten(content, change):
    """The file with its members changed: a function of the description and the arrays, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members.pop("schema.json"))
    schema = change(schema, members) or schema
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in {**members, "schema.json": json.dumps(schema).encode()}.items():
            archive.writestr(name, data)
    return made.getvalue()


def nodes(schema):
    """Every node of a description."""
    if isinstance(schema, dict):
        if "__loader__" in schema:
            yield schema
        for value in schema.values():
            yield from nodes(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from nodes(value)


def attributes(schema, name):
    """Every node that is an object's attribute of this name."""
    return [
        node["content"]["content"][name]
        for node in nodes(schema)
        if node["__loader__"] == "ObjectNode" and name in (node.get("content") or {}).get("content", {})
    ]


def plain(value):
    return {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": json.dumps(value),
            "is_json": True}  # fmt: skip


def setting(name, value):
    """Give every attribute of this name another value; objects that lack it get it."""

    def change(schema, members):
        found = attributes(schema, name)
        for node in found:
            node.clear()
            node.update(plain(value))
        if not found:
            top = schema["content"]
            top["content"][name] = plain(value)
            top["key_types"]["content"].append(dict(top["key_types"]["content"][0]))

    return change


def in_array(is_wanted, alter):
    """Alter the first array that is wanted."""

    def change(schema, members):
        for name in sorted(members):
            array = np.array(np.load(io.BytesIO(members[name])))
            if is_wanted(array):
                made = io.BytesIO()
                np.save(made, alter(array))
                members[name] = made.getvalue()
                return
        raise AssertionError("no such array")

    return change


def field(name, value, where=None):
    """Set a field of a tree's nodes, everywhere or where a function says."""

    def alter(array):
        array[name][slice(None) if where is None else where(array)] = value
        return array

    return in_array(lambda array: array.dtype.names is not None and name in array.dtype.names, alter)


@pytest.mark.parametrize("name", list(MODELS))
def test_what_was_stored_opens_and_predicts_bit_equally_even_twice(name, stored):
    model = loads(stored[name])
    again = loads(skops.io.dumps(model))
    assert model.predict(X).tobytes() == again.predict(X).tobytes() == MODELS[name]().predict(X).tobytes()


class Foreign:
    """On nobody's list."""


def test_a_type_that_skops_trusts_and_no_model_of_ours_needs_is_refused():
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.preprocessing import MaxAbsScaler

    for other in (MaxAbsScaler().fit(X), HashingVectorizer(input="filename"), np.log1p, {1}):
        assert skops.io.get_untrusted_types(data=skops.io.dumps(other)) == []
        with pytest.raises(Untrusted, match="names the type"):
            check(skops.io.dumps(other))
    with pytest.raises(Untrusted, match=r"names the type '.*Foreign', which is not on automl's list"):
        check(skops.io.dumps(Foreign()))


WORDS = {
    "a library to import": ("boosters", "library", "package.module.x"),
    "a library with another name": ("boosters", "library", "os"),
    "an attribute that no word belongs to": ("forest", "memory", "cache"),
    "another criterion": ("forest", "criterion", "os.system"),
    "more threads than there are": ("forest", "n_jobs", 100_000),
    "messages": ("forest", "verbose", 50),
    "another kernel": ("vectors", "kernel", "precomputed"),
    "another loss": ("linear", "loss", "../loss"),
    "a hidden method": ("linear", "predict", "x"),
    "a hidden property of the class": ("linear", "__class__", "x"),
}


@pytest.mark.parametrize(("name", "attribute", "value"), WORDS.values(), ids=WORDS)
def test_a_word_that_is_on_no_list_is_refused_before_anything_is_built(name, attribute, value, stored, monkeypatch):
    empty = Boosters.__new__(Boosters)
    vars(empty).update(library="lightgbm", goal="binary", n_classes=2, settings={}, seed=0, categories=[], stored=[],
                       codes=[], stopped="", _opened={})  # fmt: skip
    content = {**stored, "boosters": skops.io.dumps(empty)}[name]
    check(content)
    with pytest.raises(Untrusted):
        check(rewritten(content, setting(attribute, value)))


def texts():
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3)).fit(["some words", "other words", "more of them"])


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("input", "filename"), ("token_pattern", "(a+)+$"), ("analyzer", "word"), ("encoding", "unicode_escape"),
        ("stop_words", "english"), ("tokenizer", "os.system"), ("strip_accents", "x"), ("decode_error", "x"),
    ],
)  # fmt: skip
def test_a_vectorizer_reads_no_file_and_compiles_no_pattern_of_the_file(attribute, value):
    stored = skops.io.dumps(texts())
    assert (
        loads(stored).transform(["some words"]).toarray().tobytes()
        == texts().transform(["some words"]).toarray().tobytes()
    )
    with pytest.raises(Untrusted, match=attribute):
        check(rewritten(stored, setting(attribute, value)))


def test_a_word_hidden_in_an_array_is_refused():
    def change(schema, members):
        made = io.BytesIO()
        np.save(made, np.array("filename"))
        members["12345.npy"] = made.getvalue()
        node = attributes(schema, "input")[0]
        node.clear()
        node.update(__class__="ndarray", __module__="numpy", __loader__="NdArrayNode", type="numpy", file="12345.npy")

    with pytest.raises(Untrusted, match="holds an array of"):
        check(rewritten(skops.io.dumps(texts()), change))


def test_two_nodes_of_one_identity_must_be_equal(stored):
    """skops builds the first of them in both places, whatever the second says."""

    def change(schema, members):
        first, second = [node for node in nodes(schema) if node["__loader__"] == "NdArrayNode"][:2]
        second["__id__"] = first["__id__"]

    with pytest.raises(Untrusted, match="one identity"):
        check(rewritten(stored["vectors"], change))


@pytest.mark.parametrize(
    "loader", ["MethodNode", "OperatorFuncNode", "ConstructorFromReduceNode", "CachedNode", "X", 3]
)
def test_a_node_that_is_loaded_in_a_way_no_model_needs_is_refused(loader, stored):
    def change(schema, members):
        next(node for node in nodes(schema) if node["__loader__"] == "JsonNode")["__loader__"] = loader

    with pytest.raises(Untrusted):
        check(rewritten(stored["linear"], change))


def test_a_partial_binds_one_function_and_few_of_its_settings(stored):
    def func(schema, members):
        node = next(node for node in nodes(schema) if node["__loader__"] == "FunctionNode")
        node.update(__class__="load", __module__="joblib")

    def bound(schema, members):
        node = next(node for node in nodes(schema) if node["__loader__"] == "PartialNode")["content"]["kwds"]
        node["content"]["estimator"] = plain("x")
        node["key_types"]["content"].append(dict(node["key_types"]["content"][0]))

    loads(stored["boosting"])
    for change in (func, bound):
        with pytest.raises(Untrusted):
            check(rewritten(stored["boosting"], change))


@pytest.mark.parametrize("change", [
    lambda s, m: m.update({"9.npy": b""}) or m.update({"evil.py": b"x"}),
    lambda s, m: m.pop(sorted(m)[0]) and None,
    lambda s, m: s.update(protocol={}, extra=1),
    lambda s, m: [s],
    lambda s, m: {"__class__": 3},
    lambda s, m: {"a": {"__loader__": "X"}},
], ids=["another member", "a member less", "another key", "a list", "no names", "no loader"])  # fmt: skip
def test_a_malformed_file_is_refused(change, stored):
    with pytest.raises(Untrusted):
        check(rewritten(stored["forest"], change))


def test_what_is_announced_is_known_before_memory_is_taken(stored):
    def announced(schema, members):
        made = io.BytesIO()
        np.lib.format.write_array_header_1_0(made, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
        members[sorted(members)[0]] = made.getvalue() + b"\0" * 64

    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.npy", bytes(300 * 2**20))
    with pytest.raises(Untrusted, match="announces 8,000,000,000,000 bytes"):
        check(rewritten(stored["forest"], announced))
    with pytest.raises(Untrusted, match="would unpack to 300 MiB"):
        check(bomb.getvalue())
    deep = rewritten(
        stored["linear"], lambda s, m: s["content"]["content"].update(coef=json.loads("[" * 600 + "]" * 600))
    )
    with pytest.raises(Untrusted, match="levels deep"):
        check(deep)


# --------------------------------------------------------------------------- trees


def inner(array):
    return np.flatnonzero(array["left_child"] != -1)


TREES = {
    "a column that is none": field("feature", 2**40, inner),
    "a negative column": field("feature", -5, inner),
    "its own child": field("left_child", 0, lambda a: [0]),
    "a cycle": field("right_child", 0, lambda a: [inner(a)[-1]]),
    "a child beyond it": field("right_child", 10**6, lambda a: [0]),
    "one child": field("right_child", -1, lambda a: [0]),
    "no nodes": in_array(lambda a: a.dtype.names is not None, lambda a: a[:0]),
    "fewer nodes than it says": in_array(lambda a: a.dtype.names is not None, lambda a: a[:-1]),
    "fewer values than nodes": in_array(lambda a: a.ndim == 3, lambda a: a[:-1]),
    "other classes than values": in_array(lambda a: a.ndim == 3, lambda a: np.concatenate([a, a], axis=2)),
}


@pytest.mark.parametrize("change", TREES.values(), ids=TREES)
def test_a_tree_that_leads_out_of_itself_is_refused(change, stored):
    with pytest.raises(Untrusted, match=r"tree"):
        check(rewritten(stored["forest"], change))


def test_a_tree_that_says_it_has_more_nodes_is_refused_before_it_is_built(stored):
    def change(schema, members):
        for node in nodes(schema):
            if node["__loader__"] == "TreeNode":
                node["content"]["content"]["node_count"] = plain(10**8)

    with pytest.raises(Untrusted, match="says it has 100000000"):
        check(rewritten(stored["forest"], change))


@pytest.mark.parametrize("attribute", ["n_features_in_", "n_outputs_", "n_classes_"])
def test_a_forest_and_its_trees_speak_of_the_same_columns_and_classes(attribute, stored):
    def change(schema, members):
        node = attributes(schema, attribute)[0]
        node.clear()
        node.update(plain(10**6))

    with pytest.raises(Untrusted):
        loads(rewritten(stored["forest"], change))


def is_inner(array):
    return np.flatnonzero(array["is_leaf"] == 0)


BOOSTED = {
    "a column that is none": field("feature_idx", 900, is_inner),
    "its own child": field("left", 0, lambda a: [0]),
    "a child beyond it": field("right", 2**31, lambda a: [0]),
    "no leaf": field("is_leaf", 0),
    "categories of a column without": field("is_categorical", 1),
    "a set of categories that is none": field("bitset_idx", 2**30),
}


@pytest.mark.parametrize("change", BOOSTED.values(), ids=BOOSTED)
def test_boosted_trees_that_lead_out_of_themselves_are_refused(change, stored):
    with pytest.raises(Untrusted):
        loads(rewritten(stored["boosting"], change))


@pytest.mark.parametrize("beyond", [256.0, -1.0, 0.5, np.nan])
def test_a_category_that_no_set_has_room_for_is_refused(beyond, stored):
    model = loads(stored["boosting"])
    mapper = model.models[0]._bin_mapper
    mapper.bin_thresholds_[int(np.flatnonzero(mapper.is_categorical_)[0])][0] = beyond
    with pytest.raises(Untrusted, match="a category beyond 255"):
        loads(skops.io.dumps(model))


def test_columns_that_a_preprocessor_drops_are_missed(stored):
    """Trees check no column: what reaches them must be as wide as they were grown on."""
    model = loads(stored["boosting"])
    model.models[0]._preprocessor.transformers_ = model.models[0]._preprocessor.transformers_[:1]
    with pytest.raises(Untrusted, match="preprocessor"):
        loads(skops.io.dumps(model))


VECTORS = {
    "more counts": ("_n_support", lambda v: v + 1),
    "counts below 0": ("_n_support", lambda v: np.array([v.sum() + 5, -5], np.int32)),
    "fewer vectors": ("support_vectors_", lambda v: v[:2]),
    "fewer columns": ("support_vectors_", lambda v: np.ascontiguousarray(v[:, :1])),
    "more support": ("support_", lambda v: np.append(v, v).astype(np.int32)),
    "fewer weights": ("_dual_coef_", lambda v: np.ascontiguousarray(v[:, :3])),
    "no intercept": ("_intercept_", lambda v: v[:0]),
    "odd probabilities": ("_probA", lambda v: np.zeros(7)),
    "vectors in another order": ("support_vectors_", np.asfortranarray),
}


@pytest.mark.parametrize(("attribute", "alter"), VECTORS.values(), ids=VECTORS)
def test_support_vectors_whose_lengths_differ_are_refused(attribute, alter, stored):
    model = loads(stored["vectors"])
    setattr(model.models[0], attribute, alter(getattr(model.models[0], attribute)))
    with pytest.raises(Untrusted, match="SVC has"):
        loads(skops.io.dumps(model))


def test_what_our_own_features_hold_is_looked_at_once_it_is_built():
    """Words that our code looks up, places in a sparse matrix, and steps that memory is taken for."""
    from automl.baselines.features.columns import TableFeatures
    from automl.baselines.features.words import TextFeatures
    from automl.baselines.forecast import Naive
    from automl.records import Task

    task = Task("sequence", "forecast", ("y",), "mase", horizon=3, season=12)
    names, places = np.array(["a", "b"]), np.array([1.0, 0.0])

    def table(**step):
        features = TableFeatures(Task("tabular", "binary", ("y",), "roc_auc", classes=("no", "yes")))
        features.plan = {"column": step}
        return features

    def with_values(made, **changes):
        vars(made).update(changes)
        return made

    sound = [
        table(kind="onehot", names=names, values=places),
        table(kind="date", parts=["month"], origin=0.0),
        table(kind="number", flag=False),
        Naive(task, {"base": "last"}, 0),
        TextFeatures(task),
    ]
    unsound = [
        table(kind="onehot", names=names, values=np.array([0.0, 2.0**30])),
        table(kind="onehot", names=names, values=np.array([0.0, -1.0])),
        table(kind="bag", names=names, values=np.array([0.0, 0.5])),
        table(kind="codes", names=names, values=places[:1]),
        table(kind="date", parts=["to_pydatetime"], origin=0.0),
        table(kind="date", parts=["month"], origin="x"),
        table(kind="text", encoder=Linear("binary", 2)),
        table(kind="evil"),
        table(
            kind="number", flag=False, clues={"words": names, "idf": places[:1], "coef": places, "intercept": places}
        ),
        with_values(Naive(task, {"base": "last"}, 0), horizon=10**9),
        with_values(Naive(task, {"base": "last"}, 0), length=10**9),
        with_values(Naive(task, {"base": "last"}, 0), season=10**6),
        with_values(TextFeatures(task), char_ngrams=10**6),
        with_values(Linear("binary", 2), n_classes=10**9),
    ]
    for part in sound:
        loads(skops.io.dumps(part))
    for part in unsound:
        with pytest.raises(Untrusted):
            loads(skops.io.dumps(part))


def test_a_vocabulary_numbers_the_columns_that_there_are():
    for place in (10**9, -1, 0):
        vectorizer = texts()
        vectorizer.vocabulary_[next(word for word, code in vectorizer.vocabulary_.items() if code)] = place
        with pytest.raises(Untrusted, match="TfidfVectorizer has"):
            loads(skops.io.dumps(vectorizer))
