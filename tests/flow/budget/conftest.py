"""Here finalists are refitted as often as in use."""

import pytest


@pytest.fixture(autouse=True)
def as_many_refits_as_in_use(finalists_are_refitted_twice, monkeypatch):
    """See `tests/conftest.py`."""
    monkeypatch.setattr("automl.flow.budget.allocation.MOST_REFITS", finalists_are_refitted_twice)
