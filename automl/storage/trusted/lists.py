"""The closed lists: all types, functions and words that a stored shallow model may hold.

skops builds what a file names. It trusts scikit-learn's estimators, NumPy and SciPy as a whole; a model of ours needs
few of them, and what scikit-learn then does depends on words in its settings: a path, a regular expression, a cache's
folder. So both are listed here, and `tests/baselines/test_shallow_models.py` stores every family of the catalog to see
that the lists suffice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["FREE", "KEY_TYPES", "NODES", "PARTIAL", "TRUSTED", "WHOLE", "WORDS"]

OWN = (
    "automl.baselines.learners.boosters.Boosters",
    "automl.baselines.features.columns.TableFeatures",
    "automl.baselines.features.convolutions.ConvolutionFeatures",
    "automl.baselines.forecast.LaggedBoosting",
    "automl.baselines.forecast.LaggedRidge",
    "automl.baselines.forecast.Naive",
    "automl.baselines.smoothing.Smoothing",
    "automl.baselines.window_ridge.WindowRidge",
    "automl.baselines.features.gradients.PictureFeatures",
    "automl.baselines.features.intervals.IntervalFeatures",
    "automl.baselines.features.patches.PatchFeatures",
    "automl.baselines.learners.each_target.EachTarget",
    "automl.baselines.learners.linear.Fourier",
    "automl.baselines.learners.linear.Linear",
    "automl.baselines.model.Floor",
    "automl.baselines.model.Model",
    "automl.baselines.learners.neighbours.Neighbours",
    "automl.baselines.features.summaries.SequenceFeatures",
    "automl.baselines.learners.trees.Boosting",
    "automl.baselines.learners.trees.Forest",
    "automl.baselines.features.trigrams.Trigrams",
    "automl.baselines.learners.vectors.Vectors",
    "automl.baselines.features.pretrained.PretrainedFeatures",
    "automl.baselines.features.words.TextFeatures",
    "automl.baselines.features.last_steps.LastSteps",
    "automl.baselines.features.residuals.ForecastErrors",
    "automl.baselines.features.series_values.SeriesValues",
    "automl.baselines.features.sounds.SoundFeatures",
    "automl.baselines.features.topics.TextTopics",
    "automl.baselines.learners.histograms.Histograms",
    "automl.baselines.learners.isolation_forest.IsolationForest",
    "automl.baselines.learners.local_outlier_factor.LocalOutlierFactor",
    "automl.baselines.learners.mixture.GaussianMixture",
    "automl.baselines.learners.neighbour_distance.NeighbourDistance",
    "automl.baselines.learners.neighbour_search.NeighbourSearch",
    "automl.baselines.learners.one_class_vectors.OneClassVectors",
    "automl.baselines.learners.principal.PrincipalComponents",
    "automl.baselines.learners.projection.KernelComponents",
    "automl.baselines.learners.projection.PrincipalProjection",
    "automl.baselines.learners.projection.RandomProjection",
    "automl.baselines.learners.tail_probabilities.TailProbabilities",
    "automl.baselines.generate_text.TextModel",
    "automl.baselines.generating.RowSampler",
    "automl.baselines.generating_items.ItemModel",
    "automl.baselines.learners.chow_liu.ChowLiu",
    "automl.baselines.learners.gaussian_copula.GaussianCopula",
    "automl.baselines.learners.row_mixture.RowMixture",
    "automl.baselines.learners.sampler.Marginals",
    "automl.baselines.learners.item_mixture.ItemMixture",
    "automl.baselines.learners.item_sampler.ItemMarginals",
    "automl.baselines.learners.series_mixture.SeriesMixture",
    "automl.baselines.learners.series_samplers.Autoregression",
    "automl.baselines.learners.series_samplers.BlockBootstrap",
    "automl.baselines.learners.token_ngrams.TokenFrequencies",
    "automl.baselines.learners.token_ngrams.TokenNGrams",
    "automl.baselines.learners.tree_sampler.TreeSampler",
    "automl.baselines.representing.VectorModel",
    "automl.baselines.segment_image.MeanMask",
    "automl.baselines.segment_image.PixelModel",
    "automl.baselines.scoring.ConstantScore",
    "automl.baselines.scoring.ScoreModel",
)
ESTIMATORS = (
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.AbsoluteError",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn.compose._column_transformer.ColumnTransformer",
    "sklearn.decomposition._pca.PCA",
    "sklearn.decomposition._truncated_svd.TruncatedSVD",
    "sklearn.ensemble._forest.ExtraTreesClassifier",
    "sklearn.ensemble._forest.ExtraTreesRegressor",
    "sklearn.ensemble._forest.RandomForestClassifier",
    "sklearn.ensemble._forest.RandomForestRegressor",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_extraction.text.TfidfTransformer",
    "sklearn.feature_extraction.text.TfidfVectorizer",
    "sklearn.kernel_approximation.RBFSampler",
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.preprocessing._data.QuantileTransformer",
    "sklearn.preprocessing._encoders.OrdinalEncoder",
    "sklearn.preprocessing._function_transformer.FunctionTransformer",
    "sklearn.preprocessing._label.LabelEncoder",
    "sklearn.svm._classes.LinearSVC",
    "sklearn.svm._classes.SVC",
    "sklearn.svm._classes.SVR",
    "sklearn.tree._classes.DecisionTreeClassifier",
    "sklearn.tree._classes.DecisionTreeRegressor",
    "sklearn.tree._classes.ExtraTreeClassifier",
    "sklearn.tree._classes.ExtraTreeRegressor",
    "skrub._string_encoder.StringEncoder",
    "skrub._to_str.ToStr",
)
LOSSES = tuple(
    f"sklearn._loss._loss.{name}"
    for name in ("CyAbsoluteError", "CyHalfBinomialLoss", "CyHalfMultinomialLoss", "CyHalfSquaredError")
)
NUMBERS = tuple(
    f"numpy.{name}"
    for name in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
                 "float64")
)  # fmt: skip
PARTIAL = "sklearn.utils.validation.check_array"
"""The one function that a partial may hold: it comes with the categorical columns of boosted trees."""

NODES: Mapping[str, tuple[str, ...]] = {
    "ObjectNode": (*OWN, *ESTIMATORS, "sklearn._loss._loss.CyHalfMultinomialLoss"),  # no LossNode before 1.9
    "TreeNode": ("sklearn.tree._tree.Tree",),
    "LossNode": LOSSES,
    "FunctionNode": (PARTIAL,),
    "PartialNode": ("functools.partial",),
    "RandomGeneratorNode": ("numpy.random._generator.Generator",),
    "TypeNode": ("builtins.str", "builtins.int", "builtins.float", *NUMBERS),
    "NdArrayNode": ("numpy.ndarray", *NUMBERS),
    "JsonNode": ("builtins.str",),
    "DictNode": ("builtins.dict",),
    "ListNode": ("builtins.list",),
    "TupleNode": ("builtins.tuple",),
    "SliceNode": ("builtins.slice",),
}
"""What each kind of node in a skops file may name."""

TRUSTED: tuple[str, ...] = tuple(sorted({name for names in NODES.values() for name in names}))
"""All types and functions that a stored shallow model may hold."""

KEY_TYPES = frozenset({"builtins.str", "builtins.int", "builtins.float", "numpy.int64", "numpy.float64"})

WORDS: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        # of ours
        "choose": "valid loo",
        "distance": "euclidean cityblock",
        "goal": "binary multiclass multilabel regression anomaly represent",
        "library": "lightgbm catboost",
        "pools": "share four",
        "statistic": "mean median",
        "style": "linear trees",
        "unskew": "log",
        # of both
        "class_weight": "balanced balanced_subsample",
        "loss": "logistic hinge ridge log_loss squared_error absolute_error squared_hinge",
        # of scikit-learn and skrub
        "force_int_remainder_cols": "deprecated",
        "_fit_svd_solver": "auto full covariance_eigh arpack randomized",
        "_remainder": "remainder drop passthrough",
        "_sklearn_output_config": "default",
        "algorithm": "randomized arpack",
        "analyzer": "char_wb",
        "categories": "auto",
        "criterion": "gini entropy log_loss squared_error friedman_mse absolute_error poisson",
        "decision_function_shape": "ovr",
        "decode_error": "strict",
        "dual": "auto",
        "early_stopping": "auto",
        "encoding": "utf-8",
        "estimator_params": (
            "criterion max_depth min_samples_split min_samples_leaf min_weight_fraction_leaf max_features "
            "max_leaf_nodes min_impurity_decrease random_state ccp_alpha monotonic_cst"
        ),
        "gamma": "scale auto",
        "handle_unknown": "use_encoded_value",
        "input": "content",
        "iterated_power": "auto",
        "kernel": "rbf",
        "max_features": "sqrt log2",
        "multi_class": "ovr auto deprecated",
        "norm": "l1 l2",
        "output_distribution": "normal",
        "penalty": "l2 deprecated",
        "power_iteration_normalizer": "auto QR LU none",
        "probability": "deprecated",
        "remainder": "drop passthrough",
        "scoring": "loss",
        "solver": "lbfgs newton-cholesky",
        "splitter": "best random",
        "svd_solver": "auto full covariance_eigh arpack randomized",
        "token_pattern": r"(?u)\b\w\w+\b",
        "transform": "none sqrt log",
        "transformers": "encoder numerical remainder drop passthrough",
        "transformers_": "encoder numerical remainder drop passthrough",
        "vectorizer": "tfidf",
    }.items()
}
"""By attribute, the words that may be among its values; an attribute that is named nowhere here holds none."""

WHOLE: Mapping[str, tuple[object, ...]] = {
    "cache_size": (200, 500),
    "memory": (None,),
    "n_jobs": (None, 1, -1),
    "verbose": (None, 0, False),
}
"""By attribute, all values that it may have: how many threads, what is written and where."""

FREE: Mapping[str, re.Pattern[str] | None] = {
    "_sklearn_version": re.compile(r"[\w.+-]{1,40}"),
    "metric": re.compile(r"\w{1,40}"),
    "all_outputs_": None,
    "column": None,
    "columns": None,
    "input_name_": None,
    "kinds": None,
    "known": None,
    "others": None,
    "plan": None,  # the words in it are looked at once it is built (`soundness`)
    "settings": None,
    "stopped": re.compile(r"[\w .,:]{0,200}"),
}
"""By attribute, words of the user, which nothing looks up, calls or compiles."""
