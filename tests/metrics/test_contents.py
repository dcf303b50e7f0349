"""Features of pictures, series and texts: the same whatever the order, and farther off the more items are spoilt."""

import numpy as np
import pytest

from automl.goals.shared import samples
from automl.metrics.contents import MOST_LEVEL_CHARACTERS, features_of, is_content, is_text
from automl.metrics.contents.components import FARTHEST, Components, Standard, area_weights
from automl.metrics.feature_distance import frechet

WORDS = ("the", "river", "runs", "to", "a", "sea", "of", "glass", "and", "stone", "where", "birds", "sing", "7", "42")


def pictures(n, seed, size=12, channels=1):
    """Bars, upright or lying, of different brightness."""
    rng = np.random.default_rng(seed)
    made = np.zeros((n, size, size, channels), np.uint8)
    for picture, at, level in zip(made, rng.integers(1, size - 3, n), rng.integers(120, 255, n), strict=True):
        if rng.random() < 0.5:
            picture[at : at + 2] = level
        else:
            picture[:, at : at + 2] = level
    return made


def series(n, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(40) / 40
    phase, size = rng.uniform(0, 6, (2, n, 1, 1)) * [[[[1.0]]], [[[0.2]]]]
    return (5 + (1 + size) * np.sin(12 * t + phase + np.array([0.0, 1.0])[:, None])).astype(np.float32)


def texts(n, seed):
    """Each word follows the one before by one or two in the list."""
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.integers(1, 3, (n, 12)), axis=1) % len(WORDS)
    return np.array([" ".join(WORDS[k] for k in row[: rng.integers(6, 12)]) for row in at], "U400")


FORMS = {"pictures": pictures, "series": series, "texts": texts}


def distance(features, some, others):
    return float(frechet(features.transform(some), features.transform(others), np.ones((1, len(some))))[0])


@pytest.fixture(scope="module", params=FORMS)
def form(request):
    make = FORMS[request.param]
    return make, features_of(make(200, 0))


def test_texts_are_told_from_levels_by_their_room():
    assert MOST_LEVEL_CHARACTERS == samples.MOST_CHARACTERS
    assert is_text(np.dtype(f"U{samples.MOST_TEXT_CHARACTERS}"))
    assert not is_text(np.dtype(f"U{samples.MOST_CHARACTERS}"))
    assert not is_text(np.dtype("f8"))
    assert [is_content(made(2, 0)) for made in FORMS.values()] == [True] * 3
    assert not is_content(np.zeros(2)) and not is_content(np.array(["a", "b"]))


def test_the_variances_of_reference_items_add_up_to_one_and_their_mean_squared_distance_is_one(form):
    make, features = form
    found, points = features.transform(make(200, 0)), features.points(make(200, 0))
    assert found.dtype == points.dtype == np.float64
    assert found.shape[1] <= 48
    assert found.var(axis=0).sum() == pytest.approx(1.0, rel=1e-5)
    assert 2 * points.var(axis=0).sum() == pytest.approx(1.0, rel=1e-5)


def test_the_order_of_reference_items_does_not_matter(form):
    make, features = form
    turned = type(features)(make(200, 0)[::-1])
    items = make(20, 1)
    np.testing.assert_array_equal(turned.transform(items), features.transform(items))
    np.testing.assert_array_equal(turned.columns(items), features.columns(items))


def test_an_item_has_the_same_features_whatever_comes_beside_it(form):
    make, features = form
    items = make(50, 1)
    for face in (features.transform, features.columns, features.points):
        np.testing.assert_allclose(face(items[7:8]), face(items)[7:8], atol=2e-7)
        assert face(items[:0]).shape == (0, face(items).shape[1])


def test_items_of_the_same_source_are_nearer_than_a_few_of_them_repeated(form):
    make, features = form
    held_out, repeated = make(200, 1), make(4, 2)[np.arange(200) % 4]
    assert distance(features, held_out, make(200, 2)) < 0.5 * distance(features, held_out, repeated)


def test_a_near_copy_lies_nearest_to_its_original():
    for name, spoil in (
        ("pictures", lambda items: np.clip(items + np.random.default_rng(0).normal(0, 5, items.shape), 0, 255)),
        ("series", lambda items: items + 0.02),
    ):
        items = FORMS[name](100, 0)
        if name == "pictures":  # each with a ground of its own: their bars alone are alike
            items += np.random.default_rng(1).integers(0, 40, items.shape).astype(np.uint8) * (items == 0)
        features = features_of(items)
        points, near = features.points(items), features.points(spoil(items).astype(items.dtype))
        apart = ((near[:, None] - points[None]) ** 2).sum(axis=2)
        own = apart[np.arange(100), np.arange(100)]
        assert (own <= apart.min(axis=1) + 1e-9).mean() > 0.95, name


def test_pictures_are_the_farther_the_more_noise_or_blur_they_have():
    items = pictures(400, 1)
    features, others = features_of(pictures(300, 0)), pictures(400, 2)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=items.shape)
    noisy = [np.clip(others + size * noise, 0, 255).astype(np.uint8) for size in (0, 20, 60)]
    assert np.all(np.diff([distance(features, items, some) for some in noisy]) > 0)
    blurred = (0.5 * others + 0.25 * np.roll(others, 1, 1) + 0.25 * np.roll(others, 1, 2)).astype(np.uint8)
    assert distance(features, items, blurred) > distance(features, items, others)


def test_series_are_farther_with_noise_or_out_of_order():
    items, others = series(300, 1), series(300, 2)
    features = features_of(series(300, 0))
    noisy = others + np.random.default_rng(0).normal(0, 0.3, others.shape).astype(np.float32)
    broken = np.random.default_rng(0).permuted(others, axis=2)
    found = [distance(features, items, some) for some in (others, noisy, broken)]
    assert found[0] < found[1] < found[2]


def test_texts_are_farther_with_their_words_out_of_order_or_halved():
    items, others = texts(300, 1), texts(300, 2)
    features = features_of(texts(300, 0))
    rng = np.random.default_rng(0)
    turned = np.array([" ".join(rng.permutation(text.split())) for text in others], "U400")
    halved = np.array([text[: len(text) // 2] for text in others], "U400")
    found = [distance(features, items, some) for some in (others, turned, halved)]
    assert found[0] < 0.7 * found[1] and found[0] < 0.7 * found[2]


@pytest.mark.parametrize(
    "items",
    [
        np.zeros((3, 8, 8, 1), np.uint8), np.full((1, 9, 40, 4), 7, np.uint8), np.zeros((3, 2, 5), np.float32),
        np.full((2, 1, 1), np.nan, np.float32), np.array(["", "", ""], "U400"), np.array(["one"], "U400"),
    ],
    ids=lambda items: f"{items.dtype}{items.shape}",
)  # fmt: skip
def test_items_that_hardly_differ_have_finite_features(items):
    features = features_of(items)
    for face in (features.transform, features.columns, features.points):
        made = face(items)
        assert len(made) == len(items) and made.shape[1] > 0 and np.isfinite(made).all()


def test_wild_series_have_finite_features():
    wild = np.array([[[np.inf, -1e30, np.nan, 1e30, 0.0] * 8] * 2], np.float32)
    features = features_of(series(50, 0))
    assert np.abs(features.transform(wild)).max() < 1e4
    assert np.isfinite(features.columns(wild)).all() and np.isfinite(features.points(wild)).all()


def test_large_pictures_are_looked_at_by_means_of_areas():
    small = pictures(30, 0, size=32, channels=3)
    large = small.repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(features_of(large).pixels.mean, features_of(small).pixels.mean, atol=1e-6)
    weights = area_weights(48, 32)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights.sum(axis=0), 32 / 48)
    np.testing.assert_array_equal(area_weights(7, 32), np.eye(7))


def test_components_of_few_rows_are_those_of_the_covariance():
    rows = np.random.default_rng(0).normal(size=(20, 30)) @ np.diag(np.arange(1.0, 31.0))
    found = Components(rows, 5).transform(rows)
    expected = np.sort(np.linalg.eigvalsh(np.cov(rows.T, bias=True)))[::-1][:5]
    np.testing.assert_allclose(found.var(axis=0), expected / expected.sum())


def test_columns_that_hardly_vary_are_not_blown_up():
    rows = np.column_stack([np.arange(10.0), 1e-6 * np.arange(10.0), np.ones(10)])
    found = Standard(rows, 0.3).transform(rows)
    assert found[:, 0].std() == pytest.approx(1.0, abs=0.02)
    assert np.abs(found[:, 1:]).max() < 1e-4
    assert Standard(rows, 0.3).transform(np.full((1, 3), 1e9)).max() == FARTHEST
