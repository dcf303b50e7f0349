"""A fit in this process gives what one in a process apart gives, and fails as it does."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from automl import catalog
from automl.baselines import model as models
from automl.errors import OutOfTime
from automl.goals import truth
from automl.records import Baseline
from automl.shallow.in_process import InProcessWorker
from automl.shallow.messages import Part, Payload
from automl.shallow.worker import Worker

BASELINES = catalog.members(Baseline, "automl.baselines")


@pytest.fixture(scope="module")
def made(problem: Any) -> Any:
    return problem("tabular", "multiclass")


def payload_of(made: Any) -> Payload:
    dataset, task, split = made
    part = Part(split.train, truth(dataset, task, split.train), None, split.valid, truth(dataset, task, split.valid))
    return Payload(dataset, (part,))


def unfitted(made: Any, name: str) -> bytes:
    settings = next(iter(BASELINES[name].settings(made[1], models_facts(made), 0)))
    return pickle.dumps(BASELINES[name].make(made[1], settings, 0))


def models_facts(made: Any) -> Any:
    from automl.records import Facts

    return Facts(len(made[2].train), len(made[1].classes))


def test_it_predicts_as_a_process_apart_does(made: Any) -> None:
    payload = payload_of(made)
    here, apart = InProcessWorker(payload), Worker(payload)
    try:
        one, other = (side.fit(unfitted(made, "linear"), None, None) for side in (here, apart))
    finally:
        here.close()
        apart.close()
    assert one.output is not None and other.output is not None and one.peak_mib is None
    assert np.allclose(one.output.arrays["probabilities"], other.output.arrays["probabilities"], atol=1e-6)


def test_a_failure_is_told_and_not_raised(made: Any) -> None:
    worker = InProcessWorker(payload_of(made))
    fitted = worker.fit(pickle.dumps(Stubborn(KeyError("no such column"))), None, None)
    assert fitted.model is None and (fitted.failure, fitted.stopped) == ("KeyError: 'no such column'", "")
    fitted = worker.fit(pickle.dumps(Stubborn(OutOfTime("no round was grown"))), None, None)
    assert fitted.model is None and fitted.failure == fitted.stopped == "no round was grown"


def test_what_fits_remember_is_dropped_at_the_end(made: Any) -> None:
    here = InProcessWorker(payload_of(made))
    models.remembered(("kept", 1), lambda: np.zeros(3))
    here.close()
    assert not models._cache


class Stubborn:
    """A model that cannot be fitted."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def fit(self, *_: Any) -> None:
        raise self.error
