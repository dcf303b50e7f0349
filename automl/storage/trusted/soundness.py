"""A model that was built, before anything is asked of it: what native code indexes, what names are looked up, sizes.

`check_sound` walks through all objects that a model holds. A number that native code takes for a place in memory must
be one; a word that our code looks up must be on a list; a count that memory is taken for must be no larger than what is
there. What plain NumPy indexes needs no check: it looks itself, and what it raises is told as a fault of the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from automl.storage.trusted import detectors, item_samplers, samplers, text_samplers
from automl.storage.trusted.errors import Untrusted
from automl.storage.trusted.lightgbm_text import check_lightgbm
from automl.storage.trusted.trees import check_predictor

__all__ = ["check_sound"]

MOST_GRAMS = 12
MOST_STEPS = 10_000_000
MOST_DEPTH = 20
MOST_HORIZON = 100_000
MOST_COVARIATES, MOST_PAST_STEPS = 10_000, 256
MOST_CLASSES = 1_000_000
MOST_PIXELS = 4_096
MOST_MASK_CLASSES = 256
MOST_SCALES = 8
LIBSVM_WIDTH = 2
DATE_PARTS = frozenset({"year", "month", "day", "day_of_week", "hour"})
STEPS = frozenset({"number", "date", "text", "bag", "onehot", "codes", "counts", "picture"})
TEXT_ENCODERS = ("Trigrams", "StringEncoder")
"""Ours, and skrub's, which models saved before hold."""
SHADOWING = frozenset({("PictureFeatures", "column")})
LARGEST_BLOB = 2**31


def check_sound(model: Any, plugged: Collection[str] = ()) -> None:
    """Check every object that a model is made of.

    Args:
        model: as it was built.
        plugged: types of plug-ins, of whose objects nothing is known here.

    Raises:
        Untrusted: something would lead native code astray, take memory without measure, or is not of its kind.
    """
    try:
        for part in parts(model):
            if f"{type(part).__module__}.{type(part).__name__}" in plugged:
                continue
            check_attributes(part)
            check = CHECKS.get(type(part).__name__)
            if check is not None:
                check(part)
    except (TypeError, AttributeError, KeyError, IndexError, ValueError, OverflowError) as error:
        if isinstance(error, Untrusted):
            raise
        raise Untrusted(f"one of its parts is malformed ({type(error).__name__}: {error})") from error


def parts(model: Any) -> Iterator[Any]:
    """Every object with attributes that a model holds, itself first."""
    waiting, seen = [model], set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, list | tuple):
            waiting.extend(part)
        elif hasattr(part, "__dict__") and not isinstance(part, type) and not callable(part):
            yield part
            waiting.extend(vars(part).values())


def check_attributes(part: Any) -> None:
    """Nothing that an object holds may stand before what its class defines."""
    kind = type(part)
    for name in vars(part):
        inherited = getattr(kind, name, None)
        if inherited is not None and not isinstance(inherited, property) and (kind.__name__, name) not in SHADOWING:
            raise Untrusted(f"a {kind.__name__} holds a value in place of its {name!r}")


def need(holds: bool, part: Any, what: str) -> None:
    """Refuse a part whose numbers do not fit one another."""
    if not holds:
        raise Untrusted(f"a {type(part).__name__} has {what}")


def whole(value: Any, least: int, most: int) -> bool:
    """Whether this is a whole number within bounds."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(least <= value <= most)


# --------------------------------------------------------------------------- scikit-learn's


def check_estimator_of_tree(part: Any) -> None:
    """A decision tree and what it wraps speak of the same columns and classes; a forest keeps an unfitted one, too."""
    if not hasattr(part, "tree_"):
        return
    tree = part.tree_
    need(type(tree).__name__ == "Tree", part, "no tree")
    need(part.n_features_in_ == tree.n_features, part, "another number of columns than its tree")
    need(part.n_outputs_ == tree.n_outputs, part, "another number of outputs than its tree")
    if hasattr(part, "n_classes_"):
        need(np.array_equal(np.atleast_1d(part.n_classes_), tree.n_classes), part, "other classes than its tree")


def check_forest(part: Any) -> None:
    """All trees of a forest are of its kind and size."""
    trees = part.estimators_
    need(isinstance(trees, list) and len(trees) > 0, part, "no trees")
    for tree in trees:
        need("Tree" in type(tree).__name__ and hasattr(tree, "tree_"), part, "a tree that is none")
        need(tree.n_features_in_ == part.n_features_in_, part, "a tree of other columns")
        need(tree.n_outputs_ == part.n_outputs_, part, "a tree of other outputs")
        if hasattr(part, "n_classes_"):
            need(
                np.array_equal(np.atleast_1d(tree.n_classes_), np.atleast_1d(part.n_classes_)),
                part,
                "a tree of other classes",
            )


def check_boosting(part: Any) -> None:
    """Boosted trees, the categories that they know, and the columns that reach them."""
    n_features, mapper = part.n_features_in_, part._bin_mapper
    need(whole(n_features, 1, 2**31), part, "no number of columns")
    known = np.asarray(mapper.is_categorical_)
    need(type(mapper).__name__ == "_BinMapper" and known.dtype.kind in "bui", part, "no categories")
    known = known.astype(bool)
    need(known.shape == (n_features,) and len(mapper.bin_thresholds_) == n_features, part, "other bins than columns")
    for values, is_category in zip(mapper.bin_thresholds_, known, strict=True):
        values = np.asarray(values)
        need(values.dtype.kind in "fiub", part, "bins that are no numbers")
        inside = (values >= 0) & (values <= 255) & (values == np.floor(values))
        need(not is_category or bool(inside.all()), part, "a category beyond 255")
    need(isinstance(part._predictors, list), part, "no trees")
    for row in part._predictors:
        need(isinstance(row, list) and len(row) == part.n_trees_per_iteration_, part, "a round of other trees")
        for tree in row:
            need(type(tree).__name__ == "TreePredictor", part, "a tree that is none")
            check_predictor(tree, n_features, known)
    if part._preprocessor is not None:  # what it makes of a row says how many columns the trees will see
        need(type(part._preprocessor).__name__ == "ColumnTransformer", part, "another preprocessor")
        made = part._preprocessor.transform(np.zeros((1, n_features)))
        need(
            isinstance(made, np.ndarray) and made.shape == (1, n_features), part, "other columns after its preprocessor"
        )


def check_vectors(part: Any) -> None:
    """A support vector machine: all that libsvm takes for the length of another."""
    n, is_classes = len(part.support_), type(part).__name__ == "SVC"
    vectors, support, counts = part.support_vectors_, part.support_, part._n_support
    n_machines = len(part.classes_) if is_classes else LIBSVM_WIDTH
    n_pairs = n_machines * (n_machines - 1) // 2
    need(part.kernel == "rbf" and part._sparse is False, part, "another kernel")
    need(support.dtype == np.int32 and support.shape == (n,), part, "other support than vectors")
    need(vectors.dtype == np.float64 and vectors.shape == (n, part.n_features_in_), part, "vectors of another shape")
    need(vectors.flags.c_contiguous and n > 0, part, "no vectors")
    need(counts.dtype == np.int32 and counts.shape == (n_machines,) and bool((counts >= 0).all()), part, "no counts")
    need(int(counts.sum()) == n if is_classes else bool((counts == n).all()), part, "other counts than vectors")
    need(part._dual_coef_.shape == (n_machines - 1, n) and part._dual_coef_.dtype == np.float64, part, "other weights")
    need(part._dual_coef_.flags.c_contiguous, part, "weights in another order")
    need(part._intercept_.shape == (n_pairs,) and part._intercept_.dtype == np.float64, part, "other intercepts")
    for name in ("_probA", "_probB"):
        given = getattr(part, name)
        need(given.shape in ((0,), (n_pairs,)) and given.dtype == np.float64, part, "other probabilities")
    need(isinstance(part._gamma, float) and np.isfinite(part._gamma), part, "no width")


def check_vectorizer(part: Any) -> None:
    """The vocabulary numbers the columns of a sparse matrix, and an n-gram is of a length that texts are read in."""
    words = part.vocabulary_
    need(isinstance(words, dict) and all(isinstance(word, str) for word in words), part, "no vocabulary")
    need(all(whole(place, 0, len(words) - 1) for place in words.values()), part, "a word beyond its vocabulary")
    need(len(set(words.values())) == len(words), part, "two words in one place")
    low, high = part.ngram_range
    need(whole(low, 1, high) and whole(high, 1, MOST_GRAMS), part, "n-grams of no length")
    need(len(part._tfidf.idf_) == len(words), part, "other weights than words")


# --------------------------------------------------------------------------- ours


def check_features(part: Any) -> None:
    """The steps of a table's columns."""
    need(isinstance(part.plan, dict), part, "no plan")
    need(part.style in ("linear", "trees"), part, "no style")
    for step in part.plan.values():
        need(isinstance(step, dict) and step.get("kind") in STEPS, part, "a step of no kind")
        kind = step["kind"]
        if kind == "date":
            need(set(step["parts"]) <= DATE_PARTS and isinstance(step["origin"], float), part, "a date of other parts")
        if kind in ("bag", "onehot", "codes", "counts"):
            check_levels(part, step, is_place=kind in ("bag", "onehot"))
        if kind == "text":
            allowed = step["encoder"] is None or type(step["encoder"]).__name__ in TEXT_ENCODERS
            need(allowed, part, "another encoder of texts")
        if kind == "picture":
            encoder = step["encoder"]
            need(type(encoder).__name__ == "PictureFeatures", part, "another encoder of pictures")
            widest = len(encoder.center) if encoder.projection is None else encoder.projection.components_.shape[0]
            need(whole(step["n"], 1, widest), part, "pictures of other components")
        if "clues" in step and step["clues"] is not None:
            check_target_statistics(part, step["clues"])
        if "levels" in step:
            need(_numbers(step["levels"]).ndim == 1 and len(step["levels"]) > 0, part, "no levels")
    need(part.shape is None or type(part.shape).__name__ == "QuantileTransformer", part, "another shape")


def check_levels(part: Any, step: Mapping[str, Any], is_place: bool) -> None:
    """Names and what stands for them; where these are places in a matrix, within it."""
    names, values = step["names"], _numbers(step["values"])
    need(isinstance(names, np.ndarray) and names.ndim == 1 and values.shape == names.shape, part, "other levels")
    if is_place:
        inside = (values >= 0) & (values < len(names)) & (values == np.floor(values))
        need(bool(inside.all()), part, "a level beyond its columns")


def check_target_statistics(part: Any, statistics: Any) -> None:
    """What words tell: as many weights as words."""
    words, coef = statistics["words"], _numbers(statistics["coef"])
    need(isinstance(words, np.ndarray) and words.ndim == 1, part, "no words")
    need(_numbers(statistics["idf"]).shape == words.shape, part, "other weights than words")
    need(coef.ndim == 2 and coef.shape[0] == len(words), part, "other coefficients than words")
    need(_numbers(statistics["intercept"]).shape == coef.shape[1:], part, "other intercepts")


def check_texts(part: Any) -> None:
    """How long n-grams are, and as many weights as columns."""
    need(
        whole(part.word_ngrams, 0, MOST_GRAMS) and whole(part.char_ngrams, 0, MOST_GRAMS), part, "n-grams of no length"
    )
    need(part.char_ngrams != 1, part, "n-grams of no length")
    need(len(part.kept) == len(part.idf), part, "other weights than columns")
    for kept, idf in zip(part.kept, part.idf, strict=True):
        need(_numbers(kept).ndim == 1 and _numbers(idf).shape == kept.shape, part, "other weights than columns")


def check_pretrained(part: Any) -> None:
    """As many means as scales, and what reads the words."""
    need(part.blocks is None or type(part.blocks).__name__ == "TextFeatures", part, "another reader of words")
    mean, scale = _numbers(part.mean), _numbers(part.scale)
    need(mean.ndim == 1 and mean.shape == scale.shape and bool((scale > 0).all()), part, "other scales than means")
    need(type(part.words) is float and math.isfinite(part.words), part, "a share of words that is no number")


def check_trigrams(part: Any) -> None:
    """A vocabulary, and a projection of as many columns."""
    if part.vectorizer is None:
        return
    need(type(part.vectorizer).__name__ == "TfidfVectorizer", part, "another vectorizer")
    need(whole(part.components, 1, MOST_PIXELS), part, "components of no number")
    if part.projection is not None:
        need(type(part.projection).__name__ == "TruncatedSVD", part, "another projection")
        width = _numbers(part.projection.components_).shape[-1]
        need(width == len(part.vectorizer.vocabulary_), part, "a projection of other columns")


def check_pictures(part: Any) -> None:
    """How large pictures are looked at."""
    need(whole(part.side, 1, MOST_PIXELS) and whole(part.cell, 0, MOST_PIXELS), part, "a size of no picture")
    cells = [] if part.cells is None else part.cells
    need(isinstance(cells, list) and len(cells) <= MOST_SCALES, part, "scales without measure")
    need(all(whole(n_cells, 1, MOST_PIXELS) for n_cells in cells), part, "cells of no picture")
    need(part.projection is None or type(part.projection).__name__ == "PCA", part, "another projection")


def check_patches(part: Any) -> None:
    """How large pictures and patches are looked at, and a dictionary of such patches."""
    need(whole(part.side, 1, MOST_PIXELS) and whole(part.patch, 1, MOST_PIXELS), part, "a size of no picture")
    need(whole(part.grid, 1, MOST_PIXELS), part, "a grid of no picture")
    width = len(_numbers(part.mean))
    need(_numbers(part.whiten).shape == (width, width), part, "another whitening")
    need(_numbers(part.dictionary).ndim == 2 and part.dictionary.shape[1] == width, part, "a dictionary of others")
    need(part.projection is None or type(part.projection).__name__ == "PCA", part, "another projection")


def check_sounds(part: Any) -> None:
    """How many cepstral coefficients and stretches memory is taken for."""
    need(whole(part.coefficients, 0, MOST_PIXELS) and whole(part.stretches, 0, MOST_PIXELS), part, "sizes of no sound")
    need(part.projection is None or type(part.projection).__name__ == "PCA", part, "another projection")


def check_forecaster(part: Any) -> None:
    """How many steps are looked back and ahead."""
    need(whole(part.horizon, 1, MOST_HORIZON) and whole(part.season, 1, MOST_STEPS), part, "steps without measure")
    need(part.span == max(part.season, min(part.horizon, 24), 4), part, "another span than its season's")
    need(whole(part.length, 1, max(1_000, 2 * part.span + 1)), part, "lags without measure")
    others = getattr(part, "others", [])  # models of before lack it
    need(isinstance(others, list) and len(others) <= MOST_COVARIATES, part, "covariates without measure")
    need(not others or whole(part.steps_of_others, 1, MOST_PAST_STEPS), part, "covariates' steps without measure")


def check_classes(part: Any) -> None:
    """How many classes memory is taken for."""
    need(whole(part.n_classes, 0, MOST_CLASSES), part, "classes without measure")


def check_boosters(part: Any) -> None:
    """Models in another library's own format."""
    check_classes(part)
    need(part.library in ("lightgbm", "catboost"), part, "another library")
    need(isinstance(part.stored, list) and len(part.stored) == len(part.codes), part, "other models than codes")
    for blob in part.stored:
        if blob is None:
            continue
        need(isinstance(blob, np.ndarray) and blob.dtype == np.uint8 and blob.ndim == 1, part, "no model")
        need(len(blob) < LARGEST_BLOB, part, "a model without measure")
        if part.library == "lightgbm":
            check_lightgbm(blob.tobytes())
        else:
            need(blob[:4].tobytes() == b"CBM1", part, "no model of CatBoost")


def check_kernels(part: Any) -> None:
    """Convolutions that reach no further than memory does."""
    for plan in part.plans:
        need(set(plan) == {"dilations", "biases", "channels"}, part, "kernels of another kind")
        dilations = _numbers(plan["dilations"])
        need(dilations.dtype.kind in "iu" and bool((dilations >= 1).all()), part, "no dilations")
        need(len(plan["biases"]) == len(plan["channels"]) == len(dilations), part, "other biases than dilations")
    moments = getattr(part, "moments", None)
    need(moments is None or _numbers(moments).shape[:1] == (2,), part, "no moments")


def check_intervals(part: Any) -> None:
    """Intervals as many as memory allows."""
    need(whole(part.depth, 1, MOST_DEPTH) and whole(part.divisor, 1, MOST_STEPS), part, "intervals without measure")
    detectors.check_series_form(part)


def check_pixels(part: Any) -> None:
    """Few scales, and trees of as many classes; what is multiplied with their shares has one number a class."""
    need(whole(part.n_classes, 2, MOST_MASK_CLASSES) and whole(part.n_scales, 1, MOST_SCALES), part, "other scales")
    learner, shares = part.learner, part.shares
    need(type(learner).__name__ in ("Forest", "Boosting"), part, "another learner")
    need(learner.goal == "multiclass" and learner.n_classes == part.n_classes, part, "a learner of other classes")
    need(isinstance(shares, list) and len(shares) in (0, part.n_classes), part, "other shares than classes")


def check_mean_mask(part: Any) -> None:
    """A share for each class of each place."""
    need(whole(part.n_classes, 2, MOST_MASK_CLASSES), part, "no classes")
    mean = _numbers(part.mean)
    need(mean.ndim == 3 and 0 < mean.size <= MOST_STEPS and mean.shape[2] == part.n_classes, part, "no mean mask")


def _numbers(value: Any) -> np.ndarray:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
        raise Untrusted(f"one of its parts holds {type(value).__name__} where numbers should be")
    return value


def _all_of(names: str, check: Callable[[Any], None]) -> dict[str, Callable[[Any], None]]:
    return dict.fromkeys(names.split(), check)


CHECKS: Mapping[str, Callable[[Any], None]] = {
    **_all_of(
        "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor", check_estimator_of_tree
    ),
    **_all_of("RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor", check_forest),
    **_all_of("HistGradientBoostingClassifier HistGradientBoostingRegressor", check_boosting),
    **_all_of("SVC SVR", check_vectors),
    "TfidfVectorizer": check_vectorizer,
    "TableFeatures": check_features,
    "TextFeatures": check_texts,
    "PretrainedFeatures": check_pretrained,
    "Trigrams": check_trigrams,
    "PictureFeatures": check_pictures,
    "PatchFeatures": check_patches,
    "SoundFeatures": check_sounds,
    **_all_of("Naive LaggedRidge LaggedBoosting Smoothing WindowRidge", check_forecaster),
    **_all_of("Linear Floor Vectors Neighbours Boosting Forest", check_classes),
    "Boosters": check_boosters,
    "ConvolutionFeatures": check_kernels,
    "IntervalFeatures": check_intervals,
    "SequenceFeatures": detectors.check_series_form,
    "PixelModel": check_pixels,
    "MeanMask": check_mean_mask,
    **detectors.CHECKS,
    **samplers.CHECKS,
    **item_samplers.CHECKS,
    **text_samplers.CHECKS,
}
"""By class, what is checked; all classes are those of `automl.storage.trusted.lists`."""
