"""The learned part: plain numbers, small, quick, the same each time, and careful in use."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from automl.detect.columns import model as learned
from automl.detect.columns.features import N_FEATURES, Lexicon, column_features, feature_names, stem
from automl.detect.columns.kinds import columns, settled
from automl.detect.columns.model import NINE, answers, probabilities, shipped
from automl.detect.columns.profile import ColumnProfile, profile
from automl.detect.columns.sample import column_sample
from automl.records import Column

RNG = np.random.default_rng(0)
STORED = files("automl") / "data" / "column_kinds.npz"


def table(n_rows: int = 300) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": RNG.permutation(n_rows) + 10_000,
            "Area Code": RNG.choice([2, 3, 4, 7, 8, 9, 251], n_rows),
            "price": RNG.gamma(2.0, 30.0, n_rows).round(2),
            "rooms": RNG.integers(1, 9, n_rows),
            "city": RNG.choice(["Rome", "Oslo", "Paris"], n_rows),
            "note": [f"the {i} dog ran over hill number {i * 7} and came back" for i in range(n_rows)],
        }
    )


def test_the_stored_model_is_small_and_holds_numbers_only() -> None:
    stored = STORED.read_bytes()

    assert len(stored) <= 3_000_000
    with np.load(str(STORED), allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_loading_and_a_table_of_a_hundred_columns_are_quick() -> None:
    stored = STORED.read_bytes()
    start = time.process_time()
    model = learned.load(stored)
    loaded = time.process_time()
    profiles = [profile(f"{c} {i}", s) for i in range(17) for c, s in table().items()][:100]
    ready = time.process_time()
    probabilities(profiles, model)
    done = time.process_time()

    assert loaded - start < 30.0  # 0.1 s of a processor, and 0.3: only another order of growth takes so long
    assert done - ready < 60.0


def test_importing_the_package_reads_no_model() -> None:
    code = "import sys, automl; sys.exit('automl.detect.columns.model' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_probabilities_sum_to_one_and_each_column_is_judged_alone() -> None:
    profiles = [profile(str(c), s) for c, s in table().items()]

    together = probabilities(profiles, shipped())
    alone = np.concatenate([probabilities([p], shipped()) for p in profiles])

    np.testing.assert_allclose(together.sum(axis=1), 1.0)
    np.testing.assert_allclose(together, alone, atol=1e-9)
    assert probabilities([], shipped()).shape == (0, len(NINE))


def test_a_profile_has_the_signs_that_were_learnt() -> None:
    assert len(set(feature_names())) == N_FEATURES
    p = profile("a_b", pd.Series(["x, y", "z"], dtype=object))
    assert column_features(p, Lexicon({}, {}, {})).shape == (1, N_FEATURES)


def test_columns_of_the_same_name_in_other_files_vote_and_the_own_file_does_not() -> None:
    numbered = profile("Item 12", pd.Series([1.5, 2.5]))
    cast = np.array([0, 0, 0, 0, 0, 0, 2.0, 0, 0])
    lexicon = Lexicon({}, {}, {stem(profile("item  7", pd.Series([0.5, 1.5]))): cast})
    place = [feature_names().index(name) for name in ("votes_6", "votes_0", "votes")]

    said = column_features(numbered, lexicon)[0, place]
    without_its_own = column_features(numbered, lexicon, own=cast)[0, place]
    of_words = column_features(profile("Item 12", pd.Series(["a", "b"])), lexicon)[0, place]

    np.testing.assert_allclose(said, [2 / 2.5, 0, np.log(3)], rtol=1e-6)
    np.testing.assert_array_equal(without_its_own, 0)
    np.testing.assert_array_equal(of_words, 0)


@pytest.mark.parametrize(
    "samples", [(), ("",), ("\x00",), ("\ud800",), ("a" * 100_000,), ("9" * 400,), ("(" * 300,), ("1e400", "-")]
)
def test_any_values_at_all_have_finite_signs(samples: tuple[str, ...]) -> None:
    p = ColumnProfile("\ud800 x", 10, 0, len(samples), False, 0.0, 0.0, 0.0, 0.0, samples)

    assert np.isfinite(column_features(p, shipped().lexicon)).all()
    assert np.isfinite(probabilities([p], shipped())).all()


def test_one_value_beside_gaps_tells_no_rows_apart() -> None:
    p = profile("q20", pd.Series(["Yes, often"] * 50 + ["#NULL!"] * 50, dtype=object))

    assert answers([p])[0][0] == "not-generalizable"


def test_kinds_do_not_change_with_the_order_of_rows_or_with_a_doubled_file() -> None:
    frame = table()
    kinds = [c.kind for c in columns(frame)]

    assert kinds == [c.kind for c in columns(frame.sample(frac=1, random_state=3).reset_index(drop=True))]
    assert kinds == [c.kind for c in columns(pd.concat([frame, frame], ignore_index=True))]


def test_the_same_table_gets_the_same_answer() -> None:
    frame = table()

    assert columns(frame) == columns(frame.copy())


def test_a_kind_the_user_set_is_not_overruled() -> None:
    found = {c.name: c for c in columns(table(), {"rooms": "text"})}

    assert (found["rooms"].kind, found["rooms"].evidence) == ("text", "set by you")


def confident(kind: str) -> np.ndarray:
    return np.where(np.array(NINE) == kind, 0.97, 0.03 / 8)


@pytest.mark.parametrize("kind", ["numeric", "datetime", "embedded-number", "url", "list", "sentence"])
def test_no_kind_is_told_that_the_values_cannot_be_read_as(kind: str) -> None:
    series = pd.Series(RNG.choice(["red", "green", "blue"], 90), dtype=object)
    ruled = Column("colour", "categorical", 0.95, "words that come back")

    found = settled(column_sample("colour", series), ruled, profile("colour", series), confident(kind))

    assert found.kind == "categorical"


def test_in_doubt_a_column_stays_usable() -> None:
    series = pd.Series(RNG.integers(0, 30, 200))
    ruled = Column("wtop", "numeric", 0.95, "stored as whole numbers")
    doubtful = np.where(np.array(NINE) == "context-specific", 0.9, 0.1 / 8)

    def kind(row: np.ndarray, name: str = "wtop") -> str:
        return settled(column_sample(name, series), ruled, profile(name, series), row).kind

    assert kind(doubtful) == "numeric"
    assert kind(confident("context-specific")) == "numeric"
    assert kind(confident("not-generalizable")) == "numeric"
    assert kind(confident("categorical")) == "categorical"
    assert kind(confident("categorical"), "year") == "numeric"

    words = pd.Series([f"{a}-{b}" for a in range(10) for b in range(20)] * 2, dtype=object)
    levels = Column("pair", "categorical", 0.95, "words that come back")
    for row, expected in ((doubtful, "categorical"), (confident("context-specific"), "unknown")):
        assert settled(column_sample("pair", words), levels, profile("pair", words), row).kind == expected


def test_evidence_names_the_facts() -> None:
    series = pd.Series(RNG.integers(0, 30, 200))
    ruled = Column("Area Code", "numeric", 0.95, "stored as whole numbers")

    found = settled(column_sample("Area Code", series), ruled, profile("Area Code", series), confident("categorical"))

    assert "different whole numbers in 200 rows" in found.evidence
    assert "'Area Code' speaks of a code" in found.evidence
    assert found.confidence == pytest.approx(0.97)


def test_a_confidence_is_worth_a_rising_share_between_a_floor_and_one() -> None:
    worth = [shipped().adjusted(sure) for sure in np.linspace(0, 1, 101)]
    assert worth == sorted(worth) and worth[0] >= 0.05 and worth[-1] <= 1.0
    assert shipped().adjusted(0.02) < 0.1 and shipped().adjusted(0.99) > 0.95


def test_a_model_whose_reliability_was_not_measured_is_believed_as_it_is() -> None:
    bare = replace(shipped(), reliability=(np.zeros(0), np.zeros(0)), by_rule={})
    assert bare.adjusted(0.3) == 0.3


def test_the_confidence_beside_a_kind_is_what_it_is_worth_and_facts_are_sure() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "amount": rng.integers(0, 900, 300).astype(str),
            "when": pd.date_range("2020-01-31", periods=300).astype(str),
            "flag": rng.random(300) < 0.5,
            "same": "x",
        }
    )
    table.loc[::9, "amount"] = "n/a"
    amount, when, flag, same = columns(table)
    assert amount.kind == "numeric" and amount.confidence > 0.9
    assert 0.95 < when.confidence <= shipped().by_rule["datetime"] < 1.0
    assert flag.confidence == same.confidence == 1.0
