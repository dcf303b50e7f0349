"""Made-up problems of every modality and goal, one thread for small fits."""

import pytest
from problems import fit, one_thread, problem

__all__ = ["fit", "one_thread", "problem"]


@pytest.fixture(autouse=True, scope="session")
def a_model_is_stored_however_quick_its_fit_was():
    """In use one that is fitted in less time than it takes to store is left out, which hangs on the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("automl.shallow.archive.LEAST_SECONDS", 60.0)
        yield
