"""What fits of one process remember of each other."""

from __future__ import annotations

import numpy as np
import pytest

from automl.baselines import model


@pytest.fixture(autouse=True)
def nothing_remembered():
    model.forget()
    yield
    model.forget()


def test_the_oldest_goes_where_memory_is_full_and_what_is_kept_is_counted(monkeypatch):
    monkeypatch.setattr(model, "CACHE_BYTES", 3_000)
    for name in "abc":
        model.remembered(name, lambda: np.zeros(125))  # 1,000 bytes each
    model.remembered("a", lambda: pytest.fail("it was remembered"))
    model.remembered("d", lambda: np.zeros(125))

    assert list(model._cache) == ["c", "a", "d"] and model._cached_bytes[0] == 3_000
    model.remembered("huge", lambda: np.zeros(1_000))
    assert list(model._cache) == ["huge"] and model._cached_bytes[0] == 8_000
    model.forget()
    assert model._cached_bytes[0] == 0
