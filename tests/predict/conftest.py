"""Models that are fitted in a moment."""

import pytest
from first_fits import first_fit


@pytest.fixture(scope="package")
def fitted():
    """fitted(data, target, family=None, **options) → a model; by default of the first family."""
    return first_fit
