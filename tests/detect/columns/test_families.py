"""Hundreds of columns of one name but for a number are judged together, as each of them would be alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.detect.columns import families as rooms
from automl.detect.columns import kinds
from automl.detect.columns.families import JUDGED, LARGE, families

RNG = np.random.default_rng(0)
N = 60


def wide(values: np.ndarray, stem: str = "g") -> pd.DataFrame:
    return pd.DataFrame(values).rename(columns=lambda i: f"{stem}{i}")


def found(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> tuple[list, list, list]:
    """With families and without them, and the names of the columns that were judged by themselves."""
    judged = []
    real = kinds.column_sample

    def noting(name, series):
        judged.append(name)
        return real(name, series)

    monkeypatch.setattr(kinds, "column_sample", noting)
    together = kinds.columns(frame)
    alone_names = list(dict.fromkeys(judged))
    monkeypatch.setattr(rooms, "LARGE", frame.shape[1] + 1)
    return together, kinds.columns(frame), alone_names


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("what", ["counts", "zeros and ones"])
def test_a_large_family_is_what_each_of_its_columns_is_and_a_part_of_it_is_judged(what, gaps, monkeypatch):
    values = RNG.poisson(8, (N, LARGE + 50)) if what == "counts" else RNG.integers(0, 2, (N, LARGE + 50))
    values = np.where(RNG.random(values.shape) < 0.05, np.nan, values) if gaps else values

    together, alone, judged = found(wide(values), monkeypatch)

    assert [(c.name, c.kind, c.reading) for c in together] == [(c.name, c.kind, c.reading) for c in alone]
    assert {c.kind for c in together} == {"numeric" if what == "counts" else "boolean"}
    assert len(judged) == JUDGED


def test_columns_of_a_family_that_do_not_fit_are_judged_by_themselves(monkeypatch):
    frame = wide(RNG.poisson(8, (N, LARGE + 50)))
    odd = [name for name in frame.columns if name not in families(frame)[0].judged][:4]
    frame[odd[0]] = 3  # never varies
    frame[odd[1]] = np.arange(N)  # numbers the rows
    frame[odd[2]] = RNG.integers(0, 2, N)
    frame[odd[3]] = np.where(np.arange(N) % 6 == 0, -999, RNG.poisson(20, N))

    together, alone, judged = found(frame, monkeypatch)

    assert [(c.name, c.kind, c.reading) for c in together] == [(c.name, c.kind, c.reading) for c in alone]
    assert set(odd) <= set(judged) and len(judged) == JUDGED + 4
    of = {c.name: c.kind for c in together}
    assert [of[name] for name in odd[:3]] == ["constant", "identifier", "boolean"]


def test_names_of_several_families_and_few_columns_are_parted():
    frame = pd.concat([wide(RNG.poisson(8, (N, LARGE)), "a"), wide(RNG.poisson(8, (N, LARGE - 1)), "b")], axis=1)

    (only,) = families(frame)

    assert len(only.judged) == JUDGED and len(only.others) == LARGE - JUDGED
    assert families(frame, apart={"a0"}) == []


def test_a_kind_that_the_user_set_stays(monkeypatch):
    frame = wide(RNG.poisson(8, (N, LARGE + 50)))

    seen = {c.name: c for c in kinds.columns(frame, {"g77": "categorical"})}

    assert (seen["g77"].kind, seen["g78"].kind) == ("categorical", "numeric")
