"""Shallow models that generate texts: one for each row number, and stored as plain arrays."""

import itertools
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import skops.io

from automl.baselines.generate_text import COMMON_NGRAMS, TOKEN_FREQUENCIES, TOKEN_NGRAMS
from automl.baselines.learners.token_ngrams import BASE, TokenFrequencies, TokenNGrams, discounts_of
from automl.goals.shared.subwords import END, FIRST_TOKEN, PADDING, UNKNOWN
from automl.modalities.shared.generated_texts import restore_text_samples
from automl.records import MIN_LEVEL_ROWS, Column, Dataset, Facts, FitContext, Task
from automl.storage.trusted import loads
from automl.storage.trusted.errors import Untrusted

EVERY = [TOKEN_FREQUENCIES, COMMON_NGRAMS, TOKEN_NGRAMS]
SIZE, LENGTH = 30, 12


def named(baseline):
    return baseline.name


def ids_of(n=400, seed=0):
    """Each token is followed by the next or the one after it, up to the last one but two; then a text ends."""
    rng = np.random.default_rng(seed)
    ids = np.full((n, LENGTH), PADDING, np.int32)
    for row in ids:
        token, place = FIRST_TOKEN, 0
        while token < SIZE - 2 and place < LENGTH:
            row[place] = token
            token, place = token + 3 + int(rng.integers(2)), place + 1
        if place < LENGTH:
            row[place] = END
    return ids


def problem():
    rng = np.random.default_rng(0)
    words = [f"{first}{last}" for first in ("ka", "lo", "mir", "te") for last in ("ba", "ren", "so", "vi", "wu", "dox")]
    follows = {word: rng.choice(words, 3) for word in words}
    texts = []
    for _ in range(400):
        line = [rng.choice(words)]
        while len(line) < 12 and rng.random() < 0.85:
            line.append(rng.choice(follows[line[-1]]))
        texts.append(" ".join(line))
    frame = pd.DataFrame({"line": pd.Series(texts, dtype=object)})
    task = Task("text", "generate", (), "indistinct", columns=(Column("line", "text", 1.0, ""),), evidence=("Made.",))
    return Dataset("made", frame), task


def fitted(baseline, made=None, context=None):
    dataset, task = made or problem()
    settings = next(iter(baseline.settings(task, Facts(dataset.n_rows), 0)))
    model = baseline.make(task, settings, 0)
    model.fit(dataset, np.arange(300), np.zeros(300, np.int64), None, context or FitContext())
    return model


@pytest.fixture(scope="module")
def models():
    return {baseline.name: fitted(baseline) for baseline in EVERY}


@pytest.mark.parametrize("baseline", EVERY, ids=named)
def test_the_text_of_a_number_depends_on_the_number_alone(baseline, models):
    model = models[baseline.name]
    rows = np.concatenate([np.arange(300, 400), 2**33 + np.arange(500)])
    whole = model.predict(problem()[0], rows).arrays["samples"]
    nothing = Dataset("none", pd.DataFrame(index=pd.RangeIndex(0)))
    np.testing.assert_array_equal(whole[80:240], model.predict(nothing, rows[80:240]).arrays["samples"])
    assert whole.dtype.names == ("line",) and whole.dtype["line"] == np.dtype("U400")
    assert len(np.unique(whole)) > 300
    assert model.predict(nothing, rows[:0]).arrays["samples"].shape == (0,)


@pytest.mark.parametrize("baseline", EVERY, ids=named)
def test_frames_of_new_texts(baseline, models):
    model = models[baseline.name]
    frame = model.sample(50, 3)
    pd.testing.assert_frame_equal(frame, model.sample(50, 3))
    assert frame["line"].dtype == object and not frame.equals(model.sample(50, 4))
    assert model.chosen(1.25) == {} and model.task is None


def test_ngrams_follow_the_texts_more_than_frequencies_do(models):
    dataset, _ = problem()
    pairs = {pair for text in dataset.inputs["line"] for pair in itertools.pairwise(text.split())}

    def known(name):
        made = [pair for text in models[name].sample(300)["line"] for pair in itertools.pairwise(text.split())]
        return np.mean([pair in pairs for pair in made])

    assert known("token_frequencies") < known("common_ngrams") < 1.0
    assert known("token_ngrams") > 0.8


@pytest.mark.parametrize("baseline", EVERY, ids=named)
def test_models_hold_plain_numbers_and_arrays(baseline, models):
    model = models[baseline.name]
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(model)).sample(50), model.sample(50))
    for value in vars(model.learner).values():
        arrays = value if isinstance(value, list) else [value]
        assert all(isinstance(one, (int, np.ndarray)) for one in arrays)
    assert restore_text_samples(model.plan).state() == model.plan
    pd.testing.assert_frame_equal(loads(skops.io.dumps(model)).sample(50), model.sample(50))


def _repeated(learner):
    learner.contexts[0] = learner.contexts[0][::-1]


def _beyond(learner):
    learner.tokens[0] = learner.tokens[0] + 10**6


@pytest.mark.parametrize(
    ("name", "alter"),
    [
        ("token_ngrams", _repeated),
        ("token_ngrams", _beyond),
        ("common_ngrams", lambda learner: learner.begins.pop()),
        ("token_frequencies", lambda learner: vars(learner).update(length=10**9)),
    ],
)
def test_altered_models_are_refused(name, alter, models):
    model = pickle.loads(pickle.dumps(models[name]))
    alter(model.learner)
    with pytest.raises(Untrusted, match=r"Token|TextModel"):
        loads(skops.io.dumps(model))


@pytest.mark.parametrize("baseline", EVERY, ids=named)
def test_settings_differ_and_are_plain(baseline):
    found = list(baseline.settings(problem()[1], Facts(400), 0))
    assert (
        len({repr(settings) for settings in found}) == len(found) == {"floor": 1, "fast": 3, "strong": 4}[baseline.tier]
    )
    assert all(isinstance(value, (int, str)) for settings in found for value in settings.values())


def test_before_a_deadline_a_model_is_given_after_each_step():
    kept = []
    model = fitted(TOKEN_NGRAMS, context=replace(FitContext(), checkpoint=kept.append))
    assert kept == [model] and model.n_learnt == 300 and model.stopped == ""


def test_frequencies_have_the_lengths_and_shares_of_the_texts():
    ids, sampler = ids_of(), TokenFrequencies()
    sampler.fit(ids, SIZE)
    made = sampler.draw(np.random.default_rng(1).random((4_000, LENGTH + 1)))
    assert made.dtype == np.int32 and made.shape == (4_000, LENGTH)
    for special in (PADDING, END):
        assert np.isclose((made == special).mean(), (ids == special).mean(), atol=0.02)
    known = [some[some >= FIRST_TOKEN] for some in (made, ids)]
    shares = [np.bincount(some, minlength=SIZE) / len(some) for some in known]
    np.testing.assert_allclose(*shares, atol=0.02)


@pytest.mark.parametrize("least_texts", [1, MIN_LEVEL_ROWS])
@pytest.mark.parametrize("order", [2, 3, 5])
def test_tokens_are_drawn_by_the_smoothed_shares(order, least_texts):
    """The share of numbers that draw a token is what the formula says; with the factor 1 and without ends alike."""
    ids, sampler = ids_of(), TokenNGrams(order, least_texts)
    sampler.fit(ids, SIZE)
    uniform = (np.arange(40_000) + 0.5) / 40_000
    for text, place in ((0, 0), (1, 2), (2, 4)):
        before = np.pad(ids[text].astype(np.int64), (order - 1, 0))[place : place + order - 1]
        drawn = sampler.next_tokens(np.tile(before, (len(uniform), 1)), uniform)
        shares = np.bincount(drawn, minlength=SIZE) / len(uniform)
        np.testing.assert_allclose(shares, expected_shares(sampler, before), atol=1e-4)
    rare = sampler.next_tokens(np.tile(before, (len(uniform), 1)), uniform, 0.5)
    np.testing.assert_allclose(np.mean(rare == END), expected_shares(sampler, before)[END] / 2, atol=1e-4)


def expected_shares(sampler, before):
    shares = np.diff(sampler.first, prepend=0.0)
    for place, contexts in enumerate(sampler.contexts):
        number = 0
        for token in before[len(before) - place - 1 :]:
            number = number * BASE + int(token)
        at = np.searchsorted(contexts, number)
        if at < len(contexts) and contexts[at] == number:
            own = slice(sampler.begins[place][at], sampler.begins[place][at + 1])
            longer = np.zeros(SIZE)
            longer[sampler.tokens[place][own]] = np.diff(sampler.shares[place][own], prepend=0.0)
            shares = longer + (1.0 - longer.sum()) * shares
    return shares


def test_ngrams_of_few_texts_are_left_out():
    ids = ids_of()
    few = MIN_LEVEL_ROWS - 1
    ids[:few, :4] = [SIZE - 1, FIRST_TOKEN, SIZE - 1, FIRST_TOKEN + 1]
    sampler = TokenNGrams(4, MIN_LEVEL_ROWS)
    sampler.fit(ids, SIZE)
    rare = SIZE - 1
    assert all(rare not in tokens for tokens in sampler.tokens)
    assert all(rare not in contexts // BASE**power % BASE for contexts in sampler.contexts for power in range(4))
    whole = TokenNGrams(4, 1)
    whole.fit(ids, SIZE)
    assert any(rare in tokens for tokens in whole.tokens)
    assert sum(map(len, whole.tokens)) > sum(map(len, sampler.tokens))


def test_unknown_tokens_are_not_drawn_and_padding_follows_the_end():
    ids = ids_of()
    ids[::9, 3] = UNKNOWN
    for order in (2, 4):
        sampler = TokenNGrams(order, 1)
        sampler.fit(ids, SIZE)
        made = sampler.draw(np.random.default_rng(1).random((2_000, LENGTH + 1)))
        assert made.shape == (2_000, LENGTH) and not np.any(made == UNKNOWN)
        is_over = np.cumsum(made == END, axis=1) - (made == END) > 0
        np.testing.assert_array_equal(made == PADDING, is_over)


def test_texts_are_as_long_as_those_of_training():
    """Tokens that are independent say nothing of where a text ends."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 9, 1_000)[:, None]
    place = np.arange(LENGTH)
    ids = np.where(place < lengths, rng.integers(FIRST_TOKEN, 8, (1_000, LENGTH)), END * (place == lengths))
    sampler = TokenNGrams(2, 1)
    sampler.fit(ids.astype(np.int32), SIZE)
    noise = rng.random((4_000, LENGTH + 1))
    np.testing.assert_allclose((sampler.draw(noise) == END).mean(0), (ids == END).mean(0), atol=0.05)
    sampler.ending[:] = 1.0
    assert (sampler.draw(noise) == END)[:, :5].mean() > 0.08


def test_odd_texts_are_learnt_too():
    for ids in (np.full((60, 8), END, np.int32) * (np.arange(8) == 0), np.full((60, 8), 5, np.int32)):
        for sampler in (TokenFrequencies(), TokenNGrams(2, 1), TokenNGrams(5, 5)):
            sampler.fit(ids.astype(np.int32), SIZE)
            made = sampler.draw(np.random.default_rng(0).random((50, 9)))
            assert made.shape == (50, 8) and set(np.unique(made)) <= {PADDING, END, 5}


def test_discounts():
    counts = np.repeat([1, 2, 3, 4], [40, 20, 10, 5])
    zero, one, two, more = discounts_of(counts)
    assert zero == 0.0 and 0.1 <= one < 1.0 and one <= two < 2.0 and two <= more < 3.0
    np.testing.assert_allclose(discounts_of(np.array([3, 3, 9])), [0.0, 0.7, 0.7, 0.7])
