"""Samplers learn how columns depend on each other, and draw rows by noise alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import kstest, spearmanr

from automl.baselines.learners.chow_liu import ChowLiu
from automl.baselines.learners.gaussian_copula import GaussianCopula
from automl.baselines.learners.row_mixture import RowMixture
from automl.baselines.learners.sampler import Marginals, bins_of, cumulated, drawn_codes, edges_of, from_bins
from automl.baselines.learners.tree_sampler import TreeSampler
from automl.records import MIN_LEVEL_ROWS
from automl.storage.trusted.errors import Untrusted
from automl.storage.trusted.samplers import CHECKS

N = 3_000
SAMPLERS = {
    "marginals": Marginals,
    "copula": GaussianCopula,
    "copula by frequency": lambda: GaussianCopula(5, False),
    "chow_liu": ChowLiu,
    "trees": TreeSampler,
    "trees, numbers first": lambda: TreeSampler(30, 3, 0.7, False),
    "mixture": lambda: RowMixture(30),
    "mixture in bins": lambda: RowMixture(30, 16),
}
DEPENDENT = [name for name in SAMPLERS if name != "marginals"]


def rows(n=N, seed=0):
    """Two numbers of correlation .9, one on its own, a level that follows the first, and one with an unused code."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    numbers = np.column_stack([first, 0.9 * first + np.sqrt(1 - 0.81) * rng.normal(size=n), rng.normal(size=n)])
    level = 1 + (first + 0.3 * rng.normal(size=n) > 0.5)
    other = rng.choice([0, 2, 3], n, p=[0.2, 0.5, 0.3])
    return numbers.astype(np.float32), np.column_stack([level, other]).astype(np.int32), [3, 4]


def fitted(name, data=None):
    numbers, categories, sizes = data or rows()
    sampler = SAMPLERS[name]()
    sampler.fit(numbers, categories, sizes, 0)
    return sampler


def noise(n, width=6, seed=1):
    return np.random.default_rng(seed).random((n, width))


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_each_column_keeps_its_distribution(name):
    numbers, codes = fitted(name).draw(noise(4_000))
    assert numbers.shape == (4_000, 3) and codes.shape == (4_000, 2) and codes.dtype == np.int32
    assert np.isfinite(numbers).all()
    for column in numbers.T:
        assert kstest(column, "norm").statistic < 0.05
    _, categories, sizes = rows()
    for drawn, own, size in zip(codes.T, categories.T, sizes, strict=True):
        shares = [np.bincount(c, minlength=size) / len(c) for c in (drawn, own)]
        assert np.abs(shares[0] - shares[1]).max() < 0.04
        assert (shares[0][shares[1] == 0] == 0).all()  # a code with no rows is never drawn


@pytest.mark.parametrize("name", DEPENDENT)
def test_columns_depend_on_each_other_as_they_did(name):
    numbers, codes = fitted(name).draw(noise(4_000))
    assert abs(spearmanr(numbers[:, 0], numbers[:, 1]).statistic - 0.89) < 0.09
    apart = numbers[codes[:, 0] == 2, 0].mean() - numbers[codes[:, 0] == 1, 0].mean()
    own, own_codes, _ = rows()
    expected = own[own_codes[:, 0] == 2, 0].mean() - own[own_codes[:, 0] == 1, 0].mean()
    assert abs(apart - expected) < 0.3 and expected > 1.4
    assert abs(spearmanr(numbers[:, 0], numbers[:, 2]).statistic) < 0.08


def test_independent_columns_are_independent():
    numbers, _ = fitted("marginals").draw(noise(4_000))
    assert abs(spearmanr(numbers[:, 0], numbers[:, 1]).statistic) < 0.05


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_a_row_depends_on_its_noise_alone(name):
    sampler, drawn = fitted(name), noise(500)
    whole, part = sampler.draw(drawn), sampler.draw(drawn[100:150])
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_allclose(one[100:150], other, atol=1e-12)
    again = fitted(name).draw(drawn)
    np.testing.assert_array_equal(whole[0], again[0])
    np.testing.assert_array_equal(whole[1], again[1])


@pytest.mark.parametrize("name", list(SAMPLERS))
@pytest.mark.parametrize("missing", ["numbers", "categories"])
def test_tables_of_numbers_or_of_levels_alone(name, missing):
    numbers, categories, sizes = rows(400)
    data = (numbers[:, :0], categories, sizes) if missing == "numbers" else (numbers, categories[:, :0], [])
    width = data[0].shape[1] + data[1].shape[1]
    drawn = fitted(name, data).draw(noise(50, width + 1))
    assert [part.shape for part in drawn] == [(50, data[0].shape[1]), (50, data[1].shape[1])]


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_a_handful_of_rows_is_enough(name):
    numbers, codes = fitted(name, (*(part[:8] for part in rows()[:2]), [3, 4])).draw(noise(100))
    assert np.isfinite(numbers).all() and (codes >= 0).all() and (codes < [3, 4]).all()


def test_latent_correlations_are_not_weakened_by_levels():
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(8_000, 2)) @ np.linalg.cholesky([[1, 0.8], [0.8, 1]]).T
    codes = (latent[:, 1] > 0).astype(np.int32)[:, None]
    sampler = GaussianCopula()
    sampler.fit(latent[:, :1].astype(np.float32), codes, [2], 0)
    assert abs((sampler.root @ sampler.root.T)[0, 1]) == pytest.approx(0.8, abs=0.04)


def test_the_tree_of_pairs_joins_what_depends():
    rng = np.random.default_rng(0)
    chain = np.cumsum(rng.normal(size=(4_000, 4)), axis=1)
    ranks = chain.argsort(axis=0).argsort(axis=0)
    order = [2, 0, 3, 1]
    numbers = ndtri((ranks + 0.5) / 4_000)[:, order]
    sampler = ChowLiu()
    sampler.fit(numbers.astype(np.float32), np.zeros((4_000, 0), np.int32), [], 0)
    pairs = {frozenset((order[c], order[p])) for c, p in enumerate(sampler.parents) if p >= 0}
    assert pairs == {frozenset((0, 1)), frozenset((1, 2)), frozenset((2, 3))}


def test_the_number_of_classes_follows_the_data():
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 8, 4_000)
    codes = np.where(
        rng.random((4_000, 6)) < 0.9, (kind[:, None] * np.arange(1, 7)) % 7, rng.integers(0, 7, (4_000, 6))
    )
    few, many = RowMixture(), RowMixture(0, 0, 1.0)
    few.fit(np.zeros((4_000, 0), np.float32), rng.integers(0, 7, (4_000, 6)).astype(np.int32), [7] * 6, 0)
    many.fit(np.zeros((4_000, 0), np.float32), codes.astype(np.int32), [7] * 6, 0)
    assert len(few.weights) <= 10 and len(many.weights) >= 7
    _, drawn = many.draw(noise(4_000, 7))
    assert np.mean((drawn[:, 0] * 2) % 7 == drawn[:, 1]) > 0.6


def test_leaves_hold_cells_that_enough_rows_share_in_no_order_of_rows():
    sampler = fitted("trees")
    sizes = rows()[2]
    assert all(len(edges) - 1 <= N // MIN_LEVEL_ROWS for edges in sampler.edges)
    for step, column in enumerate(sampler.sequence.tolist()):
        (tree,) = sampler.trees[step]
        assert tree["cells"].max() < (len(sampler.edges[column]) - 1 if column < 3 else sizes[column - 3])
        for begin, end in zip(tree["begins"][:-1], tree["begins"][1:], strict=True):
            assert (np.diff(tree["cells"][begin:end]) >= 0).all()
        is_leaf = tree["feature"] < 0
        assert np.diff(tree["begins"])[is_leaf].min() >= 20 and tree["begins"][-1] == N


def test_codes_are_drawn_by_their_shares_and_leave_noise_that_is_uniform():
    tables = cumulated(np.array([[1, 0, 3], [0, 2, 2]]))
    uniform = np.random.default_rng(0).random(20_000)
    which = np.arange(20_000) % 2
    codes, left = drawn_codes(tables, which, uniform)
    assert np.bincount(codes[which == 0], minlength=3) / 10_000 == pytest.approx([0.25, 0, 0.75], abs=0.02)
    assert np.bincount(codes[which == 1], minlength=3) / 10_000 == pytest.approx([0, 0.5, 0.5], abs=0.02)
    assert all(kstest(left[codes == code], "uniform").statistic < 0.03 for code in (0, 1, 2))


@pytest.mark.parametrize("n_bins", [5, 12, 64, 500])
def test_bins_cut_no_tie_in_two_that_fills_one(n_bins):
    ties = [(0.0, 0.4), (0.4, 0.403), (0.403, 0.45), (0.6, 0.6002), (0.7, 0.95)]
    edges = edges_of(ties, n_bins)
    assert edges[0] == 0 and edges[-1] == 1 and (np.diff(edges) > 0).all()
    assert n_bins * 0.2 <= len(edges) - 1 <= n_bins + len(ties)
    for begin, end in ties:
        inner = (edges > begin + 1e-12) & (edges < end - 1e-12)
        assert end - begin < 1 / n_bins or not inner.any()
    bins = np.random.default_rng(0).integers(0, len(edges) - 1, 1_000)
    scores = from_bins(bins, edges, np.random.default_rng(1).random(1_000)).astype(np.float32)
    np.testing.assert_array_equal(bins_of(scores, edges), bins)


@pytest.mark.parametrize("name", ["chow_liu", "trees"])
def test_a_tie_follows_what_it_depends_on(name):
    rng = np.random.default_rng(0)
    level = rng.integers(0, 2, N)
    ranks = np.where(level == 1, 0.613 + 0.037 * rng.random(N), 0.65 + 0.031 * rng.random(N))  # ties side by side
    ranks = np.where(rng.random(N) < 0.9, 0.613 * rng.random(N), ranks)
    ties, sampler = [[(0.0, 0.613), (0.613, 0.65), (0.65, 0.681)]], SAMPLERS[name]()
    sampler.fit(ndtri(ranks)[:, None].astype(np.float32), level[:, None].astype(np.int32), [2], 0, ties)
    numbers, codes = sampler.draw(noise(6_000, 3))
    upper, lower = (numbers[:, 0] > ndtri(0.65)), (numbers[:, 0] > ndtri(0.613)) & (numbers[:, 0] < ndtri(0.65))
    assert upper.sum() > 100 and lower.sum() > 100
    assert codes[upper, 0].mean() < 0.2 and codes[lower, 0].mean() > 0.8


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_sound_samplers_pass_and_altered_ones_are_refused(name):
    sampler = fitted(name)
    check = CHECKS[type(sampler).__name__]
    check(sampler)
    if isinstance(sampler, TreeSampler):
        sampler.trees[-1][0]["below"][0] = 0  # a walk without end
    elif isinstance(sampler, ChowLiu):
        sampler.sequence = sampler.sequence[::-1]
    elif isinstance(sampler, GaussianCopula):
        sampler.root = sampler.root[:-1]
    elif isinstance(sampler, RowMixture):
        sampler.means = sampler.means[:-1]
    else:
        sampler.n_numbers = 10**9
    with pytest.raises(Untrusted, match=type(sampler).__name__):
        check(sampler)
