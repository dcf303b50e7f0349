"""A model of a small table, and rows for it."""

import pytest
from first_fits import first_fit
from serving_clients import shops


@pytest.fixture(scope="session")
def model():
    return first_fit(shops(), "closed", "linear")


@pytest.fixture
def records():
    """Rows as clients send them."""
    return shops(20, 3).drop(columns="closed").to_dict("records")
