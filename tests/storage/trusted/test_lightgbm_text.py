"""LightGBM's parser takes every number for granted: one that is no place in its tree is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from automl.storage.trusted import Untrusted
from automl.storage.trusted.lightgbm_text import check_lightgbm

TEXT = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=Column_0 Column_1
feature_infos=[-2:2] 0:1:2
tree_sizes={size}

{tree}end of trees

feature_importances:
Column_0=1
Column_1=1

parameters:
[boosting: gbdt]
[data: ]
[num_leaves: 31]

end of parameters

pandas_categorical:null
"""
TREE = """Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
split_gain=9.5 3
threshold=0.25 0
decision_type=2 1
left_child=1 -1
right_child=-3 -2
leaf_value=-0.5 0.25 1e-1
leaf_weight=3 4 5
leaf_count=3 4 5
internal_value=0 0.1
internal_weight=12 7
internal_count=12 7
cat_boundaries=0 1
cat_threshold=5
is_linear=0
shrinkage=0.1


"""


def model(old="", new="", where="tree"):
    tree = TREE.replace(old, new) if where == "tree" else TREE
    text = TEXT.format(size=len(tree), tree=tree)
    return (text if where == "tree" else text.replace(old, new)).encode()


def test_a_sound_model_passes_and_lightgbm_reads_it_so():
    check_lightgbm(model())
    booster = pytest.importorskip("lightgbm").Booster(model_str=model().decode())
    np.testing.assert_array_equal(
        booster.predict(np.array([[1.0, 0], [0, 0], [0, 1]]), raw_score=True), [0.1, -0.5, 0.25]
    )


FORGED = {
    "a column that is none": ("split_feature=0 1", "split_feature=0 2"),
    "a negative column": ("split_feature=0 1", "split_feature=-1 1"),
    "its own child": ("left_child=1 -1", "left_child=0 -1"),
    "a cycle": ("left_child=1 -1", "left_child=1 0"),
    "an inner child beyond it": ("left_child=1 -1", "left_child=2 -1"),
    "a leaf beyond it": ("right_child=-3 -2", "right_child=-9 -2"),
    "fewer leaves than it says": ("leaf_value=-0.5 0.25 1e-1", "leaf_value=-0.5 0.25"),
    "fewer thresholds": ("threshold=0.25 0", "threshold=0.25"),
    "more leaves": ("num_leaves=3", "num_leaves=300000000"),
    "no leaves": ("num_leaves=3", "num_leaves=0"),
    "words": ("num_leaves=3", "num_leaves=x"),
    "a linear tree": ("is_linear=0", "is_linear=1"),
    "a set beyond its own": ("threshold=0.25 0", "threshold=0.25 7"),
    "no sets": ("num_cat=1", "num_cat=0"),
    "more sets": ("num_cat=1", "num_cat=9"),
    "sets beyond their members": ("cat_boundaries=0 1", "cat_boundaries=0 99"),
    "sets that begin late": ("cat_boundaries=0 1", "cat_boundaries=1 1"),
    "another name": ("shrinkage=0.1", "run=1"),
    "a name twice": ("shrinkage=0.1", "num_cat=1"),
    "another kind of split": ("decision_type=2 1", "decision_type=200 1"),
}
HEADS = {
    "larger trees": ("tree_sizes=", "tree_sizes=9"),
    "no sizes": ("tree_sizes=", "tree_sizes=0 "),
    "more columns": ("max_feature_idx=1", "max_feature_idx=5"),
    "other trees than classes": ("num_tree_per_iteration=1", "num_tree_per_iteration=7"),
    "other classes than its objective": ("num_class=1", "num_class=9"),
    "a custom objective": ("objective=binary sigmoid:1", "objective=custom"),
    "another tree first": ("Tree=0", "Tree=1"),
    "another end": ("end of parameters", "end"),
    "a setting that is none": ("[boosting: gbdt]", "boosting"),
    "Python's categories": ("pandas_categorical:null", "pandas_categorical:" + "[" * 50),
    "a zero byte": ("[data: ]", "[data: \0]"),
}


@pytest.mark.parametrize(("old", "new"), FORGED.values(), ids=FORGED)
def test_a_number_that_is_no_place_in_its_tree_is_refused(old, new):
    assert old in TREE
    with pytest.raises(Untrusted):
        check_lightgbm(model(old, new))


@pytest.mark.parametrize(("old", "new"), HEADS.values(), ids=HEADS)
def test_what_stands_around_the_trees_is_checked_too(old, new):
    assert old in model().decode()
    with pytest.raises(Untrusted):
        check_lightgbm(model(old, new, where="all"))


def test_a_tree_of_one_leaf_passes():
    tree = "Tree=0\nnum_leaves=1\nnum_cat=0\nsplit_feature=\nsplit_gain=\nthreshold=\ndecision_type=\nleft_child=\n" \
        "right_child=\nleaf_value=0.5\nleaf_weight=\nleaf_count=\ninternal_value=\ninternal_weight=\n" \
        "internal_count=\nis_linear=0\nshrinkage=1\n\n\n"  # fmt: skip
    check_lightgbm(TEXT.format(size=len(tree), tree=tree).encode())


SMALL = {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 2, "min_data_per_group": 1, "cat_smooth": 0.1}


def test_what_lightgbm_writes_passes():
    lightgbm = pytest.importorskip("lightgbm")
    random = np.random.default_rng(0)
    X = np.column_stack([random.normal(size=300), random.integers(0, 40, 300), np.zeros(300)])
    for y, more in ((X[:, 0] > 0, {"objective": "binary"}), (X[:, 0], {"objective": "regression_l1"}),
                    (X[:, 1] % 3, {"objective": "multiclass", "num_class": 3})):  # fmt: skip
        data = lightgbm.Dataset(X, y.astype(float), categorical_feature=[1])
        booster = lightgbm.train({**more, **SMALL}, data, 5)
        text = booster.model_to_string()
        assert more["objective"] != "multiclass" or re.search(r"num_cat=[1-9]", text)
        check_lightgbm(text.encode())
