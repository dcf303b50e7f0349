"""A shallow model's estimator as scikit-learn (or LightGBM) code with the settings that were found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl import goals
from automl.errors import DataError
from automl.records import Task

__all__ = ["boosting_code", "estimator_code", "forest_code", "no_script", "transformed_code"]

FEW_ROWS_A_LEVEL = 5


def no_script(kind: str) -> DataError:
    """The error for a learner of which no script is written."""
    return DataError(
        f"no script is written for the shallow learner {kind}; its settings are in result.json under the run's "
        "choices, and --format onnx or saved_model may take it along"
    )


def estimator_code(function: str, model: Any, task: Task, choices: Mapping[str, Any]) -> tuple[str, set[str]]:
    """The code of a function ``make(seed)`` that gives a pipeline, and the imports that it needs.

    Args:
        function: its name.
        model: the fitted model, for what validation rows chose (rounds, trees, strength).
        task: what it predicts.
        choices: the settings of its run.

    Raises:
        DataError: no code is written for its learner.
    """
    learner = getattr(model.learner, "fitted", [model.learner])[0]
    known = {
        "Linear": _linear,
        "Boosting": boosting_code,
        "Forest": forest_code,
        "Boosters": _lightgbm,
        "Vectors": _vectors,
    }
    kind = type(learner).__name__
    if kind not in known or getattr(learner, "library", "lightgbm") != "lightgbm":
        raise no_script(kind)
    estimator, imports, style = known[kind](learner, task, choices)
    columns, more = _columns(style, choices)
    imports |= more
    goal = goals.named(task)
    several = len(task.classes) if goal.is_multilabel else len(task.target)
    if (goal.is_multilabel or (goal.is_numeric and several > 1)) and kind != "Forest":
        estimator = f"{'MultiOutputClassifier' if goal.is_multilabel else 'MultiOutputRegressor'}({estimator})"
    if goal.is_numeric and choices.get("unskew"):
        estimator, own = transformed_code(estimator, model)
        imports |= own
    body = "\n".join(
        [f"def {function}(seed):", '    """Columns, then the estimator with the settings that were found."""', columns,
         f"    return make_pipeline(columns, {estimator})"]
    )  # fmt: skip
    return body, imports


def _columns(style: str, choices: Mapping[str, Any]) -> tuple[str, set[str]]:
    """The column transformer: scaled and one-hot for linear models, codes for trees."""
    imports = {
        "from sklearn.feature_extraction.text import TfidfVectorizer", "from sklearn.decomposition import TruncatedSVD"
    }  # fmt: skip
    lines = []
    if style == "linear":
        imports |= {
            "from sklearn.impute import SimpleImputer",
            "from sklearn.preprocessing import OneHotEncoder, StandardScaler",
        }  # fmt: skip
        scale = "StandardScaler()"
        if choices.get("quantiles"):
            imports |= {
                "from sklearn.pipeline import make_union", "from sklearn.preprocessing import QuantileTransformer"
            }  # fmt: skip
            scale = "make_union(StandardScaler(), QuantileTransformer(n_quantiles=200, output_distribution='normal'))"
        most = int(choices.get("max_levels", 60))
        number = f'make_pipeline(SimpleImputer(strategy="median", add_indicator=True), {scale})'
        date = f'make_pipeline(FunctionTransformer(date_parts), SimpleImputer(strategy="median"), {scale})'
        level = (
            f"OneHotEncoder(min_frequency={FEW_ROWS_A_LEVEL}, max_categories={most}, "
            'handle_unknown="infrequent_if_exist")'
        )
    elif style == "filled":
        imports |= {"from sklearn.impute import SimpleImputer", "from sklearn.preprocessing import OrdinalEncoder"}
        number = 'SimpleImputer(strategy="median")'
        date = 'make_pipeline(FunctionTransformer(date_parts), SimpleImputer(strategy="median"))'
        level = 'OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)'
    else:
        imports |= {"from sklearn.preprocessing import OrdinalEncoder"}
        number, date = '"passthrough"', "FunctionTransformer(date_parts)"
        level = (
            f'OrdinalEncoder(min_frequency={FEW_ROWS_A_LEVEL}, max_categories=250, handle_unknown="use_encoded_value", '
            "unknown_value=np.nan)"
        )
    n = int(choices.get("text_dimensions") or 10)
    words = f"TfidfVectorizer(sublinear_tf=True, min_df={FEW_ROWS_A_LEVEL})"
    text = f"make_pipeline({words}, TruncatedSVD({n}, random_state=seed))"
    lines = [
        "    columns = make_column_transformer(",
        f"        ({number}, NUMBERS),",
        *([f"        ({level}, LEVELS),"]),
        f"        *[({date}, DATES)] * bool(DATES),",
        f"        *[({text}, name) for name in TEXTS],",
        "        sparse_threshold=0.0,",
        "    )",
    ]
    return "\n".join(lines), imports


def _weight(choices: Mapping[str, Any]) -> str:
    return f", class_weight={choices['class_weight']!r}" if choices.get("class_weight") else ""


def _linear(learner: Any, task: Task, choices: Mapping[str, Any]) -> tuple[str, set[str], str]:
    strength = float(learner.strength or 1.0)
    if learner.is_classifier:
        made = f"LogisticRegression(C={1 / strength!r}, max_iter=1000{_weight(choices)})"
        return made, {"from sklearn.linear_model import LogisticRegression"}, "linear"
    # The contest's penalty is on the mean squared error, scikit-learn's on the sum.
    return (
        "RidgeCV(alphas=np.logspace(-2, 5, 15))",
        {"from sklearn.linear_model import RidgeCV"},
        "linear",
    )


def boosting_code(learner: Any, task: Task, choices: Mapping[str, Any]) -> tuple[str, set[str], str]:
    """Boosted trees with the rounds that were found: the code, its imports, and how columns are encoded for it."""
    names = ("learning_rate", "max_leaf_nodes", "min_samples_leaf", "l2_regularization", "max_features")
    rounds = [len(one._predictors) for one in learner.models if not isinstance(one, float)]
    found = ", ".join(f"{name}={choices[name]!r}" for name in names if name in choices)
    kind = "Classifier" if learner.is_classifier else "Regressor"
    more = _weight(choices) if learner.is_classifier else f", loss={choices.get('loss', 'squared_error')!r}"
    made = (
        f"HistGradientBoosting{kind}(\n        {found},\n        max_iter={max(rounds, default=100)}, "
        f"early_stopping=False, random_state=seed{more},\n    )"
    )
    return made, {f"from sklearn.ensemble import HistGradientBoosting{kind}"}, "trees"


def forest_code(learner: Any, task: Task, choices: Mapping[str, Any]) -> tuple[str, set[str], str]:
    """A forest of as many trees: the code, its imports, and how columns are encoded for it."""
    kind = "ExtraTrees" if choices.get("kind", "extra") == "extra" else "RandomForest"
    kind += "Classifier" if learner.is_classifier else "Regressor"
    names = ("max_features", "min_samples_leaf", "criterion")
    found = ", ".join(f"{name}={choices[name]!r}" for name in names if name in choices)
    trees = len(learner.models[0].estimators_)
    more = _weight(choices) if learner.is_one_class else ""
    return f"{kind}(n_estimators={trees}, {found}, random_state=seed{more})", {
        f"from sklearn.ensemble import {kind}"
    }, "filled"  # fmt: skip


def _lightgbm(learner: Any, task: Task, choices: Mapping[str, Any]) -> tuple[str, set[str], str]:
    import importlib.util

    names = {
        "learning_rate": "learning_rate", "num_leaves": "num_leaves", "min_data_in_leaf": "min_child_samples",
        "lambda_l2": "reg_lambda", "feature_fraction": "colsample_bytree", "bagging_fraction": "subsample",
    }  # fmt: skip
    found = ", ".join(f"{theirs}={choices[ours]!r}" for ours, theirs in names.items() if ours in choices)
    rounds = int(choices.get("max_iter", 100))
    if importlib.util.find_spec("lightgbm") is not None:
        rounds = max((learner._length(k)[0] for k, one in enumerate(learner.stored) if one is not None), default=rounds)
    kind = "LGBMClassifier" if learner.is_classifier else "LGBMRegressor"
    more = _weight(choices) if learner.is_classifier else ""
    if not learner.is_classifier and choices.get("loss") == "absolute_error":
        more = ', objective="regression_l1"'
    made = (
        f"{kind}(\n        {found},\n        subsample_freq=1, n_estimators={rounds}, random_state=seed, "
        f"verbosity=-1, n_jobs=1{more},\n    )"
    )
    return made, {f"from lightgbm import {kind}"}, "trees"


def _vectors(learner: Any, task: Task, choices: Mapping[str, Any]) -> tuple[str, set[str], str]:
    kind = "SVC" if learner.is_classifier else "SVR"
    machines = [one for one in learner.models if not isinstance(one, float)]
    gamma = float(machines[0].gamma) if machines else "scale"
    more = f", probability=True, random_state=seed{_weight(choices)}" if learner.is_classifier else ""
    return f"{kind}(C={choices['C']!r}, gamma={gamma!r}{more})", {f"from sklearn.svm import {kind}"}, "linear"


def transformed_code(estimator: str, model: Any) -> tuple[str, set[str]]:
    """A regressor of the target after the transform that the contest found, where it found one."""
    curves = [curve for curve in model.curves if curve[0] != 1.0]
    if len(model.curves) != 1 or not curves:
        return estimator, set()
    power, origin, unit = (float(one) for one in curves[0][:3])
    forward = "np.sign(x) * np.log1p(np.abs(x))" if power == 0 else (
        f"np.sign(x) * np.expm1({power!r} * np.log1p(np.abs(x))) / {power!r}"
    )  # fmt: skip
    back = "np.sign(z) * np.expm1(np.abs(z))" if power == 0 else (
        f"np.sign(z) * np.expm1(np.log1p({power!r} * np.abs(z)) / {power!r})"
    )  # fmt: skip
    made = (
        f"TransformedTargetRegressor(\n        {estimator},\n"
        f"        func=lambda y: (lambda x: {forward})((y - {origin!r}) / {unit!r}),\n"
        f"        inverse_func=lambda z: {back} * {unit!r} + {origin!r}, check_inverse=False,\n    )"
    )
    return made, {"from sklearn.compose import TransformedTargetRegressor"}
