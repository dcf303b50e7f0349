"""Likelihoods of rows and texts: probabilities of all that can be generated sum to one, and bounds to less."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from automl.baselines.learners.chow_liu import ChowLiu
from automl.baselines.learners.row_mixture import RowMixture
from automl.baselines.learners.sampler import Marginals
from automl.baselines.learners.token_ngrams import TokenFrequencies, TokenNGrams
from automl.baselines.learners.tree_sampler import TreeSampler
from automl.goals.shared.subwords import END, FIRST_TOKEN, PADDING
from automl.layers.absorbing import AbsorbingRows
from automl.layers.autoregressive import AutoregressiveRows
from automl.layers.causal_texts import CausalTexts
from automl.layers.latent_rows import LatentRows

RNG = np.random.default_rng(0)
CODES = np.array(list(itertools.product(range(2), range(3))), np.int32)
"""Every row of a column of two levels and one of three."""
NONE = np.zeros((len(CODES), 0), np.float32)
N_ESTIMATES = 2000
"""Estimates of a bound for each row, whose mean is nearer to it."""
LENGTH, A, B = 3, FIRST_TOKEN, FIRST_TOKEN + 1
SIZE = FIRST_TOKEN + 2


def learnt(sampler):
    first = RNG.integers(0, 2, 400)
    second = np.where(RNG.random(400) < 0.8, first, RNG.integers(0, 3, 400))
    sampler.fit(np.zeros((400, 0), np.float32), np.column_stack([first, second]).astype(np.int32), [2, 3], 0)
    return sampler


@pytest.mark.parametrize("sampler", [Marginals(), ChowLiu(), RowMixture(3)], ids=lambda one: type(one).__name__)
def test_probabilities_of_all_rows_sum_to_one(sampler):
    assert np.exp(learnt(sampler).log_density(NONE, CODES)).sum() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("sampler", [ChowLiu(8), RowMixture(5, 8), RowMixture(5)], ids=["tree", "bins", "normal"])
def test_densities_of_ranks_have_a_mean_of_one(sampler):
    x = RNG.normal(size=(600, 1))
    numbers = np.column_stack([x, 0.9 * x + np.sqrt(0.19) * RNG.normal(size=(600, 1))]).astype(np.float32)
    sampler.fit(numbers, np.zeros((600, 0), np.int32), [], 0)
    uniform = RNG.normal(size=(20_000, 2)).astype(np.float32)  # ranks are uniform
    empty = np.zeros((20_000, 0), np.int32)
    assert np.exp(sampler.log_density(uniform, empty)).mean() == pytest.approx(1.0, abs=0.1)
    assert sampler.log_density(numbers, np.zeros((600, 0), np.int32)).mean() > 0.4  # independent ones: 0


def test_trees_say_why_they_have_none():
    assert TreeSampler().no_density and learnt(TreeSampler()).log_density(NONE, CODES) is None


ROWS = {
    "exact": lambda: AutoregressiveRows([], [[0, 1], [0, 1, 2]], width=16, depth=2, seed=0),
    "columns hidden": lambda: AbsorbingRows([], [[0, 1], [0, 1, 2]], width=16, depth=1, seed=0),
    "latent": lambda: LatentRows([], [[0, 1], [0, 1, 2]], dims=4, width=16, depth=1, seed=0),
}


@pytest.mark.parametrize("kind", ROWS)
def test_probabilities_of_networks_sum_to_one_and_bounds_to_less(kind):
    layer = ROWS[kind]()
    repeated = np.repeat(CODES, 1 if kind == "exact" else N_ESTIMATES, axis=0)
    inputs = [repeated, np.zeros((len(repeated), 64 + 4), np.float32)]
    layer(inputs)
    # a bound is a mean over draws: of a few, its exponent may pass the probability that it bounds
    bounds = np.asarray(layer.log_density(inputs), np.float64).reshape(len(CODES), -1).mean(axis=1)
    total = float(np.exp(bounds).sum())
    assert layer.is_bound == (kind != "exact")
    assert total == pytest.approx(1.0, abs=1e-4) if kind == "exact" else 0.0 < total < 1.005
    assert np.array_equal(np.asarray(layer.log_density(inputs)), np.asarray(layer.log_density(inputs)))


def test_numbers_count_by_the_width_of_their_bins():
    layer = AutoregressiveRows([[0.0, 0.1, 1.0]], [], width=8, depth=2, seed=0)
    numbers = np.array([[-3.0], [0.0]], np.float32)  # ranks of .001 and .5
    inputs = [numbers, np.zeros((2, 66), np.float32)]
    layer(inputs)
    assert np.exp(np.asarray(layer.log_density(inputs))) @ [0.1, 0.9] == pytest.approx(1.0, abs=1e-4)


def texts():
    """Every text of two tokens up to a length of three, of which the longest are cut."""
    found = []
    for n in range(LENGTH + 1):
        for tokens in itertools.product((A, B), repeat=n):
            found.append([*tokens, END, *[PADDING] * LENGTH][:LENGTH])
    return np.array(found, np.int32)


@pytest.mark.parametrize(
    "sampler", [TokenFrequencies(), TokenNGrams(2, 1), TokenNGrams(3, 1)], ids=["tokens", "pairs", "triples"]
)
def test_probabilities_of_all_texts_sum_to_one(sampler):
    pool = texts()
    sampler.fit(pool[RNG.choice(len(pool), 300, p=RNG.dirichlet(np.ones(len(pool))))], SIZE)
    chances = np.exp(sampler.log_density(pool))
    assert chances.sum() == pytest.approx(1.0, abs=1e-5)
    drawn = sampler.draw(RNG.random((4_000, LENGTH + 1)))
    shares = np.array([(drawn == text).all(axis=1).mean() for text in pool])
    assert np.abs(shares - chances).max() < 0.03


def test_probabilities_of_a_transformers_texts_sum_to_one():
    layer, pool = CausalTexts(SIZE, LENGTH, width=8, depth=1, heads=2, seed=0), texts()
    inputs = [pool, np.zeros(pool.shape, np.float32)]
    layer(inputs)
    assert np.exp(np.asarray(layer.log_density(inputs))).sum() == pytest.approx(1.0, abs=1e-4)
