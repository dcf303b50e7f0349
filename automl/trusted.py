"""Types beyond skops' defaults that a stored shallow model may hold; a bundle opens nothing else.

`functools.partial` and `check_array` come with the categorical columns of scikit-learn's boosted trees; skops asks
for the function inside a partial by name as well, so trusting the one does not let others in.
"""

from __future__ import annotations

__all__ = ["TRUSTED"]

TRUSTED: tuple[str, ...] = (
    "automl.baselines.boosters.Boosters",
    "automl.baselines.columns.TableFeatures",
    "automl.baselines.convolutions.ConvolutionFeatures",
    "automl.baselines.forecast.LaggedBoosting",
    "automl.baselines.forecast.LaggedRidge",
    "automl.baselines.forecast.Naive",
    "automl.baselines.gradients.PictureFeatures",
    "automl.baselines.learners.Fourier",
    "automl.baselines.learners.Linear",
    "automl.baselines.model.Floor",
    "automl.baselines.model.Model",
    "automl.baselines.neighbours.Neighbours",
    "automl.baselines.summaries.SequenceFeatures",
    "automl.baselines.trees.Boosting",
    "automl.baselines.trees.Forest",
    "automl.baselines.trigrams.Trigrams",
    "automl.baselines.vectors.Vectors",
    "automl.baselines.words.TextFeatures",
    "functools.partial",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
    "skrub._string_encoder.StringEncoder",
    "skrub._to_str.ToStr",
)
