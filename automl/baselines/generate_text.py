"""Texts: new ones, token by token, by how often tokens follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from automl.baselines.generating import CHUNK_ROWS, SEED_ROWS
from automl.baselines.learners.row_steps import row_steps
from automl.baselines.learners.token_ngrams import TextSampler, TokenFrequencies, TokenNGrams
from automl.modalities.shared.generated import noise_of
from automl.modalities.shared.generated_texts import fit_texts, restore_text_samples
from automl.records import MIN_LEVEL_ROWS, Baseline, Dataset, Facts, FitContext, Output, Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COMMON_NGRAMS", "TOKEN_FREQUENCIES", "TOKEN_NGRAMS", "TextModel"]

MOST_ROWS = 100_000
SOURCE = "Kneser & Ney 1995; Chen & Goodman 1999; subwords: Sennrich, Haddow & Birch 2016"


class TextModel:
    """A codec of texts and a sampler of ids.

    The text of a row number depends on this number alone, so the same texts are drawn again, and in parts.

    Args:
        task: names the column of texts; let go after the fit, so that what is stored is plain.
        learner: the sampler.
        seed: of the order in which rows are taken.
    """

    def __init__(self, task: Task, learner: TextSampler, seed: int) -> None:
        self.task: Task | None = task
        self.learner = learner
        self.seed = seed
        self.plan: dict[str, Any] = {}  # state of the codec
        self.stopped = ""
        self.n_learnt = 0

    def fit(self, dataset: Dataset, split_rows: np.ndarray, truth: np.ndarray, weight: np.ndarray | None,
            context: FitContext) -> None:  # fmt: skip
        """Fit codec and sampler on these rows, once; neither `truth` nor `weight` is read.

        Raises:
            DataError: there is not one column of texts, or too few texts or words.
        """
        assert self.task is not None
        codec = fit_texts(dataset, self.task, split_rows)
        self.task, self.plan = None, codec.state()
        n_rows = len(split_rows)
        for rows, stopped in row_steps(n_rows, MOST_ROWS, 1.0, context.deadline, self.seed):
            learnt = split_rows if rows is None else split_rows[rows]
            self.learner.fit(codec.ids(dataset, learnt), codec.subwords.size)
            self.n_learnt, self.stopped = len(learnt), stopped
            if context.checkpoint is not None:
                context.checkpoint(self)

    def predict(self, dataset: Dataset, rows: np.ndarray) -> Output:
        """New texts, one for each row number ``(n,)``, which may lie beyond the data; the dataset is not read."""
        codec = restore_text_samples(self.plan)
        parts = []
        for begin in range(0, max(len(rows), 1), CHUNK_ROWS):
            numbered = np.asarray(rows[begin : begin + CHUNK_ROWS], np.int64)
            noise = ndtr(noise_of(numbered, codec.length + 1).astype(np.float64))
            parts.append(codec.made(self.learner.draw(noise)).arrays["samples"])
        return Output("samples", {"samples": np.concatenate(parts)})

    def sample(self, n: int, seed: int = 0) -> pd.DataFrame:
        """A frame of n new texts; the same for the same seed."""
        import pandas as pd

        nothing = Dataset("none", pd.DataFrame(index=pd.RangeIndex(0)))
        made = self.predict(nothing, (seed + 1) * SEED_ROWS + np.arange(n, dtype=np.int64)).arrays["samples"]
        return pd.DataFrame({name: pd.Series(made[name].tolist(), dtype=object) for name in made.dtype.names or ()})

    def chosen(self, growth: float) -> dict[str, Any]:
        """Nothing was chosen by validation rows."""
        return {}


def text_model(task: Task, settings: Mapping[str, Any], seed: int) -> TextModel:
    """The model that the settings name."""
    learner: TextSampler = TokenFrequencies()
    if settings["sampler"] == "ngrams":
        learner = TokenNGrams(int(settings["order"]), int(settings["least_texts"]))
    return TextModel(task, learner, seed)


def frequency_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """There is nothing to tune."""
    yield {"sampler": "frequencies"}


def ngram_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The order of the longest n-grams, all of which are kept."""
    for order in (4, 3, 5, 2):
        yield {"sampler": "ngrams", "order": order, "least_texts": 1}


def common_ngram_settings(task: Task, facts: Facts, seed: int) -> Iterator[Mapping[str, Any]]:
    """The order of the longest n-grams, of which those are kept that enough texts hold."""
    for order in (2, 3, 4):
        yield {"sampler": "ngrams", "order": order, "least_texts": MIN_LEVEL_ROWS}


TOKEN_FREQUENCIES = Baseline(
    "token_frequencies", "floor", "text", ("generate",), text_model, frequency_settings, seed_share=0.0,
    source="independent tokens", title="independent subwords",
)  # fmt: skip
COMMON_NGRAMS = Baseline(
    "common_ngrams", "fast", "text", ("generate",), text_model, common_ngram_settings, seed_share=0.0, source=SOURCE,
    title="n-grams of subwords in several texts (Kneser-Ney)",
)  # fmt: skip
TOKEN_NGRAMS = Baseline(
    "token_ngrams", "strong", "text", ("generate",), text_model, ngram_settings, keeps_rows=True, seed_share=0.0,
    source=SOURCE, title="n-grams of subwords (Kneser-Ney)",
)  # fmt: skip
"""It holds each n-gram of the training texts, so what is rare in a text can be read out of it."""
